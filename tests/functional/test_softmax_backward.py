"""The backward passes of softmax and its logarithm, and the Jacobian between."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from attn_course.functional import (
    log_softmax,
    log_softmax_backward,
    numerical_gradient,
    relative_error,
    softmax,
    softmax_backward,
    softmax_jacobian,
)

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(2, 3, 5))
UPSTREAM = rng.normal(size=SCORES.shape)
WHERE = rng.random(SCORES.shape) < 0.6
WHERE[0, 1], WHERE[1, 2] = False, [False, False, True, False, False]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_backward_agrees_with_its_judges(axis, check_backward):
    check_backward(
        lambda s: softmax(s, axis),
        lambda u, s: softmax_backward(u, softmax(s, axis), axis),
        lambda s: torch.softmax(s, axis),
        SCORES,
    )


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_log_softmax_backward_agrees_with_its_judges(axis, check_backward):
    check_backward(
        lambda s: log_softmax(s, axis),
        lambda u, s: log_softmax_backward(u, log_softmax(s, axis), axis),
        lambda s: torch.log_softmax(s, axis),
        SCORES,
    )


def masked(s):
    """Softmax under WHERE, in a way that gives autograd a row of nothing as zeros."""
    shares = torch.exp(s) * torch.tensor(WHERE)
    total = shares.sum(-1, keepdim=True)
    return shares / torch.where(total == 0, 1, total)


def test_under_a_mask_softmax_backward_agrees_with_its_judges(check_backward):
    check_backward(
        lambda s: softmax(s, where=WHERE),
        lambda u, s: softmax_backward(u, softmax(s, where=WHERE)),
        masked,
        SCORES,
    )
    hidden = softmax_backward(UPSTREAM, softmax(SCORES, where=WHERE))[~WHERE]
    np.testing.assert_array_equal(hidden, 0)


def test_under_a_mask_log_softmax_backward_looks_at_seen_scores_only():
    logs = log_softmax(SCORES, where=WHERE)
    got = log_softmax_backward(np.where(WHERE, UPSTREAM, np.nan), logs)

    def loss(scores):
        return (log_softmax(scores, where=WHERE)[WHERE] * UPSTREAM[WHERE]).sum()

    assert relative_error(got, numerical_gradient(loss, SCORES)) < 1e-6
    np.testing.assert_array_equal(got[~WHERE], 0)


def test_a_temperature_divides_the_gradient():
    def loss(scores):
        return (softmax(scores, temperature=0.5) * UPSTREAM).sum()

    got = softmax_backward(UPSTREAM, softmax(SCORES, temperature=0.5)) / 0.5
    assert relative_error(got, numerical_gradient(loss, SCORES)) < 1e-6


def test_the_jacobian_is_made_of_one_gradient_for_each_weight():
    jacobian = softmax_jacobian(softmax(SCORES, where=WHERE))
    for i in range(5):
        one = np.broadcast_to(np.eye(5)[i], SCORES.shape)
        got = softmax_backward(one, softmax(SCORES, where=WHERE))
        np.testing.assert_allclose(got, jacobian[..., i, :], rtol=1e-12, atol=1e-16)
    wanted = torch.func.vmap(torch.func.jacrev(lambda s: torch.softmax(s, -1)))(
        torch.tensor(SCORES.reshape(6, 5))
    )
    got = softmax_jacobian(softmax(SCORES)).reshape(6, 5, 5)
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-13)


@given(
    arrays(
        np.float64, array_shapes(min_dims=1, max_dims=3), elements=st.floats(-30, 30)
    )
)
def test_the_product_with_the_jacobian_needs_no_jacobian(scores):
    weights = softmax(scores)
    upstream = np.cos(np.arange(scores.size)).reshape(scores.shape)
    product = (softmax_jacobian(weights) @ upstream[..., None])[..., 0]
    got = softmax_backward(upstream, weights)
    np.testing.assert_allclose(got, product, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(got.sum(-1), 0, atol=1e-14)


def test_the_jacobian_is_symmetric_and_its_rows_sum_to_zero():
    jacobian = softmax_jacobian(softmax(SCORES))
    np.testing.assert_allclose(jacobian, jacobian.mT, rtol=1e-14)
    np.testing.assert_allclose(jacobian.sum(-1), 0, atol=1e-15)
    assert (np.linalg.eigvalsh(jacobian) > -1e-15).all()  # a covariance


def test_a_sure_softmax_learns_nothing():
    norms = [np.linalg.norm(softmax_jacobian(softmax(c * SCORES))) for c in (1, 9, 999)]
    assert norms[0] > norms[1] > norms[2]
    assert norms[2] < 1e-9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    upstream, scores = UPSTREAM.astype(dtype), SCORES.astype(dtype)
    weights, logs = softmax(scores, where=WHERE), log_softmax(scores, where=WHERE)
    copies = [array.copy() for array in (upstream, weights, logs)]
    assert softmax_backward(upstream, weights).dtype == dtype
    assert log_softmax_backward(upstream, logs).dtype == dtype
    assert softmax_jacobian(weights).dtype == dtype
    for array, copy in zip((upstream, weights, logs), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_nothing_to_share_out_has_no_gradient():
    empty = np.zeros((3, 0))
    assert softmax_backward(empty, softmax(empty)).shape == (3, 0)
    assert log_softmax_backward(empty, log_softmax(empty)).shape == (3, 0)


def test_refuses_what_does_not_fit():
    weights = softmax(SCORES)
    for backward in (softmax_backward, log_softmax_backward):
        with pytest.raises(
            ValueError, match=r"upstream of shape \(2, 3, 5\), got \(5,"
        ):
            backward(UPSTREAM[0, 0], weights)
        with pytest.raises(ValueError, match="finite upstream, got nan"):
            backward(UPSTREAM * np.nan, weights)
        with pytest.raises(ValueError, match="upstream as an array of floats"):
            backward(WHERE, weights)
    with pytest.raises(ValueError, match="logs as an array of floats, got list"):
        log_softmax_backward(UPSTREAM[0, 0], [0.0] * 5)
    with pytest.raises(ValueError, match="finite logs, got inf"):
        log_softmax_backward(UPSTREAM, np.full(SCORES.shape, np.inf))
    with pytest.raises(ValueError, match="rows of weights that sum to 1"):
        softmax_jacobian(SCORES**2)
