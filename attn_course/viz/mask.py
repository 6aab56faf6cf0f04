"""A mask as squares, as characters and as a sentence: True may attend.

An empty row is a query that may attend to nothing, and is marked as such.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attn_course.viz import require
from attn_course.viz.describe import distinct, names_of
from attn_course.viz.style import key_above, name_columns, name_rows
from attn_course.viz.table import SQUARES, hatch

OPEN, SHUT = "■", "·"


def mask(
    ax: Axes,
    allowed: Bool[np.ndarray, "queries keys"],
    *,
    queries: Sequence[str],
    keys: Sequence[str],
) -> Axes:
    """Draw a dark square where the query of the row may attend to the key.

    Raises
    ------
    ValueError
        If the mask is not boolean or the names do not fit it.
    """
    _require("mask", allowed, queries, keys)
    ax.imshow(allowed, cmap=SQUARES, aspect="auto", vmin=0, vmax=1)
    hidden = hatch(ax, ~allowed, "////", fill=False, edgecolor="0.6", label="hidden")
    for side in ("x", "y"):
        ax.tick_params(side, length=0)
    _grid(ax, allowed.shape)
    for row in np.flatnonzero(~allowed.any(axis=1)).tolist():
        ax.annotate(
            "empty",
            (1, row),
            (4, 0),
            va="center",
            fontsize=9,
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )
    name_columns(ax, keys)
    name_rows(ax, queries)
    ax.set(xlabel="keys", ylabel="queries")
    key_above(ax, [Patch(facecolor=SQUARES(1), label="may attend"), hidden])
    return ax


def mask_text(
    allowed: Bool[np.ndarray, "queries keys"],
    queries: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> str:
    """Return the mask as characters: ■ may attend, · is hidden.

    Examples
    --------
    >>> import numpy as np
    >>> print(mask_text(np.tri(3, dtype=bool)))
    ■··
    ■■·
    ■■■
    >>> print(mask_text(np.tri(2, 3, dtype=bool), ["q1", "q2"], ["the", "cat", "sat"]))
       the cat sat
    q1 ■   ·   ·
    q2 ■   ■   ·
    """
    queries, keys = queries or [""] * len(allowed), keys or [""] * allowed.shape[1]
    _require("mask_text", allowed, queries, keys)
    left = max(map(_cells, queries), default=0)
    widths = [_cells(key) or 1 for key in keys]
    gap = " " if any(keys) else ""
    signs = [[OPEN if cell else SHUT for cell in row] for row in allowed]
    table = [(" " * left, keys)] * any(keys) + [*zip(queries, signs, strict=True)]
    lines = []
    for name, row in table:
        cells = gap.join(map(_pad, row, widths))
        lines.append((f"{_pad(name, left)} " * bool(left) + cells).rstrip())
    return "\n".join(lines)


def describe_mask(
    allowed: Bool[np.ndarray, "queries keys"],
    queries: Sequence[str],
    keys: Sequence[str],
) -> str:
    """Say how many pairs are allowed, and to which keys each query may attend.

    Examples
    --------
    >>> import numpy as np
    >>> allowed = np.array([[True, True, True, False], [False] * 4])
    >>> print(describe_mask(allowed, ["p", "q"], list("abcd")))
    3 of 8 pairs may attend.
    p: a to c
    q: nothing
    """
    _require("describe_mask", allowed, queries, keys)
    rows = [
        f"{query}: {names_of(row, keys)}"
        for query, row in zip(distinct(queries), allowed, strict=True)
    ]
    return "\n".join([f"{allowed.sum()} of {allowed.size} pairs may attend.", *rows])


def _grid(ax: Axes, shape: tuple[int, int]) -> None:
    """Part the squares by white lines, as long as they are large enough."""
    if max(shape) <= 32:
        ax.hlines(np.arange(1, shape[0]) - 0.5, -0.5, shape[1] - 0.5, "white", lw=1)
        ax.vlines(np.arange(1, shape[1]) - 0.5, -0.5, shape[0] - 0.5, "white", lw=1)


def _cells(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _require(who: str, allowed, queries, keys) -> None:
    require.boolean(who, allowed=allowed)
    require.shape(who, (len(queries), len(keys)), allowed=allowed)
