r"""### Shares of a row

Write `shares(scores)`: exponentials, divided by their sum along the last axis. Any
number of leading axes may come first.
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
    minutes=5,
    hints=(
        "Which axis adds up to one?",
        "An axis that is summed away can be kept with length one.",
        "Two lines: exponentials, then a division.",
    ),
)


@answer
def shares(scores):
    """Positive numbers that sum to one in each row.

    scores   (..., rows, entries)  float
    returns  (..., rows, entries)  float
    """
    ### BEGIN SOLUTION
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)
    ### END SOLUTION


@inputs
def draw(rng):
    return (rng.normal(size=rng.permutation(np.arange(2, 6))[:3]),)


@alternative
def by_logarithm(scores):
    """Subtract the logarithm of the sum, then exponentiate once."""
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))


@check(points=1)
def on_paper(shares):
    """Two rows whose exponentials are small whole numbers."""
    got = shares(np.log([[1.0, 2.0, 1.0], [1.0, 1.0, 8.0]]))
    close(got, np.array([[0.25, 0.5, 0.25], [0.1, 0.1, 0.8]]))


@check(points=2, hidden=True)
def in_batches(shares, rng):
    """Two leading axes, against the definition."""
    scores = rng.normal(size=(2, 3, 5, 7))
    powers = np.exp(scores)
    close(shares(scores), powers / powers.sum(axis=3, keepdims=True))


@misconception(caught_by=on_paper)
def down_the_columns(scores):
    """Your columns sum to one. Which axis holds the entries of a row?"""
    powers = np.exp(scores)
    return powers / powers.sum(axis=-2, keepdims=True)


@misconception(caught_by=on_paper)
def without_exponentials(scores):
    """The scores themselves were divided by their sum. What makes them positive?"""
    return scores / scores.sum(axis=-1, keepdims=True)


@misconception(caught_by=in_batches)
def axis_from_the_front(scores):
    """Right for a table. With axes in front, which number has the last axis?"""
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)
