r"""### Read a failure, mend a line

`centred(rows)` should subtract from each row its own mean, so that every row sums to
zero. The version in the answer cell looks right and holds more than one fault. Run the
checks and mend what each message names, no more. A mend can bring up the next message;
that is how it is meant.

What it promises: the result comes back by `return`; the table of whoever called stays
as it was; a table of float32 gives float32, one of float64 gives float64. Any number of
leading axes may come first; **the checks you can read have none**.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
    starter,
)
from attn_course.grading import close

exercise(
    level="warm-up",
    minutes=5,
    hints=(
        "Read the message word by word: which argument changed? Which line writes "
        "into it?",
        "`-=` writes into the array on its left. `a - b` makes a new array, and a "
        "function that makes one also has to hand it back.",
        "One line is enough: `return rows - ...`, with the mean of each row kept as an "
        "axis of size 1. Naming no dtype keeps the one that came in.",
    ),
)


@answer
def centred(rows):
    """Rows with their own mean taken away.

    rows     (..., rows, entries)  float
    returns  (..., rows, entries)  float, of the dtype of rows
    """
    ### BEGIN SOLUTION
    return rows - rows.mean(axis=-1, keepdims=True)
    ### END SOLUTION


@starter
def centred(rows):  # noqa: F811
    """Rows with their own mean taken away.

    rows     (..., rows, entries)  float
    returns  (..., rows, entries)  float, of the dtype of rows
    """
    rows -= rows.mean(axis=-1, keepdims=True)


@inputs
def draw(rng):
    """Tables of either float type, with and without a batch."""
    batch, rows, entries = rng.permutation(np.arange(1, 8))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    table = 3 + rng.normal(size=(*leading, rows, entries))
    return (table.astype([np.float32, np.float64][rng.integers(2)]),)


@alternative
def on_a_copy(rows):
    """A copy may be written into: nobody else holds it."""
    mine = rows.copy()
    mine -= mine.mean(axis=-1, keepdims=True)
    return mine


@alternative
def row_by_row(rows):
    """Each row for itself, put together again."""
    table = rows.reshape(-1, rows.shape[-1])
    return np.stack([row - row.mean() for row in table]).reshape(rows.shape)


@check(points=1)
def two_rows_on_paper(centred):
    """The rows 1 2 6 and 0 4 8 have the means 3 and 4."""
    rows = np.array([[1.0, 2.0, 6.0], [0.0, 4.0, 8.0]])
    wanted = np.array([[-2.0, -1.0, 3.0], [-4.0, 0.0, 4.0]])
    close(centred(rows), wanted, "rows", dtype=np.float64)


@check(points=1)
def float32_stays_float32(centred):
    """A table of float32 gives a table of float32."""
    rows = np.array([[1.0, 3.0, 5.0, 7.0], [2.0, 2.0, 2.0, 6.0]], dtype=np.float32)
    wanted = np.array([[-3, -1, 1, 3], [-1, -1, -1, 3]], dtype=np.float32)
    close(centred(rows), wanted, "rows", dtype=np.float32)


@check(points=1, hidden=True)
def every_row_of_a_batch(centred, rng):
    """Random batches: each row loses its own mean and nothing else."""
    rows = 3 + rng.normal(size=(2, 3, 4, 5))
    wanted = [[[row - sum(row) / 5 for row in table] for table in b] for b in rows]
    close(centred(rows), np.array(wanted), "rows", dtype=np.float64)


@misconception(caught_by=two_rows_on_paper)
def prints_the_result(rows):
    """Nothing came back to the code that called. Printing shows a result to people,
    writing it into the argument hides it there; `return` is what hands it back."""
    print(rows - rows.mean(axis=-1, keepdims=True))


@misconception(caught_by=two_rows_on_paper)
def writes_into_the_input(rows):
    """The numbers are right, and the caller's own table was overwritten to get them.
    Make a new array: `a - b` does, `a -= b` does not."""
    rows -= rows.mean(axis=-1, keepdims=True)
    return rows


@misconception(caught_by=two_rows_on_paper)
def one_mean_for_the_whole_table(rows):
    """You took one mean for the whole table. Each row should lose its own mean: which
    axis is averaged away?"""
    return rows - rows.mean()


@misconception(caught_by=two_rows_on_paper)
def centres_the_columns(rows):
    """Your columns now sum to zero. It was asked of the rows: which axis runs along
    a row?"""
    return rows - rows.mean(axis=-2, keepdims=True)


@misconception(caught_by=float32_stays_float32)
def copies_as_float64(rows):
    """A fine copy, and the numbers are right. `dtype=float` means float64, though, so
    a float32 table comes back twice as large: let the copy keep its dtype."""
    mine = np.array(rows, dtype=float)
    mine -= mine.mean(axis=-1, keepdims=True)
    return mine


@misconception(caught_by=two_rows_on_paper)
def always_float32(rows):
    """The numbers are right, and float64 came back as float32: half of its digits are
    lost. No dtype has to be named anywhere; the one that came in can stay."""
    mine = rows.astype(np.float32)
    return mine - mine.mean(axis=-1, keepdims=True)


@misconception(caught_by=every_row_of_a_batch)
def axis_counted_from_the_front(rows):
    """Right for one table. With a batch in front, axis 1 is no longer the entries of a
    row: count from the end of the shape."""
    return rows - rows.mean(axis=1, keepdims=True)


@misconception(caught_by=two_rows_on_paper)
def divided_by_the_spread(rows):
    """Your rows sum to zero, and each was divided by its spread as well. Only the mean
    was to be taken away."""
    return (rows - rows.mean(axis=-1, keepdims=True)) / rows.std(axis=-1, keepdims=True)
