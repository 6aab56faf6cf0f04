"""Bands hold every seed, and their line is the median."""

import numpy as np
import pytest

from attn_course import viz

rng = np.random.default_rng(3)
X = np.array([16.0, 32.0, 64.0, 128.0])
RUNS = {"RoPE": rng.random((5, 4)), "none": rng.random((3, 4))}


def test_a_band_spans_all_seeds_around_the_median(ax):
    assert viz.bands(ax, X, RUNS, xlabel="length", ylabel="accuracy") is ax
    for i, run in enumerate(RUNS.values()):
        low, high, middle = ax.lines[3 * i : 3 * i + 3]
        np.testing.assert_array_equal(low.get_ydata(), run.min(0))
        np.testing.assert_array_equal(high.get_ydata(), run.max(0))
        np.testing.assert_array_equal(middle.get_ydata(), np.median(run, 0))
        shade = ax.collections[i].get_paths()[0].vertices
        assert (shade[:, 1].min(), shade[:, 1].max()) == (run.min(), run.max())
    middles = ax.lines[2::3]
    assert len({(m.get_linestyle(), m.get_marker()) for m in middles}) == 2
    assert {t.get_text() for t in ax.texts} == set(RUNS)


def test_log_axes_and_limits_are_as_asked(ax):
    runs = {"a": RUNS["RoPE"] + 1}
    labels = {"xlabel": "x", "ylabel": "y"}
    viz.bands(ax, X, runs, **labels, logx=True, logy=True, ylim=(0.5, 4))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_ylim() == (0.5, 4)


def test_words_tell_median_range_and_the_widest_spread():
    runs = {"a": np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 2.0], [1.0, 0.5, 3.0]])}
    told = viz.describe_bands(np.array([1.0, 2.0, 4.0]), runs)
    assert told == "a, 3 seeds: median 1 (1 to 1) at 1, 2 (1 to 3) at 4"
    runs["a"][2, 1] = 9
    told = viz.describe_bands(np.array([1.0, 2.0, 4.0]), runs)
    assert told.endswith("widest spread 1 (0 to 9) at 2")
    assert viz.describe_bands(X, {"b": RUNS["none"][:1]}).startswith("b, 1 seed: ")


def test_runs_that_do_not_fit_are_refused(ax):
    labels = {"xlabel": "", "ylabel": ""}
    with pytest.raises(ValueError, match=r"seeds by points in 'a', got shape \(4,\)"):
        viz.bands(ax, X, {"a": X}, **labels)
    with pytest.raises(ValueError, match="4 points in 'a'"):
        viz.bands(ax, X, {"a": np.ones((4, 3))}, **labels)
    with pytest.raises(ValueError, match="finite a, got nan"):
        viz.bands(ax, X, {"a": np.full((3, 4), np.nan)}, **labels)
