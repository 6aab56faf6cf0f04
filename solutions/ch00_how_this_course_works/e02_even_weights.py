r"""### Share evenly among what may be seen

The mask contract of this course, without any scores in the way. `allowed` says for
every query which keys it may attend to: True means *may attend*. Write
`even_weights(allowed)`, which gives

- the same weight to each allowed key of a row, so that the row sums to one;
- exactly zero to every other key;
- zeros to a row in which nothing is allowed: nobody may be seen, so nothing is read.

For `[True, True, False, False]` the weights are `[0.5, 0.5, 0, 0]`. Any number of
leading axes may come first; **the checks you can read have none**. NumPy only; it can
be done without a loop.
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
        "True counts as 1 and False as 0 when you add them up. What does the sum of a "
        "row tell you?",
        "Divide each row by its own count, with `keepdims=True`. Then try a row of "
        "False only: what is 0 divided by 0?",
        "`allowed / np.maximum(count, ...)`: which smallest divisor leaves an empty "
        "row at zero and changes no other row?",
    ),
)


@answer
def even_weights(allowed):
    """Equal weights for the allowed keys of each query.

    allowed  (..., queries, keys)  bool, True where the query may attend to the key
    returns  (..., queries, keys)  float, each row sums to one, or is all zeros
    """
    ### BEGIN SOLUTION
    count = allowed.sum(axis=-1, keepdims=True)
    return allowed / np.maximum(count, 1)
    ### END SOLUTION


@inputs
def draw(rng):
    """Masks from empty to full, with and without a batch."""
    batch, queries, keys = rng.permutation(np.arange(2, 8))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    share = rng.choice([0.1, 0.5, 0.9])
    return (rng.random((*leading, queries, keys)) < share,)


@alternative
def by_loop(allowed):
    """Row by row: count, and divide where there is something to divide by."""
    rows = allowed.reshape(-1, allowed.shape[-1])
    weights = np.zeros(rows.shape)
    for row, out in zip(rows, weights, strict=True):
        if row.any():
            out[row] = 1 / row.sum()
    return weights.reshape(allowed.shape)


@alternative
def by_guarded_division(allowed):
    """Divide only where the count is not zero; the rest keeps its zeros."""
    count = np.broadcast_to(allowed.sum(axis=-1, keepdims=True), allowed.shape)
    return np.divide(allowed, count, out=np.zeros(allowed.shape), where=count > 0)


@check(points=1)
def three_rows_on_paper(even_weights):
    """Two keys, one key and all four keys allowed."""
    allowed = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]], dtype=bool)
    wanted = [[0.5, 0.5, 0, 0], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]]
    close(even_weights(allowed), np.array(wanted), "weights")


@check(points=1)
def an_empty_row_gives_zeros(even_weights):
    """A query that may attend to nothing gets zeros."""
    allowed = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
    wanted = np.array([[0.5, 0, 0.5, 0], [0, 0, 0, 0], [0, 1, 0, 0]])
    close(even_weights(allowed), wanted, "weights")


@check(points=2, hidden=True)
def batches_agree_with_softmax(even_weights, rng):
    """Batches, empty rows included, agree with softmax over equal scores."""
    from attn_course.functional import softmax

    allowed = rng.random((2, 3, 5, 7)) < 0.4
    allowed[0, 1, 2] = allowed[1, 2, 4] = False
    wanted = softmax(np.zeros(allowed.shape), where=allowed)
    close(even_weights(allowed), wanted, "weights")


@misconception(caught_by=three_rows_on_paper)
def true_means_hide(allowed):
    """The weights went to the keys that were to be hidden. Some libraries do mean
    "hide" by True; in this course True means: may attend."""
    shown = ~allowed
    return shown / np.maximum(shown.sum(axis=-1, keepdims=True), 1)


@misconception(caught_by=three_rows_on_paper)
def crumbs_of_the_hidden_keys(allowed):
    """Each row was shared among all keys, and the hidden shares were thrown away. Now
    rows sum to less than one: among how many keys should a row be shared?"""
    return allowed / allowed.shape[-1]


@misconception(caught_by=three_rows_on_paper)
def counted_down_the_columns(allowed):
    """You counted for each key how many queries may see it. Ask the other way round:
    how many keys may this query see?"""
    return allowed / np.maximum(allowed.sum(axis=-2, keepdims=True), 1)


@misconception(caught_by=three_rows_on_paper)
def shares_of_everything_allowed(allowed):
    """One count for the whole table. Every query has a full share of its own, so it
    needs a count of its own."""
    return allowed / max(allowed.sum(), 1)


@misconception(caught_by=three_rows_on_paper)
def one_added_to_every_count(allowed):
    """No row can divide by 0 now, but a row that may see two keys is shared among
    three, and sums to less than one. Only an empty row needs another divisor."""
    return allowed / (allowed.sum(axis=-1, keepdims=True) + 1)


@misconception(caught_by=an_empty_row_gives_zeros)
def nothing_over_nothing(allowed):
    """Right wherever something is allowed. In an empty row the count is 0, and 0 / 0
    is nan, which spreads to whatever it touches: what should such a row give?"""
    return allowed / allowed.sum(axis=-1, keepdims=True)


@misconception(caught_by=an_empty_row_gives_zeros)
def an_empty_row_sees_everything(allowed):
    """No nan any more, but a query that may see nothing now sees everything, hidden
    keys included. The contract asks for zeros there."""
    count = allowed.sum(axis=-1, keepdims=True)
    return np.where(count > 0, allowed / np.maximum(count, 1), 1 / allowed.shape[-1])


@misconception(caught_by=batches_agree_with_softmax)
def axis_counted_from_the_front(allowed):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    return allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1)


@misconception(caught_by=three_rows_on_paper)
def softmax_of_the_mask(allowed):
    """You exponentiate the mask as if it were a score. False is then 0, and e to the 0
    is 1: a hidden key gets a share after all. Nothing needs an exponential here."""
    exps = np.exp(allowed.astype(float))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=three_rows_on_paper)
def hidden_keys_get_as_much(allowed):
    """The allowed keys have what they should, and the hidden ones got the same. The
    share of a row is right: which entries of the row may have it?"""
    count = np.maximum(allowed.sum(axis=-1, keepdims=True), 1)
    return np.ones(allowed.shape) / count
