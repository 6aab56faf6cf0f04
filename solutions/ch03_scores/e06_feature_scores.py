r"""### One weight for each feature of a pair

"The score is a learnt weight times a comparison of query and key" becomes a formula as
soon as one says what the comparison is. Take for each pair the products of its entries
and the squares of their differences, side by side:

$$ \varphi(q, k) = \bigl( q_1 k_1, \dots, q_d k_d, \;
   (q_1 - k_1)^2, \dots, (q_d - k_d)^2 \bigr), \qquad
   s_{ij} = w \cdot \varphi(q_i, k_j). $$

Write `feature_scores(queries, keys, weight)` for this $\varphi$. The weight has
$2 d$ entries, products first. Any number of leading axes may come first, the same in
queries and keys; **the checks you can read have none**.

Two scores that you know are hidden in it. The checks ask for both: you will find the
weights that give the scaled dot product, and those that give the closeness of kernel
regression.
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
    level="stretch",
    minutes=20,
    hints=(
        "A pair has a row of features of its own, so the features of all pairs have "
        "the axes queries, keys, features.",
        "Give the queries an axis of size 1 for the keys, and the keys one for the "
        "queries: products and differences of all pairs then come by broadcasting.",
        "`np.concatenate` along the last axis puts the two kinds side by side, "
        "products first; a product with the weight sums that axis up.",
    ),
)


@answer
def feature_scores(queries, keys, weight):
    """Score of every query for every key: a weighted sum of the features of the pair.

    queries  (..., queries, width)  float
    keys     (..., keys, width)     float
    weight   (features,)            float, twice the width: products, then squares
    returns  (..., queries, keys)   float
    """
    ### BEGIN SOLUTION
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    features = np.concatenate([q * k, (q - k) ** 2], axis=-1)
    return features @ weight
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch."""
    batch, n_queries, n_keys, width = rng.permutation(np.arange(2, 9))[:4]
    leading = [(), (batch,)][rng.integers(2)]
    queries = rng.normal(size=(*leading, n_queries, width))
    keys = rng.normal(size=(*leading, n_keys, width))
    return queries, keys, rng.normal(size=2 * width)


@alternative
def without_the_features(queries, keys, weight):
    """The square multiplied out: no array with three axes is ever held."""
    products, squares = np.split(weight, 2)
    mixed = np.einsum("...qd,d,...kd->...qk", queries, products - 2 * squares, keys)
    return mixed + (queries**2 @ squares)[..., None] + (keys**2 @ squares)[..., None, :]


@alternative
def pair_by_pair(queries, keys, weight):
    """As one would say it."""
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]))
    for place in np.ndindex(scores.shape):
        query, key = queries[place[:-1]], keys[(*place[:-2], place[-1])]
        features = [*(query * key), *((query - key) ** 2)]
        scores[place] = sum(f * w for f, w in zip(features, weight, strict=True))
    return scores


@check(points=1)
def two_queries_three_keys(feature_scores):
    """Features of six pairs, written out, with a weight for each."""
    queries = np.array([[1.0, 2.0, 0, 0], [0.0, -1.0, 3, 0]])
    keys = np.array([[1.0, 0.0, 0, 0], [3.0, 1.0, 1, 0], [0.0, 2.0, 1, 0]])
    weight = np.array([1.0, 10, 100, 7, -1.0, -10, 0, 7])
    wanted = np.array(
        [
            [1.0 - 40, 3 + 20 - 4 - 10, 40 - 1.0],
            [-1.0 - 10, -10 + 300 - 9 - 40, -20 + 300 - 90.0],
        ]
    )
    close(feature_scores(queries, keys, weight), wanted, "scores (queries, keys)")


@check(points=1)
def the_scaled_dot_product_is_in_it(feature_scores, rng):
    """Products weighed by 1/√d and squares by nothing: the scaled dot product."""
    queries, keys = rng.normal(size=(3, 9)), rng.normal(size=(4, 9))
    weight = np.repeat([1 / 3, 0.0], 9)
    close(feature_scores(queries, keys, weight), queries @ keys.T / 3, "scores")


@check(points=1)
def closeness_is_in_it(feature_scores, rng):
    """Squares weighed by −1/2h² and products by nothing: closeness at bandwidth h."""
    queries, keys = rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
    weight = np.repeat([0.0, -1 / (2 * 0.7**2)], 5)
    gaps = [[np.sum((q - k) ** 2) for k in keys] for q in queries]
    close(feature_scores(queries, keys, weight), -np.array(gaps) / 0.98, "scores")


