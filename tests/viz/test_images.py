"""Pictures share one scale, and boxes stand where the glimpses were."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from attn_course import viz

PICTURES = np.random.default_rng(9).random((3, 5, 7))
NAMES = ["one", "two", "three"]
BOXES = {1: [(0, 2, 3, 4), (2, 0, 3, 3)]}


@pytest.fixture
def axes():
    return Figure(figsize=(6, 4)).subplots(2, 2)


def test_pictures_are_drawn_on_one_scale_with_ink_dark(axes):
    assert viz.images(axes, PICTURES, names=NAMES) is axes
    shown = axes.flat[:3]
    for ax, picture, name in zip(shown, PICTURES, NAMES, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), picture)
        assert ax.get_title() == name
    assert {ax.images[0].get_clim() for ax in shown} == {
        (PICTURES.min(), PICTURES.max())
    }
    light, dark = axes[0, 0].images[0].to_rgba([PICTURES.min(), PICTURES.max()])[:, 0]
    assert light > dark


def test_boxes_surround_their_pixels_and_are_numbered_in_order(axes):
    viz.images(axes, PICTURES, names=NAMES, boxes=BOXES)
    ax = axes[0, 1]
    frames = [(p.get_y(), p.get_x(), p.get_height(), p.get_width()) for p in ax.patches]
    assert frames == [(-0.5, 1.5, 3, 4), (1.5, -0.5, 3, 3)]
    assert {p.get_linestyle() for p in ax.patches} == {"--"}
    assert [t.get_text() for t in ax.texts] == ["1", "2"]
    assert not axes[0, 0].patches


def test_words_say_what_is_in_each_box():
    told = viz.describe_images(PICTURES, NAMES, boxes=BOXES).splitlines()
    inside = PICTURES[1, 0:3, 2:6].mean()
    assert told[2] == f"  box 1: rows 0 to 2, columns 2 to 5, mean {inside:.3g}"
    assert told[0] == f"one: 5 by 7 pixels, mean {PICTURES[0].mean():.3g}"


def test_pictures_and_boxes_that_do_not_fit_are_refused(axes):
    with pytest.raises(ValueError, match="wanted 3 names, got 2"):
        viz.images(axes, PICTURES, names=NAMES[:2])
    with pytest.raises(ValueError, match="wanted 3 Axes, got 2"):
        viz.images(axes[0], PICTURES, names=NAMES)
    with pytest.raises(
        ValueError, match=r"images by height by width, got shape \(5, 7"
    ):
        viz.images(axes, PICTURES[0], names=NAMES)
    with pytest.raises(ValueError, match=r"inside 5 by 7 pixels, got \(3, 0, 3, 3\)"):
        viz.images(axes, PICTURES, names=NAMES, boxes={0: [(3, 0, 3, 3)]})
    with pytest.raises(ValueError, match="boxes of a picture, got index 3"):
        viz.images(axes, PICTURES, names=NAMES, boxes={3: []})
