r"""### Read with weights

Each query has shared out its attention: `weights` holds one row for each query, with
one share for each key. Write `weighted_read(weights, values)`, which mixes the values
by these shares,

$$ o_{ic} = \sum_j a_{ij} \, v_{jc}. $$

Use the weights as they come; a row need not sum to one, and a row of zeros (a query
that may see nothing) reads zeros. Any number of leading axes may come first, the same
in both; each weight meets values of its own batch only.
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
    level="warm-up",
    minutes=8,
    hints=(
        "Which axis do weights and values share? It is summed over, and disappears.",
        "For one table: rows of `weights` meet columns of `values`. That sum over a "
        "shared axis has a name and an operator in NumPy.",
        "`@` multiplies the last two axes and keeps the leading ones apart. All that "
        "is left to decide is which of the two stands on the left.",
    ),
)


@answer
def weighted_read(weights, values):
    """One mixed value for each query.

    weights  (..., queries, keys)      float
    values   (..., keys, channels)     float
    returns  (..., queries, channels)  float
    """
    ### BEGIN SOLUTION
    return weights @ values
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch, sometimes with an empty row."""
    batch, queries, keys, channels = rng.permutation(np.arange(2, 9))[:4]
    leading = [(), (batch,)][rng.integers(2)]
    weights = rng.dirichlet(np.ones(keys), size=(*leading, queries))
    weights[..., 0, :] *= rng.choice([0.0, 0.5, 1.0])
    return weights, rng.normal(size=(*leading, keys, channels))


@alternative
def by_einsum(weights, values):
    """Named axes: k is in both words and not in the result, so it is summed."""
    return np.einsum("...qk,...kc->...qc", weights, values)


@alternative
def by_loop_over_keys(weights, values):
    """Each key adds its value, times the share that each query gives it."""
    return sum(
        weights[..., :, k, None] * values[..., k, None, :]
        for k in range(weights.shape[-1])
    )


@check(points=1)
def two_reads_on_paper(weighted_read):
    """Half and half, a quarter and three quarters; then five batches of the same."""
    weights = np.array([[0.5, 0.5, 0.0], [0.25, 0.0, 0.75]])
    values = np.array(
        [[8.0, 0.0, 4.0, 0.0], [2.0, 6.0, 0.0, 0.0], [4.0, 4.0, 4.0, 8.0]]
    )
    wanted = np.array([[5.0, 3.0, 2.0, 0.0], [5.0, 3.0, 4.0, 6.0]])
    close(weighted_read(weights, values), wanted, "read (queries, channels)")
    times = np.arange(1.0, 6.0)[:, None, None]  # batch 1, 2, ... times the values
    read = weighted_read(np.stack([weights] * 5), times * values)
    close(read, times * wanted, "read (batch, queries, channels)")


@check(points=1)
def weights_are_used_as_they_come(weighted_read):
    """A row of zeros reads zeros, and a row that sums to 3/4 is not filled up."""
    weights = np.array([[0.0, 0.0, 0.0], [0.5, 0.25, 0.0]])
    values = np.array([[4.0, 0, 2, 8], [8.0, 4, 0, 0], [1.0, 1, 1, 1]])
    wanted = np.array([[0.0, 0, 0, 0], [4.0, 1, 1, 4]])
    close(weighted_read(weights, values), wanted, "read (queries, channels)")


@check(points=1, hidden=True)
def batches_stay_apart(weighted_read, rng):
    """Batches and heads, against one sum for each entry."""
    weights = rng.dirichlet(np.ones(5), size=(2, 3, 4))
    values = rng.normal(size=(2, 3, 5, 6))
    wanted = np.empty((2, 3, 4, 6))
    for b, h, q, c in np.ndindex(wanted.shape):
        wanted[b, h, q, c] = sum(
            weights[b, h, q, k] * values[b, h, k, c] for k in range(5)
        )
    close(weighted_read(weights, values), wanted, "read (…, queries, channels)")


@misconception(caught_by=two_reads_on_paper)
def averages_over_the_keys(weights, values):
    """Your reads are too small by the number of keys. The shares of a row already sum
    to one, so the weighted sum is the mean: nothing is left to divide by."""
    return weights @ values / weights.shape[-1]


@misconception(caught_by=two_reads_on_paper)
def a_row_for_each_channel(weights, values):
    """Your numbers are right, and each row of yours is a channel. Each row should be a
    query: a row of weights times the values."""
    return np.swapaxes(values, -1, -2) @ np.swapaxes(weights, -1, -2)


@misconception(caught_by=two_reads_on_paper)
def winner_takes_all(weights, values):
    """You read the value with the largest weight and let the others go. That is the
    hard lookup; here every value comes in by its share."""
    best = weights.argmax(axis=-1)
    return np.take_along_axis(values, best[..., None], axis=-2)


@misconception(caught_by=weights_are_used_as_they_come)
def shares_again(weights, values):
    """You divide each row by its sum once more. For a full row that is 1 and changes
    nothing; for a row of zeros it is 0 / 0. Use the weights as they come."""
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=weights_are_used_as_they_come)
def shares_filled_up(weights, values):
    """The empty row is right. A row that sums to 3/4 was filled up to sum to one: its
    weights are not the ones that came in. Is there anything left to divide by?"""
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ values


@misconception(caught_by=two_reads_on_paper)
def dot_pairs_every_batch(weights, values):
    """Right for one table. With batches, `np.dot` pairs every batch of weights with
    every batch of values; look for the operator that keeps leading axes in step."""
    return np.dot(weights, values)


@misconception(caught_by=batches_stay_apart)
def first_batch_for_all(weights, values):
    """Every batch of yours reads the values of the first one. Two readers should not
    see each other's page: leave the leading axes of the values in place."""
    first = values.reshape(-1, *values.shape[-2:])[0]
    return weights @ first


@misconception(caught_by=two_reads_on_paper)
def weights_taken_for_scores(weights, values):
    """You put the weights through softmax once more, which makes them more alike. They
    are shares already: use them as they come."""
    exps = np.exp(weights - weights.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values
