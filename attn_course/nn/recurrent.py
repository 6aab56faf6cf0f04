r"""Recurrent encoders: a source, read one position after the other, without padding.

References
----------
S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8),
1735-1780, 1997.
M. Schuster and K. K. Paliwal, "Bidirectional Recurrent Neural Networks", IEEE
Transactions on Signal Processing 45(11), 2673-2681, 1997.
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
Statistical Machine Translation", EMNLP 2014, section 2.3 (gated recurrent unit).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attn_course.nn import expect

Tokens = Int[torch.Tensor, "batch keys"]


class Encoded(NamedTuple):
    """A source that was read: one state a position, and how each direction ended.

    `states` are zeros where `real` is False. `forward` is the state after the last real
    position; `backward` the one that has read the source from its end to the front.

    Examples
    --------
    >>> Encoded._fields
    ('states', 'real', 'forward', 'backward')
    """

    states: Float[torch.Tensor, "batch keys memory"]
    real: Bool[torch.Tensor, "batch keys"]
    forward: Float[torch.Tensor, "batch hidden"]
    backward: Float[torch.Tensor, "batch hidden"] | None


class BiLSTMEncoder(nn.Module):
    """Embedding and one layer of LSTM in both directions, side by side.

    The state of a position has `2 * hidden` entries: what was read up to there, and
    what was read from the end back to there. Padding stands on the right, and changes
    no state of a real position.

    Parameters
    ----------
    vocab, model, hidden
        Ids, entries of an embedding, entries of each direction.
    padding
        The id that is no position.

    Raises
    ------
    ValueError
        If a row of tokens is padding alone, or has padding before a real token.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> encoder = BiLSTMEncoder(vocab=11, model=3, hidden=5)
    >>> read = encoder(torch.tensor([[7, 5, 2], [8, 2, 0]]))
    >>> read.states.shape, read.real.int().tolist(), read.states[1, 2].any().item()
    (torch.Size([2, 3, 10]), [[1, 1, 1], [1, 1, 0]], False)
    """

    def __init__(self, vocab: int, model: int, hidden: int, *, padding: int = 0):
        super().__init__()
        expect.counts("BiLSTMEncoder", vocab=vocab, model=model, hidden=hidden)
        self.padding = padding
        self.embedding = nn.Embedding(vocab, model)
        self.lstm = nn.LSTM(model, hidden, batch_first=True, bidirectional=True)

    def forward(self, tokens: Tokens) -> Encoded:
        """Read each row of tokens."""
        real = real_positions("BiLSTMEncoder", tokens, self)
        states, (last, _) = _read(self.lstm, self.embedding(tokens), real)
        return Encoded(states, real, last[0], last[1])


class GRUEncoder(nn.Module):
    """Embedding and one layer of gated recurrent units, from left to right.

    Parameters and errors are those of `BiLSTMEncoder`. PyTorch's unit multiplies by the
    reset gate after the matrix, that of Cho et al. before it.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> read = GRUEncoder(vocab=11, model=3, hidden=5)(torch.tensor([[7, 5, 2, 0]]))
    >>> bool((read.forward == read.states[:, 2]).all()), read.backward
    (True, None)
    """

    def __init__(self, vocab: int, model: int, hidden: int, *, padding: int = 0):
        super().__init__()
        expect.counts("GRUEncoder", vocab=vocab, model=model, hidden=hidden)
        self.padding = padding
        self.embedding = nn.Embedding(vocab, model)
        self.gru = nn.GRU(model, hidden, batch_first=True)

    def forward(self, tokens: Tokens) -> Encoded:
        """Read each row of tokens."""
        real = real_positions("GRUEncoder", tokens, self)
        states, last = _read(self.gru, self.embedding(tokens), real)
        return Encoded(states, real, last[0], None)


def real_positions(
    who: str, tokens: Tokens, encoder: nn.Module
) -> Bool[torch.Tensor, "batch keys"]:
    """Return where tokens are no padding, and refuse what cannot be read."""
    token_table(who, tokens, encoder.embedding.num_embeddings)
    real = tokens != encoder.padding
    if not real[:, :1].all() or real.shape[1] == 0:
        raise ValueError(f"{who}: wanted a real token at the start of each row")
    if (real[:, 1:] & ~real[:, :-1]).any():
        raise ValueError(f"{who}: wanted padding on the right of all real tokens")
    return real


def token_table(who: str, tokens: torch.Tensor, vocab: int) -> None:
    """Want ids below `vocab`, one row a sample."""
    whole = not (tokens.is_floating_point() or tokens.dtype == torch.bool)
    if tokens.ndim != 2 or not whole:
        raise ValueError(
            f"{who}: wanted whole numbers of shape (batch, positions), got "
            f"{tokens.dtype} of shape {tuple(tokens.shape)}"
        )
    if tokens.numel() and not 0 <= tokens.min() <= tokens.max() < vocab:
        raise ValueError(
            f"{who}: wanted ids from 0 to {vocab - 1}, got {tokens.min().item()} to "
            f"{tokens.max().item()}"
        )


def _read(rnn, rows, real):
    """Run over the real positions only; states of the others are zeros."""
    lengths = real.sum(dim=1).cpu()
    packed = pack_padded_sequence(rows, lengths, batch_first=True, enforce_sorted=False)
    states, last = rnn(packed)
    states, _ = pad_packed_sequence(
        states, batch_first=True, total_length=rows.shape[1]
    )
    return states, last
