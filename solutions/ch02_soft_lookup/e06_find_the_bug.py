r"""### Find the bug: a recall that passed its test

`recall` answers each query with the values of the keys near it, by the weights
$\softmax_j(-\lVert q_i - k_j \rVert^2 / 2h^2)$. Whoever wrote it tried it out:

> four queries, four keys: the shape is right, no nan, all the weights together sum to
> four, as they should with four queries. Done!

It is wrong in two places. Run the checks, find out what that test could not see, and
mend one fault at a time. Any number of leading axes may come first, the same in
queries, keys and values; a query may lie far away from all the keys.
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
    level="core",
    minutes=15,
    hints=(
        "With four queries and four keys, the weights can sum to four in two ways. "
        "Print the sums of the rows and those of the columns.",
        "Each query shares one whole among the keys: which axis holds the keys? And a "
        "query far away: what are all of its exponentials, and their sum?",
        "One axis is wrong in the total, so that the columns sum to one; and the shift "
        "should be that of each row, with `axis` and `keepdims`, not of the table.",
    ),
)


@answer
def recall(queries, keys, values, bandwidth):
    """What each query remembers: a mean of the values, weighted by closeness.

    queries    (..., queries, width)     float
    keys       (..., keys, width)        float
    values     (..., keys, channels)     float
    bandwidth  ()                        float, positive
    returns    (..., queries, channels)  float
    """
    ### BEGIN SOLUTION
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return np.einsum("...qk,...kc->...qc", weights, values)
    ### END SOLUTION


@starter
def recall(queries, keys, values, bandwidth):  # noqa: F811
    """What each query remembers: a mean of the values, weighted by closeness.

    queries    (..., queries, width)     float
    keys       (..., keys, width)        float
    values     (..., keys, channels)     float
    bandwidth  ()                        float, positive
    returns    (..., queries, channels)  float
    """
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max())
    weights = exps / exps.sum(axis=-2, keepdims=True)
    return np.einsum("...qk,...kc->...qc", weights, values)


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch, sometimes with a query far away."""
    batch, n_queries, n_keys, width, channels = rng.permutation(np.arange(2, 8))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    queries = rng.normal(size=(*leading, n_queries, width))
    queries[..., 0, :] += rng.choice([0.0, 100.0])
    keys = rng.normal(size=(*leading, n_keys, width))
    values = rng.normal(size=(*leading, n_keys, channels))
    return queries, keys, values, float(rng.uniform(0.5, 2))


@alternative
def one_query_at_a_time(queries, keys, values, bandwidth):
    """Each query with the keys of its own batch."""
    read = np.empty((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(queries.shape[:-1]):
        gaps = keys[place[:-1]] - queries[place]
        scores = -(gaps**2).sum(axis=1) / (2 * bandwidth**2)
        exps = np.exp(scores - scores.max())
        read[place] = exps @ values[place[:-1]] / exps.sum()
    return read


@alternative
def by_the_square_of_a_difference(queries, keys, values, bandwidth):
    """The square of the query is one constant a row: softmax cannot see it."""
    products = queries @ np.swapaxes(keys, -1, -2)
    scores = (products - (keys**2).sum(axis=-1)[..., None, :] / 2) / bandwidth**2
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps @ values / exps.sum(axis=-1, keepdims=True)


@check(points=1)
def a_query_halfway_remembers_both(recall):
    """A query halfway between two keys reads the mean of their values; five batches."""
    queries = np.array(
        [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 7.0, 0]]
    )
    keys = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    values = np.array([[10.0], [30.0]])
    near = 1 / (1 + np.exp(-2.0))  # the other key is 2 away: e to the -2²/2
    reads = 20 + 20 * np.array([[0.0], [0.5 - near], [near - 0.5], [0.0]])
    close(recall(queries, keys, values, 1.0), reads, "reads")
    times = np.arange(1.0, 6.0)[:, None, None]  # batch 1, 2, ... times the values
    got = recall(np.stack([queries] * 5), np.stack([keys] * 5), times * values, 1.0)
    close(got, times * reads, "reads (batch, queries, channels)")


@check(points=1, extreme=True)
def wide_bandwidth_reads_the_mean(recall):
    """With a huge bandwidth every query reads the plain mean of the values."""
    queries = np.array([[0.0, 1.0], [3.0, 0.0], [1.0, 1.0], [2.0, 5.0]])
    keys = np.array([[0.0, 0.0], [4.0, 1.0], [2.0, 2.0]])
    values = np.array([[3.0], [6.0], [12.0]])
    reads = recall(queries, keys, values, 1e6)
    close(np.round(reads, 6), np.full((4, 1), 7.0), "reads")


@check(points=1, extreme=True)
def far_away_is_not_nan(recall):
    """Queries 100 and 1,000 away still tell the nearer keys from the farther ones."""
    queries = np.array([[100.0, 0.0, 0.0], [1000.0, 1.0, 0.0]])
    keys = np.array([[0.0, 0, 0], [0.0, 2, 0], [0.0, 0, 4], [-9.0, 0, 0]])
    values = np.array([[4.0], [8.0], [1.0], [6.0]])
    # Squared distances from each query, less the 100² or 1000² that all keys share:
    near = np.exp(np.array([[0, 4, 16, 1881], [1, 1, 17, 18082]]) / -8)
    wanted = near @ values / near.sum(axis=1)[:, None]
    close(recall(queries, keys, values, 2.0), wanted, "reads")


@check(points=2, hidden=True)
def batches_against_the_reference(recall, rng):
    """Batches of uneven tables, against the function of the course."""
    from attn_course.functional import nadaraya_watson

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5))
    values = rng.normal(size=(2, 3, 6, 7))
    for bandwidth in (0.7, 1.9):
        wanted = nadaraya_watson(queries, keys, values, bandwidth)
        close(recall(queries, keys, values, bandwidth), wanted, "reads")


