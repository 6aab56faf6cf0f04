"""The losses: PyTorch's numbers and slopes, padding, smoothing, and a wrong input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from attn_course.functional import (
    cross_entropy,
    cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    softmax,
)

rng = np.random.default_rng(0)
LOGITS = rng.normal(0, 2, size=(2, 3, 7))
TARGETS = rng.integers(7, size=(2, 3))
WHERE = np.array([[True, True, False], [True, False, False]])
PADDED = np.where(WHERE, TARGETS, -100)  # the number that torch leaves out


def theirs(logits, targets=PADDED, smoothing=0.0):
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        torch.tensor(targets.ravel()),
        label_smoothing=smoothing,
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("where", [None, WHERE, WHERE[:, :1]])
def test_cross_entropy_agrees_with_its_judges(where, smoothing, check_backward):
    shown = np.ones((2, 3), bool) if where is None else where & np.ones((2, 3), bool)
    options = {"where": where, "smoothing": smoothing}
    check_backward(
        lambda s: cross_entropy(s, TARGETS, **options),
        lambda u, s: cross_entropy_backward(float(u), s, TARGETS, **options),
        lambda s: theirs(s, np.where(shown, TARGETS, -100), smoothing),
        LOGITS,
    )


@given(array_shapes(min_dims=1, max_dims=4, max_side=4), st.floats(0, 0.99))
def test_cross_entropy_is_torchs_for_any_leading_axes(shape, smoothing):
    draws = np.random.default_rng(len(shape))
    logits, targets = draws.normal(size=(*shape, 5)), draws.integers(5, size=shape)
    got = cross_entropy(logits, targets, smoothing=smoothing)
    wanted = theirs(torch.tensor(logits), targets, smoothing)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_cross_entropy_follows_its_formula_one_position_at_a_time():
    weights, total, count = softmax(LOGITS), 0.0, 0
    for i in np.ndindex(2, 3):
        if WHERE[i]:
            share = 0.9 * (np.arange(7) == TARGETS[i]) + 0.1 / 7
            total -= sum(share[k] * np.log(weights[i][k]) for k in range(7))
            count += 1
    got = cross_entropy(LOGITS, TARGETS, where=WHERE, smoothing=0.1)
    np.testing.assert_allclose(got, total / count, rtol=1e-12)


def test_what_padding_holds_does_not_matter():
    logits, options = LOGITS.copy(), {"where": WHERE, "smoothing": 0.1}
    logits[~WHERE] = 1e200
    assert cross_entropy(logits, PADDED, **options) == cross_entropy(
        LOGITS, TARGETS, **options
    )
    got = cross_entropy_backward(1.0, logits, PADDED, **options)
    np.testing.assert_array_equal(got[~WHERE], 0)
    wanted = cross_entropy_backward(1.0, LOGITS, TARGETS, **options)
    np.testing.assert_array_equal(got, wanted)


def test_the_mean_is_over_positions_that_count_not_over_all():
    whole = cross_entropy(LOGITS[WHERE], TARGETS[WHERE])
    np.testing.assert_allclose(cross_entropy(LOGITS, TARGETS, where=WHERE), whole)


def test_even_logits_cost_the_logarithm_of_the_number_of_entries():
    even = np.full((3, 7), 5.0)
    for smoothing in (0.0, 0.4):
        got = cross_entropy(even, np.array([0, 3, 6]), smoothing=smoothing)
        assert got == pytest.approx(np.log(7), rel=1e-14)


@pytest.mark.parametrize("size", [1e3, 1e300])
def test_survives_logits_of_any_size(size):
    logits, targets = size * np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])
    assert cross_entropy(logits, targets) == size / 2
    got = cross_entropy_backward(1.0, logits, targets)
    np.testing.assert_array_equal(got, [[0, 0], [0.5, -0.5]])


def test_smoothing_is_spread_over_all_entries_the_right_one_too():
    share = np.full(10, 0.1 / 10)  # a crumb for each
    share[0] += 0.9
    floor = cross_entropy(np.log(share)[None], np.array([0]), smoothing=0.1)
    assert floor == pytest.approx(-(share * np.log(share)).sum(), rel=1e-12)
    assert floor == pytest.approx(0.5003, abs=1e-4)  # over the 9 others: 0.5448
    at_floor = cross_entropy_backward(
        1.0, np.log(share)[None], np.array([0]), smoothing=0.1
    )
    np.testing.assert_allclose(at_floor, 0, atol=1e-15)


def test_probabilities_in_place_of_logits_go_unnoticed_but_cannot_get_low():
    logits = np.array([[9.0, 0.0, 0.0]])
    right = np.array([0])
    assert cross_entropy(logits, right) < 0.0003
    twice = cross_entropy(softmax(logits), right)
    assert twice == pytest.approx(np.log(1 + 2 / np.e), rel=1e-3)  # 0.55
    sure = np.eye(1, 25_600)
    assert cross_entropy(sure, right) == pytest.approx(9.15, abs=0.001)


def test_no_gradient_is_larger_than_its_share_and_rows_sum_to_zero():
    got = cross_entropy_backward(3.0, 100 * LOGITS, TARGETS)
    assert abs(got).max() <= 3 / 6
    np.testing.assert_allclose(got.sum(-1), 0, atol=1e-15)


def test_mean_squared_error_agrees_with_its_judges(check_backward):
    check_backward(
        mean_squared_error,
        lambda u, *arrays: mean_squared_error_backward(float(u), *arrays),
        torch.nn.functional.mse_loss,
        LOGITS,
        rng.normal(size=LOGITS.shape),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    logits, options = LOGITS.astype(dtype), {"smoothing": np.float64(0.1)}
    copies = [array.copy() for array in (logits, TARGETS, WHERE)]
    results = [
        cross_entropy(logits, TARGETS, where=WHERE, **options),
        cross_entropy_backward(np.float64(1), logits, TARGETS, where=WHERE, **options),
        mean_squared_error(logits, logits + 1),
        *mean_squared_error_backward(np.float64(1), logits, logits + 1),
    ]
    assert {got.dtype for got in results} == {np.dtype(dtype)}
    for array, copy in zip((logits, TARGETS, WHERE), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_single_row_is_enough():
    got = cross_entropy(np.zeros(4), np.array(2))
    assert got == pytest.approx(np.log(4))
    gradient = cross_entropy_backward(1.0, np.zeros(4), np.array(2))
    np.testing.assert_array_equal(gradient, [0.25, 0.25, -0.75, 0.25])


@pytest.mark.parametrize("backward", [False, True])
def test_cross_entropy_refuses_what_does_not_fit(backward):
    def call(*arguments, **options):
        if backward:
            return cross_entropy_backward(1.0, *arguments, **options)
        return cross_entropy(*arguments, **options)

    for arguments, options, message in (
        (
            (LOGITS, TARGETS),
            {"where": np.zeros(3, bool)},
            "position that counts, got none",
        ),
        ((LOGITS[:0], TARGETS[:0]), {}, "position that counts, got none"),
        ((LOGITS, PADDED), {}, "targets from 0 to 6, got -100"),
        ((LOGITS, TARGETS + 7), {}, "targets from 0 to 6"),
        ((LOGITS, TARGETS.astype(float)), {}, "targets as an array of integers"),
        ((LOGITS, TARGETS[0]), {}, r"targets of shape \(2, 3\), got \(3,\)"),
        ((LOGITS, TARGETS), {"where": np.ones(3)}, "boolean mask"),
        ((LOGITS, TARGETS), {"smoothing": 1.0}, r"smoothing in \[0, 1\), got 1.0"),
        ((LOGITS, TARGETS), {"smoothing": -0.1}, r"smoothing in \[0, 1\)"),
        ((LOGITS * np.nan, TARGETS), {}, "finite logits"),
        ((TARGETS, TARGETS), {}, "logits as an array of floats"),
        ((np.array(1.0), np.array(0)), {}, "logits with at least 1 axes"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments, **options)


def test_refuses_an_upstream_that_is_not_one_number():
    with pytest.raises(ValueError, match="cross_entropy_backward: wanted one finite"):
        cross_entropy_backward(np.ones((2, 3)), LOGITS, TARGETS)
    with pytest.raises(ValueError, match="one finite number upstream, got nan"):
        mean_squared_error_backward(np.nan, LOGITS, LOGITS)


def test_mean_squared_error_refuses_what_does_not_fit():
    with pytest.raises(
        ValueError, match=r"predictions of shape \(2, 3, 7\), got \(7,\)"
    ):
        mean_squared_error(LOGITS[0, 0], LOGITS)
    with pytest.raises(ValueError, match="mean_squared_error_backward: wanted predict"):
        mean_squared_error_backward(1.0, LOGITS[0, 0], LOGITS)
    with pytest.raises(ValueError, match="at least one entry"):
        mean_squared_error(LOGITS[:0], LOGITS[:0])
    with pytest.raises(ValueError, match="targets as an array of floats"):
        mean_squared_error(LOGITS[..., 0], TARGETS)


def test_refuses_targets_that_are_a_list():
    with pytest.raises(ValueError, match="targets as an array of integers, got list"):
        cross_entropy(np.zeros((2, 3)), [0, 1])
