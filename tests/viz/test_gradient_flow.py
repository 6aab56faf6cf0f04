"""The flow of a gradient: what arrives, and what is exactly nothing."""

import numpy as np
import pytest

from attn_course import viz

PLACES = np.arange(1.0, 8.0)
NORMS = {"RNN": 0.5**PLACES, "attention": np.full(7, 0.2)}


def test_lines_are_the_norms_on_a_log_axis(ax):
    assert viz.gradient_flow(ax, PLACES, NORMS, xlabel="steps back") is ax
    for line, y in zip(ax.lines, NORMS.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.c_[PLACES, y])
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert ax.get_yscale() == "log"
    assert {t.get_text() for t in ax.texts} == set(NORMS)


def test_a_gradient_of_exactly_zero_is_a_triangle_on_the_floor(ax):
    cut = np.where(PLACES > 4, 0, NORMS["RNN"])
    viz.gradient_flow(ax, PLACES, {"cut": cut}, xlabel="steps back")
    line, triangles = ax.lines
    assert np.isnan(line.get_ydata()[4:]).all()
    np.testing.assert_array_equal(triangles.get_xdata(), [5, 6, 7])
    assert (triangles.get_ydata() < cut[:4].min()).all()
    assert (triangles.get_marker(), triangles.get_linestyle()) == ("v", "None")
    assert ax.texts[0].get_text() == "cut: exactly 0"


def test_nothing_at_all_arrives(ax):
    nothing = {"dead": np.zeros(7)}
    viz.gradient_flow(ax, PLACES, nothing, xlabel="steps back")
    ax.figure.canvas.draw()
    told = viz.describe_gradient_flow(PLACES, nothing)
    assert told == "dead: 0 at 1, 0 at 7; exactly zero at 7 places"


def test_words_give_the_factor_of_each_step():
    told = viz.describe_gradient_flow(PLACES, NORMS).splitlines()
    assert told[0] == "RNN: 0.5 at 1, 0.00781 at 7; times 0.500 for each step"
    assert told[1].endswith("times 1.000 for each step")


def test_norms_below_zero_or_nan_are_refused(ax):
    with pytest.raises(ValueError, match="norms from zero up in 'a'"):
        viz.gradient_flow(ax, PLACES, {"a": -PLACES}, xlabel="")
    with pytest.raises(ValueError, match="finite a, got nan"):
        viz.gradient_flow(ax, PLACES, {"a": PLACES * np.nan}, xlabel="")
