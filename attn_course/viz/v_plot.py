"""Errors of finite differences: too large a step truncates, too small a step rounds.

Truncation falls with a power of the step, the order of the method; rounding grows as
one over the step. Between the two lies the best step, and the lines make a V.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.guides import PALE, SMALL_TEXT, slope_guide
from attn_course.viz.scaling import fitted_slope
from attn_course.viz.style import MARKERS, bare, last_seen, name_ends, stroke


def v_plot(
    ax: Axes,
    steps: Float[np.ndarray, " steps"],
    errors: Mapping[str, Float[np.ndarray, " steps"]],
    *,
    orders: Mapping[str, int],
    ylabel: str = "error of the slope",
) -> Axes:
    """Draw finite-difference errors over the step: rounding left, truncation right.

    Guides with slope -1 on the left and the order of each method on the right show
    the two regimes, and a dot the best step. Errors that are exactly zero have no
    place on a log axis and are left out.

    Raises
    ------
    ValueError
        If steps are not positive, an error is negative, or an order is missing.
    """
    _require_errors("v_plot", steps, errors, orders)
    ax.set(xscale="log", yscale="log", xlabel="step size h", ylabel=ylabel)
    shown = {name: np.where(e > 0, e, np.nan) for name, e in errors.items()}
    for i, e in enumerate(shown.values()):
        ax.plot(steps, e, **stroke(i, len(steps)))
    name_ends(ax, {name: last_seen(steps, e) for name, e in shown.items()})
    bare(ax)
    for name, e in shown.items():
        best = int(np.nanargmin(e))
        ax.plot(steps[best], e[best], "ko", markersize=7)
        if best < len(steps) - 2:
            last = int(np.flatnonzero(np.isfinite(e))[-1])
            start = max(best + 1, (best + last) // 2)
            end = e[last] * (steps[start] / steps[last]) ** orders[name]
            slope_guide(
                ax, orders[name], through=(steps[start], end / 4), until=steps[last]
            )
    _rounding(ax, steps, next(iter(shown.values())))
    return ax


def _rounding(ax: Axes, steps: np.ndarray, errors: np.ndarray) -> None:
    """Draw the slope -1 under the left arm, through its middle."""
    best = int(np.nanargmin(errors))
    if best < 2:
        return
    arm = np.isfinite(errors[:best])
    level = np.exp(np.mean(np.log(errors[:best][arm] * steps[:best][arm]))) / 8
    ax.plot(
        *(steps[[0, best]], level / steps[[0, best]]), linestyle=(0, (3, 2)), **PALE
    )
    middle = np.sqrt(steps[0] * steps[best])
    text = {"textcoords": "offset points", "ha": "right", "va": "top", **SMALL_TEXT}
    ax.annotate("slope −1", (middle, level / middle), (-4, -2), **text)


def describe_v_plot(
    steps: Float[np.ndarray, " steps"],
    errors: Mapping[str, Float[np.ndarray, " steps"]],
    *,
    orders: Mapping[str, int],
) -> str:
    """Say the best step of each method, and the slopes measured on either side of it.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.geomspace(1e-12, 1e-1, 12)
    >>> errors = {"central": 1e-17 / steps + steps**2}
    >>> describe_v_plot(steps, errors, orders={"central": 2})
    'central: best 1.1e-11 at h = 1e-06; slope -1.00 left, 2.00 right (2 expected)'
    """
    _require_errors("describe_v_plot", steps, errors, orders)
    told = []
    for name, e in errors.items():
        shown = e > 0
        at, seen = steps[shown], e[shown]
        best = int(seen.argmin())
        sides = []
        for word, arm in (("left", slice(0, best)), ("right", slice(best + 1, None))):
            if len(at[arm]) > 1:
                sides.append(f"{fitted_slope(at[arm], seen[arm])[0]:.2f} {word}")
        gone = f"; {(~shown).sum()} errors exactly zero" if not shown.all() else ""
        told.append(
            f"{name}: best {seen[best]:.2g} at h = {at[best]:.2g}; slope "
            f"{', '.join(sides)} ({orders[name]} expected){gone}"
        )
    return "\n".join(told)


def _require_errors(who: str, steps, errors, orders) -> None:
    require.at_most(who, len(MARKERS), errors, "methods")
    require.along(who, steps, errors)
    require.positive(who, steps=steps)
    require.finite(who, **errors)
    if (np.diff(steps) <= 0).any():
        raise ValueError(f"{who}: wanted steps from small to large")
    for name, e in errors.items():
        if (e < 0).any() or not e.any():
            raise ValueError(
                f"{who}: wanted errors of {name!r} from zero up, some above"
            )
        if name not in orders:
            raise ValueError(f"{who}: wanted the order of {name!r}, got none")
