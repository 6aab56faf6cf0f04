"""The triangle of three weights: every distribution over three keys is a point of it.

A corner gives everything to its key, the centre a third to each, and the distance
from a side is the weight of the opposite corner.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
NUDGES = ((0, -14), (0, -14), (0, 8))  # where a corner's name goes, in points


def to_plane(weights: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "... 2"]:
    """Return the place of three weights in the plane: the mean of the corners.

    Examples
    --------
    >>> import numpy as np
    >>> to_plane(np.array([0.5, 0.5, 0.0]))
    array([0.5, 0. ])
    """
    return weights @ CORNERS


def simplex(
    ax: Axes,
    weights: Float[np.ndarray, "steps 3"],
    *,
    corners: Sequence[str] = (),
    marks: dict[int, str] | None = None,
    style: str = "k-",
) -> Axes:
    """Draw the triangle and the path of the weights, naming the steps in `marks`.

    Without `corners`, the path is added to a triangle that is already there.

    Raises
    ------
    ValueError
        If there are not three weights a step, or some corners but not three.
    """
    if weights.shape[-1] != 3 or len(corners) not in (0, 3):
        raise ValueError(
            f"simplex: wanted three weights a step and three corners, got "
            f"{weights.shape[-1]} and {len(corners)}"
        )
    if corners:
        _triangle(ax, corners)
    path = to_plane(weights)
    ax.plot(*path.T, style)
    for step, name in (marks or {}).items():
        ax.plot(*path[step], "ko", markersize=5)
        ax.annotate(name, path[step], (-7, 4), textcoords="offset points", ha="right")
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.12)
    return ax


def _triangle(ax: Axes, corners: Sequence[str]) -> None:
    ax.plot(*CORNERS[[0, 1, 2, 0]].T, color="0.6", linewidth=1)
    for name, place, nudge in zip(corners, CORNERS, NUDGES, strict=True):
        ax.annotate(
            name, place, nudge, textcoords="offset points", ha="center", va="center"
        )
