"""Scores between a state and a memory: against loops, and which see the query."""

import pytest
import torch

from attn_course.nn.alignment import (
    SCORES,
    AdditiveScore,
    DotScore,
    GeneralScore,
    read,
)
from attn_course.nn.recurrent import Encoded

torch.manual_seed(0)
QUERY = torch.randn(2, 5, dtype=torch.float64)
MEMORY = torch.randn(2, 3, 7, dtype=torch.float64)
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def by_pairs(score, query, memory):
    """One number at a time."""
    wanted = torch.zeros(memory.shape[:2], dtype=memory.dtype)
    for sample, key in torch.cartesian_prod(*map(torch.arange, wanted.shape)):
        wanted[sample, key] = score(query[sample], memory[sample, key])
    return wanted


def test_additive_is_a_network_with_one_hidden_layer():
    score = AdditiveScore(state=5, memory=7, hidden=11).double()
    w, u, v = score.query.weight, score.keys.weight, score.v.weight[0]
    wanted = by_pairs(lambda q, k: v @ torch.tanh(w @ q + u @ k), QUERY, MEMORY)
    torch.testing.assert_close(score(QUERY, score.prepare(MEMORY)), wanted, **EXACT)


def test_concat_is_additive_with_one_matrix_cut_in_two():
    score = SCORES["concat"](5, 7, 11).double()
    both = torch.cat([score.query.weight, score.keys.weight], dim=1)
    v = score.v.weight[0]
    wanted = by_pairs(
        lambda q, k: v @ torch.tanh(both @ torch.cat([q, k])), QUERY, MEMORY
    )
    torch.testing.assert_close(score(QUERY, score.prepare(MEMORY)), wanted, **EXACT)


def test_general_has_a_matrix_between_the_two():
    score = GeneralScore(state=5, memory=7, hidden=1).double()
    wanted = by_pairs(lambda q, k: q @ score.keys.weight @ k, QUERY, MEMORY)
    torch.testing.assert_close(score(QUERY, score.prepare(MEMORY)), wanted, **EXACT)


def test_dot_has_no_parameters():
    score = DotScore(state=7, memory=7, hidden=1)
    query = torch.randn(2, 7, dtype=torch.float64)
    wanted = by_pairs(torch.dot, query, MEMORY)
    torch.testing.assert_close(score(query, score.prepare(MEMORY)), wanted, **EXACT)
    assert not list(score.parameters())


def test_without_tanh_the_query_would_not_matter():
    score = AdditiveScore(state=5, memory=7, hidden=11).double()
    sums = score.v(score.query(QUERY)[:, None] + score.keys(MEMORY))[..., 0]
    others = score.v(score.query(-3 * QUERY)[:, None] + score.keys(MEMORY))[..., 0]
    torch.testing.assert_close(sums.softmax(-1), others.softmax(-1), **EXACT)
    with_tanh = score(QUERY, score.prepare(MEMORY)).softmax(-1)
    moved = score(-3 * QUERY, score.prepare(MEMORY)).softmax(-1)
    assert (with_tanh - moved).abs().max() > 0.01


def test_what_is_read_mixes_real_positions_only():
    real = torch.tensor([[True, True, False], [True, False, False]])
    source = Encoded(MEMORY, real, MEMORY[:, 2], None)
    score = AdditiveScore(state=5, memory=7, hidden=11).double()
    context, weights = read(score, QUERY, score.prepare(MEMORY), source)
    assert (weights[~real] == 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(2).double(), **EXACT)
    wanted = sum(weights[:, k, None] * MEMORY[:, k] for k in range(3))
    torch.testing.assert_close(context, wanted, **EXACT)
    torch.testing.assert_close(context[1], MEMORY[1, 0], **EXACT)


def test_refuses_widths_that_a_dot_product_cannot_take():
    with pytest.raises(ValueError, match=r"as wide as the memory \(7\), got 5"):
        DotScore(state=5, memory=7, hidden=1)
    with pytest.raises(ValueError, match="AdditiveScore: wanted hidden as a whole"):
        AdditiveScore(state=5, memory=7, hidden=0)
