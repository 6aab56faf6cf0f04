"""Luong's decoder: one step written out from the paper, and what input feeding does."""

import pytest
import torch

from attn_course.nn import BiLSTMEncoder, LuongDecoder

torch.manual_seed(0)
ENCODER = BiLSTMEncoder(vocab=13, model=4, hidden=3).double()
SOURCE = ENCODER(torch.tensor([[7, 5, 9, 2, 0], [8, 12, 3, 4, 2]]))
TOKENS = torch.tensor([1, 6])
EXACT = {"rtol": 1e-12, "atol": 1e-14}
HIDDEN = {"dot": 6, "general": 5, "concat": 5}


def decoder(score, **options):
    torch.manual_seed(1)
    return LuongDecoder(11, 4, HIDDEN[score], 3, score=score, **options).double()


def score_by_hand(d, name, q, k):
    if name == "dot":
        return q @ k
    if name == "general":
        return q @ d.score.keys.weight @ k
    both = torch.cat([d.score.query.weight, d.score.keys.weight], dim=1)
    return d.score.v.weight[0] @ torch.tanh(both @ torch.cat([q, k]))


def lstm(cell, x, h, c):
    """An LSTM cell from its gates."""
    sums = cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
    take, forget, new, give = sums.chunk(4)
    c = forget.sigmoid() * c + take.sigmoid() * new.tanh()
    return give.sigmoid() * c.tanh(), c


@pytest.mark.parametrize("feeding", [True, False])
@pytest.mark.parametrize("name", HIDDEN)
def test_steps_are_those_of_the_paper(name, feeding):
    d = decoder(name, input_feeding=feeding)
    state = d.start(SOURCE)
    ends = torch.cat([SOURCE.forward, SOURCE.backward], dim=1)
    h, c = (
        [torch.tanh(layer.weight @ end + layer.bias) for end in ends]
        for layer in d.first
    )
    read = [torch.zeros(HIDDEN[name], dtype=torch.float64)] * 2
    for tokens in (TOKENS, TOKENS + 3):
        logits, state, weights = d.step(tokens, state, SOURCE)
        for n, length in enumerate((4, 5)):
            seen = d.embedding.weight[tokens[n]]
            seen = torch.cat([seen, read[n]]) if feeding else seen
            h[n], c[n] = lstm(d.cell, seen, h[n], c[n])
            states = SOURCE.states[n, :length]
            shares = torch.stack([score_by_hand(d, name, h[n], k) for k in states])
            shares = shares.exp() / shares.exp().sum()
            context = sum(a * k for a, k in zip(shares, states, strict=True))
            read[n] = torch.tanh(d.combine.weight @ torch.cat([context, h[n]]))
            torch.testing.assert_close(weights[n, :length], shares, **EXACT)
            torch.testing.assert_close(logits[n], d.readout.weight @ read[n], **EXACT)


def test_it_reads_the_last_token_before_it_looks():
    d = decoder("general")
    state = d.start(SOURCE)
    _, _, one = d.step(TOKENS, state, SOURCE)
    _, _, other = d.step(TOKENS + 2, state, SOURCE)
    assert (one - other).abs().max() > 1e-6


def test_only_with_input_feeding_does_it_know_where_it_looked():
    for feeding in (True, False):
        d = decoder("general", input_feeding=feeding)
        state = d.start(SOURCE)
        moved = state._replace(attentional=state.attentional + 1)
        one, other = (d.step(TOKENS, s, SOURCE)[0] for s in (state, moved))
        assert torch.equal(one, other) != feeding


def test_padding_is_not_looked_at():
    d = decoder("dot")
    _, _, weights = d.step(TOKENS, d.start(SOURCE), SOURCE)
    assert (weights[~SOURCE.real] == 0).all()


def test_refuses_scores_it_does_not_know_and_widths_that_do_not_fit():
    with pytest.raises(ValueError, match="LuongDecoder: wanted score from"):
        LuongDecoder(11, 4, 6, 3, score="cosine")
    with pytest.raises(ValueError, match=r"as wide as the memory \(6\), got 5"):
        LuongDecoder(11, 4, 5, 3, score="dot")
