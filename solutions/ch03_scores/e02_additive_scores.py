r"""### Additive scores, for every pair at once

The oldest score of neural attention is a small network: query and key are mapped into
a hidden layer, *added there*, bent by a tanh, and summed up with a vector,

$$ s_{ij} = v \cdot \tanh(q_i W + k_j U). $$

Write `additive_scores(queries, keys, query_weight, key_weight, vector)` for all pairs
at once. Maps stand on the right, so `query_weight` is $W$ with a row for each entry of
a query, and `key_weight` is $U$. Any number of leading axes may come first, the same in
queries and keys; **the checks you can read have none**.
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
    minutes=20,
    hints=(
        "How many hidden layers are there in total? One for each pair: so before the "
        "tanh there is an array with an axis for queries, one for keys, one for the "
        "hidden units.",
        "Queries times W has no axis for the keys, and keys times U none for the "
        "queries. An axis of size 1 in the right place lets the two be added.",
        "`asked[..., :, None, :] + offered[..., None, :, :]` adds every pair. Bend the "
        "sum, and let the vector sum up the last axis.",
    ),
)


@answer
def additive_scores(queries, keys, query_weight, key_weight, vector):
    """Score of every query for every key, by a network of one hidden layer.

    queries       (..., queries, query_width)  float
    keys          (..., keys, key_width)       float
    query_weight  (query_width, hidden)        float
    key_weight    (key_width, hidden)          float
    vector        (hidden,)                    float
    returns       (..., queries, keys)         float
    """
    ### BEGIN SOLUTION
    mapped_queries = np.expand_dims(queries @ query_weight, -2)
    mapped_keys = np.expand_dims(keys @ key_weight, -3)
    return np.tanh(mapped_queries + mapped_keys) @ vector
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch."""
    batch, n_queries, n_keys, wide, wider, hidden = rng.permutation(np.arange(2, 9))[:6]
    leading = [(), (batch,)][rng.integers(2)]
    return (
        rng.normal(size=(*leading, n_queries, wide)),
        rng.normal(size=(*leading, n_keys, wider)),
        rng.normal(size=(wide, hidden)) / np.sqrt(wide),
        rng.normal(size=(wider, hidden)) / np.sqrt(wider),
        rng.normal(size=hidden),
    )


@alternative
def pair_by_pair(queries, keys, query_weight, key_weight, vector):
    """As one would say it."""
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]))
    for place in np.ndindex(scores.shape):
        query, key = queries[place[:-1]], keys[(*place[:-2], place[-1])]
        hidden = np.tanh(query @ query_weight + key @ key_weight)
        scores[place] = sum(v * h for v, h in zip(vector, hidden, strict=True))
    return scores


@alternative
def joined_end_to_end(queries, keys, query_weight, key_weight, vector):
    """Luong's "concat": one weight for query and key side by side."""
    n_queries, n_keys = queries.shape[-2], keys.shape[-2]
    left = np.repeat(queries[..., :, None, :], n_keys, axis=-2)
    right = np.repeat(keys[..., None, :, :], n_queries, axis=-3)
    both = np.concatenate([left, right], axis=-1)
    stacked = np.concatenate([query_weight, key_weight])
    return np.einsum("h,...qkh->...qk", vector, np.tanh(both @ stacked))


@check(points=1)
def two_queries_three_keys(additive_scores):
    """Hidden layers to work out by hand: tanh(ln 2) is 0.6, tanh(ln 3) is 0.8."""
    two, three = np.log(2.0), np.log(3.0)
    queries = np.array([[1.0, 0, 0, 0], [0.0, 1, 0, 0]])
    keys = np.array([[1.0, 0, 0, 0, 0], [0.0, 1, 0, 0, 0], [0.0, 0, 1, 0, 0]])
    query_weight = np.zeros((4, 6))
    query_weight[0, 0], query_weight[1, 1] = two, -two
    key_weight = np.zeros((5, 6))
    key_weight[1, 0], key_weight[1, 1], key_weight[2, 1] = three - two, two, 2 * two
    vector = np.array([10.0, 5.0, 1.0, 1.0, 1.0, 1.0])
    # First hidden unit: the query brings ln 2 or 0, the keys bring 0, ln 3/2, 0.
    # Second one: the query brings 0 or -ln 2, the keys bring 0, ln 2, 2 ln 2.
    far = np.tanh(2 * two)
    wanted = [
        [6.0, 8.0 + 3.0, 6.0 + 5 * far],
        [-3.0, 10 * np.tanh(three - two), 3.0],
    ]
    got = additive_scores(queries, keys, query_weight, key_weight, vector)
    close(got, np.array(wanted), "scores (queries, keys)")


@check(points=1)
def the_query_has_a_say(additive_scores, rng):
    """Three queries, the same seven keys: the rows differ by more than a shift."""
    queries, keys = rng.normal(size=(3, 4)), rng.normal(size=(7, 5))
    query_weight, key_weight = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    vector = rng.normal(size=6)
    got = additive_scores(queries, keys, query_weight, key_weight, vector)
    shape = np.shape(got)
    assert shape == (3, 7), f"wanted scores (queries, keys) = (3, 7), got shape {shape}"
    steps = np.diff(got, axis=-1)
    assert np.ptp(steps, axis=0).max() > 1e-3, (
        "from one key to the next, every query goes up and down by the same amounts, "
        "so softmax gives all queries the same weights. Where did the query get lost?"
    )


