r"""### Name the axes

A batch of queries comes with its axes in the order `(queries, batch, width)`, and a
batch of keys as `(keys, batch, width)`: some libraries put time first and the batch
second. Write `compare(queries, keys)`, the dot product of every query with every key
*of the same sample*, with the batch in front:

$$ s_{bqk} = \sum_w \mathrm{queries}_{qbw}\, \mathrm{keys}_{kbw}. $$

Give each axis a letter and `np.einsum` does the rest: letters that appear in both
arguments and in the result go along, a letter missing in the result is summed over.
NumPy only, no loops.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=10,
    hints=(
        "Write down three words of letters: the axes of `queries`, the axes of `keys`, "
        "and the axes you want. The same letter means the same axis.",
        "The queries are `qbw`. Which two letters do the keys share with them, and "
        "which letter must not appear in the result?",
        '`np.einsum("qbw,kbw->...", queries, keys)`: fill in the three letters of the '
        "result in the order of the formula.",
    ),
)


@answer
def compare(queries, keys):
    """Dot product of every query with every key of the same sample.

    queries  (queries, batch, width)  float
    keys     (keys, batch, width)     float
    returns  (batch, queries, keys)   float
    """
    ### BEGIN SOLUTION
    return np.einsum("qbw,kbw->bqk", queries, keys)
    ### END SOLUTION


@inputs
def draw(rng):
    """Four sizes that all differ."""
    n_queries, n_keys, batch, width = rng.permutation(np.arange(1, 8))[:4]
    return (
        rng.normal(size=(n_queries, batch, width)),
        rng.normal(size=(n_keys, batch, width)),
    )


@alternative
def by_product(queries, keys):
    """Bring the batch to the front, then multiply tables of each sample."""
    return queries.transpose(1, 0, 2) @ keys.transpose(1, 2, 0)


@alternative
def by_loop(queries, keys):
    """Every sample, every query, every key."""
    n_queries, batch, _ = queries.shape
    scores = np.empty((batch, n_queries, len(keys)))
    for b, q, k in np.ndindex(scores.shape):
        scores[b, q, k] = queries[q, b] @ keys[k, b]
    return scores


@check(points=1)
def two_samples_on_paper(compare):
    """Two samples: in each, one query meets three keys of width five."""
    queries = np.array([[[1.0, 2, 0, 0, 0], [0, 0, 3, 1, 2]]])
    keys = np.array(
        [
            [[1.0, 0, 1, 0, 0], [0, 1, 1, 1, 0]],
            [[0, 1, 0, 1, 0], [1, 0, 0, 1, 0]],
            [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1]],
        ]
    )
    wanted = np.array([[[1.0, 2.0, 3.0]], [[4.0, 1.0, 6.0]]])
    close(compare(queries, keys), wanted, "scores (batch, queries, keys)")


@check(points=1)
def samples_do_not_mix(compare, rng):
    """Changing the keys of the last sample changes the scores of that sample only."""
    queries, keys = rng.normal(size=(3, 2, 5)), rng.normal(size=(4, 2, 5))
    changed = keys.copy()
    changed[:, 1] += 1.0
    before, after = compare(queries, keys), compare(queries, changed)
    assert np.shape(before) == (2, 3, 4), (
        f"scores: wanted shape (batch, queries, keys) = (2, 3, 4), "
        f"got {np.shape(before)}"
    )
    close(after[0], before[0], "scores of the first sample after the change")
    moved = np.abs(after[1] - before[1]).min(axis=-1)
    assert (moved > 0).all(), "some scores of the changed sample stayed as they were"


@check(points=2, hidden=True)
def every_query_meets_every_key(compare, rng):
    """Random batches, against one dot product for each entry."""
    queries, keys = rng.normal(size=(5, 3, 2)), rng.normal(size=(7, 3, 2))
    wanted = [[[q[b] @ k[b] for k in keys] for q in queries] for b in range(3)]
    close(compare(queries, keys), np.array(wanted), "scores (batch, queries, keys)")


@misconception(caught_by=two_samples_on_paper)
def keys_in_front_of_queries(queries, keys):
    """Every comparison is there, with keys and queries in each other's place. The
    result is read row by row: each row should belong to one query."""
    return np.einsum("qbw,kbw->bkq", queries, keys)


@misconception(caught_by=samples_do_not_mix)
def batch_left_in_the_middle(queries, keys):
    """The numbers are right and the samples stay apart; only the order of the axes
    differs. The batch is wanted in front."""
    return np.einsum("qbw,kbw->qbk", queries, keys)


@misconception(caught_by=samples_do_not_mix)
def samples_added_together(queries, keys):
    """Your letters let the batch disappear into the sum, and one table was copied for
    all samples: two readers should not see each other's page."""
    summed = np.einsum("qbw,kbw->qk", queries, keys)
    return np.broadcast_to(summed, (queries.shape[1], *summed.shape))


@misconception(caught_by=two_samples_on_paper)
def a_letter_of_its_own_for_the_second_batch(queries, keys):
    """Each query meets the keys of all samples, added up: in your second word the batch
    has a letter of its own, which the result lacks. Which letter does it share?"""
    return np.einsum("qbw,kcw->bqk", queries, keys)


@misconception(caught_by=two_samples_on_paper)
def width_not_summed(queries, keys):
    """You multiplied entry by entry and kept the width. A dot product also adds up: a
    letter you leave out of the result is summed over."""
    return np.einsum("qbw,kbw->bqkw", queries, keys)


@misconception(caught_by=every_query_meets_every_key)
def reshaped_instead_of_transposed(queries, keys):
    """The shape is right and the contents have travelled: `reshape` cuts the same row
    of numbers anew, it never makes axes change places."""
    n_queries, batch, width = queries.shape
    turned = keys.reshape(batch, len(keys), width).swapaxes(-1, -2)
    return queries.reshape(batch, n_queries, width) @ turned


@misconception(caught_by=two_samples_on_paper)
def batch_summed_away(queries, keys):
    """The batch is missing in your result, so it was summed over: all samples have been
    added up in one table. A letter that should stay must stand on the right."""
    return np.einsum("qbw,kbw->qk", queries, keys)


@misconception(caught_by=two_samples_on_paper)
def batch_taken_to_come_first(queries, keys):
    """You treat the first axis of the arguments as the batch. Here the queries, and the
    keys, come first and the batch second: read the docstring once more."""
    return np.einsum("bqw,bkw->bqk", queries, keys)
