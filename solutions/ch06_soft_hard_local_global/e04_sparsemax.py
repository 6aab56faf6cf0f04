r"""### Sparsemax: the nearest point of the simplex

Softmax gives every key something. Sparsemax gives the weights that lie nearest to the
scores among all weights that are non-negative and sum to one. They have the form

$$ a_j = \max(s_j - \tau, 0), \qquad \sum_j a_j = 1, $$

with one threshold $\tau$ for each row. Which keys stay above it is not known
beforehand; but if the $k$ largest do, then $\tau$ follows from their sum. The right
$k$ is the largest for which the $k$-th largest score is still above its own threshold,

$$ 1 + k \, s_{(k)} > \sum_{i \le k} s_{(i)} . $$

Write `nearest_weights(scores)`. The keys are the last axis; any number of leading axes
may come before the queries, and **the checks you can read have none**. Scores may be
far from zero: adding 1,000,000 to a row changes nothing. NumPy only.
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
        "Do one row by hand: 1, ½, −1. Suppose that one key stays, then two, then all "
        "three. What is τ in each case, and which case agrees with itself?",
        "Sort each row from large to small and take running sums. The condition of the "
        "statement is then one comparison of two arrays, and k is how often it holds.",
        "τ is the running sum at place k, less 1, divided by k; `np.take_along_axis` "
        "picks it in each row, at index k − 1.",
    ),
)


@answer
def nearest_weights(scores):
    """Weights by projection on the simplex; many are exactly zero.

    scores   (..., queries, keys)  float, of any finite size
    returns  (..., queries, keys)  float, non-negative, each row sums to one
    """
    ### BEGIN SOLUTION
    falling = -np.sort(-scores, axis=-1)
    sums = falling.cumsum(axis=-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    count = (1 + ranks * falling > sums).sum(axis=-1, keepdims=True)
    level = (np.take_along_axis(sums, count - 1, axis=-1) - 1) / count
    return np.maximum(scores - level, 0)
    ### END SOLUTION


@inputs
def draw(rng):
    """Tables of uneven sizes; rows at heights of their own, spread or crowded."""
    batch, queries, keys = rng.permutation(np.arange(2, 9))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    scores = rng.normal(size=(*leading, queries, keys)) * rng.choice([0.1, 0.5, 2.0])
    return (scores + rng.choice([0.0, 1e3, -1e4], size=(*leading, queries, 1)),)


@alternative
def threshold_by_halving(scores):
    """The threshold lies in the 1 below the largest score: halve until it is found."""
    below = scores - scores.max(axis=-1, keepdims=True)
    low = np.full((*scores.shape[:-1], 1), -1.0)
    high = np.zeros((*scores.shape[:-1], 1))
    for _ in range(60):
        middle = (low + high) / 2
        too_much = np.maximum(below - middle, 0).sum(axis=-1, keepdims=True) > 1
        low, high = np.where(too_much, middle, low), np.where(too_much, high, middle)
    return np.maximum(below - low, 0)


@alternative
def drop_the_negative_until_none_is(scores):
    """Share what is missing among those that stay; drop who falls below zero."""
    weights = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        row = scores[place] - scores[place].max()
        stays = np.ones(len(row), dtype=bool)
        while True:
            level = (row[stays].sum() - 1) / stays.sum()
            if (row[stays] > level).all():
                break
            stays &= row > level
        weights[place] = np.where(stays, row - level, 0)
    return weights


@check(points=1)
def rows_on_paper(nearest_weights):
    """Rows in which one, two or three keys stay."""
    scores = np.array([[1.0, 0.5, -1.0], [-1.0, 0.0, 2.0], [0.3, 0.0, 0.15], [4, 4, 1]])
    wanted = [[0.75, 0.25, 0], [0, 0, 1], [29 / 60, 11 / 60, 20 / 60], [0.5, 0.5, 0]]
    close(nearest_weights(scores), np.array(wanted), "weights")


@check(points=1, extreme=True)
def heights_do_not_matter(nearest_weights):
    """Rows near 1,000,000 and near -1,000,000 get the weights of rows near zero."""
    near = np.array([[0.0, -0.5, -0.25, 0.0], [-0.75, 0.0, -2.0, -8.0]])
    shares = nearest_weights(near + np.array([[1e6], [-1e6]]))
    close(shares, np.array([[5, 0, 2, 5], [1.5, 10.5, 0, 0]]) / 12, "weights")


@check(points=2, hidden=True)
def batches_against_the_reference(nearest_weights, rng):
    """Batches with crowded and spread rows, against the function of the course."""
    from attn_course.functional import sparsemax

    spread = np.array([0.1, 0.5, 1.0, 3.0])[:, None]
    scores = rng.normal(size=(2, 3, 4, 7)) * spread
    close(nearest_weights(scores), sparsemax(scores), "weights")


@check(points=1, hidden=True)
def nothing_is_nearer(nearest_weights, rng):
    """No other weights lie nearer: the scores less the weights favour no key."""
    scores = rng.normal(size=(6, 5))
    weights = nearest_weights(scores)
    close(weights.sum(axis=1), np.ones(6), "sums of the rows")
    assert (weights >= 0).all(), "some weights are negative"
    level = (scores - weights).max(axis=1, keepdims=True)  # τ, for all keys that stay
    close(weights, np.maximum(scores - level, 0), "weights")


def _count(scores, holds):
    """Weights from a rule that says which of the sorted keys stay."""
    below = scores - scores.max(axis=-1, keepdims=True)
    falling = -np.sort(-below, axis=-1)
    sums = falling.cumsum(axis=-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    count = np.maximum(holds(falling, sums, ranks).sum(axis=-1, keepdims=True), 1)
    return below, np.take_along_axis(sums, count - 1, axis=-1), count


@misconception(caught_by=rows_on_paper)
def cut_once_for_all_keys(scores):
    """Your threshold counts on all keys, and then you raise the negative weights to
    zero, so there is more than before. What do your rows sum to now?"""
    level = (scores.sum(axis=-1, keepdims=True) - 1) / scores.shape[-1]
    return np.maximum(scores - level, 0)


@misconception(caught_by=nothing_is_nearer)
def cut_once_and_shared_out(scores):
    """Cut off once and divided by the sum: your rows sum to one, but are not the
    nearest weights. The threshold must come from the keys that stay, by subtraction."""
    level = (scores.sum(axis=-1, keepdims=True) - 1) / scores.shape[-1]
    kept = np.maximum(scores - level, 0)
    return kept / kept.sum(axis=-1, keepdims=True)


@misconception(caught_by=rows_on_paper)
def positive_part_shared_out(scores):
    """You keep the positive scores and divide by their sum. Zero is no special score:
    add a constant to a row, and your weights change. Where does the threshold go?"""
    kept = np.maximum(scores, 0)
    total = kept.sum(axis=-1, keepdims=True)
    return np.where(
        total > 0, kept / np.where(total > 0, total, 1), 1 / scores.shape[-1]
    )


@misconception(caught_by=rows_on_paper)
def largest_takes_all(scores):
    """Only the largest score is left in your rows. That is hard attention; here the
    runners-up stay, if they are near enough. How near is near enough?"""
    return np.eye(scores.shape[-1])[scores.argmax(axis=-1)]


@misconception(caught_by=rows_on_paper)
def softmax_instead(scores):
    """No weight of yours is zero: this is softmax. Sparsemax subtracts a threshold and
    has no exponential in it."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


