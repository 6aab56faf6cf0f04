r"""### How far from each other

Write `distances(queries, keys)`: the squared distance of each query from each key,

$$ d_{ij} = \sum_c (q_{ic} - k_{jc})^2. $$
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
    minutes=10,
    hints=("Differences first.", "All pairs at once.", "queries[:, None] - keys[None]"),
)


@answer
def distances(queries, keys):
    """Squared distances.

    queries  (queries, channels)  float
    keys     (keys, channels)     float
    returns  (queries, keys)      float
    """
    ### BEGIN SOLUTION
    differences = queries[:, None] - keys[None]
    return (differences**2).sum(axis=-1)
    ### END SOLUTION


@inputs
def draw(rng):
    queries, keys, channels = rng.permutation(np.arange(2, 9))[:3]
    return rng.normal(size=(queries, channels)), rng.normal(size=(keys, channels))


@alternative
def pair_by_pair(queries, keys):
    """Pairs in two loops."""
    return np.array([[((q - k) ** 2).sum() for k in keys] for q in queries])


@check(points=1)
def of_drawn_points(distances, rng):
    """Points drawn at random, twice, against the definition."""
    for _ in range(2):
        queries, keys = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
        wanted = [[np.sum((q - k) ** 2) for k in keys] for q in queries]
        np.testing.assert_allclose(distances(queries, keys), wanted, 1e-4)


@check(points=2, hidden=True)
def of_many_draws(distances, rng):
    """Tables of many sizes, which are drawn as well."""
    for _ in range(4):
        count, others, channels = rng.permutation(np.arange(2, 7))[:3]
        queries = rng.normal(loc=rng.normal(), size=(count, channels))
        keys = rng.normal(scale=rng.uniform(1, 2), size=(others, channels))
        wanted = [[np.sum((q - k) ** 2) for k in keys] for q in queries]
        np.testing.assert_allclose(distances(queries, keys), wanted, 1e-4)


@misconception(caught_by=of_drawn_points)
def roots(queries, keys):
    """You took the root. The squared distance has none."""
    return np.sqrt(((queries[:, None] - keys[None]) ** 2).sum(axis=-1))


@misconception(caught_by=of_drawn_points)
def means(queries, keys):
    """You averaged over the channels where they should be added."""
    return ((queries[:, None] - keys[None]) ** 2).mean(axis=-1)


@misconception(caught_by=of_many_draws)
def products(queries, keys):
    """Inner products grow with likeness; distances do the opposite."""
    return queries @ keys.T
