"""Outlines of densities have the area one, whatever the number of samples."""

import numpy as np
import pytest

from attn_course import viz

rng = np.random.default_rng(7)
SAMPLES = {"d = 4": rng.normal(0, 2, 501), "d = 64": rng.normal(0, 8, 1009)}


def test_outlines_hold_all_samples_over_the_same_bins(ax):
    assert viz.histogram(ax, SAMPLES, xlabel="score", bins=31) is ax
    every = np.concatenate(list(SAMPLES.values()))
    for steps, sample in zip(ax.patches, SAMPLES.values(), strict=True):
        density, edges, _ = steps.get_data()
        assert (edges[0], edges[-1], len(edges)) == (every.min(), every.max(), 32)
        counts = [((edges[:-1] <= x) & (x < edges[1:])) for x in sample]
        counts = np.sum(counts, axis=0)
        np.testing.assert_allclose(
            density[:-1], (counts / len(sample) / np.diff(edges))[:-1]
        )
        assert np.isclose((density * np.diff(edges)).sum(), 1)


def test_samples_differ_by_dash_and_are_explained(ax):
    viz.histogram(ax, SAMPLES, xlabel="score")
    assert len({steps.get_linestyle() for steps in ax.patches}) == 2
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list(SAMPLES)


def test_words_give_mean_and_variance():
    told = viz.describe_histogram(SAMPLES).splitlines()
    sample = SAMPLES["d = 64"]
    assert told[1].startswith(
        f"d = 64: 1009 numbers, mean {sample.mean():.3g}, variance {sample.var():.3g}, "
    )


def test_samples_of_nothing_or_nan_are_refused(ax):
    for wrong in (np.array([]), np.ones((2, 3))):
        with pytest.raises(ValueError, match="a row of numbers in 'a'"):
            viz.histogram(ax, {"a": wrong}, xlabel="")
    with pytest.raises(ValueError, match="finite a, got nan"):
        viz.describe_histogram({"a": np.array([1.0, np.nan])})
