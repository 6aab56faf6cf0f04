"""Lines over a common axis, and a fit through dots.

Lines differ by dash and carry their name at the end, so that no colour is needed.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

DASHES = ("-", "--", ":", "-.")
APART = 12  # points between the names of two lines that end together


def curves(
    ax: Axes,
    x: Float[np.ndarray, " points"],
    lines: Mapping[str, Float[np.ndarray, " points"]],
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw each line in its own dash and write its name where it ends.

    Raises
    ------
    ValueError
        If there are more lines than dashes to tell them apart.
    """
    if len(lines) > len(DASHES):
        raise ValueError(
            f"curves: wanted at most {len(DASHES)} lines, got {len(lines)}"
        )
    for dash, y in zip(DASHES, lines.values(), strict=False):
        ax.plot(x, y, dash, color="black", linewidth=1.5)
    if logx:
        ax.set_xscale("log")
    if ylim:
        ax.set_ylim(ylim)
    _name_ends(ax, {name: (x[-1], y[-1]) for name, y in lines.items()})
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write each name beside its end, from the lowest up, moved up where too close."""
    points = 72 / ax.figure.dpi  # a pixel, in points
    free = -np.inf
    for name, end in sorted(ends.items(), key=lambda item: item[1][1]):
        own = ax.transData.transform(end)[1] * points
        place = max(own, free)
        free = place + APART
        ax.annotate(
            name, end, (5, place - own), textcoords="offset points", va="center"
        )


def fit(
    ax: Axes,
    positions: Float[np.ndarray, " points"],
    values: Float[np.ndarray, " points"],
    grid: Float[np.ndarray, " grid"],
    guesses: Float[np.ndarray, " grid"],
    *,
    title: str,
) -> Axes:
    """Draw the data as pale dots and what was fitted to them as a line."""
    ax.plot(positions, values, "o", color="0.65", markersize=3)
    ax.plot(grid, guesses, "-", color="black", linewidth=1.5)
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
