"""The normal distribution function: scipy's numbers, far out in both tails too."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import norm

from attn_course.functional import normal_cdf, normal_density, numerical_gradient

X = np.concatenate([np.linspace(-12, 12, 9973), [-1e300, -38.9, 38.9, 1e300]])


def test_is_that_of_scipy_to_rounding():
    np.testing.assert_allclose(normal_cdf(X), ndtr(X), rtol=0, atol=1e-15)
    np.testing.assert_allclose(normal_density(X[:-4]), norm.pdf(X[:-4]), rtol=1e-13)


def test_keeps_ten_digits_in_the_left_tail_too():
    tail = np.linspace(-8, -1, 997)
    np.testing.assert_allclose(normal_cdf(tail), ndtr(tail), rtol=1e-10)


@given(st.floats(-40, 40))
def test_is_that_of_the_error_function(x):
    wanted = (1 + math.erf(x / math.sqrt(2))) / 2
    assert normal_cdf(np.array(x)) == pytest.approx(wanted, abs=1e-15)


def test_both_tails_add_up_to_one():
    np.testing.assert_allclose(normal_cdf(X) + normal_cdf(-X), 1, rtol=1e-15)


def test_the_density_is_its_slope():
    x = np.linspace(-3, 3, 31)
    got = numerical_gradient(lambda x: normal_cdf(x).sum(), x)
    np.testing.assert_allclose(got, normal_density(x), atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_shape_and_input(dtype):
    for x in (
        X.clip(-1e9, 1e9).astype(dtype),
        np.zeros((2, 0), dtype),
        np.ones((), dtype),
    ):
        before = x.copy()
        for function in (normal_cdf, normal_density):
            assert (function(x).dtype, function(x).shape) == (dtype, x.shape)
        np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("function", [normal_cdf, normal_density])
def test_refuses_what_has_no_place_on_the_line(function):
    with pytest.raises(ValueError, match="finite x, got nan"):
        function(np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match="x as an array of floats"):
        function(np.arange(3))
