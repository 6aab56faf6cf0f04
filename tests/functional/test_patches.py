"""Patches: squares, row by row, and nothing lost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import patchify, unpatchify

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(2, 7, 6, 8, 3))  # batch, frames, rows, columns, colours


def test_each_patch_is_a_square_of_the_image_row_by_row():
    patches = patchify(IMAGES, 2)
    assert patches.shape == (2, 7, 12, 12)
    for number in range(12):
        row, column = 2 * (number // 4), 2 * (number % 4)
        square = IMAGES[:, :, row : row + 2, column : column + 2]
        for pixel in range(4):
            np.testing.assert_array_equal(
                patches[:, :, number, 3 * pixel : 3 * pixel + 3],
                square[:, :, pixel // 2, pixel % 2],
            )


def test_agrees_with_the_unfold_of_torch():
    images = torch.from_numpy(IMAGES[0]).permute(0, 3, 1, 2)  # colours first
    theirs = torch.nn.functional.unfold(images, 2, stride=2).mT.numpy()
    ours = patchify(IMAGES[0], 2).reshape(7, 12, 4, 3).swapaxes(-1, -2)
    np.testing.assert_array_equal(ours.reshape(7, 12, 12), theirs)


@given(
    size=st.integers(1, 4),
    high=st.integers(0, 3),
    wide=st.integers(0, 3),
    colours=st.integers(1, 3),
)
def test_cutting_can_be_undone(size, high, wide, colours):
    shape = (2, high * size, wide * size, colours)
    images = np.random.default_rng(size).integers(256, size=shape, dtype=np.uint8)
    patches = patchify(images, size)
    assert patches.dtype == np.uint8
    again = unpatchify(patches, size, high * size, wide * size)
    np.testing.assert_array_equal(again, images)


def test_one_patch_is_the_image_and_single_pixels_are_the_pixels():
    image = IMAGES[0, 0, :, :6]
    np.testing.assert_array_equal(patchify(image, 6), image.reshape(1, 108))
    np.testing.assert_array_equal(patchify(image, 1), image.reshape(36, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    assert patchify(IMAGES.astype(dtype), 2).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="patches of 4 by 4, got 6 by 8"):
        patchify(IMAGES, 4)
    with pytest.raises(ValueError, match="size of at least 1, got 0"):
        patchify(IMAGES, 0)
    with pytest.raises(ValueError, match="at least 3 axes"):
        patchify(IMAGES[0, 0, 0], 2)
    with pytest.raises(ValueError, match=r"wanted 12 patches of 4 pixels .* got 11 of"):
        unpatchify(np.zeros((11, 12)), 2, 6, 8)
    with pytest.raises(ValueError, match="got 12 of 6"):
        unpatchify(np.zeros((12, 6)), 2, 6, 8)


def test_leaves_its_input_alone():
    before = IMAGES.copy()
    patches = patchify(IMAGES, 2)
    kept = patches.copy()
    unpatchify(patches, 2, 6, 8)
    np.testing.assert_array_equal(IMAGES, before)
    np.testing.assert_array_equal(patches, kept)
