r"""A recurrent decoder that looks at the source before it moves on.

Every recurrent decoder here has ``start(source)``, the state before anything is
written, and ``step(tokens, state, source)``, which returns logits, the next state and
the weights over the source. All parts of a state have the batch first.

References
----------
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, equations 4-6 and appendix A.
I. J. Goodfellow et al., "Maxout Networks", ICML 2013.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.alignment import AdditiveScore, read
from attn_course.nn.recurrent import Encoded

Ids = Int[torch.Tensor, " batch"]
Rows = Float[torch.Tensor, "batch state"]
Logits = Float[torch.Tensor, "batch vocab"]
Weights = Float[torch.Tensor, "batch keys"]


class BahdanauState(NamedTuple):
    """The recurrent state, and what the score prepared of the source.

    Examples
    --------
    >>> BahdanauState._fields
    ('hidden', 'prepared')
    """

    hidden: Rows
    prepared: Float[torch.Tensor, "batch keys width"]


class BahdanauDecoder(nn.Module):
    r"""Look first, from the previous state; then move on.

    .. math::

       e_{ij} &= v^\top \tanh(W s_{i-1} + U h_j), \quad
       a_{i\cdot} = \operatorname{softmax}_j e_{ij}, \quad
       c_i = \sum_j a_{ij} h_j

       s_i &= f(s_{i-1}, y_{i-1}, c_i), \qquad
       p(y_i) = g(y_{i-1}, s_i, c_i)

    f is a gated recurrent unit, g a layer of maxout. The first state is made of the
    backward state at the first position of the source.

    Parameters
    ----------
    vocab, model, hidden
        Ids, entries of an embedding, entries of the state and inside the score.
    source_hidden
        Entries of each direction of the encoder.

    Examples
    --------
    >>> import torch
    >>> source = Encoded(
    ...     torch.randn(2, 7, 6), torch.ones(2, 7).bool(), None, torch.randn(2, 3)
    ... )
    >>> decoder = BahdanauDecoder(vocab=11, model=4, hidden=5, source_hidden=3)
    >>> step = decoder.step(torch.tensor([1, 1]), decoder.start(source), source)
    >>> step[0].shape, step[2].shape
    (torch.Size([2, 11]), torch.Size([2, 7]))
    """

    def __init__(self, vocab: int, model: int, hidden: int, source_hidden: int):
        super().__init__()
        sizes = dict(vocab=vocab, model=model, hidden=hidden)
        expect.counts("BahdanauDecoder", **sizes, source_hidden=source_hidden)
        memory = 2 * source_hidden
        self.embedding = nn.Embedding(vocab, model)
        self.first = nn.Linear(source_hidden, hidden)
        self.score = AdditiveScore(hidden, memory, hidden)
        self.cell = nn.GRUCell(model + memory, hidden)
        self.readout = Maxout(hidden + model + memory, hidden, vocab)

    def start(self, source: Encoded) -> BahdanauState:
        """Return the state before anything is written."""
        hidden = torch.tanh(self.first(source.backward))
        return BahdanauState(hidden, self.score.prepare(source.states))

    def step(
        self, tokens: Ids, state: BahdanauState, source: Encoded
    ) -> tuple[Logits, BahdanauState, Weights]:
        """Read the token written last, and say what may come next."""
        last = self.embedding(tokens)  # [batch, model]
        context, weights = read(self.score, *state, source)
        hidden = self.cell(torch.cat([last, context], dim=1), state.hidden)
        logits = self.readout(torch.cat([hidden, last, context], dim=1))
        return logits, BahdanauState(hidden, state.prepared), weights


class Maxout(nn.Module):
    """Two linear layers, the larger of the two at each entry, then logits.

    Examples
    --------
    >>> import torch
    >>> Maxout(3, 5, 7)(torch.randn(2, 3)).shape
    torch.Size([2, 7])
    """

    def __init__(self, size: int, hidden: int, vocab: int):
        super().__init__()
        self.pairs = nn.Linear(size, 2 * hidden)
        self.logits = nn.Linear(hidden, vocab, bias=False)

    def forward(self, rows: Rows) -> Logits:
        """Return the logits of each row."""
        return self.logits(self.pairs(rows).unflatten(-1, (-1, 2)).amax(dim=-1))
