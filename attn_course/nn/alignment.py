r"""Scores between one state of a decoder and all states of an encoder.

.. math::

   \text{additive: } v^\top \tanh(W q + U k_j) \qquad
   \text{dot: } q^\top k_j \qquad
   \text{general: } q^\top W k_j

What depends on the encoder alone is computed once a source, by `prepare`. Luong's
"concat", with one matrix on q and k side by side, is the additive score: the matrix
falls into W and U.

References
----------
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, appendix A.1.2 (additive).
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, section 3.1 (dot, general, concat).
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.attention import masked_softmax
from attn_course.nn.recurrent import Encoded

State = Float[torch.Tensor, "batch state"]
Memory = Float[torch.Tensor, "batch keys memory"]
Prepared = Float[torch.Tensor, "batch keys width"]
Weights = Float[torch.Tensor, "batch keys"]


class AdditiveScore(nn.Module):
    r"""Score by a small network with one hidden layer: :math:`v^\top \tanh(Wq + Uk)`.

    Without tanh the query would add the same to all scores of its row, and softmax
    would not see it.

    Examples
    --------
    >>> import torch
    >>> score = AdditiveScore(state=3, memory=5, hidden=7)
    >>> score(torch.randn(2, 3), score.prepare(torch.randn(2, 4, 5))).shape
    torch.Size([2, 4])
    """

    def __init__(self, state: int, memory: int, hidden: int):
        super().__init__()
        expect.counts("AdditiveScore", state=state, memory=memory, hidden=hidden)
        self.query = nn.Linear(state, hidden, bias=False)
        self.keys = nn.Linear(memory, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def prepare(self, states: Memory) -> Prepared:
        """Return what the memory puts into each sum."""
        return self.keys(states)

    def forward(self, query: State, prepared: Prepared) -> Weights:
        """Return the score of each position."""
        return self.v(torch.tanh(self.query(query)[:, None] + prepared))[..., 0]


class DotScore(nn.Module):
    """Score by the dot product, unscaled; the state must be as wide as the memory.

    Examples
    --------
    >>> import torch
    >>> score = DotScore(state=2, memory=2, hidden=1)
    >>> score(torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0, 0.0], [1.0, 1.0]]]))
    tensor([[1., 3.]])
    """

    def __init__(self, state: int, memory: int, hidden: int):
        super().__init__()
        if state != memory:
            raise ValueError(
                f"DotScore: wanted a state as wide as the memory ({memory}), "
                f"got {state}"
            )

    def prepare(self, states: Memory) -> Prepared:
        """Return the memory as it is."""
        return states

    def forward(self, query: State, prepared: Prepared) -> Weights:
        """Return the score of each position."""
        return torch.einsum("bw,bkw->bk", query, prepared)


class GeneralScore(DotScore):
    """Score by the dot product with a projection of the memory.

    Examples
    --------
    >>> import torch
    >>> score = GeneralScore(state=3, memory=5, hidden=1)
    >>> score(torch.randn(2, 3), score.prepare(torch.randn(2, 4, 5))).shape
    torch.Size([2, 4])
    """

    def __init__(self, state: int, memory: int, hidden: int):
        super().__init__(state, state, hidden)
        expect.counts("GeneralScore", state=state, memory=memory)
        self.keys = nn.Linear(memory, state, bias=False)

    def prepare(self, states: Memory) -> Prepared:
        """Return the projected memory."""
        return self.keys(states)


SCORES = {
    "additive": AdditiveScore,
    "concat": AdditiveScore,
    "dot": DotScore,
    "general": GeneralScore,
}


def read(
    score: nn.Module, query: State, prepared: Prepared, source: Encoded
) -> tuple[Float[torch.Tensor, "batch memory"], Weights]:
    r"""Return the context and the weights: :math:`c = \sum_j a_j h_j`, real j only.

    Examples
    --------
    >>> import torch
    >>> real = torch.tensor([[True, True, False]])
    >>> source = Encoded(torch.ones(1, 3, 2), real, torch.ones(1, 2), None)
    >>> read(DotScore(2, 2, 1), torch.zeros(1, 2), source.states, source)[1]
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    weights = masked_softmax(score(query, prepared), source.real)
    return torch.einsum("bk,bkm->bm", weights, source.states), weights
