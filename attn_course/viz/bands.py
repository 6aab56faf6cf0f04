"""Lines with their spread over seeds: the median, and the range from worst to best.

With three or five seeds, a range hides nothing; a standard error would.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Real
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import (
    MARKERS,
    bare,
    last_seen,
    name_ends,
    name_places,
    stroke,
)

Runs = Mapping[str, Real[np.ndarray, "_seeds points"]]


def bands(
    ax: Axes,
    x: Real[np.ndarray, " points"],
    runs: Runs,
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    logy: bool = False,
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw the median over seeds as a line and the range around it as a pale band.

    Raises
    ------
    ValueError
        If there are more lines than can be told apart, or a run is not a table of
        seeds by points, or holds nan.
    """
    _require("bands", x, runs)
    medians = {name: np.median(run, axis=0) for name, run in runs.items()}
    for i, (name, run) in enumerate(runs.items()):
        look = stroke(i, len(x))
        low, high = run.min(axis=0), run.max(axis=0)
        ax.fill_between(x, low, high, color="black", alpha=0.1, linewidth=0)
        for edge in (low, high):
            ax.plot(x, edge, look["linestyle"], color="0.55", linewidth=0.6)
        ax.plot(x, medians[name], **look)
    if logx:
        ax.set_xscale("log")
        name_places(ax, x)
    if logy:
        ax.set_yscale("log")
    if ylim:
        ax.set_ylim(ylim)
    name_ends(ax, {name: last_seen(x, y) for name, y in medians.items()})
    ax.set(xlabel=xlabel, ylabel=ylabel)
    bare(ax)
    return ax


def describe_bands(x: Real[np.ndarray, " points"], runs: Runs) -> str:
    """Say median and range at both ends of each line, and where it spreads most.

    Examples
    --------
    >>> import numpy as np
    >>> runs = {"RoPE": np.array([[1.0, 0.5], [1.0, 0.7], [0.9, 0.3]])}
    >>> describe_bands(np.array([16.0, 64.0]), runs)
    'RoPE, 3 seeds: median 1 (0.9 to 1) at 16, 0.5 (0.3 to 0.7) at 64'
    """
    _require("describe_bands", x, runs)
    told = []
    for name, run in runs.items():
        spread = np.ptp(run, axis=0)
        places = {0: "", len(x) - 1: ""}
        places.setdefault(int(spread.argmax()), "widest spread ")
        at = ", ".join(
            f"{word}{np.median(run[:, i]):.4g} ({run[:, i].min():.4g} to "
            f"{run[:, i].max():.4g}) at {x[i]:.3g}"
            for i, word in places.items()
        )
        told.append(f"{name}, {len(run)} seed{'s' * (len(run) != 1)}: median {at}")
    return "\n".join(told)


def _require(who: str, x: np.ndarray, runs: Runs) -> None:
    require.at_most(who, len(MARKERS), runs, "lines")
    require.along(who, x, runs)
    for name, run in runs.items():
        if np.ndim(run) != 2 or not len(run):
            raise ValueError(
                f"{who}: wanted seeds by points in {name!r}, got shape {np.shape(run)}"
            )
        require.finite(who, **{name: run})
