r"""Cost against size: a power law is a straight line on log axes.

If :math:`y = c\,n^p`, then :math:`\log y = \log c + p \log n`: the slope is the power.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Real
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import MARKERS, bare, name_ends, name_places, stroke


def fitted_slope(
    n: Real[np.ndarray, " sizes"], y: Real[np.ndarray, " sizes"]
) -> tuple[float, float]:
    """Return slope and intercept of the least-squares line of log y over log n.

    Raises
    ------
    ValueError
        If there are not two different sizes, or something is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([1.0, 2.0, 4.0])
    >>> slope, _ = fitted_slope(n, 3 * n**2)
    >>> round(slope, 12)
    2.0
    """
    require.along("fitted_slope", n, {"y": y})
    require.positive("fitted_slope", n=n, y=y)
    if len(np.unique(n)) < 2:
        raise ValueError(
            f"fitted_slope: wanted two different sizes at least, got {n.tolist()}"
        )
    slope, intercept = np.polyfit(np.log(n), np.log(y), 1)
    return float(slope), float(intercept)


def scaling(
    ax: Axes,
    n: Real[np.ndarray, " sizes"],
    measured: Mapping[str, Real[np.ndarray, " sizes"]],
    *,
    xlabel: str,
    ylabel: str,
    fit_from: float = 0.0,
) -> Axes:
    """Draw what was measured as marks on log axes, with fitted lines and their slopes.

    Parameters
    ----------
    fit_from
        Smallest size that takes part in the fit: below it, fixed costs rule.

    Raises
    ------
    ValueError
        If there are more series than marks, or something is not positive.
    """
    require.at_most("scaling", len(MARKERS), measured, "series")
    require.along("scaling", n, measured)
    require.positive("scaling", n=n)
    require.positive("scaling", **measured)
    counts = n >= fit_from
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    ends = {}
    for i, (name, y) in enumerate(measured.items()):
        slope, intercept = fitted_slope(n[counts], y[counts])
        look = stroke(i, 1)
        line = np.exp(intercept) * n[counts] ** slope
        ax.plot(n, y, **look | {"linestyle": "none"})
        ax.plot(n[counts], line, look["linestyle"], color="0.4", linewidth=1, zorder=1)
        ends[f"{name}: slope {slope:.2f}"] = (n[-1], y[-1])
    name_places(ax, n)
    name_ends(ax, ends)
    bare(ax)
    return ax


def describe_scaling(
    n: Real[np.ndarray, " sizes"],
    measured: Mapping[str, Real[np.ndarray, " sizes"]],
    *,
    fit_from: float = 0.0,
) -> str:
    """Say what each series costs at the smallest and largest size, and its slope.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([10.0, 100.0])
    >>> describe_scaling(n, {"full": n**2})
    'full: 100 at 10, 1e+04 at 100; slope 2.00 (a doubling costs 4.00 times as much)'
    """
    told = []
    for name, y in measured.items():
        slope, _ = fitted_slope(n[n >= fit_from], y[n >= fit_from])
        told.append(
            f"{name}: {y[0]:.3g} at {n[0]:.4g}, {y[-1]:.3g} at {n[-1]:.4g}; slope "
            f"{slope:.2f} (a doubling costs {2**slope:.2f} times as much)"
        )
    return "\n".join(told)