@misconception(caught_by=rows_on_paper)
def small_softmax_weights_cut(scores):
    """You cut small weights out of a softmax. The zeros look alike and the others do
    not: here weights fall in a straight line with the score, not exponentially."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    weights = np.where(weights < 0.5 / scores.shape[-1], 0, weights)
    return weights / weights.sum(axis=-1, keepdims=True)


@misconception(caught_by=heights_do_not_matter)
def threshold_mended_once(scores):
    """You dropped the keys below a first threshold and made a second one from the rest.
    That one may drop keys in its turn: when is it safe to stop?"""
    level = (scores.sum(axis=-1, keepdims=True) - 1) / scores.shape[-1]
    stays = scores > level
    count = stays.sum(axis=-1, keepdims=True)
    level = ((scores * stays).sum(axis=-1, keepdims=True) - 1) / count
    return np.maximum(scores - level, 0)


@misconception(caught_by=rows_on_paper)
def never_sorted(scores):
    """Your running sums go through the keys as they stand. The k of the rule are the k
    largest: in which order must a row be before it is summed?"""
    below = scores - scores.max(axis=-1, keepdims=True)
    sums = below.cumsum(axis=-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    count = np.maximum((1 + ranks * below > sums).sum(axis=-1, keepdims=True), 1)
    level = (np.take_along_axis(sums, count - 1, axis=-1) - 1) / count
    return np.maximum(below - level, 0)


@misconception(caught_by=rows_on_paper)
def one_place_too_far(scores):
    """You pick the running sum one place too far: the sum of the k largest stands at
    index k − 1. How many scores are in the sum at index 0?"""
    _, _, count = _count(scores, lambda f, c, r: 1 + r * f > c)
    sums = (-np.sort(-scores, axis=-1)).cumsum(axis=-1)
    place = np.minimum(count, scores.shape[-1] - 1)
    level = (np.take_along_axis(sums, place, axis=-1) - 1) / count
    return np.maximum(scores - level, 0)


@misconception(caught_by=rows_on_paper)
def threshold_one_below_the_largest(scores):
    """Your threshold is the largest score less 1. That is right if one key stays. What
    do your rows sum to if a second score lies above the threshold as well?"""
    return np.maximum(scores - scores.max(axis=-1, keepdims=True) + 1, 0)


@misconception(caught_by=rows_on_paper)
def one_too_few(scores):
    """Your rows sum to one less than they should, or to nothing: what must the weights
    of the k keys sum to, and where does that number stand in τ?"""
    below, sums, count = _count(scores, lambda f, c, r: 1 + r * f > c)
    return np.maximum(below - sums / count, 0)


@misconception(caught_by=heights_do_not_matter)
def one_more_left_out_of_the_rule(scores):
    """In a row of yours too few keys stay, so the last of them gets too much. Read the
    condition again: what stands on the left besides k times the score?"""
    below, sums, count = _count(scores, lambda f, c, r: r * f >= c)
    return np.maximum(below - (sums - 1) / count, 0)


@misconception(caught_by=rows_on_paper)
def threshold_divided_by_all_keys(scores):
    """The right keys stay, and the threshold is spread over all of them, the dropped
    ones too. Among how many does the sum have to be shared?"""
    below, sums, _ = _count(scores, lambda f, c, r: 1 + r * f > c)
    return np.maximum(below - (sums - 1) / scores.shape[-1], 0)


@misconception(caught_by=rows_on_paper)
def projected_over_the_queries(scores):
    """Your columns sum to one, not your rows. Each query has a whole of its own to give
    away: which axis holds the keys?"""
    turned = np.swapaxes(scores, -1, -2)
    below, sums, count = _count(turned, lambda f, c, r: 1 + r * f > c)
    return np.swapaxes(np.maximum(below - (sums - 1) / count, 0), -1, -2)


@misconception(caught_by=rows_on_paper)
def weights_in_order_of_size(scores):
    """Your weights come sorted, so nobody can tell whose they are. Sorting helps to
    find the threshold; the weights belong to the scores as they stood."""
    below, sums, count = _count(scores, lambda f, c, r: 1 + r * f > c)
    return -np.sort(-np.maximum(below - (sums - 1) / count, 0), axis=-1)


@misconception(caught_by=batches_against_the_reference)
def keys_counted_from_the_front(scores):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    turned = np.moveaxis(scores, 1, -1)
    below, sums, count = _count(turned, lambda f, c, r: 1 + r * f > c)
    return np.moveaxis(np.maximum(below - (sums - 1) / count, 0), -1, 1)
