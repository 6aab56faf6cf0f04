r"""Scores as modules: how well does each key answer each query? They can be swapped.

Each maps queries [..., queries, query_width] and keys [..., keys, key_width] to one
number for each pair, and can be given to `attention` as its `score`.

References
----------
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, appendix A.1.2 (additive).
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, section 3.1 (dot, general).
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 1 (scaled dot).
A. Graves, G. Wayne and I. Danihelka, "Neural Turing Machines", arXiv:1410.5401, 2014,
section 3.3.1 (cosine, with a strength).
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect

Queries = Float[torch.Tensor, "... queries width"]
Keys = Float[torch.Tensor, "... keys width"]
OtherKeys = Float[torch.Tensor, "... keys key_width"]
Scores = Float[torch.Tensor, "... queries keys"]


class Dot(nn.Module):
    r"""The dot product: :math:`s_{ij} = q_i \cdot k_j`.

    Its variance is the width, for independent entries of variance one.

    Examples
    --------
    >>> import torch
    >>> Dot()(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
    tensor([[1., 3.]])
    """

    def forward(self, query: Queries, keys: Keys) -> Scores:
        """Score every pair."""
        expect.width("Dot", query.shape[-1], keys=keys)
        return query @ keys.mT


class ScaledDot(nn.Module):
    r"""The dot product over the root of the width: :math:`q_i \cdot k_j / \sqrt{d}`.

    Examples
    --------
    >>> import torch
    >>> ScaledDot()(torch.ones(1, 4), torch.ones(2, 4))
    tensor([[2., 2.]])
    """

    def forward(self, query: Queries, keys: Keys) -> Scores:
        """Score every pair."""
        expect.width("ScaledDot", query.shape[-1], keys=keys)
        return query @ keys.mT / query.shape[-1] ** 0.5


class General(nn.Module):
    r"""The dot product with a matrix between: :math:`s_{ij} = q_i^\top W k_j`.

    Queries and keys may differ in width.

    Examples
    --------
    >>> import torch
    >>> General(query_width=3, key_width=5)(torch.ones(2, 3), torch.ones(7, 5)).shape
    torch.Size([2, 7])
    """

    def __init__(self, query_width: int, key_width: int):
        super().__init__()
        expect.counts("General", query_width=query_width, key_width=key_width)
        self.key = nn.Linear(key_width, query_width, bias=False)

    def forward(self, query: Queries, keys: OtherKeys) -> Scores:
        """Score every pair."""
        return query @ self.key(keys).mT


class Additive(nn.Module):
    r"""A small network: :math:`s_{ij} = v^\top \tanh(W q_i + U k_j)`.

    Without tanh the query would add the same number to all scores of its row, which
    softmax cannot see.

    Examples
    --------
    >>> import torch
    >>> score = Additive(query_width=3, key_width=5, hidden=4)
    >>> score(torch.ones(2, 3), torch.ones(7, 5)).shape
    torch.Size([2, 7])
    """

    def __init__(self, query_width: int, key_width: int, hidden: int):
        super().__init__()
        expect.counts("Additive", query_width=query_width, key_width=key_width)
        expect.counts("Additive", hidden=hidden)
        self.query = nn.Linear(query_width, hidden, bias=False)
        self.key = nn.Linear(key_width, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def forward(self, query: Queries, keys: OtherKeys) -> Scores:
        """Score every pair."""
        sums = self.query(query)[..., :, None, :] + self.key(keys)[..., None, :, :]
        return self.v(torch.tanh(sums))[..., 0]


class Cosine(nn.Module):
    r"""The cosine of the angle, times a strength that is learnt, at first 1.

    .. math::

       s_{ij} = \beta \, \frac{q_i \cdot k_j}{\lVert q_i \rVert \, \lVert k_j \rVert}

    Without the strength no score could leave the range from -1 to 1, and no weight
    could be more than e^2 times another. A vector of zeros scores 0.

    Examples
    --------
    >>> import torch
    >>> query, keys = torch.tensor([[3.0, 0.0]]), torch.tensor([[5.0, 0.0], [0.0, 2.0]])
    >>> Cosine()(query, keys)
    tensor([[1., 0.]], grad_fn=<MulBackward0>)
    """

    def __init__(self):
        super().__init__()
        self.strength = nn.Parameter(torch.ones(()))

    def forward(self, query: Queries, keys: Keys) -> Scores:
        """Score every pair."""
        expect.width("Cosine", query.shape[-1], keys=keys)
        query, keys = (nn.functional.normalize(t, dim=-1) for t in (query, keys))
        return self.strength * (query @ keys.mT)
