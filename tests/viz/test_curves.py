"""Lines: each its own sign, names in sight, gaps where nothing is finite."""

import numpy as np
import pytest

from attn_course import viz
from attn_course.viz.style import FEW, spread, stroke

X = np.arange(1.0, 6.0)


@pytest.mark.parametrize("points", [FEW, FEW + 1, 500])
def test_no_two_lines_share_both_dash_and_marker(points):
    looks = [stroke(i, points) for i in range(6)]
    assert len({(look["linestyle"], look["marker"]) for look in looks}) == 6


def test_names_keep_apart_and_below_the_top():
    places = spread([0.0, 1.0, 2.0, 40.0], 41.0)
    assert (np.diff(places) >= 12).all()
    assert places[0] == 0  # upwards first, so that none falls below the frame
    assert places[-1] <= 41
    assert spread([0.0, 50.0], 41.0) == [0.0, 50.0]


def test_a_line_that_diverged_is_named_where_it_was_last_seen(ax):
    y = np.array([1.0, 2.0, 3.0, np.inf, np.nan])
    viz.curves(ax, X, {"diverged": y}, xlabel="x", ylabel="y")
    (name,) = ax.texts
    assert tuple(name.xy) == (3, 3)
    told = viz.describe_curves(X, {"diverged": y, "lost": X * np.nan})
    assert (
        told == "diverged: 1 at 1, 3 at 3 (2 points not finite)\nlost: no finite point"
    )


def test_a_name_stays_in_sight_when_its_line_leaves_the_frame(ax):
    lines = {"in": X / 10, "out": X}
    viz.curves(ax, X, lines, xlabel="x", ylabel="y", ylim=(0, 1))
    ax.figure.canvas.draw()
    assert [t.get_text() for t in ax.texts] == ["in", "out"]
    assert all(0 <= t.xy[1] <= 1 for t in ax.texts)


def test_log_axes_are_as_asked(ax):
    viz.curves(ax, X, {"a": X}, xlabel="x", ylabel="y", logy=True)
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_few_places_on_a_log_axis_are_written_as_they_are(ax):
    x = np.array([16.0, 32, 64])
    viz.curves(ax, x, {"a": x}, xlabel="x", ylabel="y", logx=True)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["16", "32", "64"]
    np.testing.assert_array_equal(ax.get_xticks(), x)
    assert not ax.xaxis.get_minorticklocs().size


def test_places_too_close_to_be_written_are_not(ax):
    x = np.array([1.0, 100, 101])
    viz.curves(ax, x, {"a": x}, xlabel="x", ylabel="y", logx=True)
    ax.figure.canvas.draw()
    assert "101" not in [t.get_text() for t in ax.get_xticklabels()]


def test_the_kept_epoch_is_marked_on_the_validation_loss(ax):
    training, validation = np.array([3.0, 2, 1]), np.array([3.0, 2.5, 2.75])
    viz.learning_curves(ax, training, validation, chosen=1)
    one, two, dot, upright = ax.lines
    np.testing.assert_array_equal(one.get_xydata(), np.c_[[1, 2, 3], training])
    np.testing.assert_array_equal(two.get_xydata(), np.c_[[1, 2, 3], validation])
    assert one.get_linestyle() != two.get_linestyle()
    np.testing.assert_array_equal(dot.get_xydata(), [[2, 2.5]])
    assert set(upright.get_xdata()) == {2}
    names = [t.get_text() for t in ax.texts]
    assert names == ["training", "validation", "kept: epoch 2"]


def test_curves_that_do_not_fit_are_refused(ax):
    with pytest.raises(ValueError, match="wanted 5 points in 'a', got shape"):
        viz.curves(ax, X, {"a": X[:3]}, xlabel="", ylabel="")
    with pytest.raises(ValueError, match="chosen from 0 to 4, got 5"):
        viz.learning_curves(ax, X, X, chosen=5)
    with pytest.raises(ValueError, match="wanted x with one axis"):
        viz.curves(ax, X[None], {"a": X}, xlabel="", ylabel="")
    with pytest.raises(ValueError, match="at most 6 lines, got 0"):
        viz.curves(ax, X, {}, xlabel="", ylabel="")
    with pytest.raises(ValueError, match="wanted a as an array, got list"):
        viz.curves(ax, X, {"a": X.tolist()}, xlabel="", ylabel="")


@pytest.mark.parametrize("name", ["x", "who", "n", "places", "given"])
def test_a_line_may_have_any_name(ax, name):
    lines = {name: X}
    viz.curves(ax, X, lines, xlabel="", ylabel="")
    viz.bands(ax, X, {name: X[None]}, xlabel="", ylabel="")
    viz.scaling(ax, X, lines, xlabel="", ylabel="")
    viz.gradient_flow(ax, X, lines, xlabel="")
    ax.clear()  # away with the log axes
    viz.bars(ax, lines, groups=list("abcde"), ylabel="")
    assert name in viz.describe_curves(X, lines)
