"""A table of weights: one cell a weight, with its number in it.

Darker is larger, on a scale that also falls in grey; the largest weight of a row is
bold. The numbers carry the figure, the shade only helps.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attn_course.viz.describe import sums

DARK = 0.72  # cells above this share of the scale carry white text


def heatmap(
    ax: Axes,
    weights: Float[np.ndarray, "queries keys"],
    *,
    queries: Sequence[str],
    keys: Sequence[str],
) -> Axes:
    """Draw weights with queries down and keys across; the title says what sums to one.

    Raises
    ------
    ValueError
        If the names do not fit the table.
    """
    if weights.shape != (len(queries), len(keys)):
        raise ValueError(
            f"heatmap: wanted weights of shape {(len(queries), len(keys))} for these "
            f"names, got {weights.shape}"
        )
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for q, k in np.ndindex(weights.shape):
        ax.text(
            *(k, q, f"{weights[q, k]:.2f}"),
            ha="center",
            va="center",
            color="white" if weights[q, k] > DARK else "black",
            weight="bold" if weights[q, k] == weights[q].max() else "normal",
        )
    ax.set_xticks(range(len(keys)), keys)
    ax.set_yticks(range(len(queries)), queries)
    ax.set(xlabel="keys", ylabel="queries", title=sums(weights))
    return ax
