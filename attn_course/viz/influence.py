"""Which input can change which output, and which of it should not be: the leaks.

Measured by changing one input at a time and comparing outputs; a mask says what may
be. What leaks looks like success until the model has to do without.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attn_course.viz import require
from attn_course.viz.describe import names_of
from attn_course.viz.style import key_above, name_columns, name_rows
from attn_course.viz.table import SQUARES, outline


def influence(
    ax: Axes,
    changes: Bool[np.ndarray, "outputs inputs"],
    *,
    outputs: Sequence[str],
    inputs: Sequence[str],
    allowed: Bool[np.ndarray, "outputs inputs"] | None = None,
) -> Axes:
    """Draw a dark square where the input of the column changes the output of the row.

    Against `allowed`, leaks are outlined and crossed; an influence that is allowed
    and missing is a small ring.

    Raises
    ------
    ValueError
        If a table is not boolean or the names do not fit it.
    """
    _require("influence", changes, outputs, inputs, allowed)
    ax.imshow(changes, cmap=SQUARES, aspect="auto", vmin=0, vmax=1)
    handles = [Patch(facecolor=SQUARES(1), label="changes the output")]
    if allowed is not None:
        leaks, missing = changes & ~allowed, allowed & ~changes
        rows, columns = np.nonzero(leaks)
        style = {"color": "white", "linewidths": 1.5, "label": "_"}
        ax.scatter(columns, rows, s=40, marker="x", **style)
        handles.append(outline(ax, leaks, label=f"leak ({leaks.sum()})"))
        rows, columns = np.nonzero(missing)
        ring = {"facecolors": "none", "edgecolors": "black", "linewidths": 0.9}
        label = f"allowed, no effect ({missing.sum()})"
        rings = ax.scatter(columns, rows, s=22, marker="o", label=label, **ring)
        handles += [rings] * bool(missing.any())
    name_columns(ax, inputs)
    name_rows(ax, outputs)
    ax.set(xlabel="inputs", ylabel="outputs")
    key_above(ax, handles)
    return ax


def describe_influence(
    changes: Bool[np.ndarray, "outputs inputs"],
    outputs: Sequence[str],
    inputs: Sequence[str],
    *,
    allowed: Bool[np.ndarray, "outputs inputs"] | None = None,
) -> str:
    """Say which inputs change each output, and which of them leak.

    Examples
    --------
    >>> import numpy as np
    >>> changes = np.array([[True, True], [True, True]])
    >>> allowed = np.tri(2, dtype=bool)
    >>> print(describe_influence(changes, ["y1", "y2"], ["x1", "x2"], allowed=allowed))
    Leaks: 1. Allowed, no effect: 0.
    y1 changes with: x1, x2; leaks: x2
    y2 changes with: x1, x2
    """
    _require("describe_influence", changes, outputs, inputs, allowed)
    may = np.ones(changes.shape, bool) if allowed is None else allowed
    leaks, missing = changes & ~may, (may & ~changes).sum()
    told = []
    if allowed is not None:
        told.append(f"Leaks: {leaks.sum()}. Allowed, no effect: {missing}.")
    for name, row, leak in zip(outputs, changes, leaks, strict=True):
        tail = f"; leaks: {names_of(leak, inputs)}" if leak.any() else ""
        told.append(f"{name} changes with: {names_of(row, inputs)}{tail}")
    return "\n".join(told)


def _require(who: str, changes, outputs, inputs, allowed) -> None:
    tables = {"changes": changes}
    if allowed is not None:
        tables["allowed"] = allowed
    require.boolean(who, **tables)
    require.shape(who, (len(outputs), len(inputs)), **tables)
