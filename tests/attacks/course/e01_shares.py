r"""### Shares

Write `shares(scores)`: for each row of scores, the shares of its keys,

$$ a_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}. $$
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
    minutes=5,
    hints=("Exponentials first.", "Then totals.", "Each row has a total of its own."),
)


@answer
def shares(scores):
    """Shares of attention.

    scores   (queries, keys)  float
    returns  (queries, keys)  float
    """
    ### BEGIN SOLUTION
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True)
    ### END SOLUTION


@inputs
def draw(rng):
    queries, keys = rng.permutation(np.arange(2, 9))[:2]
    return (rng.normal(size=(queries, keys)),)


@alternative
def row_by_row(scores):
    """Each row for itself, shifted by its maximum."""
    rows = [np.exp(row - row.max()) for row in scores]
    return np.array([row / row.sum() for row in rows])


@check(points=1)
def on_paper(shares):
    """Scores ln 1, ln 2, ln 5 give the shares 1/8, 2/8, 5/8."""
    wanted = np.array([[1.0, 2.0, 5.0], [4.0, 3.0, 1.0]]) / 8
    close(shares(np.log(8 * wanted)), wanted, "shares")


@check(points=2, hidden=True)
def at_random(shares, rng):
    """A random table, against the definition."""
    scores = rng.normal(size=(3, 5))
    exps = np.exp(scores)
    wanted = exps / np.sum(exps, axis=1)[:, None]
    close(shares(scores), wanted, "shares")


@misconception(caught_by=on_paper)
def one_total_for_all(scores):
    """Your table sums to one as a whole. Whose shares should sum to one?"""
    exps = np.exp(scores)
    return exps / exps.sum()


@misconception(caught_by=on_paper)
def columns_for_rows(scores):
    """Each column sums to one. Along which axis do the keys of one query lie?"""
    exps = np.exp(scores)
    return exps / exps.sum(axis=0)


@misconception(caught_by=at_random)
def without_the_sign(scores):
    """The sign of a score was lost. What share has a score below zero?"""
    exps = np.exp(np.abs(scores))
    return exps / exps.sum(axis=1, keepdims=True)
