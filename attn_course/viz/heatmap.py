"""A table of weights: one cell a weight, with its number in it where there is room.

Darker is larger, on a scale that also falls in grey; the largest weight of a row is
bold. The numbers carry the figure, the shade only helps. A table too large for
numbers has a scale beside it. Signed values, such as gradients, have a sign in their
number, or else a scale that rises from dark to light.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.describe import sums
from attn_course.viz.style import key_above, name_columns, name_rows
from attn_course.viz.table import hatch, outline, shade, write

HIDDEN = {"fill": False, "edgecolor": "0.45", "label": "hidden"}


def heatmap(
    ax: Axes,
    weights: Float[np.ndarray, "queries keys"],
    *,
    queries: Sequence[str],
    keys: Sequence[str],
    allowed: Bool[np.ndarray, "queries keys"] | None = None,
    truth: Bool[np.ndarray, "queries keys"] | None = None,
) -> Axes:
    """Draw weights with queries down and keys across; the title says what sums to one.

    Cells that are not `allowed` are hatched; the known alignment `truth` is outlined.

    Raises
    ------
    ValueError
        If the names or the masks do not fit the table, or it holds nan.
    """
    _require("heatmap", weights, queries, keys, allowed, truth)
    numbered = _weights(ax, weights, allowed, None)
    if not numbered:
        ax.figure.colorbar(ax.images[-1], ax=ax, label="weight")
    handles = _marks(ax, allowed, truth)
    name_columns(ax, keys)
    name_rows(ax, queries)
    ax.set(xlabel="keys", ylabel="queries")
    key_above(ax, handles, sums(weights))
    return ax


def head_maps(
    axes: np.ndarray,
    weights: Float[np.ndarray, "heads queries keys"],
    *,
    queries: Sequence[str],
    keys: Sequence[str],
    names: Sequence[str],
    allowed: Bool[np.ndarray, "queries keys"] | None = None,
    truth: Bool[np.ndarray, "queries keys"] | None = None,
) -> np.ndarray:
    """Draw the weights of each head in an Axes of its own, all on one scale.

    `axes` is what ``subplots(rows, columns, layout="constrained")`` returns; what is
    left over stays empty.

    Raises
    ------
    ValueError
        If there are fewer Axes than heads, or names or masks do not fit.
    """
    grid = np.atleast_2d(axes)
    require.shape("head_maps", (len(names), len(queries), len(keys)), weights=weights)
    if grid.size < len(names):
        raise ValueError(f"head_maps: wanted {len(names)} Axes, got {grid.size}")
    top = float(weights.max())
    numbered = True
    for i, (ax, head, name) in enumerate(zip(grid.flat, weights, names, strict=False)):
        _require("head_maps", head, queries, keys, allowed, truth)
        numbered &= _weights(ax, head, allowed, top)
        _marks(ax, allowed, truth)
        name_columns(ax, keys)
        name_rows(ax, queries)
        ax.set(title=name)
        ax.tick_params(labelleft=i % grid.shape[1] == 0)
        ax.tick_params(labelbottom=i + grid.shape[1] >= len(names))
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    _label_grid(grid, len(names), numbered)
    return axes


def _label_grid(grid: np.ndarray, heads: int, numbered: bool) -> None:
    columns = grid.shape[1]
    for i, ax in enumerate(grid.flat[:heads]):
        ax.set_ylabel("queries" if i % columns == 0 else "")
        ax.set_xlabel("keys" if i + columns >= heads else "")
    first = grid.flat[0]
    if not numbered:
        first.figure.colorbar(first.images[-1], ax=list(grid.flat), label="weight")
    handles = [
        h for h in (*first.patches, *first.collections) if h.get_label()[0] != "_"
    ]
    if handles:
        first.figure.legend(
            handles=handles, loc="outside upper center", ncols=2, frameon=False
        )


def signed_map(
    ax: Axes,
    values: Float[np.ndarray, "rows columns"],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str,
    ylabel: str,
    label: str,
    allowed: Bool[np.ndarray, "rows columns"] | None = None,
) -> Axes:
    """Draw values of either sign on a scale centred on zero; `label` says of what.

    With room for numbers, darker is farther from zero and the number has the sign.
    Without, lighter is larger, so that no two values look alike in grey.

    Raises
    ------
    ValueError
        If the names or the mask do not fit the table, or it holds nan.
    """
    _require("signed_map", values, rows, columns, allowed, None)
    most = float(np.abs(values).max(initial=0)) or 1.0
    image = shade(ax, values, cmap="PuOr", scale=(-most, most))
    hidden = np.zeros(values.shape, bool) if allowed is None else ~allowed
    plain = np.zeros(values.shape, bool)
    handles = _marks(ax, allowed, None)
    numbered = write(ax, image, _signed, bold=plain, hidden=hidden)
    if not numbered:
        image.set_cmap("cividis")
        ax.figure.colorbar(image, ax=ax, label=label)
    name_columns(ax, columns)
    name_rows(ax, rows)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    key_above(ax, handles, label if numbered else "")
    return ax


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−") if value else "0"


def _weights(ax: Axes, weights: np.ndarray, allowed, top: float | None) -> bool:
    """Shade the table and write the numbers, if there is room; say whether."""
    image = shade(ax, weights, cmap="Blues", scale=(0, 1))
    bold = weights == weights.max(axis=-1, keepdims=True, initial=-np.inf)
    hidden = np.zeros(weights.shape, bool) if allowed is None else ~allowed
    numbered = write(ax, image, "{:.2f}".format, bold=bold, hidden=hidden)
    if not numbered:
        image.set_clim(0, (float(weights.max()) if top is None else top) or 1.0)
    return numbered


def _marks(ax: Axes, allowed, truth) -> list:
    """Hatch what is hidden, outline what is true; return what a key must explain."""
    handles = []
    if allowed is not None and not allowed.all():
        handles.append(hatch(ax, ~allowed, "////", **HIDDEN))
    if truth is not None:
        handles.append(outline(ax, truth, label="true alignment"))
    return handles


def _require(who: str, table, rows, columns, allowed, truth) -> None:
    size = (len(rows), len(columns))
    require.shape(who, size, weights=table)
    require.finite(who, weights=table)
    given = {"allowed": allowed, "truth": truth}
    given = {name: mask for name, mask in given.items() if mask is not None}
    require.boolean(who, **given)
    require.shape(who, size, **given)
