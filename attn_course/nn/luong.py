r"""A recurrent decoder that moves on before it looks at the source.

References
----------
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, equations 5-7 and section 3.3 (input feeding).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.alignment import SCORES, read
from attn_course.nn.recurrent import Encoded

Ids = Int[torch.Tensor, " batch"]
Rows = Float[torch.Tensor, "batch state"]
Logits = Float[torch.Tensor, "batch vocab"]
Weights = Float[torch.Tensor, "batch keys"]


class LuongState(NamedTuple):
    """The LSTM's two states, the attentional one, and what the score prepared.

    Examples
    --------
    >>> LuongState._fields
    ('hidden', 'cell', 'attentional', 'prepared')
    """

    hidden: Rows
    cell: Rows
    attentional: Rows
    prepared: Float[torch.Tensor, "batch keys width"]


class LuongDecoder(nn.Module):
    r"""Move on first; then look, from the new state.

    .. math::

       h_t &= \operatorname{LSTM}([y_{t-1}; \tilde h_{t-1}], h_{t-1}), \qquad
       a_{t\cdot} = \operatorname{softmax}_s \operatorname{score}(h_t, \bar h_s)

       \tilde h_t &= \tanh(W_c [c_t; h_t]), \qquad
       p(y_t) = \operatorname{softmax}(W_s \tilde h_t)

    Both states of the LSTM start from the encoder's, through one layer each.

    Parameters
    ----------
    vocab, model, hidden, source_hidden
        As in `BahdanauDecoder`.
    score
        "dot", for which `hidden` must be ``2 * source_hidden``, "general" or "concat".
    input_feeding
        Whether the LSTM reads the attentional state of the step before, too, and so
        knows where it looked.

    Examples
    --------
    >>> import torch
    >>> source = Encoded(
    ...     torch.randn(2, 7, 6), torch.ones(2, 7).bool(), *torch.randn(2, 2, 3)
    ... )
    >>> decoder = LuongDecoder(vocab=11, model=4, hidden=5, source_hidden=3)
    >>> step = decoder.step(torch.tensor([1, 1]), decoder.start(source), source)
    >>> step[0].shape, step[2].shape
    (torch.Size([2, 11]), torch.Size([2, 7]))
    """

    def __init__(
        self,
        vocab: int,
        model: int,
        hidden: int,
        source_hidden: int,
        *,
        score: str = "general",
        input_feeding: bool = True,
    ):
        super().__init__()
        sizes = dict(vocab=vocab, model=model, hidden=hidden)
        expect.counts("LuongDecoder", **sizes, source_hidden=source_hidden)
        expect.choice("LuongDecoder", ("dot", "general", "concat"), score=score)
        memory = 2 * source_hidden
        self.input_feeding = input_feeding
        self.embedding = nn.Embedding(vocab, model)
        self.first = nn.ModuleList(nn.Linear(memory, hidden) for _ in range(2))
        self.score = SCORES[score](hidden, memory, hidden)
        self.cell = nn.LSTMCell(model + hidden * input_feeding, hidden)
        self.combine = nn.Linear(memory + hidden, hidden, bias=False)
        self.readout = nn.Linear(hidden, vocab, bias=False)

    def start(self, source: Encoded) -> LuongState:
        """Return the state before anything is written."""
        ends = torch.cat([source.forward, source.backward], dim=1)
        hidden, cell = (torch.tanh(layer(ends)) for layer in self.first)
        prepared = self.score.prepare(source.states)
        return LuongState(hidden, cell, torch.zeros_like(hidden), prepared)

    def step(
        self, tokens: Ids, state: LuongState, source: Encoded
    ) -> tuple[Logits, LuongState, Weights]:
        """Read the token written last, and say what may come next."""
        seen = self.embedding(tokens)  # [batch, model]
        if self.input_feeding:
            seen = torch.cat([seen, state.attentional], dim=1)
        hidden, cell = self.cell(seen, (state.hidden, state.cell))
        context, weights = read(self.score, hidden, state.prepared, source)
        attentional = torch.tanh(self.combine(torch.cat([context, hidden], dim=1)))
        next_state = LuongState(hidden, cell, attentional, state.prepared)
        return self.readout(attentional), next_state, weights
