"""Digits: all of them, once, each kind in every part."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from attn_course.data import digits, unseen

PARTS = digits(np.random.default_rng(0))


def test_all_images_are_there_once_with_their_labels():
    source = load_digits()
    wanted = {
        (image / 16).tobytes(): label
        for image, label in zip(source.images, source.target, strict=True)
    }
    assert len(wanted) == 1797  # no image comes twice
    got = {
        image.tobytes(): label
        for part in PARTS.values()
        for image, label in zip(part.images, part.labels, strict=True)
    }
    assert got == wanted
    assert sum(len(part.labels) for part in PARTS.values()) == 1797


@pytest.mark.parametrize("pair", ["train test", "train validation", "test validation"])
def test_no_image_is_in_two_parts(pair):
    one, other = (PARTS[name].images for name in pair.split())
    assert unseen(one, other).all()


def test_every_digit_has_its_share_in_every_part():
    counts = {name: np.bincount(part.labels) for name, part in PARTS.items()}
    total = sum(counts.values())
    for name, share in {"train": 0.6, "validation": 0.2, "test": 0.2}.items():
        assert (abs(counts[name] - share * total) <= 1).all()


def test_pixels_go_from_paper_to_ink():
    for part in PARTS.values():
        assert part.images.dtype == np.float64
        assert part.images.min() == 0
        assert part.images.max() == 1


def test_one_seed_gives_one_split_and_another_seed_another():
    again = digits(np.random.default_rng(0))["test"]
    np.testing.assert_array_equal(again.images, PARTS["test"].images)
    other = digits(np.random.default_rng(1))["test"]
    assert not np.array_equal(other.labels, PARTS["test"].labels)


def test_writing_into_one_part_leaves_the_next_call_alone():
    digits(np.random.default_rng(0))["train"].images[:] = -1
    assert (digits(np.random.default_rng(0))["train"].images >= 0).all()


def test_refuses_a_seed_in_place_of_a_generator():
    with pytest.raises(ValueError, match="wanted rng as a numpy Generator, got int"):
        digits(0)
