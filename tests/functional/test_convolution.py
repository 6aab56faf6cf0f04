"""Convolution: PyTorch's numbers, and the attention that computes the same."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import convolution_weights, convolve, receptive_fields

rng = np.random.default_rng(0)
VALUES = rng.normal(size=(2, 3, 11, 4))  # two leading axes, positions, channels


def kernel(taps):
    return np.random.default_rng(taps).normal(size=(taps, 4, 6))


SIZES = pytest.mark.parametrize(
    ("taps", "dilation"), [(1, 1), (3, 1), (5, 1), (3, 4), (5, 7)]
)


@SIZES
def test_agrees_with_torch(taps, dilation):
    theirs = torch.nn.functional.conv1d(
        torch.tensor(VALUES.reshape(6, 11, 4).swapaxes(1, 2)),
        torch.tensor(kernel(taps).transpose(2, 1, 0).copy()),
        padding=dilation * (taps // 2),
        dilation=dilation,
    )
    got = convolve(VALUES, kernel(taps), dilation=dilation)
    wanted = theirs.numpy().swapaxes(1, 2).reshape(2, 3, 11, 6)
    np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-13)


@SIZES
def test_is_attention_with_one_fixed_head_for_each_tap(taps, dilation):
    weights = convolution_weights(11, taps, dilation=dilation)
    heads = weights @ VALUES[..., None, :, :]  # [..., taps, positions, channels]
    mixed = (heads @ kernel(taps)).sum(axis=-3)
    got = convolve(VALUES, kernel(taps), dilation=dilation)
    np.testing.assert_allclose(got, mixed, rtol=1e-11, atol=1e-13)


@given(st.integers(0, 6), st.sampled_from([1, 3, 5]), st.integers(1, 3))
def test_each_row_of_weights_is_one_hot_or_points_beyond_the_end(n, taps, dilation):
    weights = convolution_weights(n, taps, dilation=dilation)
    for t, i in np.ndindex(taps, n):
        target = i + dilation * (t - taps // 2)
        assert weights[t, i].tolist() == [float(j == target) for j in range(n)]


def test_the_weights_do_not_ask_what_stands_where():
    """Shift the sequence: away from the ends the output shifts along."""
    shifted = np.roll(VALUES, 3, axis=-2)
    got, wanted = convolve(shifted, kernel(5)), convolve(VALUES, kernel(5))
    np.testing.assert_allclose(
        got[..., 5:9, :], wanted[..., 2:6, :], rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(
    ("taps", "dilations"), [([3, 3, 3], None), ([5, 1, 3], [1, 1, 2]), ([3, 3], [1, 4])]
)
def test_the_receptive_field_is_what_moves_the_output(taps, dilations):
    steps = dilations or [1] * len(taps)
    fields = receptive_fields(taps, dilations)
    values = np.zeros((41, 41, 1))  # a row of its own for each position that is pushed
    values[np.arange(41), np.arange(41)] = 1
    for layer, (count, step) in enumerate(zip(taps, steps, strict=True)):
        values = convolve(values, np.ones((count, 1, 1)), dilation=step)
        moved = np.flatnonzero(values[:, 20, 0])
        assert moved[-1] - moved[0] + 1 == fields[layer]


def test_no_layer_sees_nothing_and_no_position_gives_none():
    assert receptive_fields([]).tolist() == []
    assert convolve(VALUES[..., :0, :], kernel(3)).shape == (2, 3, 0, 6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    values, matrices = VALUES.astype(dtype), kernel(3).astype(dtype)
    copies = values.copy(), matrices.copy()
    assert convolve(values, matrices).dtype == dtype
    np.testing.assert_array_equal(values, copies[0])
    np.testing.assert_array_equal(matrices, copies[1])


def test_refuses_kernels_that_do_not_fit():
    for wrong, message in (
        (kernel(4), "odd number of taps, got 4"),
        (kernel(3)[:, :2], r"kernel of shape \(3, 4, 6\), got \(3, 2, 6\)"),
        (kernel(3)[0], "kernel with at least 3 axes"),
        (kernel(3)[None], r"kernel of shape \(1, 4, 6\), got \(1, 3, 4, 6\)"),
        (kernel(3)[:0], "taps of at least 1, got 0"),
        (kernel(3) * np.nan, "finite kernel"),
    ):
        with pytest.raises(ValueError, match=message):
            convolve(VALUES, wrong)
    with pytest.raises(ValueError, match="values with at least 2 axes"):
        convolve(VALUES[0, 0, 0], kernel(3))
    with pytest.raises(ValueError, match="dilation of at least 1, got 0"):
        convolve(VALUES, kernel(3), dilation=0)
    with pytest.raises(ValueError, match="odd number of taps, got 2"):
        convolution_weights(5, 2)
    with pytest.raises(ValueError, match="positions of at least 0, got -1"):
        convolution_weights(-1, 3)


def test_refuses_stacks_that_are_no_stacks():
    with pytest.raises(ValueError, match="one dilation for each of 2 layers, got 1"):
        receptive_fields([3, 3], [1])
    with pytest.raises(ValueError, match=r"whole taps, got 2\.5"):
        receptive_fields([2.5])
    with pytest.raises(ValueError, match="taps of at least 1, got 0"):
        receptive_fields([3, 0])
