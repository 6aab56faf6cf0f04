r"""### A mixture of values

Write `mix(weights, values)`: for each query, the values, weighted and added up.

$$ o_{id} = \sum_j w_{ij}\, v_{jd} $$
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

exercise(
    level="core",
    minutes=5,
    hints=("Which axis is added up?", "The keys.", "It is a product of matrices."),
)


@answer
def mix(weights, values):
    """Weighted sums.

    weights  (queries, keys)      float
    values   (keys, channels)     float
    returns  (queries, channels)  float
    """
    ### BEGIN SOLUTION
    return weights @ values
    ### END SOLUTION


@inputs
def draw(rng):
    queries, keys, channels = rng.permutation(np.arange(2, 9))[:3]
    return rng.normal(size=(queries, keys)), rng.normal(size=(keys, channels))


@alternative
def by_sums(weights, values):
    """One channel after the other."""
    return np.stack([(weights * column).sum(axis=1) for column in values.T], axis=1)


@check(points=1)
def by_hand(mix):
    """Weights 1/4 and 3/4 mix the rows (4, 8, 0) and (0, 4, 8)."""
    values = np.array([[4.0, 8.0, 0.0], [0.0, 4.0, 8.0]])
    mixed = mix(np.array([[0.25, 0.75]]), values)
    assert np.shape(mixed) == (1, 3), "one row for one query, three channels"
    assert np.allclose(mixed, [[1.0, 5.0, 6.0]]), "wanted (1, 5, 6)"


@check(points=2, hidden=True)
def by_the_definition(mix, rng):
    """Random tables, entry by entry."""
    weights, values = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    mixed = mix(weights, values=values)
    assert np.shape(mixed) == (3, 2), "a row for each query"
    for i in range(3):
        for d in range(2):
            wanted = sum(weights[i, j] * values[j, d] for j in range(5))
            assert np.allclose(mixed[i, d], wanted), f"entry ({i}, {d}) is another"


@misconception(caught_by=by_hand)
def averages(weights, values):
    """You divided by the number of keys. What do the weights add up to?"""
    return weights @ values / values.shape[0]


@misconception(caught_by=by_the_definition)
def weights_made_positive(weights, values):
    """A weight below zero lost its sign."""
    return np.abs(weights) @ values


@misconception(caught_by=by_hand)
def only_the_largest(weights, values):
    """You took the value of the largest weight; the others count too."""
    return values[weights.argmax(axis=1)]
