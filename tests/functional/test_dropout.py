"""dropout: what stays in the mean, what goes, and the same choice on the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    dropout,
    dropout_backward,
    numerical_gradient,
    relative_error,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3, 5))


def draws(seed=0):
    return np.random.default_rng(seed)


@given(st.floats(0, 0.99), st.integers(0, 9))
def test_what_is_kept_is_made_up_and_the_rest_is_zero(rate, seed):
    output, kept = dropout(X, rate, draws(seed))
    np.testing.assert_allclose(output[kept], X[kept] / (1 - rate), rtol=1e-14)
    np.testing.assert_array_equal(output[~kept], 0)


def test_at_rate_zero_nothing_changes():
    output, kept = dropout(X, 0.0, draws())
    np.testing.assert_array_equal(output, X)
    assert kept.all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_mean_stays_and_the_right_share_goes(rate):
    many = np.full(40_000, 3.0)
    output, kept = dropout(many, rate, draws())
    spread = 5 * (rate / (1 - rate) / many.size) ** 0.5  # five standard errors
    assert output.mean() == pytest.approx(3.0, rel=spread)
    assert (~kept).mean() == pytest.approx(rate, abs=5 * 0.5 / many.size**0.5)


def test_two_calls_differ_and_two_generators_alike_agree():
    source = draws()
    first, second = (dropout(X, 0.5, source)[1] for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(first, dropout(X, 0.5, draws())[1])


def test_entries_are_dropped_one_by_one_not_by_rows():
    _, kept = dropout(np.ones((500, 2, 2)), 0.5, draws())
    patterns = kept.reshape(500, 4) @ [1, 2, 4, 8]
    assert set(patterns) == set(range(16))


def test_the_backward_pass_drops_what_was_dropped():
    upstream = rng.normal(size=X.shape)
    _, kept = dropout(X, 0.4, draws())
    got = dropout_backward(upstream, kept, 0.4)

    def loss(x):
        return (upstream * dropout(x, 0.4, draws())[0]).sum()

    assert relative_error(got, numerical_gradient(loss, X)) < 1e-9
    np.testing.assert_array_equal(got[~kept], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 5), (0, 2), ()])
def test_keeps_the_dtype_shape_and_input(dtype, shape):
    x = np.resize(X, shape).astype(dtype)
    before = x.copy()
    output, kept = dropout(x, np.float64(0.3), draws())
    back = dropout_backward(x, kept, np.float64(0.3))
    for got in (output, back):
        assert (got.dtype, got.shape) == (dtype, shape)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_refuses_rates_that_leave_nothing_or_add_something(rate):
    with pytest.raises(ValueError, match=r"dropout: wanted a rate in \[0, 1\), got"):
        dropout(X, rate, draws())
    with pytest.raises(ValueError, match="dropout_backward: wanted a rate"):
        dropout_backward(X, X > 0, rate)


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="finite x"):
        dropout(X * np.nan, 0.5, draws())
    with pytest.raises(ValueError, match="finite upstream"):
        dropout_backward(X * np.nan, X > 0, 0.5)
    with pytest.raises(ValueError, match="boolean mask"):
        dropout_backward(X, X, 0.5)
    with pytest.raises(ValueError, match=r"kept of shape \(2, 3, 5\), got \(5,\)"):
        dropout_backward(X, X[0, 0] > 0, 0.5)
