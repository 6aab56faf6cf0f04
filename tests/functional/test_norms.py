"""The norms and their backward passes: PyTorch's numbers, and what a norm undoes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_norm_backward,
)

rng = np.random.default_rng(0)
X = rng.normal(3.0, 2.0, size=(2, 3, 5))
GAIN, SHIFT = rng.normal(size=(2, 5))
UPSTREAM = rng.normal(size=X.shape)
BOTH = pytest.mark.parametrize("norm", [layer_norm, rms_norm])


def their_layer_norm(x, gain=None, shift=None, eps=1e-5):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain, shift, eps)


def their_rms_norm(x, gain=None, eps=1e-6):
    return torch.nn.functional.rms_norm(x, x.shape[-1:], gain, eps)


@pytest.mark.parametrize("leading", [(), (7,), (2, 3)])
@pytest.mark.parametrize("eps", [1e-5, 0.7])
def test_layer_norm_backward_agrees_with_its_judges(leading, eps, check_backward):
    check_backward(
        lambda *arrays: layer_norm(*arrays, eps),
        lambda u, *arrays: layer_norm_backward(u, *arrays, eps),
        lambda *tensors: their_layer_norm(*tensors, eps),
        rng.normal(1.0, 2.0, size=(*leading, 5)),
        GAIN,
        SHIFT,
    )


@pytest.mark.parametrize("leading", [(), (7,), (2, 3)])
@pytest.mark.parametrize("eps", [1e-6, 0.7])
def test_rms_norm_backward_agrees_with_its_judges(leading, eps, check_backward):
    check_backward(
        lambda *arrays: rms_norm(*arrays, eps),
        lambda u, *arrays: rms_norm_backward(u, *arrays, eps),
        lambda *tensors: their_rms_norm(*tensors, eps),
        rng.normal(1.0, 2.0, size=(*leading, 5)),
        GAIN,
    )


def test_without_gain_and_shift_they_are_ones_and_zeros(check_backward):
    check_backward(
        layer_norm, lambda u, x: layer_norm_backward(u, x)[:1], their_layer_norm, X
    )
    check_backward(
        rms_norm, lambda u, x: rms_norm_backward(u, x)[:1], their_rms_norm, X
    )
    np.testing.assert_array_equal(layer_norm(X, shift=SHIFT), layer_norm(X) + SHIFT)
    assert layer_norm_backward(UPSTREAM, X)[1:] == (None, None)
    assert rms_norm_backward(UPSTREAM, X)[1:] == (None,)


def test_layer_norm_leaves_mean_zero_and_variance_one():
    y = layer_norm(1e3 * X)
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(-1), 1, rtol=1e-9)


def test_rms_norm_leaves_length_root_of_the_width_and_the_direction():
    y = rms_norm(1e3 * X)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), 5**0.5, rtol=1e-9)
    ratio = y / X
    np.testing.assert_allclose(ratio, ratio[..., :1] + 0 * ratio, rtol=1e-13)


@given(st.floats(0.1, 1e6), st.floats(-1e3, 1e3))
def test_layer_norm_undoes_a_stretch_and_a_move_and_rms_norm_a_stretch(scale, move):
    tight = {"rtol": 1e-6, "atol": 1e-7}
    eps = 1e-12  # as good as nothing
    wanted = layer_norm(X, eps=eps)
    np.testing.assert_allclose(layer_norm(scale * X + move, eps=eps), wanted, **tight)
    np.testing.assert_allclose(
        rms_norm(scale * X, eps=eps), rms_norm(X, eps=eps), **tight
    )


def test_the_gradient_has_nothing_along_what_the_norm_undoes():
    d_x, *_ = layer_norm_backward(UPSTREAM, X, GAIN, eps=1e-14)
    np.testing.assert_allclose(d_x.sum(-1), 0, atol=1e-13)  # a move
    np.testing.assert_allclose((d_x * X).sum(-1), 0, atol=1e-12)  # a stretch
    d_x, _ = rms_norm_backward(UPSTREAM, X, GAIN, eps=1e-14)
    np.testing.assert_allclose((d_x * X).sum(-1), 0, atol=1e-12)


@BOTH
def test_no_position_and_no_sample_sees_another(norm):
    changed = X.copy()
    changed[1, 2] = 99 * rng.normal(size=5)
    same = np.ones((2, 3), bool)
    same[1, 2] = False
    np.testing.assert_array_equal(norm(changed, GAIN)[same], norm(X, GAIN)[same])
    assert abs(norm(changed, GAIN) - norm(X, GAIN))[1, 2].max() > 0.1


@BOTH
def test_a_row_of_zeros_stays_one(norm):
    np.testing.assert_array_equal(norm(np.zeros((2, 5)), GAIN), 0)


def test_a_row_of_equal_entries_becomes_the_shift_alone():
    np.testing.assert_array_equal(layer_norm(np.full(5, 7.0), GAIN, SHIFT), SHIFT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    arrays = [array.astype(dtype) for array in (UPSTREAM, X, GAIN, SHIFT)]
    copies = [array.copy() for array in arrays]
    upstream, x, gain, shift = arrays
    eps = np.float64(1e-5)
    results = [
        layer_norm(x, gain, shift, eps),
        rms_norm(x, gain, eps),
        *layer_norm_backward(upstream, x, gain, shift, eps),
        *rms_norm_backward(upstream, x, gain, eps),
    ]
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@BOTH
def test_no_rows_are_no_trouble(norm):
    empty = np.zeros((0, 5))
    assert norm(empty, GAIN).shape == (0, 5)
    np.testing.assert_array_equal(layer_norm_backward(empty, empty, GAIN)[1], 0)


@BOTH
def test_refuses_what_does_not_fit(norm):
    for arguments, message in (
        ((X, GAIN[:1]), rf"{norm.__name__}: wanted gain of shape \(5,\), got \(1,\)"),
        ((X, GAIN * np.nan), "finite gain"),
        ((X * np.inf,), "finite x"),
        ((np.arange(5),), "x as an array of floats"),
        ((np.array(1.0),), "x with at least 1 axes"),
        ((np.zeros((2, 0)),), "positive width, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            norm(*arguments)
    with pytest.raises(ValueError, match="positive eps, got 0"):
        norm(X, eps=0)


def test_refuses_a_shift_or_an_upstream_of_another_shape():
    with pytest.raises(ValueError, match=r"shift of shape \(5,\), got \(\)"):
        layer_norm(X, GAIN, np.array(1.0))
    for backward in (layer_norm_backward, rms_norm_backward):
        with pytest.raises(ValueError, match=r"upstream of shape \(2, 3, 5\), got \(5"):
            backward(GAIN, X)
        with pytest.raises(ValueError, match="finite upstream"):
            backward(UPSTREAM * np.nan, X)
