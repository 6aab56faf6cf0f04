"""Bars are as high as they say, and dots are where the seeds are."""

import itertools

import numpy as np
import pytest

from attn_course import viz

VALUES = {"one": np.array([0.5, -0.25, 0.75]), "four": np.array([1.0, 0.0, 0.5])}
RANGES = {k: np.stack([v - 0.125, v + 0.25], axis=1) for k, v in VALUES.items()}
GROUPS = ["copy", "reverse", "sort"]


def test_each_bar_has_its_height_and_carries_its_value(ax):
    assert viz.bars(ax, VALUES, groups=GROUPS, ylabel="accuracy") is ax
    for container, (name, heights) in zip(ax.containers, VALUES.items(), strict=True):
        assert container.get_label() == name
        np.testing.assert_array_equal([bar.get_height() for bar in container], heights)
    written = [t.get_text() for t in ax.texts]
    assert written == ["0.50", "-0.25", "0.75", "1.00", "0.00", "0.50"]
    assert [t.get_va() for t in ax.texts[:2]] == ["bottom", "top"]
    assert [t.get_text() for t in ax.get_xticklabels()] == GROUPS


def test_series_differ_by_hatch_and_are_explained(ax):
    values = {name: np.ones(3) for name in "abcd"}
    viz.bars(ax, values, groups=GROUPS, ylabel="y")
    assert len({container[0].get_hatch() for container in ax.containers}) == 4
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list("abcd")


def test_bars_of_one_group_touch_no_others(ax):
    viz.bars(ax, VALUES, groups=GROUPS, ylabel="y")
    sides = sorted((b.get_x(), b.get_x() + b.get_width()) for b in ax.patches)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(sides))


def test_values_stand_upright_where_bars_are_narrow(ax):
    values = {name: np.linspace(-1, 1, 5) for name in "abcd"}
    viz.bars(ax, values, groups=["a b", "c d", "e", "f", "gg hh"], ylabel="y")
    assert {t.get_rotation() for t in ax.texts} == {90}
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    pairs = itertools.combinations(boxes, 2)
    assert not any(one.overlaps(other) for one, other in pairs)


def test_whiskers_span_the_ranges_and_values_stand_above_them(ax):
    viz.bars(ax, VALUES, groups=GROUPS, ylabel="y", ranges=RANGES)
    for lines, spans in zip(ax.collections, RANGES.values(), strict=True):
        ends = np.array([segment[:, 1] for segment in lines.get_segments()])
        np.testing.assert_array_equal(ends, spans)
    assert ax.texts[0].xy[1] == RANGES["one"][0, 1]


def test_words_give_each_value_with_its_range():
    told = viz.describe_bars(VALUES, GROUPS, ranges=RANGES).splitlines()
    assert told[1] == "reverse: one -0.25 (-0.375 to 0), four 0 (-0.125 to 0.25)"


def test_bars_that_do_not_fit_are_refused(ax):
    def draw(values=VALUES, ranges=None):
        viz.bars(ax, values, groups=GROUPS, ylabel="y", ranges=ranges)

    with pytest.raises(ValueError, match="at most 4 series, got 5"):
        draw({name: np.ones(3) for name in "abcde"})
    with pytest.raises(ValueError, match=r"wanted a of shape \(3,\)"):
        draw({"a": np.ones(2)})
    with pytest.raises(ValueError, match="a range for 'four', got none"):
        draw(ranges={"one": RANGES["one"]})
    with pytest.raises(ValueError, match="each value of 'one' in its range"):
        draw(ranges=RANGES | {"one": RANGES["one"] + 9})


def test_dots_are_the_seeds_and_the_bar_their_median(ax):
    runs = {"soft": np.array([0.5, 0.75, 0.8]), "hard": np.array([0.25])}
    assert viz.dots(ax, runs, xlabel="accuracy") is ax
    for line, run in zip(ax.lines, runs.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), run)
        assert line.get_linestyle() == "None"
    first = ax.lines[0].get_ydata()
    assert len(set(first)) == 3  # no seed hides another
    bars = [c.get_segments()[0][0, 0] for c in ax.collections]
    assert bars == [0.75, 0.25]
    assert [t.get_text() for t in ax.texts] == ["0.75", "0.25"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["soft", "hard"]
    top, bottom = (ax.transData.transform((0, row))[1] for row in (0, 1))
    assert top > bottom


def test_words_give_median_and_range_of_the_seeds():
    told = viz.describe_dots({"a": np.array([3.0, 1.0, 2.0]), "b": np.array([1.5])})
    assert told == (
        "a: median 2, from 1 to 3, 3 seeds\nb: median 1.5, from 1.5 to 1.5, 1 seed"
    )


def test_dots_refuse_empty_and_nan(ax):
    for wrong in ({}, {"a": np.array([])}, {"a": np.ones((2, 3))}):
        with pytest.raises(ValueError, match="dots: wanted"):
            viz.dots(ax, wrong, xlabel="")
    with pytest.raises(ValueError, match="finite a, got nan"):
        viz.describe_dots({"a": np.array([1.0, np.nan])})
