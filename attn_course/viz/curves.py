"""Lines over a common axis, and a fit through dots.

Lines differ by dash or marker and carry their name at the end, so that no colour is
needed.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Real
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.describe import describe_curves
from attn_course.viz.guides import milestone
from attn_course.viz.style import (
    MARKERS,
    bare,
    last_seen,
    name_ends,
    name_places,
    stroke,
)


def curves(
    ax: Axes,
    x: Real[np.ndarray, " points"],
    lines: Mapping[str, Real[np.ndarray, " points"]],
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    logy: bool = False,
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw each line in its own dash and write its name where it ends.

    Up to 12 points are marked one by one. Points that are not finite leave a gap.

    Raises
    ------
    ValueError
        If there are more lines than can be told apart, or they do not fit x.
    """
    require.at_most("curves", len(MARKERS), lines, "lines")
    require.along("curves", x, lines)
    for i, y in enumerate(lines.values()):
        ax.plot(x, y, **stroke(i, len(x)))
    if logx:
        ax.set_xscale("log")
        name_places(ax, x)
    if logy:
        ax.set_yscale("log")
    if ylim:
        ax.set_ylim(ylim)
    name_ends(ax, {name: last_seen(x, y) for name, y in lines.items()})
    ax.set(xlabel=xlabel, ylabel=ylabel)
    bare(ax)
    return ax


def learning_curves(
    ax: Axes,
    training: Real[np.ndarray, " epochs"],
    validation: Real[np.ndarray, " epochs"],
    *,
    chosen: int | None = None,
    ylabel: str = "loss (nats)",
    logy: bool = False,
) -> Axes:
    """Draw both losses over the epochs, counted from 1, and mark the chosen epoch.

    Parameters
    ----------
    chosen
        Index of the epoch whose model is kept, counted from 0.

    Raises
    ------
    ValueError
        If the curves differ in length, or the chosen epoch is not on them.
    """
    _require_chosen("learning_curves", chosen, training)
    epochs = np.arange(1.0, len(training) + 1)
    lines = {"training": training, "validation": validation}
    curves(ax, epochs, lines, xlabel="epoch", ylabel=ylabel, logy=logy)
    if chosen is not None:
        ax.plot(epochs[chosen], validation[chosen], "ko", markersize=6)
        milestone(ax, epochs[chosen], f"kept: epoch {chosen + 1}")
    return ax


def describe_learning_curves(
    training: Real[np.ndarray, " epochs"],
    validation: Real[np.ndarray, " epochs"],
    *,
    chosen: int | None = None,
) -> str:
    """Say where both losses start and end, and what they are at the chosen epoch.

    Examples
    --------
    >>> import numpy as np
    >>> losses = np.array([3.0, 2.0, 1.0]), np.array([3.5, 2.5, 2.75])
    >>> print(describe_learning_curves(*losses, chosen=1))
    training: 3 at 1, 1 at 3
    validation: 3.5 at 1, 2.75 at 3, lowest 2.5 at 2
    Kept: epoch 2, training 2, validation 2.5.
    """
    _require_chosen("describe_learning_curves", chosen, training)
    epochs = np.arange(1.0, len(training) + 1)
    told = describe_curves(epochs, {"training": training, "validation": validation})
    if chosen is None:
        return told
    return (
        f"{told}\nKept: epoch {chosen + 1}, training {training[chosen]:.4g}, "
        f"validation {validation[chosen]:.4g}."
    )


def fit(
    ax: Axes,
    positions: Real[np.ndarray, " points"],
    values: Real[np.ndarray, " points"],
    grid: Real[np.ndarray, " grid"],
    guesses: Real[np.ndarray, " grid"],
    *,
    title: str,
) -> Axes:
    """Draw the data as pale dots and what was fitted to them as a line."""
    ax.plot(positions, values, "o", color="0.65", markersize=3)
    ax.plot(grid, guesses, "-", color="black", linewidth=1.5)
    ax.set_title(title)
    bare(ax)
    return ax


def _require_chosen(who: str, chosen: int | None, losses: np.ndarray) -> None:
    if chosen is not None and not 0 <= chosen < len(losses):
        raise ValueError(
            f"{who}: wanted chosen from 0 to {len(losses) - 1}, got {chosen}"
        )
