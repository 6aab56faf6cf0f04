"""Vectors of width two as arrows in the plane: queries, keys, values."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attn_course.viz import require
from attn_course.viz.style import DASHES, HALO, key_above

HEADS = ("black", "white", "0.7", "0.4")  # what fills the arrowheads of each group


def vectors_2d(
    ax: Axes,
    groups: Mapping[str, Float[np.ndarray, "_vectors 2"]],
    *,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Axes:
    """Draw each vector as an arrow from the origin, each group in its own dash.

    Without `names`, the vectors of "queries" are q1, q2, and so on.

    Raises
    ------
    ValueError
        If vectors are not of width two, or names do not fit them.
    """
    named = _names("vectors_2d", groups, names)
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    ax.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    handles = []
    for i, (group, vectors) in enumerate(groups.items()):
        look = {"color": "black", "linestyle": DASHES[i], "linewidth": 1.5}
        tip = {"markersize": 9, "mfc": HEADS[i], "mec": "black"}
        for name, (x, y) in zip(named[group], vectors.tolist(), strict=True):
            ax.plot([0, x], [0, y], **look)
            turn = np.degrees(np.arctan2(y, x)) - 90
            ax.plot(x, y, marker=(3, 0, turn), **tip)
            away = 13 * np.array([x, y]) / (np.hypot(x, y) or 1)
            style = {"ha": "center", "va": "center", "path_effects": HALO}
            ax.annotate(name, (x, y), away, textcoords="offset points", **style)
        handles.append(Line2D([], [], marker="^", **look, **tip, label=group))
    ax.set_aspect("equal")
    ax.margins(0.15)
    ax.set(xlabel="first entry", ylabel="second entry")
    key_above(ax, handles if len(groups) > 1 else [])
    return ax


def describe_vectors(
    groups: Mapping[str, Float[np.ndarray, "_vectors 2"]],
    *,
    names: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Say entries, length and direction of each vector.

    Examples
    --------
    >>> import numpy as np
    >>> describe_vectors({"queries": np.array([[3.0, 4.0]])})
    'queries: q1 (3, 4), length 5, at 53°'
    """
    named = _names("describe_vectors", groups, names)
    told = []
    for group, vectors in groups.items():
        each = [
            f"{name} ({x:.3g}, {y:.3g}), length {np.hypot(x, y):.3g}, "
            f"at {np.degrees(np.arctan2(y, x)):.0f}°"
            for name, (x, y) in zip(named[group], vectors.tolist(), strict=True)
        ]
        told.append(f"{group}: {'; '.join(each)}")
    return "\n".join(told)


def _names(who: str, groups, names) -> dict[str, list[str]]:
    require.at_most(who, len(DASHES), groups, "groups")
    require.finite(who, **groups)
    named = {}
    for group, vectors in groups.items():
        if np.ndim(vectors) != 2 or vectors.shape[1] != 2:
            raise ValueError(
                f"{who}: wanted {group!r} of width 2, got shape {np.shape(vectors)}"
            )
        plain = [f"{group[:1]}{i + 1}" for i in range(len(vectors))]
        named[group] = list((names or {}).get(group, plain))
        if len(named[group]) != len(vectors):
            raise ValueError(
                f"{who}: wanted {len(vectors)} names for {group!r}, "
                f"got {len(named[group])}"
            )
    return named
