r"""### A matrix between query and key

Queries and keys need not be equally wide. The *general* score puts a matrix between
them, which has a row for each entry of a query and a column for each entry of a key:

$$ s_{ij} = q_i^\top W k_j. $$

Write `general_scores(queries, keys, weight)`: a table with a row for each query and a
column for each key, and no scale. First write it with loops, as one would say it; then
with letters, as one `np.einsum` or as products of matrices. Only one of the two is
handed in, and the loops make a good check of the other. Any number of leading axes may
come first, the same in queries and keys, while all share one weight; **the checks you
can read have none**.
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
    minutes=15,
    hints=(
        "Take one query and one key and write the double sum over the entries of both. "
        "Which letters are summed, and which two are left?",
        "A query times the weight is a row as wide as a key. From there on it is a dot "
        "product with every key.",
        "By letters: q and k stay, d and e are summed, and three dots stand in front "
        "for leading axes. By products: the keys must swap their last two axes only.",
    ),
)


@answer
def general_scores(queries, keys, weight):
    """Score of every query for every key, by a matrix between the two.

    queries  (..., queries, query_width)  float
    keys     (..., keys, key_width)       float
    weight   (query_width, key_width)     float
    returns  (..., queries, keys)         float
    """
    ### BEGIN SOLUTION
    return np.einsum("...qd,de,...ke->...qk", queries, weight, keys)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch."""
    batch, n_queries, n_keys, wide, wider = rng.permutation(np.arange(2, 9))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    queries = rng.normal(size=(*leading, n_queries, wide))
    keys = rng.normal(size=(*leading, n_keys, wider))
    return queries, keys, rng.normal(size=(wide, wider))


@alternative
def by_products(queries, keys, weight):
    """The queries in the keys' coordinates, then dot products."""
    return queries @ weight @ np.swapaxes(keys, -1, -2)


@alternative
def by_loops(queries, keys, weight):
    """Pair by pair, entry by entry."""
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]))
    for place in np.ndindex(scores.shape):
        query, key = queries[place[:-1]], keys[(*place[:-2], place[-1])]
        for d, row in enumerate(weight):
            for e, w in enumerate(row):
                scores[place] += query[d] * w * key[e]
    return scores


@check(points=1)
def two_queries_three_keys(general_scores):
    """Two queries of width 4 and three keys of width 5, worked out on paper."""
    queries = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
    keys = np.array([[1.0, 0, 0, 0, 0], [0.0, 3, 0, 0, 1], [1.0, 1, 0, 2, 0]])
    weight = np.array(
        [[1.0, 0, 7, 0, 0], [0.0, 1, 7, 0, 0], [2.0, 0, 7, 0, 3], [0.0, 0, 7, 4, 0]]
    )
    # The queries in the keys' coordinates: (1, 2, 21, 0, 0) and (2, 0, 0, -4, 3).
    wanted = np.array([[1.0, 6.0, 3.0], [2.0, 3.0, -6.0]])
    close(general_scores(queries, keys, weight), wanted, "scores (queries, keys)")


@check(points=1)
def one_entry_of_the_weight(general_scores):
    """A weight of zeros but for one 2: one query entry times one key entry."""
    queries = np.arange(1.0, 13.0).reshape(4, 3)
    keys = np.arange(-5.0, 5.0).reshape(5, 2)
    weight = np.zeros((3, 2))
    weight[2, 1] = 2.0
    wanted = np.array(
        [[2 * (3 * i + 3) * (2 * j - 4) for j in range(5)] for i in range(4)]
    )
    close(general_scores(queries, keys, weight), wanted.astype(float), "scores")


@check(points=2, hidden=True)
def batches_against_the_reference(general_scores, rng):
    """Batches and heads with uneven sizes, against the function of the course."""
    from attn_course.functional import general_scores as reference

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 7))
    weight = rng.normal(size=(5, 7))
    close(
        general_scores(queries, keys, weight),
        reference(queries, keys, weight),
        "scores",
    )


@misconception(caught_by=two_queries_three_keys)
def each_with_its_own_partner(queries, keys, weight):
    """One number for each pair of partners: the first query meets the first key only,
    the second the second. Every query needs to meet every key: how many pairs are
    there?"""
    if queries.ndim > 2:
        pairs = zip(queries, keys, strict=True)
        return np.array([each_with_its_own_partner(q, k, weight) for q, k in pairs])
    pairs = zip(queries, keys, strict=False)
    return np.array([q @ weight @ k for q, k in pairs])


@misconception(caught_by=two_queries_three_keys)
def a_row_for_each_key(queries, keys, weight):
    """The numbers are right, and your table has a row for each key. A row should belong
    to one query, for it is along a row that softmax shares out."""
    return np.einsum("...qd,de,...ke->...kq", queries, weight, keys)


@misconception(caught_by=two_queries_three_keys)
def scaled_as_well(queries, keys, weight):
    """You divide by the root of a width, as the scaled dot product does. The formula
    above has no scale: a learnt matrix brings its own."""
    scores = np.einsum("...qd,de,...ke->...qk", queries, weight, keys)
    return scores / np.sqrt(queries.shape[-1])


@misconception(caught_by=two_queries_three_keys)
def already_weights(queries, keys, weight):
    """Your rows sum to one: these are weights already. Asked for are the scores, one
    step earlier; normalising is a step of its own."""
    scores = np.einsum("...qd,de,...ke->...qk", queries, weight, keys)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=one_entry_of_the_weight)
def directions_only(queries, keys, weight):
    """You divide by the lengths, so what is left is a cosine. In this score a long key
    counts for more than a short one: nothing is divided."""
    mapped = queries @ weight
    mapped = mapped / np.sqrt((mapped**2).sum(axis=-1, keepdims=True) + 1e-300)
    length = np.sqrt((keys**2).sum(axis=-1, keepdims=True) + 1e-300)
    return mapped @ np.swapaxes(keys / length, -1, -2)


@misconception(caught_by=batches_against_the_reference)
def samples_meet_each_other(queries, keys, weight):
    """Right for one table. With batches in front, every sample of yours meets the keys
    of every other sample as well, and the shape says so. Samples never see each other:
    the leading axes belong together."""
    return np.tensordot(queries @ weight, keys, axes=(-1, -1))


@misconception(caught_by=two_queries_three_keys)
def scaled_by_the_other_width(queries, keys, weight):
    """You divide by the root of the width of the keys. The formula above has no scale:
    a learnt matrix brings its own."""
    scores = np.einsum("...qd,de,...ke->...qk", queries, weight, keys)
    return scores / np.sqrt(keys.shape[-1])


@misconception(caught_by=two_queries_three_keys)
def keys_meet_the_rows_of_the_weight(queries, keys, weight):
    """In yours the keys meet the weight on the side that belongs to the queries: it has
    a row for each entry of a query. Hold its shape against the two widths."""
    return keys @ weight @ np.swapaxes(queries, -1, -2)


@misconception(caught_by=batches_against_the_reference)
def all_axes_turned_round(queries, keys, weight):
    """Right for one table. With batches in front, a transpose without axes turns round
    every axis, the batches too: which two should change places?"""
    return queries @ weight @ keys.T
