r"""### A softmax that no score can break

Write `stable_softmax(scores)`: for each query, the shares of its keys,

$$ a_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}. $$

Scores may be of any size, 1,000,000 as well as −1,000,000, and one row may lie far
above another. No entry may come out as nan. The keys are the last axis; any number of
leading axes may come before the queries, and **the checks you can read have none**.
NumPy only, no loop needed.
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
    minutes=10,
    hints=(
        "Softmax cannot see a constant: what could you add to every score of a row, "
        "so that none of them is positive?",
        "Subtract from each row its own largest score. Then the largest exponential "
        "is exactly 1, and the total of the row lies between 1 and the number of keys.",
        "`exps = np.exp(scores - scores.max(axis=..., keepdims=True))`, then divide by "
        "the sum along the same axis. Which axis holds the keys?",
    ),
)


@answer
def stable_softmax(scores):
    """Shares of attention: non-negative, each row sums to one.

    scores   (..., queries, keys)  float, of any finite size
    returns  (..., queries, keys)  float
    """
    ### BEGIN SOLUTION
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)
    ### END SOLUTION


@inputs
def draw(rng):
    """Tables of uneven sizes, some moderate, some with rows or keys far apart."""
    batch, queries, keys = rng.permutation(np.arange(2, 9))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    scores = rng.normal(size=(*leading, queries, keys))
    heights = rng.choice([0.0, 1e3, -1e4], size=(*leading, queries, 1))
    return (scores * rng.choice([1.0, 1e4]) + heights,)


@alternative
def row_by_row(scores):
    """Each row for itself."""
    rows = scores.reshape(-1, scores.shape[-1])
    exps = [np.exp(row - max(row)) for row in rows]
    return np.array([e / sum(e) for e in exps]).reshape(scores.shape)


@alternative
def through_the_logarithm(scores):
    """Logarithms of the weights first, by log-sum-exp."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


@check(points=1)
def shares_you_can_work_out(stable_softmax):
    """Scores ln 1, ln 2, ln 5 give the shares 1/8, 2/8, 5/8."""
    scores = np.log([[1.0, 2.0, 5.0], [4.0, 3.0, 1.0]])
    close(stable_softmax(scores), np.array([[1, 2, 5], [4, 3, 1]]) / 8, "shares")


@check(points=1, extreme=True)
def huge_scores_give_shares(stable_softmax):
    """Scores near 1,000,000 and near -1,000,000, in one table, still give shares."""
    near = np.array([[0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
    far = np.array([[0.0, 1e6, -1e6], [1e6, 1e6 - 1, -1e6], [-1e6, 0.0, 1e6]])
    shares = stable_softmax(np.vstack([near + np.array([[1e6], [-1e6]]), far]))
    assert np.isfinite(shares).all(), (
        "some shares are nan or infinite: what is the largest number that meets `exp`, "
        "and what is the smallest total of a row?"
    )
    exps = np.vstack([np.exp(near), [[0, 1, 0], [np.e, 1, 0], [0, 0, 1]]])
    close(shares, exps / np.sum(exps, axis=1)[:, None], "shares")


@check(points=2, hidden=True)
def batches_against_the_definition(stable_softmax, rng):
    """Batches of tables, against the definition, entry by entry."""
    scores = rng.normal(size=(2, 3, 4, 5))
    exps = np.exp(scores)
    wanted = exps / np.stack([exps[..., k] for k in range(5)]).sum(axis=0)[..., None]
    close(stable_softmax(scores), wanted, "shares")


@check(points=1, hidden=True, extreme=True)
def batches_with_rows_far_apart(stable_softmax, rng):
    """Batches in which every row lies at a height of its own, up to 1,000,000."""
    from attn_course.functional import softmax

    scores = rng.integers(4, size=(2, 3, 4, 5)).astype(float)
    scores += rng.integers(-1_000_000, 1_000_000, size=(2, 3, 4, 1))
    close(stable_softmax(scores), softmax(scores), "shares")


@misconception(caught_by=huge_scores_give_shares)
def no_shift(scores):
    """Correct on paper, but exp(1,000,000) fits in no float, and inf / inf is nan.
    Something may be subtracted from a whole row that changes nothing in theory."""
    exps = np.exp(scores)
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def one_shift_for_the_whole_table(scores):
    """A shift, good; but one for the whole table. A row far below the highest one then
    has only zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    exps = np.exp(scores - scores.max())
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def shifted_by_the_smallest(scores):
    """You subtract the smallest score of each row, so the largest may still be too high
    for `exp`. Which score should be the one that becomes 0?"""
    exps = np.exp(scores - scores.min(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def shifted_by_the_first(scores):
    """You subtract the first score of each row. It need not be the largest: in the row
    0, 1,000,000, -1,000,000 nothing moves, and the second is still too high."""
    exps = np.exp(scores - scores[..., :1])
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def shifted_by_the_mean(scores):
    """You subtract the mean of each row. Where the scores lie far apart, the largest is
    far above the mean, still too high for `exp`. Which one should become 0?"""
    exps = np.exp(scores - scores.mean(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def divided_by_the_largest(scores):
    """Dividing by the largest score keeps `exp` finite and changes the differences: 1
    between two scores near 1,000,000 becomes a millionth. What leaves them alone?"""
    exps = np.exp(scores / scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def clipped_scores(scores):
    """Clipping keeps `exp` finite and forgets who was larger: above the limit all keys
    tie. Move the whole row down instead, so that the differences survive."""
    exps = np.exp(np.clip(scores, -700, 700))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=shares_you_can_work_out)
def shares_over_the_queries(scores):
    """Your numbers add up to one down the columns. Each query shares out its own
    attention, so look at which axis belongs to the keys."""
    exps = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return exps / exps.sum(axis=-2, keepdims=True)


@misconception(caught_by=shares_you_can_work_out)
def each_score_alone(scores):
    """All your shares are 1: each score was compared with itself only. A share needs a
    whole, so the sum has to run over the entire row."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps


@misconception(caught_by=shares_you_can_work_out)
def one_total_for_the_whole_table(scores):
    """All your shares together sum to one, for the whole table once. Each query has a
    full share of its own to give away: whose total should its exponentials meet?"""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum()


@misconception(caught_by=batches_with_rows_far_apart)
def one_shift_for_each_table(scores):
    """One shift for each table of the batch. A row far below the highest of its table
    then has only zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    exps = np.exp(scores - scores.max(axis=(-2, -1), keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=batches_against_the_definition)
def axis_counted_from_the_front(scores):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception(caught_by=huge_scores_give_shares)
def nan_turned_to_zero(scores):
    """There is no nan left, and no share either: where it stood, the row now sums to 0.
    Turning nan into 0 hides that `exp` overflowed. What keeps it from doing so?"""
    exps = np.exp(scores)
    return np.nan_to_num(exps / exps.sum(axis=-1, keepdims=True))


@misconception(caught_by=shares_you_can_work_out)
def total_of_the_scores_as_they_came(scores):
    """The exponentials are shifted and their total is not, so your rows do not sum to
    one. Both sides of the fraction must be made from the same scores."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / np.exp(scores).sum(axis=-1, keepdims=True)
