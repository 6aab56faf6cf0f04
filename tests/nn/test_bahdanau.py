"""Bahdanau's decoder: one step written out from the paper, and where it looks."""

import pytest
import torch

from attn_course.nn import BahdanauDecoder, BiLSTMEncoder

torch.manual_seed(0)
ENCODER = BiLSTMEncoder(vocab=13, model=4, hidden=3).double()
DECODER = BahdanauDecoder(vocab=11, model=4, hidden=5, source_hidden=3).double()
SOURCE = ENCODER(torch.tensor([[7, 5, 9, 2, 0], [8, 12, 3, 4, 2]]))
TOKENS = torch.tensor([1, 6])
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def gru(cell, x, h):
    """A gated recurrent unit from its gates."""
    from_x = cell.weight_ih @ x + cell.bias_ih
    from_h = cell.weight_hh @ h + cell.bias_hh
    (r, z, n), (rh, zh, nh) = from_x.chunk(3), from_h.chunk(3)
    reset, keep = (r + rh).sigmoid(), (z + zh).sigmoid()
    return (1 - keep) * (n + reset * nh).tanh() + keep * h


def step_by_hand(token, s, states):
    """Equations 4 to 6 for one sample without padding."""
    d = DECODER
    w, u, v = d.score.query.weight, d.score.keys.weight, d.score.v.weight[0]
    energies = torch.stack([v @ torch.tanh(w @ s + u @ h) for h in states])
    shares = energies.exp() / energies.exp().sum()
    context = sum(a * h for a, h in zip(shares, states, strict=True))
    last = d.embedding.weight[token]
    after = gru(d.cell, torch.cat([last, context]), s)
    pairs = d.readout.pairs
    sums = pairs.weight @ torch.cat([after, last, context]) + pairs.bias
    largest = torch.maximum(sums[0::2], sums[1::2])
    return d.readout.logits.weight @ largest, after, shares


def test_steps_are_those_of_the_paper():
    state = DECODER.start(SOURCE)
    hidden = [
        torch.tanh(DECODER.first.weight @ back + DECODER.first.bias)
        for back in SOURCE.backward
    ]
    for tokens in (TOKENS, TOKENS + 3):
        logits, state, weights = DECODER.step(tokens, state, SOURCE)
        for n, length in enumerate((4, 5)):
            wanted, hidden[n], shares = step_by_hand(
                tokens[n], hidden[n], SOURCE.states[n, :length]
            )
            torch.testing.assert_close(logits[n], wanted, **EXACT)
            torch.testing.assert_close(state.hidden[n], hidden[n], **EXACT)
            torch.testing.assert_close(weights[n, :length], shares, **EXACT)


def test_it_looks_before_it_reads_the_last_token():
    state = DECODER.start(SOURCE)
    _, _, one = DECODER.step(TOKENS, state, SOURCE)
    _, _, other = DECODER.step(TOKENS + 2, state, SOURCE)
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_padding_is_not_looked_at():
    _, _, weights = DECODER.step(TOKENS, DECODER.start(SOURCE), SOURCE)
    assert (weights[~SOURCE.real] == 0).all()


def test_refuses_sizes_that_are_none():
    with pytest.raises(ValueError, match="BahdanauDecoder: wanted source_hidden as a"):
        BahdanauDecoder(11, 4, 5, 0)
