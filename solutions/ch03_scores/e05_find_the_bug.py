r"""### Find the bug: a read that was tested with one feature

`read` is scaled dot-product attention,

$$ O = A V, \qquad A = \softmax_j\!\Bigl( \frac{q_i \cdot k_j}{\sqrt d} \Bigr). $$

Whoever wrote it tried it out:

> three positions that ask each other, with one feature each, the same for all: every
> weight is a third, as it should be, and what is read is the mean of the three values.
> Done!

It is wrong in two places, and neither could show in that test. Run the checks, say
what in the test hid each fault, and mend one at a time. Any number of leading axes may
come first, the same in queries, keys and values.
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
        "With one feature, d is 1: which operations by 1 can nobody tell apart? And "
        "where all weights are equal, which tables can nobody tell apart?",
        "Read the last product aloud: each row of the result is a row of weights times "
        "the values. Which letter is summed, that of the queries or that of the keys?",
        "The root belongs under the line, for it should calm the scores. In the last "
        "product the weights have the letters q and k, in this order.",
    ),
)


@answer
def read(queries, keys, values):
    """Scaled dot-product attention.

    queries  (..., queries, width)     float
    keys     (..., keys, width)        float
    values   (..., keys, channels)     float
    returns  (..., queries, channels)  float
    """
    ### BEGIN SOLUTION
    scores = np.einsum("...qd,...kd->...qk", queries, keys)
    scores = scores / np.sqrt(queries.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return np.einsum("...qk,...kc->...qc", weights, values)
    ### END SOLUTION


@starter
def read(queries, keys, values):  # noqa: F811
    """Scaled dot-product attention.

    queries  (..., queries, width)     float
    keys     (..., keys, width)        float
    values   (..., keys, channels)     float
    returns  (..., queries, channels)  float
    """
    scores = np.einsum("...qd,...kd->...qk", queries, keys)
    scores = scores * np.sqrt(queries.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return np.einsum("...kq,...kc->...qc", weights, values)


@inputs
def draw(rng):
    """Uneven sizes, now and then as many queries as keys, with and without a batch."""
    batch, n_queries, n_keys, width, channels = rng.permutation(np.arange(2, 9))[:5]
    n_queries = rng.choice([n_queries, n_keys])
    leading = [(), (batch,)][rng.integers(2)]
    return (
        rng.normal(size=(*leading, n_queries, width)),
        rng.normal(size=(*leading, n_keys, width)),
        rng.normal(size=(*leading, n_keys, channels)),
    )


@alternative
def scaled_beforehand(queries, keys, values):
    """The root taken of the queries, and the sum divided out last."""
    calm = queries * queries.shape[-1] ** -0.5
    scores = calm @ np.swapaxes(keys, -1, -2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps @ values / exps.sum(axis=-1)[..., None]


@alternative
def one_query_at_a_time(queries, keys, values):
    """Each query with the keys of its own batch."""
    output = np.empty((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(queries.shape[:-1]):
        scores = keys[place[:-1]] @ queries[place] / len(queries[place]) ** 0.5
        exps = np.exp(scores - max(scores))
        output[place] = exps / exps.sum() @ values[place[:-1]]
    return output


@check(points=1)
def width_four_on_paper(read):
    """Width 4, two keys: a score of 2 ln 3 becomes ln 3, so the shares are 3 to 1."""
    queries = np.array([[2 * np.log(3.0), 0, 0, 0], [0.0, 0, 5, 0], [0.0, 0, 0, 0]])
    keys = np.array([[1.0, 0, 0, 0], [0.0, 1, 0, 0]])
    values = np.array([[4.0, 0, 0, 0, 8], [0.0, 4, 0, 0, 0]])
    wanted = np.array([[3.0, 1, 0, 0, 6], [2.0, 2, 0, 0, 4], [2.0, 2, 0, 0, 4]])
    close(read(queries, keys, values), wanted, "reads (queries, channels)")


@check(points=1)
def one_feature_other_values(read):
    """One feature once more, but no two positions alike."""
    queries, keys = np.log([[1.0], [2.0], [4.0]]), np.array([[1.0], [0.0]])
    values = np.array([[6.0, 0.0, 30.0, 0.0], [0.0, 15.0, 0.0, 0.0]])
    first = np.array([[1 / 2], [2 / 3], [4 / 5]])
    wanted = np.hstack([6 * first, 15 * (1 - first), 30 * first, 0 * first])
    close(read(queries, keys, values), wanted, "reads (queries, channels)")


@check(points=2, hidden=True)
def batches_against_the_reference(read, rng):
    """Batches and heads with uneven sizes, against the function of the course."""
    from attn_course.functional import attend

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5))
    values = rng.normal(size=(2, 3, 6, 7))
    close(read(queries, keys, values), attend(queries, keys, values), "reads")


def _read(queries, keys, values, power=-0.5, mix="...qk,...kc->...qc", axis=-1):
    """Attention with one thing different; the wrong answers below say which."""
    scores = np.einsum("...qd,...kd->...qk", queries, keys)
    scores = scores * float(queries.shape[-1]) ** power
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.einsum(mix, exps / exps.sum(axis=axis, keepdims=True), values)


@misconception(caught_by=width_four_on_paper)
def multiplies_by_the_root(queries, keys, values):
    """One fault is mended. The factor is the right one and its place is upside down: we
    want to calm the scores, not to amplify them."""
    return _read(queries, keys, values, power=0.5)


@misconception(caught_by=width_four_on_paper)
def no_scale(queries, keys, values):
    """You took the scale away altogether. Everything else is in place; but with wide
    keys the dot products get large, and softmax almost picks a single key."""
    return _read(queries, keys, values, power=0.0)


@misconception(caught_by=width_four_on_paper)
def divides_by_the_width(queries, keys, values):
    """You scale in the right direction and a bit too far: the spread of a dot product
    grows with the root of the width."""
    return _read(queries, keys, values, power=-1.0)


@misconception(caught_by=width_four_on_paper)
def root_of_the_number_of_keys(queries, keys, values):
    """You divide by a root, but of the number of keys. What is summed in a dot product,
    keys or entries?"""
    return _read(queries * np.sqrt(queries.shape[-1] / keys.shape[-2]), keys, values)


@misconception(caught_by=one_feature_other_values)
def weights_turned_round(queries, keys, values):
    """In the last product the table of weights is turned round: what a query reads is
    mixed by a column, and a column holds what one key got from all queries. Read the
    product aloud: what is summed, queries or keys?"""
    return _read(queries, keys, values, mix="...kq,...kc->...qc")


@misconception(caught_by=one_feature_other_values)
def shares_down_the_columns(queries, keys, values):
    """Your columns sum to one: each key shares itself out among the queries. Each query
    has a whole to share out among the keys."""
    return _read(queries, keys, values, axis=-2)


@misconception(caught_by=width_four_on_paper)
def means_of_all_values(queries, keys, values):
    """Each of your reads is the plain mean of the values, whatever the query. Follow
    the scores into the weights: do they get there?"""
    return _read(0 * queries, keys, values)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(queries, keys, values):
    """Right for one table. With batches in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    return _read(queries, keys, values, axis=1)


@misconception(caught_by=width_four_on_paper)
def scale_after_softmax(queries, keys, values):
    """You divide the finished weights, so a row of them no longer sums to one. The root
    calms the scores, before softmax sees them."""
    return _read(queries, keys, values, power=0.0) / np.sqrt(queries.shape[-1])


@misconception(caught_by=one_feature_other_values)
def root_of_the_channels(queries, keys, values):
    """Your root is that of the values' channels. The scores are sums over what a query
    and a key share: count those entries."""
    ratio = np.sqrt(queries.shape[-1] / values.shape[-1])
    return _read(queries * ratio, keys, values)
