"""Cells of a table: shaded, numbered where there is room, hatched, outlined.

What all tables share: weights, gradients, masks, influence and encodings.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.image import AxesImage
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from attn_course.viz.style import GLYPH, HALO, SMALL, room

SQUARES = ListedColormap(["white", "0.35"])  # of a boolean table: False and True
BRIGHT = 0.18  # relative luminance from which black text stands out more than white


def shade(
    ax: Axes,
    values: Float[np.ndarray, "rows columns"],
    *,
    cmap: str,
    scale: tuple[float, float],
) -> AxesImage:
    """Shade each cell by its value on the scale from low to high."""
    low, high = scale
    return ax.imshow(values, cmap=cmap, vmin=low, vmax=high, aspect="auto")


def text_size(ax: Axes, texts: np.ndarray) -> int | None:
    """Return the size at which all texts fit into their cells, or None."""
    width, height = room(ax)
    rows, columns = texts.shape
    longest = max(map(len, texts.flat), default=0)
    for size in (10, SMALL):
        fits_across = longest * GLYPH * size <= 0.95 * width / max(columns, 1)
        if fits_across and 1.25 * size <= height / max(rows, 1):
            return size
    return None


def write(
    ax: Axes,
    image: AxesImage,
    spell: Callable[[float], str],
    *,
    bold: Bool[np.ndarray, "rows columns"],
    hidden: Bool[np.ndarray, "rows columns"],
) -> bool:
    """Write each number in its cell if there is room for all; say whether.

    A hidden cell stays empty, unless it holds something all the same.
    """
    values = image.get_array()
    texts = np.array([[spell(v) for v in row] for row in values.tolist()], dtype=object)
    size = text_size(ax, texts)
    if size is None:
        return False
    dark = luminance(image.to_rgba(values)[..., :3]) < BRIGHT
    for q, k in np.argwhere(~hidden | (values != 0)).tolist():
        ax.text(
            *(k, q, texts[q, k]),
            ha="center",
            va="center",
            size=size,
            color="white" if dark[q, k] and not hidden[q, k] else "black",
            weight="bold" if bold[q, k] else "normal",
            path_effects=HALO if hidden[q, k] else (),
        )
    return True


def luminance(rgb: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "..."]:
    """Return the relative luminance of colours, from 0 (black) to 1 (white)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def hatch(
    ax: Axes, cells: Bool[np.ndarray, "rows columns"], pattern: str, **style
) -> PathPatch:
    """Fill these cells with a hatch, as one patch."""
    square = np.array(
        [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]
    )
    corners = np.argwhere(cells)[:, None, ::-1] + square  # [cells, 5, 2]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(corners)
    path = Path(corners.reshape(-1, 2), codes)
    patch = PathPatch(path, hatch=pattern, linewidth=0, **style)
    patch.set_hatch_linewidth(0.6)
    return ax.add_patch(patch)


def outline(
    ax: Axes, cells: Bool[np.ndarray, "rows columns"], *, label: str
) -> LineCollection:
    """Draw a line round these cells, light-edged so that it shows on dark cells too."""
    edges, style = _edges(cells), {"capstyle": "projecting", "clip_on": False}
    under = LineCollection(edges, colors="white", linewidths=3.6, **style)
    ax.add_collection(under, autolim=False)
    lines = LineCollection(edges, colors="black", linewidths=1.8, label=label, **style)
    return ax.add_collection(lines, autolim=False)


def _edges(cells: Bool[np.ndarray, "rows columns"]) -> list:
    """Return the sides that part a cell inside from one outside."""
    framed = np.pad(cells, 1)
    over = np.argwhere(framed[1:, 1:-1] != framed[:-1, 1:-1]) - [0.5, 0.5]
    left = np.argwhere(framed[1:-1, 1:] != framed[1:-1, :-1]) - [0.5, 0.5]
    flat = [[(x, y), (x + 1, y)] for y, x in over.tolist()]
    return flat + [[(x, y), (x, y + 1)] for y, x in left.tolist()]
