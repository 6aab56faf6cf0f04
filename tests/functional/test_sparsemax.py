"""sparsemax: the nearest point of the simplex, by search, by a solver, by its law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq, minimize

from attn_course.functional import softmax, sparsemax

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(2, 3, 5, 7))  # batch, heads, queries, keys
ALLOWED = rng.random((2, 3, 5, 7)) < 0.6
ALLOWED[1, 2, 0] = False
rows = arrays(float, st.integers(1, 11), elements=st.floats(-3, 3))


def by_search(row):
    """The threshold by root finding: no sorting, no sums of the largest."""

    def surplus(threshold):
        return np.maximum(row - threshold, 0).sum() - 1

    found = brentq(surplus, row.min() - 1, row.max(), xtol=1e-14, rtol=1e-14)
    return np.maximum(row - found, 0)


def test_agrees_with_a_search_for_the_threshold():
    wanted = np.apply_along_axis(by_search, -1, SCORES)
    np.testing.assert_allclose(sparsemax(SCORES), wanted, rtol=1e-10, atol=1e-12)


def test_no_solver_finds_a_nearer_point_of_the_simplex():
    for row in SCORES[0, 0]:
        solved = minimize(
            lambda p, row=row: ((p - row) ** 2).sum(),
            np.full(7, 1 / 7),
            jac=lambda p, row=row: 2 * (p - row),
            bounds=[(0, 1)] * 7,
            constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-14},
        )
        np.testing.assert_allclose(sparsemax(row), solved.x, atol=1e-6)  # SLSQP's own


@given(rows)
def test_fulfils_the_conditions_of_the_nearest_point(row):
    weights = sparsemax(row)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-13)
    # One multiplier for all: equal to s - a where a > 0, at least s where a = 0.
    used = weights > 0
    threshold = (row - weights)[used]
    np.testing.assert_allclose(threshold, threshold[0], atol=1e-14)
    assert (row[~used] <= threshold[0] + 1e-14).all()


@given(rows, st.floats(-100, 100))
def test_only_differences_of_scores_matter(row, shift):
    np.testing.assert_allclose(sparsemax(row + shift), sparsemax(row), atol=1e-13)


@given(rows)
def test_keeps_the_order_of_the_scores(row):
    order = np.argsort(row)
    assert (np.diff(sparsemax(row)[order]) >= 0).all()


def test_two_scores_give_the_hard_sigmoid():
    # As the paper shows for two scores: (t + 1) / 2 between -1 and 1, flat outside.
    gap = np.linspace(-2, 2, 9)
    got = sparsemax(np.stack([gap, np.zeros(9)], axis=-1))[:, 0]
    np.testing.assert_allclose(got, np.clip((gap + 1) / 2, 0, 1), atol=1e-15)


def test_gives_zeros_where_softmax_gives_none():
    assert (softmax(SCORES) > 0).all()
    assert (sparsemax(3 * SCORES) == 0).mean() > 0.5


def test_a_point_of_the_simplex_is_its_own_projection():
    shares = softmax(SCORES)
    np.testing.assert_allclose(sparsemax(shares), shares, atol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_normalises_the_named_axis(axis):
    got = sparsemax(SCORES, axis)
    np.testing.assert_allclose(got.sum(axis), 1, rtol=1e-13)
    wanted = np.apply_along_axis(sparsemax, axis, SCORES)
    np.testing.assert_allclose(got, wanted, atol=1e-14)


def test_what_is_hidden_takes_no_part():
    got = sparsemax(SCORES, where=ALLOWED)
    for place in np.ndindex(2, 3, 5):
        seen, wanted = ALLOWED[place], np.zeros(7)
        if seen.any():
            wanted[seen] = by_search(SCORES[place][seen])
        np.testing.assert_allclose(got[place], wanted, rtol=1e-10, atol=1e-12)
    hidden = np.where(ALLOWED, SCORES, -np.inf)
    np.testing.assert_array_equal(sparsemax(hidden), got)
    np.testing.assert_array_equal(got[1, 2, 0], 0)
    holed = np.where(ALLOWED, SCORES, np.nan)
    np.testing.assert_array_equal(sparsemax(holed, where=ALLOWED), got)


@pytest.mark.parametrize("size", [1e3, 1e300, -1e300, np.finfo(float).max])
def test_survives_scores_of_any_size(size):
    np.testing.assert_array_equal(sparsemax(np.full(4, size)), 0.25)
    np.testing.assert_array_equal(sparsemax(np.array([size, -size]))[0], size > 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    got = sparsemax(SCORES.astype(dtype), where=ALLOWED)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, sparsemax(SCORES, where=ALLOWED), atol=1e-6)


def test_no_keys_give_no_weights():
    assert sparsemax(np.zeros((3, 0))).shape == (3, 0)
    assert sparsemax(np.zeros((0, 3))).shape == (0, 3)


def test_leaves_its_inputs_alone():
    scores, allowed = SCORES.copy(), ALLOWED.copy()
    sparsemax(scores, where=allowed)
    np.testing.assert_array_equal(scores, SCORES)
    np.testing.assert_array_equal(allowed, ALLOWED)


def test_refuses_what_softmax_refuses():
    for wrong in (np.array([1, 2]), [1.0, 2.0], np.array(1.0)):
        with pytest.raises(ValueError, match="sparsemax: wanted scores"):
            sparsemax(wrong)
    for odd in (np.nan, np.inf):
        with pytest.raises(ValueError, match="scores below infinity"):
            sparsemax(np.array([0.0, odd]))
    with pytest.raises(ValueError, match="boolean mask"):
        sparsemax(SCORES, where=np.ones(7))
    with pytest.raises(ValueError, match="broadcasts to the scores"):
        sparsemax(SCORES, where=np.ones(5, bool))
