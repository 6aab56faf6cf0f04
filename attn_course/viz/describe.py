"""The same figures in words, for who listens to a page and for who doubts a colour.

Each function takes the arrays of a figure and returns a few short lines.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float


def describe_weights(
    weights: Float[np.ndarray, "queries keys"],
    queries: Sequence[str],
    keys: Sequence[str],
) -> str:
    r"""Say what sums to one, and for each query all weights, the largest first.

    Examples
    --------
    >>> import numpy as np
    >>> describe_weights(np.array([[0.25, 0.75]]), ["q"], ["a", "b"])
    'Each row sums to 1.\nq: b 0.75, a 0.25'
    """
    rows = []
    for query, row in zip(queries, weights, strict=True):
        order = np.argsort(-row, kind="stable")
        rows.append(f"{query}: {_shares([keys[k] for k in order], row[order])}")
    return "\n".join([f"{sums(weights)}.", *rows])


def sums(weights: Float[np.ndarray, "queries keys"]) -> str:
    """Say which axis of a table of weights sums to one, up to float32 rounding.

    Examples
    --------
    >>> import numpy as np
    >>> sums(np.array([[0.2, 0.2], [0.8, 0.8]]))
    'Each column sums to 1'
    """
    rows, columns = (np.allclose(weights.sum(axis), 1, atol=1e-5) for axis in (1, 0))
    if rows and columns:
        return "Each row and each column sums to 1"
    if rows or columns:
        return f"Each {'row' if rows else 'column'} sums to 1"
    return "Neither rows nor columns sum to 1"


def describe_curves(
    x: Float[np.ndarray, " points"],
    lines: Mapping[str, Float[np.ndarray, " points"]],
) -> str:
    """Say where each line starts and ends, and any lower or higher point between.

    Examples
    --------
    >>> import numpy as np
    >>> describe_curves(np.array([1.0, 2.0, 4.0]), {"error": np.array([5.0, 3.0, 9.0])})
    'error: 5 at 1, 9 at 4, lowest 3 at 2'
    """
    told = []
    for name, y in lines.items():
        places = [("", 0), ("", len(x) - 1)]
        for word, place in (("lowest ", np.argmin(y)), ("highest ", np.argmax(y))):
            if 0 < place < len(x) - 1:
                places.append((word, place))
        at = ", ".join(f"{word}{y[i]:.4g} at {x[i]:.3g}" for word, i in places)
        told.append(f"{name}: {at}")
    return "\n".join(told)


def describe_path(
    weights: Float[np.ndarray, "steps 3"], corners: Sequence[str], steps: Sequence[str]
) -> str:
    """Say which point of the triangle each step of a path has reached.

    Examples
    --------
    >>> import numpy as np
    >>> describe_path(np.array([[0.2, 0.3, 0.5]]), ["a", "b", "c"], ["start"])
    'start: a 0.20, b 0.30, c 0.50'
    """
    return "\n".join(
        f"{step}: {_shares(corners, row)}"
        for step, row in zip(steps, weights, strict=True)
    )


def _shares(names: Sequence[str], weights: Float[np.ndarray, " keys"]) -> str:
    pairs = zip(names, weights, strict=True)
    return ", ".join(f"{name} {weight:.2f}" for name, weight in pairs)
