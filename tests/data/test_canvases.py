"""Canvases: what the boxes hold, and nothing beside them."""

import numpy as np
import pytest

from attn_course.data import Labelled, digit_canvases

rng = np.random.default_rng(0)
SOURCE = Labelled(rng.random((30, 5, 4)) + 0.1, rng.integers(10, size=30))
WORDS = "zero one two three four five six seven eight nine".split()


def made(seed=0, **options):
    sizes = {"size": 21, "cells": 3, "most": 4} | options
    return digit_canvases(np.random.default_rng(seed), SOURCE, 50, **sizes)


def test_each_box_holds_a_digit_of_its_label_and_there_is_nothing_else():
    for image, boxes, labels in zip(*made()[:3], strict=True):
        left_over = image.copy()
        for (top, left, bottom, right), label in zip(boxes, labels, strict=True):
            if label == -1:
                assert (top, left, bottom, right) == (0, 0, 0, 0)
                continue
            inside = image[top:bottom, left:right]
            matches = (SOURCE.images == inside).all(axis=(1, 2))
            assert SOURCE.labels[matches].tolist() == [label]
            left_over[top:bottom, left:right] = 0
        assert (left_over == 0).all()


def test_boxes_keep_apart_and_inside():
    canvases = made()
    for boxes, labels in zip(canvases.boxes, canvases.labels, strict=True):
        covered = np.zeros((21, 21), dtype=int)
        for top, left, bottom, right in boxes[labels >= 0]:
            assert (bottom - top, right - left) == (5, 4)
            covered[top:bottom, left:right] += 1
        assert covered.max() == 1
        assert covered.sum() == 20 * (labels >= 0).sum()


def test_captions_say_the_labels_in_reading_order():
    canvases = made()
    for caption, labels, boxes in zip(
        canvases.captions, canvases.labels, canvases.boxes, strict=True
    ):
        assert [WORDS.index(word) for word in caption.split()] == [
            label for label in labels if label >= 0
        ]
        cells = [(top // 7, left // 7) for top, left, *_ in boxes[labels >= 0]]
        assert cells == sorted(cells)


def test_there_are_one_to_most_digits_and_they_stand_everywhere():
    canvases = made()
    assert set((canvases.labels >= 0).sum(axis=1)) == {1, 2, 3, 4}
    assert (canvases.images > 0).any(axis=0).mean() > 0.95


def test_one_seed_gives_one_draw():
    for one, again in zip(made(1), made(1), strict=True):
        assert np.array_equal(one, again)
    assert not np.array_equal(made(1).images, made(2).images)


def test_the_dtype_is_that_of_the_digits():
    source = Labelled(SOURCE.images.astype(np.float32), SOURCE.labels)
    images = digit_canvases(np.random.default_rng(0), source, 2).images
    assert images.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 14}, "size of at least 15, got 14"),
        ({"size": 22}, "size that falls into 3 and at most 9 digits, got 22 and 4"),
        ({"most": 10}, "at most 9 digits, got 21 and 10"),
        ({"most": 0}, "most of at least 1, got 0"),
        ({"cells": 0}, "cells of at least 1, got 0"),
    ],
)
def test_refuses_digits_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=f"digit_canvases: wanted .*{message}"):
        made(**options)
