"""The decoder without attention: steps written out from the paper."""

import pytest
import torch

from attn_course.nn import GRUEncoder, SummaryDecoder

torch.manual_seed(0)
ENCODER = GRUEncoder(vocab=13, model=4, hidden=5).double()
DECODER = SummaryDecoder(vocab=11, model=3, hidden=5).double()
SOURCE = ENCODER(torch.tensor([[7, 5, 9, 2, 0], [8, 12, 3, 4, 2]]))
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def linear(layer, row):
    return layer.weight @ row + layer.bias


def gru(cell, x, h):
    """A gated recurrent unit from its gates."""
    from_x = cell.weight_ih @ x + cell.bias_ih
    from_h = cell.weight_hh @ h + cell.bias_hh
    (r, z, n), (rh, zh, nh) = from_x.chunk(3), from_h.chunk(3)
    reset, keep = (r + rh).sigmoid(), (z + zh).sigmoid()
    return (1 - keep) * (n + reset * nh).tanh() + keep * h


def test_steps_are_those_of_the_paper():
    d, state = DECODER, DECODER.start(SOURCE)
    summaries = [torch.tanh(linear(d.summarise, end)) for end in SOURCE.forward]
    hidden = [torch.tanh(linear(d.first, summary)) for summary in summaries]
    for tokens in torch.tensor([[1, 6], [4, 9]]):
        logits, state, weights = d.step(tokens, state, SOURCE)
        assert weights is None
        for n, summary in enumerate(summaries):
            last = d.embedding.weight[tokens[n]]
            hidden[n] = gru(d.cell, torch.cat([last, summary]), hidden[n])
            sums = linear(d.readout.pairs, torch.cat([hidden[n], last, summary]))
            wanted = d.readout.logits.weight @ torch.maximum(sums[0::2], sums[1::2])
            torch.testing.assert_close(logits[n], wanted, **EXACT)
            torch.testing.assert_close(state.hidden[n], hidden[n], **EXACT)


def test_refuses_sizes_that_are_none():
    with pytest.raises(ValueError, match="SummaryDecoder: wanted model as a whole"):
        SummaryDecoder(11, 0, 5)
