"""Scores: one pair at a time, NumPy's attend, and what makes each of them different."""

import numpy as np
import pytest
import torch
from torch import nn

from attn_course.functional import attend
from attn_course.nn import Additive, Cosine, Dot, General, ScaledDot, attention

torch.manual_seed(0)
QUERY = torch.randn(2, 3, 4, 5, dtype=torch.float64)  # batch, heads, queries, width
KEYS = torch.randn(2, 3, 7, 5, dtype=torch.float64)
WIDE = torch.randn(2, 3, 7, 6, dtype=torch.float64)
VALUES = torch.randn(2, 3, 7, 11, dtype=torch.float64)


def made():
    torch.manual_seed(1)
    scores = [Dot(), ScaledDot(), Cosine(), General(5, 6), Additive(5, 6, 9)]
    nn.init.constant_(scores[2].strength, 3.0)
    return [score.double() for score in scores]


def by_pair(score, q, k):
    """One query and one key, with the formula of the textbook."""
    state = score.state_dict()
    match score:
        case Dot():
            return sum(q * k)
        case ScaledDot():
            return sum(q * k) / 5**0.5
        case Cosine():
            return 3 * sum(q * k) / (sum(q * q) * sum(k * k)) ** 0.5
        case General():
            return q @ state["key.weight"] @ k
        case Additive():
            inner = state["query.weight"] @ q + state["key.weight"] @ k
            return state["v.weight"][0] @ torch.tanh(inner)


@pytest.mark.parametrize("score", made(), ids=lambda score: type(score).__name__)
def test_is_its_formula_for_every_pair(score):
    keys = WIDE if isinstance(score, General | Additive) else KEYS
    got = score(QUERY, keys)
    assert got.shape == (2, 3, 4, 7)
    for b, h, i, j in np.ndindex(got.shape):
        wanted = by_pair(score, QUERY[b, h, i], keys[b, h, j])
        torch.testing.assert_close(got[b, h, i, j], wanted)


@pytest.mark.parametrize("score", made(), ids=lambda score: type(score).__name__)
def test_can_be_swapped_in_attention_and_learns_there(score):
    keys = WIDE if isinstance(score, General | Additive) else KEYS
    allowed = torch.rand(4, 7) < 0.6
    output, weights = attention(
        QUERY, keys, VALUES, score=score, allowed=allowed, return_weights=True
    )
    theirs = attend(
        QUERY.numpy(),
        keys.numpy(),
        VALUES.numpy(),
        allowed=allowed.numpy(),
        score=lambda *_: score(QUERY, keys).detach().numpy(),
    )
    np.testing.assert_allclose(output.detach(), theirs, rtol=1e-12, atol=1e-14)
    assert (weights[..., ~allowed] == 0).all()
    if list(score.parameters()):
        output.square().sum().backward()
    assert all((p.grad != 0).any() for p in score.parameters())


def test_the_default_score_of_attention_is_the_scaled_dot():
    torch.testing.assert_close(
        attention(QUERY, KEYS, VALUES, score=ScaledDot()),
        attention(QUERY, KEYS, VALUES),
    )


def test_scaling_keeps_the_variance_at_one_and_leaving_it_out_does_not():
    query, keys = torch.randn(2, 400, 64)
    assert Dot()(query, keys).var().item() == pytest.approx(64, rel=0.1)
    assert ScaledDot()(query, keys).var().item() == pytest.approx(1, rel=0.1)


def test_without_tanh_an_additive_score_would_not_hear_its_query():
    score = Additive(5, 6, 9).double()
    linear = score.v(
        score.query(QUERY)[..., :, None, :] + score.key(WIDE)[..., None, :, :]
    )[..., 0].softmax(-1)
    torch.testing.assert_close(linear, linear[..., :1, :].expand_as(linear))
    bent = score(QUERY, WIDE).softmax(-1)
    assert (bent - bent[..., :1, :]).abs().max() > 1e-2


def test_general_with_the_identity_between_is_the_dot():
    score = General(5, 5).double()
    nn.init.eye_(score.key.weight)
    torch.testing.assert_close(score(QUERY, KEYS), Dot()(QUERY, KEYS))


def test_the_length_of_a_vector_does_not_matter_to_the_cosine_and_zero_is_zero():
    score = Cosine().double()
    torch.testing.assert_close(score(3 * QUERY, KEYS / 7), score(QUERY, KEYS))
    assert (score(QUERY * 0, KEYS) == 0).all()


def test_refuses_widths_that_differ_and_sizes_of_nothing():
    for score in (Dot(), ScaledDot(), Cosine()):
        with pytest.raises(ValueError, match="wanted keys of width 5, got"):
            score(QUERY, WIDE)
    with pytest.raises(ValueError, match="General: wanted key_width as a whole number"):
        General(5, 0)
    with pytest.raises(ValueError, match="Additive: wanted hidden as a whole number"):
        Additive(5, 6, 0)
