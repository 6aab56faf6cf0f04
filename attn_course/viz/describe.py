"""The same figures in words, for who listens to a page and for who doubts a colour.

Each function takes the arrays of a figure and returns a few short lines.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Real

from attn_course.viz import require

MANY = 12  # keys: of more, only the largest weights are told
TOLD = 3


def describe_weights(
    weights: Float[np.ndarray, "queries keys"],
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    allowed: Bool[np.ndarray, "queries keys"] | None = None,
    truth: Bool[np.ndarray, "queries keys"] | None = None,
) -> str:
    r"""Say what sums to one, and for each query all weights, the largest first.

    Of more than 12 keys, the three largest weights and the sum of the others. Hidden
    keys are named as hidden; with the true alignment, say how much weight it gets.

    Examples
    --------
    >>> import numpy as np
    >>> describe_weights(np.array([[0.25, 0.75]]), ["q"], ["a", "b"])
    'Each row sums to 1.\nq: b 0.75, a 0.25'
    >>> allowed = np.array([[True, False]])
    >>> describe_weights(np.array([[1.0, 0.0]]), ["q"], ["a", "b"], allowed=allowed)
    'Each row sums to 1.\nq: a 1.00; hidden: b'
    """
    require.shape("describe_weights", (len(queries), len(keys)), weights=weights)
    seen = np.ones(weights.shape, bool) if allowed is None else allowed
    queries, keys = distinct(queries), distinct(keys)
    told = [f"{sums(weights)}."]
    if truth is not None:
        told.append(_agreement(weights, truth))
    for query, row, open_ in zip(queries, weights, seen, strict=True):
        shown = open_ | (row != 0)
        order = [k for k in np.argsort(-row, kind="stable") if shown[k]]
        shares = _largest([keys[k] for k in order], row[order])
        away = names_of(~open_, keys)
        told.append(
            f"{query}: {shares or 'nothing'}" + f"; hidden: {away}" * any(~open_)
        )
    return "\n".join(told)


def describe_heads(
    weights: Float[np.ndarray, "heads queries keys"],
    queries: Sequence[str],
    keys: Sequence[str],
    names: Sequence[str],
    *,
    truth: Bool[np.ndarray, "queries keys"] | None = None,
) -> str:
    """Say of each head how many keys it uses and where its weight is largest.

    The number of keys in use is the exponential of the entropy, mean over queries.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([[[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]])
    >>> print(describe_heads(weights, ["p", "q"], ["a", "b"], ["even", "sharp"]))
    even: 2.0 of 2 keys in use, largest weight 0.50 (p to a)
    sharp: 1.0 of 2 keys in use, largest weight 1.00 (p to a)
    """
    size = (len(names), len(queries), len(keys))
    require.shape("describe_heads", size, weights=weights)
    queries, keys, told = distinct(queries), distinct(keys), []
    for name, head in zip(names, weights, strict=True):
        logs = np.log(head, out=np.zeros_like(head), where=head > 0)
        used = np.exp(-(head * logs).sum(-1))[head.any(-1)]
        q, k = np.unravel_index(head.argmax(), head.shape)
        line = (
            f"{name}: {used.mean() if used.size else 0:.1f} of {len(keys)} keys "
            f"in use, largest weight {head[q, k]:.2f} ({queries[q]} to {keys[k]})"
        )
        told.append(
            line + (f". {_agreement(head, truth)}" if truth is not None else "")
        )
    return "\n".join(told)


def describe_signed(
    values: Float[np.ndarray, "rows columns"],
    rows: Sequence[str],
    columns: Sequence[str],
) -> str:
    """Say how many values are below zero, and of each row the lowest and the highest.

    Examples
    --------
    >>> import numpy as np
    >>> print(describe_signed(np.array([[-0.5, 0.25]]), ["q"], ["a", "b"]))
    1 of 2 values below zero, 0 exactly zero.
    q: lowest -0.5 (a), highest +0.25 (b), sum -0.25
    """
    below, none = int((values < 0).sum()), int((values == 0).sum())
    require.shape("describe_signed", (len(rows), len(columns)), values=values)
    rows, columns = distinct(rows), distinct(columns)
    told = [f"{below} of {values.size} values below zero, {none} exactly zero."]
    for name, row in zip(rows, values, strict=True):
        low, high = row.argmin(), row.argmax()
        told.append(
            f"{name}: lowest {row[low]:+.3g} ({columns[low]}), "
            f"highest {row[high]:+.3g} ({columns[high]}), sum {row.sum():+.3g}"
        )
    return "\n".join(told)


def sums(weights: Float[np.ndarray, "queries keys"]) -> str:
    """Say which axis of a table of weights sums to one, up to float32 rounding.

    Examples
    --------
    >>> import numpy as np
    >>> sums(np.array([[0.2, 0.2], [0.8, 0.8]]))
    'Each column sums to 1'
    >>> sums(np.array([[0.3, 0.7], [0.0, 0.0]]))
    'Each row sums to 1 or is all zeros'
    """
    rows, columns = (np.allclose(weights.sum(axis), 1, atol=1e-5) for axis in (1, 0))
    if rows and columns:
        return "Each row and each column sums to 1"
    if rows or columns:
        return f"Each {'row' if rows else 'column'} sums to 1"
    some = weights.any(axis=1)
    if some.any() and np.allclose(weights[some].sum(1), 1, atol=1e-5):
        return "Each row sums to 1 or is all zeros"
    return "Neither rows nor columns sum to 1"


def distinct(names: Sequence[str]) -> list[str]:
    """Add the position, from 0, to names that stand there more than once.

    Examples
    --------
    >>> distinct(["the", "cat", "the"])
    ['the (0)', 'cat', 'the (2)']
    """
    return [
        f"{name} ({i})" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def names_of(chosen: Bool[np.ndarray, " names"], names: Sequence[str]) -> str:
    """List the chosen names; three and more in a row as "first to last".

    Examples
    --------
    >>> import numpy as np
    >>> names_of(np.array([True, False, True, True, True]), list("abcde"))
    'a, c to e'
    """
    names = distinct(names)
    told, places = [], np.flatnonzero(chosen)
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if len(run) > 2:
            told.append(f"{names[run[0]]} to {names[run[-1]]}")
        else:
            told += [names[i] for i in run]
    return ", ".join(told) or "nothing"


def describe_curves(
    x: Real[np.ndarray, " points"],
    lines: Mapping[str, Real[np.ndarray, " points"]],
) -> str:
    """Say where each line starts and ends, and any lower or higher point between.

    Points that are not finite are counted and left out.

    Examples
    --------
    >>> import numpy as np
    >>> describe_curves(np.array([1.0, 2.0, 4.0]), {"error": np.array([5.0, 3.0, 9.0])})
    'error: 5 at 1, 9 at 4, lowest 3 at 2'
    """
    require.along("describe_curves", x, lines)
    told = []
    for name, y in lines.items():
        shown = np.isfinite(y)
        gone = f" ({(~shown).sum()} points not finite)" if not shown.all() else ""
        if not shown.any():
            told.append(f"{name}: no finite point")
            continue
        at, y = x[shown], y[shown]
        places = [("", 0)] + [("", len(y) - 1)] * (len(y) > 1)
        for word, place in (("lowest ", np.argmin(y)), ("highest ", np.argmax(y))):
            if 0 < place < len(y) - 1:
                places.append((word, place))
        points = ", ".join(f"{word}{y[i]:.4g} at {at[i]:.3g}" for word, i in places)
        told.append(f"{name}: {points}{gone}")
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


def _largest(names: Sequence[str], weights: Float[np.ndarray, " keys"]) -> str:
    """Tell all shares, or of many the three largest and the rest as one."""
    if len(names) <= MANY:
        return _shares(names, weights)
    rest = f"{len(names) - TOLD} others {weights[TOLD:].sum():.2f} together"
    return f"{_shares(names[:TOLD], weights[:TOLD])}, {rest}"


def _agreement(weights: np.ndarray, truth: np.ndarray) -> str:
    aligned = truth.any(axis=1)
    on_truth = (weights * truth).sum(axis=1)[aligned]
    best = truth[np.arange(len(truth)), weights.argmax(axis=1)][aligned]
    return (
        f"{on_truth.mean() if on_truth.size else 0:.2f} of the weight lies on the "
        f"true alignment; the largest weight of {best.sum()} of {aligned.sum()} "
        f"queries does."
    )