@check(points=1, hidden=True, extreme=True)
def batches_with_queries_far_away(recall, rng):
    """Batches in which every query lies at a distance of its own, up to 1,000."""
    from attn_course.functional import nadaraya_watson

    queries = rng.integers(-2, 3, size=(2, 3, 4, 5)).astype(float)
    keys = rng.integers(-2, 3, size=(2, 3, 6, 5)).astype(float)
    queries[..., 0], keys[..., 0] = rng.integers(100, 1000, size=(2, 3, 4)), 0
    values = rng.normal(size=(2, 3, 6, 7))
    wanted = nadaraya_watson(queries, keys, values, 2.0)
    close(recall(queries, keys, values, 2.0), wanted, "reads")


@misconception(caught_by=wide_bandwidth_reads_the_mean)
def keys_share_out_the_queries(queries, keys, values, bandwidth):
    """Your columns sum to one: each key shares itself out among the queries. With as
    many queries as keys the grand total cannot tell. Whose whole is it?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return exps / exps.sum(axis=-2, keepdims=True) @ values


@misconception(caught_by=far_away_is_not_nan)
def one_shift_for_the_whole_table(queries, keys, values, bandwidth):
    """One fault is mended. The shift still comes from the whole table, so a row far
    below it holds only zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max())
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=far_away_is_not_nan)
def no_shift(queries, keys, values, bandwidth):
    """Without a shift, all exponentials of a query far away are 0, and 0 / 0 is nan.
    What may be subtracted from a whole row without changing its weights?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    exps = np.exp(-(gaps**2).sum(axis=-1) / (2 * bandwidth**2))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=batches_with_queries_far_away)
def one_shift_for_each_table(queries, keys, values, bandwidth):
    """One shift for each table. A row far below the highest of its table then has only
    zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=(-2, -1), keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_query_halfway_remembers_both)
def totals_of_the_columns(queries, keys, values, bandwidth):
    """Each row has its own shift now. The total still runs down the columns, over the
    queries: along which axis does a query share its whole among the keys?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-2, keepdims=True) @ values


@misconception(caught_by=wide_bandwidth_reads_the_mean)
def divides_by_every_weight(queries, keys, values, bandwidth):
    """All weights of the table together sum to one, so each query reads only a part.
    Every query has a whole of its own to share out."""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum() @ values


@misconception(caught_by=a_query_halfway_remembers_both)
def distance_not_squared(queries, keys, values, bandwidth):
    """You use the distance itself, a kernel with a sharp tip. The formula squares it:
    the tip becomes a round bell, and far keys fade faster."""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -np.sqrt((gaps**2).sum(axis=-1)) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=batches_against_the_reference)
def bandwidth_not_squared(queries, keys, values, bandwidth):
    """Right at bandwidth 1, wrong elsewhere: the bandwidth is squared along with the
    distance, so that their ratio has no unit."""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_query_halfway_remembers_both)
def axis_counted_from_the_front(queries, keys, values, bandwidth):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ values


@misconception(caught_by=far_away_is_not_nan)
def shifts_of_the_columns(queries, keys, values, bandwidth):
    """The total is that of a row now, and the shift that of a column: each score of a
    row is moved by another number, and the shares change. Who may share a shift?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=far_away_is_not_nan)
def nan_turned_to_zero(queries, keys, values, bandwidth):
    """The nan is gone, and so is the answer: a query far away reads 0, which no key
    holds. It should still tell near from far: why do all its exponentials vanish?"""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    scores = -(gaps**2).sum(axis=-1) / (2 * bandwidth**2)
    exps = np.exp(scores - scores.max())
    return np.nan_to_num(exps / exps.sum(axis=-1, keepdims=True)) @ values


@misconception(caught_by=a_query_halfway_remembers_both)
def a_crumb_in_the_total(queries, keys, values, bandwidth):
    """A small number in the total keeps 0 / 0 away. For a query far off it is larger
    than all the exponentials, and the read fades to 0: mend those instead."""
    gaps = queries[..., :, None, :] - keys[..., None, :, :]
    exps = np.exp(-(gaps**2).sum(axis=-1) / (2 * bandwidth**2))
    return exps / (exps.sum(axis=-1, keepdims=True) + 1e-9) @ values
