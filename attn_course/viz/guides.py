"""Lines to compare with: a baseline, a moment, the slope of a power law."""

import numpy as np
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import HALO

PALE = {"color": "0.4", "linewidth": 1.0, "zorder": 1}
SMALL_TEXT = {"fontsize": 9, "color": "0.2", "path_effects": HALO}


def baseline(ax: Axes, value: float, name: str) -> Axes:
    """Draw a long-dashed level line with its name on it, such as chance."""
    require.finite("baseline", value=value)
    ax.axhline(value, linestyle=(0, (8, 4)), **PALE)
    ax.annotate(
        name,
        (0, value),
        (4, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        **SMALL_TEXT,
    )
    return ax


def milestone(ax: Axes, at: float, name: str) -> Axes:
    """Draw a dotted upright line, with its name where the lines leave most room."""
    require.finite("milestone", at=at)
    place = _in_frame(ax, np.array([[at, ax.get_ylim()[0]]]))[0, 0]
    left, low = place > 0.5, _lower(ax, place)
    ax.axvline(at, linestyle=(0, (1, 3)), **PALE)
    ax.annotate(
        name,
        (at, 0 if low else 1),
        (-4 if left else 4, 3 if low else -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if left else "left",
        va="bottom" if low else "top",
        **SMALL_TEXT,
    )
    return ax


def _lower(ax: Axes, place: float) -> bool:
    """Say whether there is more room under the lines than over them, near a place."""
    points = [_in_frame(ax, line.get_xydata()) for line in ax.lines]
    near = np.concatenate([p[abs(p[:, 0] - place) < 0.3] for p in points] or [[[0, 0]]])
    heights = near[np.isfinite(near[:, 1]), 1]
    return bool(heights.size and heights.min() > 1 - heights.max())


def _in_frame(ax: Axes, points: np.ndarray) -> np.ndarray:
    """Return points as shares of the width and the height of the frame."""
    return ax.transAxes.inverted().transform(ax.transData.transform(points))


def slope_guide(
    ax: Axes, slope: float, *, through: tuple[float, float], until: float
) -> Axes:
    """Draw a power law from a point to another x, as a straight line on log axes.

    Raises
    ------
    ValueError
        If the axes are not both logarithmic, where a power law is no straight line.
    """
    scales = ax.get_xscale(), ax.get_yscale()
    if scales != ("log", "log"):
        raise ValueError(f"slope_guide: wanted log axes, got {' and '.join(scales)}")
    require.positive("slope_guide", through=np.array(through), until=until)
    x, y = through
    end = y * (until / x) ** slope
    ax.plot([x, until], [y, end], linestyle=(0, (3, 2)), **PALE)
    middle = np.sqrt(x * until), np.sqrt(y * end)
    ax.annotate(
        f"slope {slope:g}".replace("-", "−"),
        middle,
        (5, 5),
        textcoords="offset points",
        **SMALL_TEXT,
    )
    return ax
