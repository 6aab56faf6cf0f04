"""Sampling: NumPy's version, ties and edges, and frequencies."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attn_course.functional as numpy_side
from attn_course.nn import sample, top_k, top_p

generator = torch.Generator().manual_seed(0)
LOGITS = torch.randn(2, 3, 7, generator=generator, dtype=torch.float64) * 2


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9), st.integers(1, 10))
def test_top_k_is_numpys_ties_and_all(row, k):
    logits = torch.tensor(row).double()
    wanted = numpy_side.top_k(logits.numpy(), k)
    np.testing.assert_array_equal(top_k(logits, k).numpy(), wanted)
    assert top_k(logits, k).isfinite().sum() == min(k, len(row))


@given(st.floats(0.01, 1.0))
def test_top_p_is_numpys(p):
    wanted = numpy_side.top_p(LOGITS.numpy(), p)
    np.testing.assert_array_equal(top_p(LOGITS, p).numpy(), wanted)


@pytest.mark.parametrize("p", [1e-9, 0.3, 0.7, 0.95])
def test_the_nucleus_is_the_smallest_set_that_reaches_p(p):
    kept = top_p(LOGITS, p).isfinite()
    shares = LOGITS.softmax(-1)
    mass = (shares * kept).sum(-1)
    least = shares.masked_fill(~kept, 2).amin(-1)
    assert (mass >= p).all()
    assert (mass - least < p).all()


def test_filters_keep_their_input_and_the_dtype():
    before = LOGITS.clone()
    assert top_k(LOGITS.float(), 2).dtype == torch.float32
    assert torch.equal(top_p(LOGITS, 1), LOGITS)
    top_p(LOGITS, 0.5)
    top_k(LOGITS, 1)
    assert torch.equal(LOGITS, before)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_tokens_come_as_often_as_their_probability_says(temperature):
    source = torch.Generator().manual_seed(1)
    many = LOGITS[0, 0].expand(20_000, 7)
    tokens = sample(many, temperature=temperature, generator=source)
    assert tokens.shape == (20_000, 1)
    seen = torch.bincount(tokens[:, 0], minlength=7) / 20_000
    wanted = (LOGITS[0, 0] / temperature).softmax(-1)
    assert (seen - wanted).abs().max() < 0.015  # four standard errors


def test_what_is_dropped_is_never_drawn_and_a_seed_repeats():
    many = top_k(LOGITS[0, 0].expand(500, 7), 2)
    first, second = (
        sample(many, generator=torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert len(first.unique()) == 2


def test_refuses_numbers_out_of_range():
    with pytest.raises(ValueError, match="top_k: wanted k as a whole number above"):
        top_k(LOGITS, 0)
    for p in (0, 1.1):
        with pytest.raises(ValueError, match="top_p: wanted p above 0 and at most 1"):
            top_p(LOGITS, p)
    with pytest.raises(ValueError, match="sample: wanted a positive temperature"):
        sample(LOGITS[0], temperature=0)


def test_the_temperature_comes_before_the_filters_as_in_numpy():
    many = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().expand(4000, 4)
    for temperature in (0.25, 1.0, 4.0):
        options = {"temperature": temperature, "k": 3, "p": 0.75}
        source = torch.Generator().manual_seed(3)
        drawn = sample(many, **options, generator=source)
        theirs = numpy_side.sample(many.numpy(), np.random.default_rng(3), **options)
        assert set(drawn[:, 0].tolist()) == set(theirs.tolist())
        assert len(set(theirs.tolist())) == {0.25: 1, 1.0: 2, 4.0: 3}[temperature]
