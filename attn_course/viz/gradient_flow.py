"""How much of a gradient arrives, by depth or by distance, on a log axis.

A straight line there is a constant factor for each step: below one it vanishes, above
one it explodes. A gradient of exactly zero has no place on such an axis; it is shown
as a triangle on the floor.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Real
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import MARKERS, bare, name_ends, stroke

Norms = Mapping[str, Real[np.ndarray, " places"]]


def gradient_flow(
    ax: Axes,
    places: Real[np.ndarray, " places"],
    norms: Norms,
    *,
    xlabel: str,
    ylabel: str = "norm of the gradient",
) -> Axes:
    """Draw the norm of the gradient at each place, one line a variant.

    Raises
    ------
    ValueError
        If there are more lines than can be told apart, or a norm is negative or nan.
    """
    _require("gradient_flow", places, norms)
    some = np.concatenate([y[y > 0] for y in norms.values()])
    floor = some.min() / 10 if some.size else 1.0
    ax.set(yscale="log", xlabel=xlabel, ylabel=ylabel)
    ends = {}
    for i, (name, y) in enumerate(norms.items()):
        ax.plot(places, np.where(y > 0, y, np.nan), **stroke(i, len(places)))
        gone = places[y == 0]
        if gone.size:
            ax.plot(gone, np.full(gone.size, floor), "kv", markersize=6)
        ends[name if y[-1] > 0 else f"{name}: exactly 0"] = (places[-1], y[-1] or floor)
    name_ends(ax, ends)
    bare(ax)
    return ax


def describe_gradient_flow(places: Real[np.ndarray, " places"], norms: Norms) -> str:
    """Say the norm at both ends, and the factor for each step between.

    Examples
    --------
    >>> import numpy as np
    >>> places = np.arange(1.0, 5.0)
    >>> describe_gradient_flow(places, {"RNN": 0.5**places})
    'RNN: 0.5 at 1, 0.0625 at 4; times 0.500 for each step'
    """
    _require("describe_gradient_flow", places, norms)
    told = []
    for name, y in norms.items():
        line = f"{name}: {y[0]:.3g} at {places[0]:.4g}, {y[-1]:.3g} at {places[-1]:.4g}"
        some = y > 0
        if some.sum() > 1:
            rate = np.polyfit(places[some], np.log(y[some]), 1)[0]
            line += f"; times {np.exp(rate):.3f} for each step"
        zeros = (~some).sum()
        told.append(line + (f"; exactly zero at {zeros} places" if zeros else ""))
    return "\n".join(told)


def _require(who: str, places: np.ndarray, norms: Norms) -> None:
    require.at_most(who, len(MARKERS), norms, "lines")
    require.along(who, places, norms)
    require.finite(who, places=places)
    require.finite(who, **norms)
    for name, y in norms.items():
        if (y < 0).any():
            raise ValueError(f"{who}: wanted norms from zero up in {name!r}")
