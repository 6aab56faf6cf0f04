"""The V of finite differences: two regimes, and the best step between them."""

import re

import numpy as np
import pytest

from attn_course import viz

STEPS = np.geomspace(1e-13, 1e-1, 25)
ERRORS = {
    "forward": np.abs((np.sin(1 + STEPS) - np.sin(1)) / STEPS - np.cos(1)),
    "central": np.abs(
        (np.sin(1 + STEPS) - np.sin(1 - STEPS)) / (2 * STEPS) - np.cos(1)
    ),
}
ORDERS = {"forward": 1, "central": 2}


def test_lines_are_the_errors_and_dots_the_best_steps(ax):
    assert viz.v_plot(ax, STEPS, ERRORS, orders=ORDERS) is ax
    for line, e in zip(ax.lines, ERRORS.values(), strict=False):
        np.testing.assert_array_equal(line.get_xydata(), np.c_[STEPS, e])
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    dots = [tuple(x.get_xydata()[0]) for x in ax.lines if x.get_marker() == "o"]
    assert dots == [(STEPS[e.argmin()], e.min()) for e in ERRORS.values()]


def test_guides_have_the_slopes_they_name(ax):
    viz.v_plot(ax, STEPS, ERRORS, orders=ORDERS)
    named = [t.get_text() for t in ax.texts if t.get_text().startswith("slope")]
    guides = [x for x in ax.lines[2:] if len(x.get_xdata()) == 2]
    slopes = [
        np.diff(np.log(g.get_ydata())) / np.diff(np.log(g.get_xdata())) for g in guides
    ]
    assert named == ["slope 1", "slope 2", "slope −1"]
    np.testing.assert_allclose(np.concatenate(slopes), [1, 2, -1])
    for guide, e in zip(guides, ERRORS.values(), strict=False):
        assert np.isclose(guide.get_ydata()[-1], e[-1] / 4)  # just under its arm


def test_words_measure_both_slopes():
    told = viz.describe_v_plot(STEPS, ERRORS, orders=ORDERS).splitlines()
    for line, (name, e) in zip(told, ERRORS.items(), strict=True):
        assert f"at h = {STEPS[e.argmin()]:.2g}" in line
        left, right = re.search(r"slope (\S+) left, (\S+) right", line).groups()
        assert abs(float(left) + 1) < 0.1
        assert abs(float(right) - ORDERS[name]) < 0.1


def test_errors_of_zero_leave_a_gap_and_are_counted(ax):
    e = ERRORS["central"].copy()
    e[3] = 0
    viz.v_plot(ax, STEPS, {"central": e}, orders=ORDERS)
    assert np.isnan(ax.lines[0].get_ydata()[3])
    told = viz.describe_v_plot(STEPS, {"central": e}, orders=ORDERS)
    assert told.endswith("; 1 errors exactly zero")


def test_one_regime_alone_is_drawn(ax):
    viz.v_plot(ax, STEPS, {"central": STEPS**2}, orders=ORDERS)
    viz.v_plot(ax, STEPS, {"central": 1 / STEPS}, orders=ORDERS)
    told = viz.describe_v_plot(STEPS, {"central": STEPS**2}, orders=ORDERS)
    assert told.endswith("slope 2.00 right (2 expected)")


def test_what_makes_no_v_is_refused(ax):
    with pytest.raises(ValueError, match="the order of 'central', got none"):
        viz.v_plot(ax, STEPS, ERRORS, orders={"forward": 1})
    with pytest.raises(ValueError, match="steps from small to large"):
        viz.v_plot(ax, STEPS[::-1], ERRORS, orders=ORDERS)
    for wrong in (-STEPS, 0 * STEPS):
        with pytest.raises(ValueError, match="errors of 'central' from zero up"):
            viz.v_plot(ax, STEPS, {"central": wrong}, orders=ORDERS)
