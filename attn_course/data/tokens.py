"""Ids that every vocabulary here shares, and rows of unequal length as one table.

Symbols of a task are numbered from `FIRST`. Which positions are real is written in
the table: ``tokens != PAD`` is the padding mask, True where there is something.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from attn_course.data import expect

PAD, START, END, UNKNOWN = range(4)
FIRST = 4


def pad(
    rows: Sequence[Sequence[int]], length: int | None = None
) -> Int[np.ndarray, "batch length"]:
    """Stand rows of ids under each other, filled up on the right with `PAD`.

    Parameters
    ----------
    length
        Of the table. Default: that of the longest row.

    Raises
    ------
    ValueError
        If a row is longer than `length`: nothing is cut off in silence.

    Examples
    --------
    >>> pad([[7, 5, 6], [8]])
    array([[7, 5, 6],
           [8, 0, 0]])
    """
    longest = max(map(len, rows), default=0)
    length = longest if length is None else length
    expect.at_least("pad", longest, length=length)
    table = np.full((len(rows), length), PAD)
    for row, ids in zip(table, rows, strict=True):
        row[: len(ids)] = ids
    return table


def shift_right(
    targets: Int[np.ndarray, "... length"],
) -> Int[np.ndarray, "... length"]:
    """Return what a decoder reads while it learns to write `targets`: one step late.

    `START` comes in front and the last id goes, so that at each position the decoder
    has read all targets before that position and none from there on.

    Examples
    --------
    >>> shift_right(np.array([[7, 5, END], [8, END, PAD]]))
    array([[1, 7, 5],
           [1, 8, 2]])
    """
    if np.ndim(targets) < 1 or targets.dtype.kind not in "iu":
        raise ValueError(
            f"shift_right: wanted an array of ids, got {np.asarray(targets).dtype} of "
            f"shape {np.shape(targets)}"
        )
    late = np.roll(targets, 1, axis=-1)
    late[..., :1] = START
    return late
