"""Recurrent encoders: against cells written out, and padding that changes nothing."""

import pytest
import torch

from attn_course.nn import BiLSTMEncoder, GRUEncoder

torch.manual_seed(0)
LSTM = BiLSTMEncoder(vocab=13, model=4, hidden=5).double()
GRU = GRUEncoder(vocab=13, model=4, hidden=5).double()
TOKENS = torch.tensor([[7, 5, 3, 9, 2, 0], [8, 2, 0, 0, 0, 0], [3, 4, 12, 6, 11, 2]])
LENGTHS = 5, 2, 6
BOTH = pytest.mark.parametrize("encoder", [LSTM, GRU], ids=["lstm", "gru"])
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def lstm_by_hand(rows, w_in, w_back, b_in, b_back):
    """The gates of one direction, one position at a time; rows [positions, model]."""
    hidden = cell = torch.zeros(5, dtype=rows.dtype)
    states = []
    for row in rows:
        sums = w_in @ row + b_in + w_back @ hidden + b_back
        take, forget, new, give = sums.chunk(4)
        cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
        hidden = give.sigmoid() * cell.tanh()
        states.append(hidden)
    return torch.stack(states)


def weights(rnn, suffix=""):
    names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
    return [getattr(rnn, name + suffix) for name in names]


def test_the_lstm_is_two_directions_of_gates():
    read = LSTM(TOKENS)
    for row, length, sample in zip(TOKENS, LENGTHS, range(3), strict=True):
        rows = LSTM.embedding(row[:length])
        there = lstm_by_hand(rows, *weights(LSTM.lstm))
        back = lstm_by_hand(rows.flip(0), *weights(LSTM.lstm, "_reverse")).flip(0)
        wanted = torch.cat([there, back], dim=1)
        torch.testing.assert_close(read.states[sample, :length], wanted, **EXACT)
        torch.testing.assert_close(read.forward[sample], there[-1], **EXACT)
        torch.testing.assert_close(read.backward[sample], back[0], **EXACT)


def test_the_gru_is_a_chain_of_cells():
    cell = torch.nn.GRUCell(4, 5).double()
    for mine, theirs in zip(cell.parameters(), weights(GRU.gru), strict=True):
        mine.data.copy_(theirs)
    read = GRU(TOKENS)
    for row, length, sample in zip(TOKENS, LENGTHS, range(3), strict=True):
        hidden = torch.zeros(1, 5, dtype=torch.float64)
        for position in range(length):
            hidden = cell(GRU.embedding(row[position])[None], hidden)
            torch.testing.assert_close(
                read.states[sample, position], hidden[0], **EXACT
            )
        torch.testing.assert_close(read.forward[sample], hidden[0], **EXACT)


@BOTH
def test_padding_changes_no_state_and_has_none(encoder):
    wide = torch.nn.functional.pad(TOKENS, (0, 3))
    narrow, padded = encoder(TOKENS), encoder(wide)
    torch.testing.assert_close(padded.states[:, :6], narrow.states, **EXACT)
    torch.testing.assert_close(padded.forward, narrow.forward, **EXACT)
    assert (padded.states[~padded.real] == 0).all()
    assert padded.real.sum(dim=1).tolist() == list(LENGTHS)


@BOTH
def test_padding_gets_no_gradient(encoder):
    encoder.zero_grad()
    encoder(TOKENS).states.square().sum().backward()
    gradient = encoder.embedding.weight.grad
    assert (gradient[0] == 0).all()
    assert (gradient[7] != 0).any()


@BOTH
def test_samples_do_not_see_each_other(encoder):
    alone = encoder(TOKENS[:1]).states[0]
    torch.testing.assert_close(encoder(TOKENS).states[0], alone, **EXACT)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([[0, 0], [3, 4]], "a real token at the start of each row"),
        ([[], []], "whole numbers of shape"),
        ([[3, 0, 4]], "padding on the right of all real tokens"),
        ([[3, 13]], "ids from 0 to 12, got 3 to 13"),
        ([[-1, 3]], "ids from 0 to 12, got -1 to 3"),
        ([3, 4], r"shape \(batch, positions\), got torch.int64 of shape \(2,\)"),
        ([[3.0, 4.0]], "whole numbers of shape .* got torch.float32"),
        ([[True, False]], "whole numbers of shape .* got torch.bool"),
    ],
)
@BOTH
def test_refuses_tokens_that_cannot_be_read(encoder, tokens, message):
    with pytest.raises(
        ValueError, match=f"{type(encoder).__name__}: wanted.*{message}"
    ):
        encoder(torch.tensor(tokens))


def test_refuses_a_table_without_positions():
    with pytest.raises(ValueError, match="a real token at the start"):
        LSTM(torch.zeros(2, 0, dtype=torch.long))


@pytest.mark.parametrize("encoder", [BiLSTMEncoder, GRUEncoder])
def test_refuses_sizes_that_are_none(encoder):
    with pytest.raises(ValueError, match="wanted hidden as a whole number above zero"):
        encoder(13, 4, 0)
