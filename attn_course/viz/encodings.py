"""Encodings of positions: the table, and the similarity of two positions by offset."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.heatmap import signed_map
from attn_course.viz.style import MARKERS, bare, name_ends, stroke

Tables = Mapping[str, Float[np.ndarray, "_positions _positions"]]


def encodings(ax: Axes, table: Float[np.ndarray, "positions entries"]) -> Axes:
    """Draw one row a position and one column an entry of its encoding.

    Raises
    ------
    ValueError
        If there are not two axes, or the table holds nan.
    """
    if np.ndim(table) != 2:
        raise ValueError(
            f"encodings: wanted positions by entries, got shape {np.shape(table)}"
        )
    return signed_map(
        ax,
        table,
        rows=[str(i) for i in range(len(table))],
        columns=[str(i) for i in range(table.shape[1])],
        xlabel="entry of the encoding",
        ylabel="position",
        label="value",
    )


def describe_encodings(table: Float[np.ndarray, "positions entries"]) -> str:
    """Say how large the entries are, and how often the first and the last change sign.

    Examples
    --------
    >>> import numpy as np
    >>> describe_encodings(np.array([[0.5, 1.0], [-0.5, 1.0], [0.5, 0.75]]))
    '3 positions by 2 entries, from -0.5 to 1. Over the positions, entry 0 changes \
sign 2 times, entry 1 0 times.'
    """
    require.finite("describe_encodings", table=table)
    changes = np.abs(np.diff(table >= 0, axis=0)).sum(axis=0)
    last = table.shape[1] - 1
    return (
        f"{len(table)} positions by {last + 1} entries, from {table.min():.3g} to "
        f"{table.max():.3g}. Over the positions, entry 0 changes sign {changes[0]} "
        f"times, entry {last} {changes[last]} times."
    )


def similarity_by_offset(
    ax: Axes, tables: Tables, *, ylabel: str = "similarity"
) -> Axes:
    """Draw the mean similarity of query i and key j over i − j, and the range around.

    Where the range has no height, the similarity depends on the offset alone.

    Raises
    ------
    ValueError
        If a table is not square, or there are more than can be told apart.
    """
    _require("similarity_by_offset", tables)
    ends = {}
    for i, (name, table) in enumerate(tables.items()):
        offsets, means, lows, highs = by_offset(table)
        ax.fill_between(offsets, lows, highs, color="black", alpha=0.15, linewidth=0)
        ax.plot(offsets, means, **stroke(i, len(offsets)))
        ends[name] = (offsets[-1], means[-1])
    ax.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    name_ends(ax, ends)
    ax.set(xlabel="offset: query position − key position", ylabel=ylabel)
    bare(ax)
    return ax


def by_offset(
    table: Float[np.ndarray, "positions positions"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return offsets from low to high, and mean, least and most of each diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> offsets, means, lows, highs = by_offset(np.array([[1.0, 2.0], [5.0, 3.0]]))
    >>> offsets, means
    (array([-1,  0,  1]), array([2., 2., 5.]))
    >>> highs - lows
    array([0., 2., 0.])
    """
    n = len(table)
    offsets = np.arange(1 - n, n)
    diagonals = [np.diagonal(table, -int(offset)) for offset in offsets]
    told = [[d.mean(), d.min(), d.max()] for d in diagonals]
    return offsets, *np.array(told).T


def describe_similarity(tables: Tables) -> str:
    """Say the similarity near and far, and whether it depends on the offset alone.

    Examples
    --------
    >>> import numpy as np
    >>> print(describe_similarity({"none": np.ones((3, 3))}))
    none: 1 at offset 0, 1 at +1, 1 at -1, 1 at +2, 1 at -2; depends on the offset alone
    """
    _require("describe_similarity", tables)
    told = []
    for name, table in tables.items():
        _, means, lows, highs = by_offset(table)
        last = len(table) - 1
        near = dict.fromkeys(o for o in (0, 1, -1, last, -last) if abs(o) <= last)
        at = ", ".join(
            f"{means[o + last]:.3g} at {'offset 0' if o == 0 else f'{o:+d}'}"
            for o in near
        )
        most = (highs - lows).max()
        alone = most <= 1e-5 * max(np.abs(table).max(), 1e-30)
        tail = "depends on the offset alone"
        if not alone:
            tail = f"at one offset it differs by up to {most:.2g}"
        told.append(f"{name}: {at}; {tail}")
    return "\n".join(told)


def _require(who: str, tables: Tables) -> None:
    require.at_most(who, len(MARKERS), tables, "tables")
    for name, table in tables.items():
        if np.ndim(table) != 2 or table.shape[0] != table.shape[1] or not len(table):
            raise ValueError(
                f"{who}: wanted {name!r} square, positions by positions, got shape "
                f"{np.shape(table)}"
            )
        require.finite(who, **{name: table})
