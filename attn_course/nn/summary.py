r"""A recurrent decoder to which the source is one vector of fixed size; no attention.

References
----------
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
Statistical Machine Translation", EMNLP 2014, section 2.2, and appendix A of
arXiv:1406.1078.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.bahdanau import Maxout
from attn_course.nn.recurrent import Encoded

Ids = Int[torch.Tensor, " batch"]
Logits = Float[torch.Tensor, "batch vocab"]


class SummaryState(NamedTuple):
    """The recurrent state, and the one vector that stands for the source.

    Examples
    --------
    >>> SummaryState._fields
    ('hidden', 'summary')
    """

    hidden: Float[torch.Tensor, "batch hidden"]
    summary: Float[torch.Tensor, "batch hidden"]


class SummaryDecoder(nn.Module):
    r"""A decoder to which the source is the same one vector at every step.

    .. math::

       c = \tanh(V h_T), \quad s_0 = \tanh(V' c), \quad
       s_i = f(s_{i-1}, y_{i-1}, c), \quad p(y_i) = g(y_{i-1}, s_i, c)

    Examples
    --------
    >>> import torch
    >>> source = Encoded(None, None, torch.randn(2, 5), None)
    >>> decoder = SummaryDecoder(vocab=11, model=4, hidden=5)
    >>> decoder.step(torch.tensor([1, 1]), decoder.start(source), source)[0].shape
    torch.Size([2, 11])
    """

    def __init__(self, vocab: int, model: int, hidden: int):
        super().__init__()
        expect.counts("SummaryDecoder", vocab=vocab, model=model, hidden=hidden)
        self.embedding = nn.Embedding(vocab, model)
        self.summarise = nn.Linear(hidden, hidden)
        self.first = nn.Linear(hidden, hidden)
        self.cell = nn.GRUCell(model + hidden, hidden)
        self.readout = Maxout(hidden + model + hidden, hidden, vocab)

    def start(self, source: Encoded) -> SummaryState:
        """Return the state before anything is written."""
        summary = torch.tanh(self.summarise(source.forward))
        return SummaryState(torch.tanh(self.first(summary)), summary)

    def step(
        self, tokens: Ids, state: SummaryState, source: Encoded
    ) -> tuple[Logits, SummaryState, None]:
        """Read the token written last, and say what may come next; weights are None."""
        last = self.embedding(tokens)
        hidden = self.cell(torch.cat([last, state.summary], dim=1), state.hidden)
        logits = self.readout(torch.cat([hidden, last, state.summary], dim=1))
        return logits, SummaryState(hidden, state.summary), None
