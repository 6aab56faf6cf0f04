"""Filters and draws: what is kept, what is never drawn, and how often the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from attn_course.functional import sample, softmax, top_k, top_p

rng = np.random.default_rng(0)
LOGITS = 2 * rng.normal(size=(2, 3, 11))
ROWS = st.lists(st.integers(-4, 4), min_size=1, max_size=8)


def kept(filtered):
    return np.isfinite(filtered)


@given(ROWS, st.integers(1, 9))
def test_top_k_keeps_the_k_largest_and_of_equals_the_first(row, k):
    order = sorted(range(len(row)), key=lambda i: (-row[i], i))[:k]
    got = top_k(np.array(row, dtype=float), k)
    assert got.tolist() == [row[i] if i in order else -np.inf for i in range(len(row))]


@given(ROWS, st.sampled_from([0.1, 0.5, 0.9, 0.999]))
def test_top_p_keeps_the_smallest_set_of_that_probability(row, p):
    logits = np.array(row, dtype=float)
    shares = np.exp(logits) / np.exp(logits).sum()
    nucleus, total = [], 0.0
    for i in sorted(range(len(row)), key=lambda i: (-row[i], i)):
        if total < p - 1e-12:
            nucleus.append(i)
            total += shares[i]
    assert np.flatnonzero(kept(top_p(logits, p))).tolist() == sorted(nucleus)


def test_top_p_always_keeps_the_likeliest_token():
    least = top_p(LOGITS, 1e-9)
    assert (kept(least).sum(-1) == 1).all()
    np.testing.assert_array_equal(least.argmax(-1), LOGITS.argmax(-1))


def test_the_ends_keep_everything():
    np.testing.assert_array_equal(top_p(LOGITS, 1.0), LOGITS)
    sure = np.array([0.0, -800.0])  # the first has probability 1, up to rounding
    np.testing.assert_array_equal(top_p(sure, 1.0), sure)
    np.testing.assert_array_equal(top_k(LOGITS, 11), LOGITS)
    np.testing.assert_array_equal(top_k(LOGITS, 50), LOGITS)


def test_the_nucleus_is_small_where_the_model_is_sure():
    sizes = kept(top_p(np.stack([LOGITS / 9, LOGITS, LOGITS * 9]), 0.9)).sum(-1)
    assert (np.diff(sizes.mean(axis=(1, 2))) < -1).all()
    assert (kept(top_k(LOGITS, 4)).sum(-1) == 4).all()


def test_filters_combine_and_what_is_dropped_stays_dropped():
    both = top_p(top_k(LOGITS, 5), 0.95)
    assert (kept(both) <= kept(top_k(LOGITS, 5))).all()
    assert kept(both).any(-1).all()
    np.testing.assert_array_equal(both[kept(both)], LOGITS[kept(both)])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_draws_follow_the_softmax_at_the_temperature(temperature):
    logits = top_k(np.array([0.5, -1.0, 1.5, 0.0, -0.5]), 4)
    many = np.broadcast_to(logits, (20000, 5))
    drawn = sample(many, np.random.default_rng(1), temperature=temperature)
    counts = np.bincount(drawn, minlength=5)
    assert counts[1] == 0
    wanted = 20000 * softmax(logits, temperature=temperature)
    assert chisquare(counts[wanted > 0], wanted[wanted > 0]).pvalue > 0.01


def test_nearly_no_temperature_takes_the_largest():
    drawn = sample(LOGITS, np.random.default_rng(2), temperature=1e-6)
    np.testing.assert_array_equal(drawn, LOGITS.argmax(-1))
    assert sample(LOGITS[0, 0], np.random.default_rng(2)).shape == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    logits = LOGITS.astype(dtype)
    before = logits.copy()
    for filtered in (
        top_k(logits, 3),
        top_p(logits, np.float64(0.5)),
        top_p(logits, 1),
    ):
        assert filtered.dtype == dtype
        filtered[:] = 0
    sample(logits, rng)
    np.testing.assert_array_equal(logits, before)


def test_refuses_filters_that_keep_nothing_or_too_much():
    for k, message in ((0, "k of at least 1, got 0"), (2.0, r"whole k, got 2\.0")):
        with pytest.raises(ValueError, match=message):
            top_k(LOGITS, k)
    for p in (0.0, 1.1, -0.5, float("nan")):
        with pytest.raises(ValueError, match=f"p above 0 and at most 1, got {p}"):
            top_p(LOGITS, p)
    with pytest.raises(ValueError, match="positive temperature"):
        sample(LOGITS, rng, temperature=0.0)


def test_refuses_rows_from_which_nothing_can_be_drawn():
    for logits, message in (
        (np.full((2, 3), -np.inf), "a finite logit in each row"),
        (np.zeros((2, 0)), "a finite logit in each row"),
        (np.array([0.0, np.nan]), "logits below infinity, got nan"),
        (np.array([0.0, np.inf]), "logits below infinity, got inf"),
        (np.array([0, 1]), "logits as an array of floats"),
        (np.array(0.0), "logits with at least 1 axes"),
    ):
        for call in (
            lambda row: top_k(row, 2),
            lambda row: top_p(row, 0.5),
            lambda row: sample(row, rng),
        ):
            with pytest.raises(ValueError, match=message):
                call(logits)


def test_the_temperature_comes_before_the_filters():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    many = np.broadcast_to(logits, (4000, 4))
    for temperature, nucleus in ((0.25, {0}), (1.0, {0, 1}), (4.0, {0, 1, 2})):
        drawn = sample(many, np.random.default_rng(3), temperature=temperature, p=0.7)
        assert set(drawn.tolist()) == nucleus
        by_hand = sample(top_p(many / temperature, 0.7), np.random.default_rng(3))
        np.testing.assert_array_equal(drawn, by_hand)
    both = sample(many, np.random.default_rng(3), temperature=4.0, k=2, p=0.7)
    assert set(both.tolist()) == {0, 1}


def test_nearly_no_temperature_takes_the_largest_in_float32_too():
    narrow = LOGITS.astype(np.float32)
    for temperature in (1e-60, 5e-324):
        drawn = sample(narrow, np.random.default_rng(2), temperature=temperature)
        np.testing.assert_array_equal(drawn, narrow.argmax(-1))


@pytest.mark.parametrize(("p", "count"), [(0.5, 2), (0.500001, 3), (0.25, 1)])
def test_a_nucleus_of_exactly_that_probability_is_enough(p, count):
    assert kept(top_p(np.zeros(4), p)).tolist() == [True] * count + [False] * (
        4 - count
    )
