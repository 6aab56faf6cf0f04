"""The activations: PyTorch's numbers and slopes, from far left to far right."""

import numpy as np
import pytest
import torch

from attn_course import functional
from attn_course.functional import gelu, gelu_tanh, relu, sigmoid, silu

X = np.random.default_rng(0).normal(0, 2, size=(2, 3, 5))
THEIRS = {
    "relu": torch.nn.functional.relu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "silu": torch.nn.functional.silu,
}
EACH = pytest.mark.parametrize("name", THEIRS)


def pair(name):
    return getattr(functional, name), getattr(functional, f"{name}_backward")


@EACH
def test_agrees_with_its_judges(name, check_backward):
    check_backward(*pair(name), THEIRS[name], X)


@EACH
def test_is_torchs_in_value_and_slope_far_out_as_well(name):
    forward, backward = pair(name)
    x = np.concatenate([np.linspace(-60, 60, 997), [-1e200, 0.0, 1e200]])
    tensor = torch.tensor(x, requires_grad=True)
    value = THEIRS[name](tensor)
    value.sum().backward()
    np.testing.assert_allclose(forward(x), value.detach(), rtol=1e-10, atol=1e-12)
    slope = tensor.grad[np.abs(x) < 1e100]  # beyond, theirs may be inf times 0
    got = backward(np.ones_like(x), x)
    np.testing.assert_allclose(got[np.abs(x) < 1e100], slope, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(got[-3::2], [0, 1])


@EACH
def test_is_zero_at_zero_and_the_identity_far_right(name):
    forward, _ = pair(name)
    np.testing.assert_array_equal(forward(np.array([0.0, 1e3])), [0, 1e3])


def test_the_two_forms_of_gelu_are_close_but_not_the_same():
    x = np.linspace(-6, 6, 9973)
    assert 4e-4 < abs(gelu(x) - gelu_tanh(x)).max() < 5e-4


def test_silu_and_gelu_differ_from_relu_by_an_even_function():
    for bend in (gelu, silu, gelu_tanh):
        np.testing.assert_allclose(bend(X) - relu(X), bend(-X) - relu(-X), atol=1e-14)


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 5), (), (2, 0)])
def test_keeps_the_dtype_shape_and_input(name, dtype, shape):
    forward, backward = pair(name)
    x = np.resize(X, shape).astype(dtype)
    before = x.copy()
    for got in (forward(x), backward(np.ones_like(x), x)):
        assert (got.dtype, got.shape) == (dtype, shape)
    np.testing.assert_array_equal(x, before)


@EACH
def test_refuses_what_does_not_fit(name):
    forward, backward = pair(name)
    with pytest.raises(ValueError, match=f"{name}: wanted finite x, got nan"):
        forward(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="x as an array of floats"):
        forward(np.arange(3))
    with pytest.raises(ValueError, match=r"upstream of shape \(2, 3, 5\), got \(5,\)"):
        backward(X[0, 0], X)
    with pytest.raises(ValueError, match="finite upstream"):
        backward(X * np.inf, X)


def test_the_sigmoid_is_torchs_down_to_the_smallest_numbers():
    x = np.concatenate([np.linspace(-700, 700, 997), [-np.inf, 0.0, np.inf, -1e308]])
    theirs = torch.sigmoid(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(sigmoid(x), theirs, rtol=1e-12)
    assert sigmoid(x[:-1].astype(np.float32)).dtype == np.float32
    assert sigmoid(np.array(0.0)) == 0.5


def test_the_sigmoid_refuses_nan_and_integers():
    with pytest.raises(ValueError, match="sigmoid: wanted numbers, got nan"):
        sigmoid(np.array([np.nan]))
    with pytest.raises(ValueError, match="sigmoid: wanted x as an array of floats"):
        sigmoid(np.array([1]))
