"""How numbers are spread: outlines of densities, all over the same bins."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import DASHES, bare

Samples = Mapping[str, Float[np.ndarray, " _samples"]]


def histogram(ax: Axes, samples: Samples, *, xlabel: str, bins: int = 50) -> Axes:
    """Draw the density of each sample as an outline in its own dash.

    The area under each outline is one, whatever the number of samples.

    Raises
    ------
    ValueError
        If there are more samples than dashes, or one is empty or holds nan.
    """
    _require("histogram", samples)
    every = np.concatenate(list(samples.values()))
    edges = np.histogram_bin_edges(every, bins)
    for dash, (name, sample) in zip(DASHES, samples.items(), strict=False):
        density, _ = np.histogram(sample, edges, density=True)
        look = {"color": "black", "linestyle": dash, "linewidth": 1.4}
        ax.stairs(density, edges, label=name, **look)
    ax.set(xlabel=xlabel, ylabel="density")
    ax.set_ylim(bottom=0)
    bare(ax)
    if len(samples) > 1:
        ax.legend(frameon=False, fontsize=9, handlelength=3)
    return ax


def describe_histogram(samples: Samples) -> str:
    """Say mean, variance, and the range that holds nine in ten of each sample.

    Examples
    --------
    >>> import numpy as np
    >>> describe_histogram({"d = 4": np.arange(101.0)})
    'd = 4: 101 numbers, mean 50, variance 850, nine in ten from 5 to 95'
    """
    _require("describe_histogram", samples)
    told = []
    for name, sample in samples.items():
        low, high = np.quantile(sample, [0.05, 0.95])
        told.append(
            f"{name}: {sample.size} numbers, mean {sample.mean():.3g}, variance "
            f"{sample.var():.3g}, nine in ten from {low:.3g} to {high:.3g}"
        )
    return "\n".join(told)


def _require(who: str, samples: Samples) -> None:
    require.at_most(who, len(DASHES), samples, "samples")
    for name, sample in samples.items():
        if np.ndim(sample) != 1 or not len(sample):
            raise ValueError(
                f"{who}: wanted a row of numbers in {name!r}, "
                f"got shape {np.shape(sample)}"
            )
    require.finite(who, **samples)
