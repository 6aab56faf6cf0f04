"""softmax and its logarithms: what must hold always, then the ways they break."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from attn_course.functional import log_softmax, logsumexp, softmax

SCORES = np.random.default_rng(0).normal(size=(2, 3, 5))  # batch, queries, keys
ALLOWED = np.array([True, False, True, True, False])
TABLES = arrays(float, (3, 5), elements=st.floats(-1e6, 1e6))


def test_matches_the_definition():
    exps = np.exp(SCORES)  # safe here: scores are of order one
    np.testing.assert_allclose(
        softmax(SCORES), exps / exps.sum(-1, keepdims=True), rtol=1e-14
    )


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_all_three_agree_with_torch_and_scipy_along_the_named_axis(axis):
    tensor = torch.from_numpy(SCORES)
    for ours, theirs, third in (
        (softmax, torch.softmax, special.softmax),
        (log_softmax, torch.log_softmax, special.log_softmax),
        (logsumexp, torch.logsumexp, special.logsumexp),
    ):
        got = ours(SCORES, axis)
        # different orders of summation: a few units in the last place
        np.testing.assert_allclose(got, theirs(tensor, axis).numpy(), rtol=1e-13)
        np.testing.assert_allclose(got, third(SCORES, axis), rtol=1e-13)


@given(TABLES)
def test_rows_are_distributions_whatever_the_scores(scores):
    weights = softmax(scores)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-14)


@given(TABLES, st.floats(-1e6, 1e6))
def test_a_constant_is_not_seen(scores, constant):
    # scores of 1e6 plus 1e6 keep an absolute error of about 4e-10
    np.testing.assert_allclose(softmax(scores + constant), softmax(scores), atol=1e-8)


@given(TABLES, st.permutations(range(5)))
def test_permuting_the_keys_permutes_the_weights(scores, order):
    np.testing.assert_allclose(
        softmax(scores[:, order]), softmax(scores)[:, order], rtol=1e-14, atol=1e-300
    )


@pytest.mark.parametrize("size", [1e3, 1e4, 1e300, -1e300])
def test_survives_scores_of_any_size(size):
    np.testing.assert_array_equal(softmax(np.full(4, size)), 0.25)
    assert logsumexp(np.full(4, size)) == size + np.log(4)


def test_survives_the_widest_gap_there_is():
    np.testing.assert_array_equal(softmax(np.array([-1.7e308, 1.7e308])), [0, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_temperature(dtype):
    scores = SCORES.astype(dtype)
    for made in (
        softmax(scores, where=ALLOWED, temperature=np.float64(2)),
        log_softmax(scores, where=ALLOWED),
        logsumexp(scores, where=ALLOWED),
    ):
        assert made.dtype == dtype


def test_masked_scores_weigh_exactly_nothing():
    weights = softmax(SCORES, where=ALLOWED)
    assert (weights[..., ~ALLOWED] == 0).all()
    np.testing.assert_allclose(
        weights[..., ALLOWED], softmax(SCORES[..., ALLOWED]), rtol=1e-14
    )


def test_minus_infinity_is_the_same_as_masked():
    hidden = np.where(ALLOWED, SCORES, -np.inf)
    for function in (softmax, log_softmax, logsumexp):
        np.testing.assert_array_equal(function(hidden), function(SCORES, where=ALLOWED))


def test_a_loud_masked_score_does_not_push_the_others_to_zero():
    weights = softmax(np.array([1.0, 1.0, 1e6]), where=np.array([True, True, False]))
    np.testing.assert_array_equal(weights, [0.5, 0.5, 0])


def test_nothing_allowed_weighs_nothing_and_disturbs_no_other_row():
    where = np.ones((3, 5), dtype=bool)
    where[1] = False
    weights, logs = softmax(SCORES, where=where), log_softmax(SCORES, where=where)
    np.testing.assert_array_equal(weights[:, 1], 0)
    np.testing.assert_array_equal(logs[:, 1], -np.inf)
    np.testing.assert_array_equal(logsumexp(SCORES, where=where)[:, 1], -np.inf)
    np.testing.assert_array_equal(weights[:, [0, 2]], softmax(SCORES)[:, [0, 2]])


def test_no_keys_at_all_is_nothing_allowed():
    assert softmax(np.zeros((2, 0))).shape == (2, 0)
    np.testing.assert_array_equal(logsumexp(np.zeros((2, 0))), -np.inf)


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_scores_that_are_no_numbers_unless_they_are_masked(function, bad):
    scores = np.array([[1.0, bad], [1.0, 2.0]])
    with pytest.raises(
        ValueError, match=f"^{function.__name__}: .* infinity, got {bad}"
    ):
        function(scores)
    assert not np.isnan(function(scores, where=np.array([True, False]))).any()


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
def test_refuses_whole_numbers_and_lists(function):
    with pytest.raises(ValueError, match="array of floats, got dtype int64"):
        function(np.array([1, 2]))
    with pytest.raises(ValueError, match="array of floats, got list"):
        function([1.0, 2.0])


def test_temperature_divides_the_scores():
    np.testing.assert_allclose(
        softmax(SCORES, temperature=3), softmax(SCORES / 3), rtol=1e-14
    )


def test_temperature_goes_from_the_largest_score_to_the_mean():
    np.testing.assert_array_equal(
        softmax(SCORES, temperature=1e-300), SCORES == SCORES.max(-1, keepdims=True)
    )
    np.testing.assert_allclose(softmax(SCORES, temperature=1e12), 1 / 5, rtol=1e-11)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_refuses_a_temperature_that_is_not_positive(temperature):
    with pytest.raises(ValueError, match="softmax: wanted a positive temperature"):
        softmax(SCORES, temperature=temperature)


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
def test_refuses_masks_that_do_not_fit_and_says_who(function):
    name = function.__name__
    with pytest.raises(ValueError, match=f"^{name}: .*boolean mask, got dtype int64"):
        function(SCORES, where=np.ones(5, dtype=np.int64))
    with pytest.raises(ValueError, match=rf"^{name}: .*\(2, 3, 5\), got \(4,\)"):
        function(SCORES, where=np.ones(4, dtype=bool))


def test_leaves_its_input_alone():
    before = SCORES.copy()
    softmax(SCORES, where=ALLOWED)
    np.testing.assert_array_equal(SCORES, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nearly_no_temperature_is_not_rounded_to_none(dtype):
    got = softmax(np.array([0, 1, 1], dtype), temperature=1e-60)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, [0, 0.5, 0.5])


def test_refuses_a_single_number_and_an_infinite_temperature():
    for function in (softmax, log_softmax, logsumexp):
        with pytest.raises(ValueError, match="scores with at least 1 axes"):
            function(np.array(1.0))
    with pytest.raises(ValueError, match="positive temperature, got inf"):
        softmax(np.zeros(3), temperature=np.inf)
