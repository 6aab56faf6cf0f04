"""Axes are followed by name through splits, transpositions and merges."""

import itertools

import pytest
from matplotlib.patches import Polygon, Rectangle

from attn_course import viz
from attn_course.viz.axis_tracer import links

SPLIT = [
    ("in", ["batch", "positions", "model"], [2, 5, 12]),
    ("split", ["batch", "positions", "heads", "width"], [2, 5, 3, 4]),
    ("transpose", ["batch", "heads", "positions", "width"], [2, 3, 5, 4]),
    ("scores", ["batch", "heads", "queries", "keys"], [2, 3, 5, 5]),
]


def boxes(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle)]


def ribbons(ax):
    return [p for p in ax.patches if isinstance(p, Polygon)]


def test_each_axis_is_a_box_with_its_name_and_size(ax):
    assert viz.trace_axes(ax, SPLIT) is ax
    written = [t.get_text() for t in ax.texts]
    wanted = []
    for label, names, sizes in SPLIT:
        wanted += [label, *(f"{n}\n{s}" for n, s in zip(names, sizes, strict=True))]
    assert written == wanted
    assert len(boxes(ax)) == 3 + 4 + 4 + 4


def test_boxes_of_a_row_are_in_order_and_apart(ax):
    viz.trace_axes(ax, SPLIT)
    for _, row in itertools.groupby(boxes(ax), key=lambda box: box.get_y()):
        sides = [(b.get_x(), b.get_x() + b.get_width()) for b in row]
        assert all(a[1] < b[0] for a, b in itertools.pairwise(sides))


def test_an_axis_is_joined_to_what_becomes_of_it(ax):
    viz.trace_axes(ax, SPLIT)
    # batch, positions, model to two; four that move; of the scores, only two stay
    assert len(ribbons(ax)) == 4 + 4 + 2
    model = boxes(ax)[2]
    to_heads, to_width = (r.get_xy()[:2, 0] for r in ribbons(ax)[2:4])
    assert to_heads[0] == pytest.approx(model.get_x())
    assert to_heads[1] == pytest.approx(to_width[0])
    assert to_width[1] == pytest.approx(model.get_x() + model.get_width())


def test_links_need_equal_names_or_equal_products():
    assert links([("a", 2), ("a", 2)], [("a", 2), ("a", 2)]) == [([0], [0]), ([1], [1])]
    assert links([("h", 3), ("d", 4)], [("m", 12)]) == [([0, 1], [0])]
    assert links([("h", 3), ("d", 4)], [("m", 13)]) == []
    assert links([("a", 2)], [("a", 3)]) == []


def test_words_name_each_change():
    steps = [*SPLIT[:3], SPLIT[1], SPLIT[0], SPLIT[0]]
    steps += [("rename", ["batch", "tokens", "model"], [2, 5, 12])]
    changes = [line.partition("(")[2] for line in viz.describe_axes(steps).splitlines()]
    assert changes == [
        "",
        "model 12 splits into heads 3 × width 4)",
        "positions and heads change places)",
        "heads and positions change places)",
        "heads 3 × width 4 merge into model 12)",
        "",
        "positions 5 becomes tokens 5)",
    ]


def test_words_name_what_goes_and_what_is_new():
    told = viz.describe_axes([*SPLIT[2:], ("mean", ["batch"], [2]), ("sum", [], [])])
    lines = told.splitlines()
    assert lines[1].endswith("(positions 5 × width 4 goes; queries 5 × keys 5 is new)")
    assert lines[2] == "mean: batch 2 (heads 3 × queries 5 × keys 5 goes)"
    assert lines[3] == "sum: one number (batch 2 goes)"


@pytest.mark.parametrize("tell", [viz.describe_axes, lambda s: viz.trace_axes(None, s)])
def test_steps_that_fit_no_array_are_refused(tell):
    with pytest.raises(ValueError, match="at least one step"):
        tell([])
    with pytest.raises(ValueError, match="'in', got 2 names and 1 sizes"):
        tell([("in", ["a", "b"], [2])])
    with pytest.raises(ValueError, match=r"sizes from 1 in 'in', got \[0\]"):
        tell([("in", ["a"], [0])])