@check(points=2, hidden=True)
def batches_against_the_reference(additive_scores, rng):
    """Batches and heads with uneven sizes, against the function of the course."""
    from attn_course.functional import additive_scores as reference

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 7))
    weights = rng.normal(size=(5, 8)) / 2, rng.normal(size=(7, 8)) / 2
    given = queries, keys, *weights, rng.normal(size=8)
    close(additive_scores(*given), reference(*given), "scores")


@misconception(caught_by=the_query_has_a_say)
def no_tanh(queries, keys, query_weight, key_weight, vector):
    """Try two different queries: your weights do not notice. What the query brings is
    added to its whole row, unless something that is not linear stands in between."""
    asked, offered = queries @ query_weight, keys @ key_weight
    return (asked[..., :, None, :] + offered[..., None, :, :]) @ vector


@misconception(caught_by=the_query_has_a_say)
def bent_before_adding(queries, keys, query_weight, key_weight, vector):
    """You bend what the query brings and what the key brings, and add afterwards. Query
    and key then never meet inside a tanh, and softmax does not hear the query."""
    asked, offered = np.tanh(queries @ query_weight), np.tanh(keys @ key_weight)
    return (asked[..., :, None, :] + offered[..., None, :, :]) @ vector


@misconception(caught_by=two_queries_three_keys)
def a_dot_product_by_that_name(queries, keys, query_weight, key_weight, vector):
    """This is a good dot product of the mapped query and key. Additive attention adds
    the two, bends the sum with tanh, and only then scores it with the vector."""
    asked, offered = queries @ query_weight, keys @ key_weight
    return asked @ np.swapaxes(offered, -1, -2)


@misconception(caught_by=two_queries_three_keys)
def bent_at_the_end(queries, keys, query_weight, key_weight, vector):
    """Your tanh comes last and bends the finished score. Then all queries put the keys
    in the same order: each hidden unit wants a bend of its own, before the vector."""
    asked, offered = queries @ query_weight, keys @ key_weight
    return np.tanh((asked[..., :, None, :] + offered[..., None, :, :]) @ vector)


@misconception(caught_by=two_queries_three_keys)
def hidden_units_not_weighed(queries, keys, query_weight, key_weight, vector):
    """All hidden units count the same in your sum. The vector says how much each one
    counts, and whether it speaks for the key or against it."""
    asked, offered = queries @ query_weight, keys @ key_weight
    return np.tanh(asked[..., :, None, :] + offered[..., None, :, :]).sum(axis=-1)


@misconception(caught_by=two_queries_three_keys)
def a_row_for_each_key(queries, keys, query_weight, key_weight, vector):
    """The numbers are right, and your table has a row for each key. Which of the two
    got the axis of size 1 in front of it?"""
    asked, offered = queries @ query_weight, keys @ key_weight
    return np.tanh(asked[..., None, :, :] + offered[..., :, None, :]) @ vector


@misconception(caught_by=two_queries_three_keys)
def each_with_its_own_partner(queries, keys, query_weight, key_weight, vector):
    """You add the row of each query to the row of the key with the same number, and
    there are not even as many keys as queries. Every query needs a hidden layer with
    every key: which axis does each of the two lack?"""
    return np.tanh(queries @ query_weight + keys @ key_weight) @ vector


@misconception(caught_by=batches_against_the_reference)
def one_table_for_all_samples(queries, keys, query_weight, key_weight, vector):
    """Right for one table. With batches in front you laid all samples end to end, so
    every sample asks the keys of all the others. Leading axes stay where they are."""
    asked = (queries @ query_weight).reshape(-1, 1, len(vector))
    offered = (keys @ key_weight).reshape(1, -1, len(vector))
    return np.tanh(asked + offered) @ vector


@misconception(caught_by=two_queries_three_keys)
def multiplied_in_the_hidden_layer(queries, keys, query_weight, key_weight, vector):
    """You multiply the mapped query and key in the hidden layer. The name of this score
    says what happens there: look at the sign between them."""
    asked, offered = queries @ query_weight, keys @ key_weight
    return np.tanh(asked[..., :, None, :] * offered[..., None, :, :]) @ vector


@misconception(caught_by=two_queries_three_keys)
def already_weights(queries, keys, query_weight, key_weight, vector):
    """Your rows sum to one: these are weights already. Asked for are the scores, one
    step earlier; normalising is a step of its own."""
    asked, offered = queries @ query_weight, keys @ key_weight
    sums = np.tanh(asked[..., :, None, :] + offered[..., None, :, :]) @ vector
    exps = np.exp(sums - sums.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=two_queries_three_keys)
def bent_and_multiplied(queries, keys, query_weight, key_weight, vector):
    """You bend both sides and take their dot product. Here the two meet by a sum, and
    inside the bend; and the vector has no part in yours."""
    asked, offered = np.tanh(queries @ query_weight), np.tanh(keys @ key_weight)
    return asked @ np.swapaxes(offered, -1, -2)


@misconception(caught_by=two_queries_three_keys)
def another_bend(queries, keys, query_weight, key_weight, vector):
    """Everything is in place but the bend: yours is the logistic function, which runs
    from 0 to 1. The formula has one that runs from -1 to 1."""
    asked, offered = queries @ query_weight, keys @ key_weight
    sums = asked[..., :, None, :] + offered[..., None, :, :]
    return 1 / (1 + np.exp(-sums)) @ vector
