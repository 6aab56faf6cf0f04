"""Small grey images side by side, with the boxes that were looked at, in order."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.patches import Rectangle

from attn_course.viz import require
from attn_course.viz.style import HALO, SMALL

Box = tuple[int, int, int, int]  # top, left, height, width, in pixels


def images(
    axes: np.ndarray,
    pictures: Float[np.ndarray, "images height width"],
    *,
    names: Sequence[str],
    boxes: Mapping[int, Sequence[Box]] | None = None,
) -> np.ndarray:
    """Draw each picture in an Axes of its own, ink dark, all on one scale.

    Parameters
    ----------
    axes
        What ``subplots(rows, columns)`` returns; what is left over stays empty.
    boxes
        By index of the picture, the boxes looked at; they are numbered in order.

    Raises
    ------
    ValueError
        If there are fewer Axes than pictures, names do not fit, or a box leaves its
        picture.
    """
    _require("images", pictures, names, boxes)
    grid = np.atleast_1d(axes)
    if grid.size < len(pictures):
        raise ValueError(f"images: wanted {len(pictures)} Axes, got {grid.size}")
    low, high = float(pictures.min()), float(pictures.max())
    for i, ax in enumerate(grid.flat):
        ax.set_axis_off() if i >= len(pictures) else ax.set(xticks=[], yticks=[])
        if i < len(pictures):
            ax.spines[:].set_color("0.7")
            ax.imshow(pictures[i], cmap="Greys", vmin=low, vmax=high)
            ax.set_title(names[i], fontsize=9)
            for nth, box in enumerate((boxes or {}).get(i, ()), start=1):
                _frame(ax, box, str(nth))
    return axes


def describe_images(
    pictures: Float[np.ndarray, "images height width"],
    names: Sequence[str],
    *,
    boxes: Mapping[int, Sequence[Box]] | None = None,
) -> str:
    """Say size and mean of each picture, and what lies in each box.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.array([[[0.0, 0.0], [0.0, 8.0]]])
    >>> print(describe_images(picture, ["dot"], boxes={0: [(1, 1, 1, 1)]}))
    dot: 2 by 2 pixels, mean 2
      box 1: rows 1 to 1, columns 1 to 1, mean 8
    """
    _require("describe_images", pictures, names, boxes)
    told = []
    for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
        rows, columns = picture.shape
        told.append(f"{name}: {rows} by {columns} pixels, mean {picture.mean():.3g}")
        for nth, (top, left, height, width) in enumerate((boxes or {}).get(i, ()), 1):
            inside = picture[top : top + height, left : left + width]
            told.append(
                f"  box {nth}: rows {top} to {top + height - 1}, columns {left} to "
                f"{left + width - 1}, mean {inside.mean():.3g}"
            )
    return "\n".join(told)


def _frame(ax, box: Box, number: str) -> None:
    top, left, height, width = box
    frame = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, clip_on=False)
    frame.set(edgecolor="black", linewidth=1.5, linestyle="--", path_effects=HALO)
    ax.add_patch(frame)
    place = (left - 0.5, top - 0.5)
    style = {"fontsize": SMALL, "weight": "bold", "path_effects": HALO, "va": "top"}
    ax.annotate(number, place, (2, -2), textcoords="offset points", **style)


def _require(who: str, pictures, names, boxes) -> None:
    if np.ndim(pictures) != 3 or not pictures.size:
        raise ValueError(
            f"{who}: wanted images by height by width, got shape {np.shape(pictures)}"
        )
    require.finite(who, pictures=pictures)
    rows, columns = pictures.shape[1:]
    if len(names) != len(pictures):
        raise ValueError(f"{who}: wanted {len(pictures)} names, got {len(names)}")
    for i, some in (boxes or {}).items():
        if not 0 <= i < len(pictures):
            raise ValueError(f"{who}: wanted boxes of a picture, got index {i}")
        for top, left, height, width in some:
            inside = top >= 0 and left >= 0 and height > 0 and width > 0
            if not (inside and top + height <= rows and left + width <= columns):
                raise ValueError(
                    f"{who}: wanted boxes inside {rows} by {columns} pixels, got "
                    f"{(top, left, height, width)}"
                )
