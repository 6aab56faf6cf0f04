"""Lines to compare with stand where they should and carry their name."""

import numpy as np
import pytest

from attn_course import viz


def test_a_baseline_is_level_and_dashed_unlike_the_lines(ax):
    ax.plot([0, 1], [0, 1])
    assert viz.baseline(ax, 0.1, "chance") is ax
    line = ax.lines[-1]
    assert set(line.get_ydata()) == {0.1}
    assert line.get_linestyle() != ax.lines[0].get_linestyle()
    assert ax.texts[-1].get_text() == "chance"


@pytest.mark.parametrize(("at", "side"), [(1.0, "left"), (9.0, "right")])
@pytest.mark.parametrize(("level", "end"), [(0.9, "bottom"), (0.1, "top")])
def test_a_milestone_is_named_where_there_is_room(ax, at, side, level, end):
    ax.set(xlim=(0, 10), ylim=(0, 1))
    ax.plot([0, 5, 10], [level] * 3)
    viz.milestone(ax, at, "here")
    assert set(ax.lines[-1].get_xdata()) == {at}
    (name,) = ax.texts
    assert (name.get_ha(), name.get_va()) == (side, end)


@pytest.mark.parametrize("slope", [2, -1, 0.5])
def test_a_slope_guide_has_that_slope(ax, slope):
    ax.set(xscale="log", yscale="log")
    viz.slope_guide(ax, slope, through=(10, 3), until=1000)
    x, y = np.log(ax.lines[0].get_xydata()).T
    assert np.isclose((y[1] - y[0]) / (x[1] - x[0]), slope)
    assert np.isclose(y[0], np.log(3))
    assert ax.texts[0].get_text() == f"slope {slope:g}".replace("-", "−")


def test_guides_refuse_what_has_no_place(ax):
    with pytest.raises(ValueError, match="wanted log axes, got linear and linear"):
        viz.slope_guide(ax, 2, through=(1, 1), until=2)
    ax.set(xscale="log", yscale="log")
    with pytest.raises(ValueError, match="positive until, got -2"):
        viz.slope_guide(ax, 2, through=(1, 1), until=-2)
    with pytest.raises(ValueError, match="finite value, got nan"):
        viz.baseline(ax, np.nan, "chance")
