"""numerical_gradient and relative_error: known slopes, and the V of error by step."""

import numpy as np
import pytest
import torch

from attn_course.functional import numerical_gradient, relative_error

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3))


def wavy(x):
    return (np.sin(x) * np.exp(x)).sum()


def slope(x):
    return (np.sin(x) + np.cos(x)) * np.exp(x)


def test_finds_the_slope_that_calculus_finds():
    assert relative_error(numerical_gradient(wavy, X), slope(X)) < 1e-9


def test_agrees_with_autograd_on_a_function_that_mixes_its_entries():
    tensor = torch.tensor(X, requires_grad=True)
    torch.logsumexp(tensor.flatten(), 0).backward()
    got = numerical_gradient(lambda x: np.log(np.exp(x).sum()), X)
    assert relative_error(got, tensor.grad.numpy()) < 1e-9


def test_is_exact_up_to_rounding_for_a_parabola_whatever_the_step():
    for step in (1e-3, 1.0, 10.0):
        got = numerical_gradient(lambda x: (3 * x**2).sum(), X, step=step)
        np.testing.assert_allclose(got, 6 * X, rtol=1e-10)


def test_the_error_falls_with_the_square_of_the_step_then_rises_again():
    def error(step):
        return relative_error(numerical_gradient(wavy, X, step=step), slope(X))

    assert error(1e-2) / error(1e-3) == pytest.approx(100, rel=1e-2)  # it bends
    assert error(1e-3) / error(1e-4) == pytest.approx(100, rel=1e-2)
    tip = error(np.finfo(float).eps ** (1 / 3))
    assert tip < error(1e-3) < error(1e-1)
    assert 100 * tip < error(1e-9) < error(1e-13)  # it rounds


def test_keeps_the_dtype_and_its_input():
    for dtype, bound in ((np.float64, 1e-9), (np.float32, 1e-3)):
        x = X.astype(dtype)
        before = x.copy()
        got = numerical_gradient(wavy, x)
        assert got.dtype == dtype
        assert relative_error(got, slope(x)) < bound
        np.testing.assert_array_equal(x, before)


def test_a_single_number_and_an_empty_array_have_gradients_too():
    got = numerical_gradient(lambda x: float(x**3), np.array(2.0))
    np.testing.assert_allclose(got, 12, rtol=1e-9)
    assert numerical_gradient(wavy, np.zeros((0, 3))).shape == (0, 3)


def test_the_relative_error_has_no_unit_and_no_preferred_side():
    other = X + 1e-3 * rng.normal(size=X.shape)
    error = relative_error(X, other)
    assert error == relative_error(other, X)
    assert error == pytest.approx(relative_error(1e9 * X, 1e9 * other), rel=1e-12)
    assert error == pytest.approx(
        abs(X - other).max() / max(abs(X).max(), abs(other).max())
    )


def test_the_relative_error_of_nothing_is_nothing():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0
    assert relative_error(np.zeros(3), np.array([0.0, 1e-300, 0.0])) == 1


def test_refuses_more_than_one_value_and_steps_that_go_nowhere():
    with pytest.raises(ValueError, match=r"one number as its value, got shape \(2, 3"):
        numerical_gradient(lambda x: x, X)
    with pytest.raises(ValueError, match="positive step, got 0"):
        numerical_gradient(wavy, X, step=0)
    with pytest.raises(ValueError, match="x as an array of floats"):
        numerical_gradient(wavy, np.arange(3))


def test_refuses_to_compare_what_cannot_be_compared():
    with pytest.raises(ValueError, match=r"got of shape \(2, 3\), got \(3,\)"):
        relative_error(X[0], X)
    with pytest.raises(ValueError, match="finite got"):
        relative_error(np.array([np.nan]), np.array([1.0]))
