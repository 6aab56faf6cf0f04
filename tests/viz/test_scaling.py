"""The slope of a power law is its power, in the figure and in words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course import viz

N = np.array([64.0, 128.0, 512.0, 1024.0])
COSTS = {"full": 1e-9 * N**2, "linear": 1e-7 * N}


@settings(max_examples=25)
@given(st.floats(-3, 3), st.floats(1e-9, 1e9))
def test_the_fit_finds_any_power_and_factor(power, factor):
    slope, intercept = viz.fitted_slope(N, factor * N**power)
    np.testing.assert_allclose([slope, intercept], [power, np.log(factor)], atol=1e-9)


def test_the_fit_is_least_squares_in_the_logarithms():
    y = np.array([3.0, 5.0, 11.0, 12.0])
    design = np.stack([np.log(N), np.ones(4)], axis=1)
    wanted = np.linalg.lstsq(design, np.log(y), rcond=None)[0]
    np.testing.assert_allclose(viz.fitted_slope(N, y), wanted, rtol=1e-10)


def test_marks_are_what_was_measured_and_names_carry_the_slope(ax):
    assert viz.scaling(ax, N, COSTS, xlabel="n", ylabel="s") is ax
    for marks, cost in zip(ax.lines[::2], COSTS.values(), strict=True):
        np.testing.assert_array_equal(marks.get_xydata(), np.c_[N, cost])
        assert marks.get_linestyle() == "None"
    assert ax.lines[0].get_marker() != ax.lines[2].get_marker()
    assert ax.lines[1].get_linestyle() != ax.lines[3].get_linestyle()
    assert {t.get_text() for t in ax.texts} == {
        "full: slope 2.00",
        "linear: slope 1.00",
    }
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_small_sizes_can_be_left_out_of_the_fit(ax):
    cost = {"full": N**2 + 1e5 * (N < 200)}
    viz.scaling(ax, N, cost, xlabel="n", ylabel="s", fit_from=200)
    assert ax.texts[0].get_text() == "full: slope 2.00"
    assert len(ax.lines[0].get_xdata()) == 4  # all marks
    assert len(ax.lines[1].get_xdata()) == 2  # the fit
    assert "slope 2.00" in viz.describe_scaling(N, cost, fit_from=200)


def test_words_say_what_a_doubling_costs():
    told = viz.describe_scaling(N, COSTS).splitlines()
    assert told[0] == (
        "full: 4.1e-06 at 64, 0.00105 at 1024; slope 2.00 (a doubling costs 4.00 "
        "times as much)"
    )


def test_what_has_no_logarithm_or_no_slope_is_refused(ax):
    with pytest.raises(ValueError, match="positive full, got 0"):
        viz.scaling(ax, N, {"full": np.zeros(4)}, xlabel="", ylabel="")
    with pytest.raises(ValueError, match="two different sizes"):
        viz.fitted_slope(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="at least one point"):
        viz.scaling(ax, N, COSTS, xlabel="", ylabel="", fit_from=1e9)
