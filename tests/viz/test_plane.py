"""Arrows end where their vectors do, and groups differ by dash and head."""

import numpy as np
import pytest

from attn_course import viz

GROUPS = {
    "queries": np.array([[1.0, 0.5], [-0.5, 1.0]]),
    "keys": np.array([[0.0, -2.0], [1.5, 0.0], [0.0, 0.0]]),
}


def test_arrows_run_from_the_origin_to_their_named_tips(ax):
    assert viz.vectors_2d(ax, GROUPS) is ax
    shafts = [x for x in ax.lines[2:] if len(x.get_xdata()) == 2]
    tips = [x for x in ax.lines[2:] if len(x.get_xdata()) == 1]
    every = np.concatenate(list(GROUPS.values()))
    for shaft, tip, vector in zip(shafts, tips, every, strict=True):
        np.testing.assert_array_equal(shaft.get_xydata(), [(0, 0), vector])
        np.testing.assert_array_equal(tip.get_xydata(), [vector])
    assert [t.get_text() for t in ax.texts] == ["q1", "q2", "k1", "k2", "k3"]
    np.testing.assert_array_equal([t.xy for t in ax.texts], every)
    assert ax.get_aspect() == 1


def test_groups_differ_by_dash_and_head_and_are_explained(ax):
    viz.vectors_2d(ax, GROUPS)
    legend = ax.get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["queries", "keys"]
    one, other = legend.get_lines()
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_markerfacecolor() != other.get_markerfacecolor()


def test_heads_point_along_their_vectors(ax):
    viz.vectors_2d(ax, {"values": np.array([[0.0, -3.0]])})
    tip = ax.lines[-1]
    assert tip.get_marker() == (3, 0, -180)  # a triangle that points up, turned round
    assert ax.get_legend() is None


def test_names_can_be_given(ax):
    names = {"queries": ["the", "cat"]}
    viz.vectors_2d(ax, GROUPS, names=names)
    assert [t.get_text() for t in ax.texts] == ["the", "cat", "k1", "k2", "k3"]
    assert viz.describe_vectors(GROUPS, names=names).startswith("queries: the (1, 0.5)")


def test_words_give_length_and_direction():
    told = viz.describe_vectors(GROUPS).splitlines()
    assert told[1].startswith(
        "keys: k1 (0, -2), length 2, at -90°; k2 (1.5, 0), length"
    )


def test_vectors_of_another_width_and_names_too_few_are_refused(ax):
    with pytest.raises(ValueError, match=r"'a' of width 2, got shape \(2, 3\)"):
        viz.vectors_2d(ax, {"a": np.ones((2, 3))})
    with pytest.raises(ValueError, match="wanted 2 names for 'queries', got 1"):
        viz.vectors_2d(ax, GROUPS, names={"queries": ["q"]})
    with pytest.raises(ValueError, match="at most 4 groups, got 5"):
        viz.describe_vectors(dict.fromkeys("abcde", np.ones((1, 2))))
