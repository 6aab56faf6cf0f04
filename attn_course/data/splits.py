"""Splits that share nothing, and a way to see that they do not."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int, Shaped

from attn_course.data import expect


def split_indices(
    rng: np.random.Generator,
    labels: Int[np.ndarray, " items"],
    shares: Sequence[float],
) -> list[Int[np.ndarray, " part"]]:
    """Deal the items out at random, each kind of label in the same proportions.

    Parameters
    ----------
    labels
        What each item is. Use zeros where that does not matter.
    shares
        The part of each split, positive; together one.

    Returns
    -------
    list[Int[np.ndarray, " part"]]
        For each share the indices of its items, ascending. Every item is in exactly
        one of them. Each kind is rounded on its own, so that sizes may be off by one
        item a kind.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, test = split_indices(rng, np.array([0, 0, 0, 0, 1, 1]), [0.5, 0.5])
    >>> len(train), len(test), sorted([*train, *test]) == [0, 1, 2, 3, 4, 5]
    (3, 3, True)
    """
    expect.generator("split_indices", rng)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1:
        raise ValueError(
            f"split_indices: wanted one row of labels as an array, got "
            f"{type(labels).__name__} of shape {np.shape(labels)}"
        )
    shares = np.asarray(shares, dtype=float)
    if not ((shares > 0).all() and np.isclose(shares.sum(), 1)):
        raise ValueError(
            f"split_indices: wanted positive shares that sum to one, got {shares}"
        )
    parts = [[] for _ in shares]
    for kind in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == kind))
        cuts = np.rint(np.cumsum(shares)[:-1] * len(places)).astype(int)
        for part, dealt in zip(parts, np.split(places, cuts), strict=True):
            part.append(dealt)
    return [np.sort(np.concatenate([*part, np.empty(0, int)])) for part in parts]


def unseen(
    rows: Shaped[np.ndarray, "rows ..."], seen: Shaped[np.ndarray, "others ..."]
) -> Bool[np.ndarray, " rows"]:
    """Return True for each row that is not, entry for entry, among those `seen`.

    Rows that a generator draws for a test may have been drawn for training before;
    this finds those that were not.

    Examples
    --------
    >>> unseen(np.array([[5, 6], [7, 8]]), np.array([[7, 8], [9, 9]]))
    array([ True, False])
    """
    if rows.shape[1:] != seen.shape[1:]:
        raise ValueError(
            f"unseen: wanted seen rows of shape {rows.shape[1:]}, got {seen.shape[1:]}"
        )
    known = {row.tobytes() for row in seen.astype(rows.dtype)}
    return np.array([row.tobytes() not in known for row in rows], dtype=bool)