@check(points=2, hidden=True)
def batches_against_the_reference(feature_scores, rng):
    """Batches and heads with uneven sizes, against the function of the course."""
    from attn_course.functional import feature_scores as reference

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5))
    weight = rng.normal(size=10)

    def pair(q, k):
        return np.concatenate([q * k, (q - k) ** 2], axis=-1)

    wanted = reference(queries, keys, pair, weight)
    close(feature_scores(queries, keys, weight), wanted, "scores")


@misconception(caught_by=the_scaled_dot_product_is_in_it)
def squares_first(queries, keys, weight):
    """Your squares come before the products, so each weight lands on the other kind.
    Which of the two does the formula name first?"""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate([(q - k) ** 2, q * k], axis=-1) @ weight


@misconception(caught_by=closeness_is_in_it)
def differences_not_squared(queries, keys, weight):
    """You take the size of each difference, and the formula takes its square: a bell
    then becomes a tent with a sharp tip."""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate([q * k, abs(q - k)], axis=-1) @ weight


@misconception(caught_by=closeness_is_in_it)
def sums_in_place_of_differences(queries, keys, weight):
    """You square the sum of query and key. Two vectors that agree should be near each
    other: which sign belongs between them?"""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate([q * k, (q + k) ** 2], axis=-1) @ weight


@misconception(caught_by=two_queries_three_keys)
def one_weight_for_each_kind(queries, keys, weight):
    """You sum the products and the squares before the weight sees them, so every entry
    counts the same. The weight can prefer one entry to another: let it."""
    products, squares = np.split(weight, 2)
    dots = queries @ np.swapaxes(keys, -1, -2)
    norms = (queries**2).sum(-1)[..., None] + (keys**2).sum(-1)[..., None, :]
    return dots * products.mean() + (norms - 2 * dots) * squares.mean()


@misconception(caught_by=two_queries_three_keys)
def features_taken_in_turns(queries, keys, weight):
    """You put the features in turns: a product, a square, a product, a square. The
    formula has all products first, and the weights follow that order."""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    pairs = np.stack([q * k, (q - k) ** 2], axis=-1)
    return pairs.reshape(*pairs.shape[:-2], -1) @ weight


@misconception(caught_by=two_queries_three_keys)
def a_row_for_each_key(queries, keys, weight):
    """The numbers are right, and your table has a row for each key. A row should belong
    to one query."""
    q, k = queries[..., None, :, :], keys[..., :, None, :]
    return np.concatenate([q * k, (q - k) ** 2], axis=-1) @ weight


@misconception(caught_by=two_queries_three_keys)
def each_with_its_own_partner(queries, keys, weight):
    """Yours pairs the first query with the first key, the second with the second, and
    runs out of queries. Every query needs a row of features with every key: which axis
    does each of the two lack?"""
    both = [queries * keys, (queries - keys) ** 2]
    return np.concatenate(both, axis=-1) @ weight


@misconception(caught_by=batches_against_the_reference)
def one_table_for_all_samples(queries, keys, weight):
    """Right for one table. With batches in front you laid all samples end to end, so
    every sample asks the keys of all the others. Leading axes stay where they are."""
    width = queries.shape[-1]
    q, k = queries.reshape(-1, 1, width), keys.reshape(1, -1, width)
    return np.concatenate([q * k, (q - k) ** 2], axis=-1) @ weight


@misconception(caught_by=closeness_is_in_it)
def differences_with_their_sign(queries, keys, weight):
    """Your differences are not squared. With their sign, a key on one side of the query
    gains by being far away: what does the formula do to each difference?"""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate([q * k, q - k], axis=-1) @ weight


@misconception(caught_by=closeness_is_in_it)
def difference_of_the_squares(queries, keys, weight):
    """You square first and subtract then. Two opposite vectors would be as close as two
    equal ones: what stands inside the brackets of the formula?"""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate([q * k, q**2 - k**2], axis=-1) @ weight


@misconception(caught_by=the_scaled_dot_product_is_in_it)
def query_and_key_side_by_side(queries, keys, weight):
    """You put query and key themselves side by side. Then they never meet: what the
    query adds is the same for every key. The formula compares them, entry by entry."""
    q, k = queries[..., :, None, :], keys[..., None, :, :]
    return np.concatenate(np.broadcast_arrays(q, k), axis=-1) @ weight
