r"""### Mend a softmax by reading the checker

Softmax turns the scores of a query into shares of its attention: each score is
exponentiated, then divided by the total of *its own row*,

$$ a_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}. $$

The `softmax(scores)` in the answer cell is wrong. Do not search for the fault yet: run
the checks, read what they say, change one thing, run them again. You may meet two or
three different messages on the way; each names one thing to look at.

A row belongs to a query, a column to a key. Any number of leading axes (a batch, say)
may come first. Scores stay between −5 and 5 here.
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
    minutes=10,
    hints=(
        "Run the first check. It prints the sums of your rows: what do all of them "
        "add up to, taken together?",
        "`exps.sum()` is one number for the whole table. You need one total for each "
        "row: which axis disappears when you add up the keys of a query?",
        "Divide by `exps.sum(axis=..., keepdims=True)`. `keepdims` leaves an axis of "
        "size 1, so that each row meets its own total; count the axis from the end.",
    ),
)


@answer
def softmax(scores):
    """Shares of attention: non-negative, each row sums to one.

    scores   (..., queries, keys)  float, between -5 and 5
    returns  (..., queries, keys)  float
    """
    ### BEGIN SOLUTION
    exps = np.exp(scores)
    return exps / exps.sum(axis=-1, keepdims=True)
    ### END SOLUTION


@starter
def softmax(scores):  # noqa: F811
    """Shares of attention: non-negative, each row sums to one.

    scores   (..., queries, keys)  float, between -5 and 5
    returns  (..., queries, keys)  float
    """
    exps = np.exp(scores)
    return exps / exps.sum()


@inputs
def draw(rng):
    """Tables of uneven sizes, with and without a batch."""
    batch, queries, keys = rng.permutation(np.arange(1, 8))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    return (rng.uniform(-5, 5, size=(*leading, queries, keys)),)


@alternative
def row_by_row(scores):
    """One row at a time, put together again."""
    rows = scores.reshape(-1, scores.shape[-1])
    return np.stack([np.exp(r) / np.exp(r).sum() for r in rows]).reshape(scores.shape)


@alternative
def shifted_first(scores):
    """The largest score of each row is subtracted first, as the next page will do."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@check(points=1)
def each_row_sums_to_one(softmax):
    """Two queries, three keys: each row of shares sums to one."""
    scores = np.array([[0.0, 1.0, 2.0], [3.0, 1.0, -1.0]])
    close(np.sum(softmax(scores), axis=-1), np.ones(2), "sums of your rows")


@check(points=1)
def shares_you_can_work_out(softmax):
    """Scores ln 1, ln 2, ln 1 give the shares 1/4, 1/2, 1/4, in a batch as well."""
    scores = np.log([[1.0, 2.0, 1.0], [3.0, 4.0, 1.0]])
    shares = np.array([[1, 2, 1], [1.5, 2, 0.5]]) / 4
    close(softmax(scores), shares, "shares")
    close(softmax(np.stack([scores] * 4)), np.stack([shares] * 4), "shares, batch of 4")


@check(points=1, hidden=True)
def batches_share_row_by_row(softmax, rng):
    """With two axes in front, each query still shares among its own keys."""
    from attn_course.functional import softmax as reference

    scores = rng.uniform(-5, 5, size=(2, 3, 4, 5))
    close(softmax(scores), reference(scores), "shares")


@misconception(caught_by=each_row_sums_to_one)
def one_total_for_the_whole_table(scores):
    """All your shares together sum to one, for the whole table once. Each query has a
    full share of its own to give away: whose total should its exponentials meet?"""
    exps = np.exp(scores)
    return exps / exps.sum()


@misconception(caught_by=each_row_sums_to_one)
def totals_of_the_columns(scores):
    """Good, one total for each line of the table, and your columns now sum to one. A
    query is a row, though: which axis runs along its keys?"""
    exps = np.exp(scores)
    return exps / exps.sum(axis=-2, keepdims=True)


@misconception(caught_by=shares_you_can_work_out)
def shares_of_the_bare_scores(scores):
    """Your rows sum to one, a good step. The shares are those of the bare scores, so
    a negative score gets a negative share: what happens to a score before the sum?"""
    return scores / scores.sum(axis=-1, keepdims=True)


@misconception(caught_by=each_row_sums_to_one)
def divided_by_the_largest(scores):
    """The best key of each query now has exactly 1, whatever the others get. Shares
    are parts of a whole: what is the whole here, the largest or all of them?"""
    exps = np.exp(scores)
    return exps / exps.max(axis=-1, keepdims=True)


@misconception(caught_by=shares_you_can_work_out)
def shares_of_the_opposite(scores):
    """The lowest score got the largest share. A high score should earn a large one:
    which sign does a score have inside the exponential?"""
    exps = np.exp(-scores)
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=shares_you_can_work_out)
def axis_counted_from_the_front(scores):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True)


@misconception(caught_by=batches_share_row_by_row)
def one_axis_in_front_at_most(scores):
    """With two axes in front, the axis you counted from the front is not the keys any
    more: from which end of the shape do they always have the same place?"""
    exps = np.exp(scores)
    return exps / exps.sum(axis=2 if scores.ndim == 3 else 1, keepdims=True)


@misconception(caught_by=each_row_sums_to_one)
def exponentials_over_the_bare_scores(scores):
    """Exponentials above the line, bare scores below it. Shares are parts of a whole:
    the whole is the total of the same things that are shared out."""
    return np.exp(scores) / scores.sum(axis=-1, keepdims=True)
