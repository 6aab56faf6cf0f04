r"""### Unbiased, by enumeration

A hard read draws key $J$ with probability $a_J$ and earns $R_J$. The score-function
estimator then takes

$$ \hat g^{(J)}_k = (R_J - b) \, \frac{\partial \ln a_J}{\partial s_k} $$

for the slope of the mean reward in score $k$, where $a = \softmax(s)$ and the baseline
$b$ is any number that does not depend on the draw. One estimate is wrong; is their mean
right? Do not draw: **enumerate**.

Write `enumerate_estimates(weights, rewards, baseline)`. It returns two things: the
table of all estimates, whose row $J$ is $\hat g^{(J)}$, and the mean of the rows as
they would come in many draws. Any number of leading axes may come first, the same in
weights and rewards; the baseline has those axes too, one number for each distribution.
**The checks you can read have none.**

Then compare your mean with central differences of $\sum_j a_j R_j$, for several
baselines. NumPy only, no loop needed.
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
    minutes=15,
    hints=(
        "Take one distribution and one draw first. The slope of ln a_J in the score k "
        "is 1 − a_J for k = J. What is it for the other k?",
        "For all draws at once, the slopes of the logarithms are a table: the identity "
        "minus the weights in each row. Each row J is multiplied by its own R_J − b.",
        "The baseline needs an axis for the keys before it meets the rewards, and "
        "their difference one for the row. In the mean, row J counts with probability "
        "a_J: an `einsum` of weights and table over J.",
    ),
)


@answer
def enumerate_estimates(weights, rewards, baseline):
    """The estimate for every draw that is possible, and their mean over the draws.

    weights   (..., keys)  float, each row sums to one
    rewards   (..., keys)  float, what each key would earn
    baseline  (...)        float, one for each distribution
    returns   two things: estimates (..., draw, key) and their mean (..., keys)
    """
    ### BEGIN SOLUTION
    slopes = np.eye(weights.shape[-1]) - weights[..., None, :]
    gains = rewards - baseline[..., None]
    estimates = gains[..., None] * slopes
    return estimates, np.einsum("...j,...jk->...k", weights, estimates)
    ### END SOLUTION


@inputs
def draw(rng):
    """Distributions over a few keys, with and without a batch, uneven rewards."""
    batch, keys = rng.permutation(np.arange(2, 7))[:2]
    leading = [(), (batch,)][rng.integers(2)]
    weights = rng.dirichlet(np.ones(keys), size=leading)
    return weights, 3 * rng.normal(size=weights.shape), rng.normal(size=leading)


@alternative
def one_draw_at_a_time(weights, rewards, baseline):
    """Loops over distributions, draws and scores."""
    keys = weights.shape[-1]
    estimates, mean = np.zeros((*weights.shape, keys)), np.zeros(weights.shape)
    for place in np.ndindex(weights.shape[:-1]):
        a, level = weights[place], np.asarray(baseline)[place]
        for j in range(keys):
            for k in range(keys):
                slope = (1.0 if j == k else 0.0) - a[k]
                estimates[(*place, j, k)] = (rewards[(*place, j)] - level) * slope
                mean[(*place, k)] += a[j] * estimates[(*place, j, k)]
    return estimates, mean


@alternative
def mean_by_the_closed_form(weights, rewards, baseline):
    """The mean is known without the table: weights times reward above the mean."""
    above = rewards - (weights * rewards).sum(axis=-1, keepdims=True)
    gains = rewards - np.expand_dims(baseline, -1)
    ones = np.broadcast_to(np.eye(weights.shape[-1]), (*weights.shape, len(weights.T)))
    return (ones - weights[..., None, :]) * gains[..., None], weights * above


@check(points=1)
def three_keys_on_paper(enumerate_estimates):
    """Weights 1/2, 1/4, 1/4 and rewards 0, 4, 8, without a baseline."""
    got = enumerate_estimates(
        np.array([0.5, 0.25, 0.25]), np.array([0.0, 4.0, 8.0]), np.array(0.0)
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the estimates and their mean, got {got!r}"
    table = np.array([[0, 0, 0], [-2, 3, -1], [-4, -2, 6.0]])
    close(got[0], table, "estimates (draw, key)")
    close(got[1], np.array([-1.5, 0.25, 1.25]), "mean of the estimates")


@check(points=1)
def a_baseline_moves_the_rows_alone(enumerate_estimates):
    """Baseline 3 on the same keys: other rows, the same mean."""
    got = enumerate_estimates(
        np.array([0.5, 0.25, 0.25]), np.array([0.0, 4.0, 8.0]), np.array(3.0)
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the estimates and their mean, got {got!r}"
    table = np.array([[-6, 3, 3], [-2, 3, -1], [-10, -5, 15]]) / 4
    close(got[0], table, "estimates (draw, key), baseline 3")
    close(got[1], np.array([-1.5, 0.25, 1.25]), "mean of the estimates, baseline 3")


@check(points=2, hidden=True)
def batches_against_the_reference(enumerate_estimates, rng):
    """Batches, against the estimator of the course and its exact mean."""
    from attn_course.functional import expected_gradient, reinforce_gradient

    weights = rng.dirichlet(np.ones(4), size=(2, 3))
    rewards, baseline = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3))
    draws = [np.full((2, 3), j) for j in range(4)]
    rows = [
        reinforce_gradient(rewards[..., j], draws[j], weights, baseline)
        for j in range(4)
    ]
    got = enumerate_estimates(weights, rewards, baseline)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the estimates and their mean, got {got!r}"
    close(got[0], np.stack(rows, axis=-2), "estimates (..., draw, key)")
    close(got[1], expected_gradient(rewards, weights), "mean of the estimates")


@check(points=1, hidden=True)
def the_mean_is_the_slope(enumerate_estimates, rng):
    """The mean, against central differences of the mean reward in the scores."""
    from attn_course.functional import numerical_gradient, softmax

    scores, rewards = rng.normal(size=5), rng.normal(size=5)
    got = enumerate_estimates(softmax(scores), rewards, np.array(1.7))
    slope = numerical_gradient(lambda s: softmax(s) @ rewards, scores)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the estimates and their mean, got {got!r}"
    close(np.round(got[1], 6), np.round(slope, 6), "mean of the estimates")


def _with(slopes, gains, weights):
    """The table and its mean under the weights."""
    table = gains[..., None] * slopes
    return table, np.einsum("...j,...jk->...k", weights, table)


def _slopes(weights):
    return np.eye(weights.shape[-1]) - weights[..., None, :]


@misconception(caught_by=three_keys_on_paper)
def every_draw_counts_the_same(weights, rewards, baseline):
    """Your rows are right. In the mean each counts the same, though some draws come up
    more often than others: with which probability does row J?"""
    table, _ = _with(
        _slopes(weights), rewards - np.asarray(baseline)[..., None], weights
    )
    return table, table.mean(axis=-2)


@misconception(caught_by=three_keys_on_paper)
def slope_of_the_probability(weights, rewards, baseline):
    """You took the slope of a_J itself, so likely draws count twice: once because they
    come often, once because a_J is large. The formula has a logarithm; what does it do
    to the slope?"""
    slopes = weights[..., None] * _slopes(weights)
    return _with(slopes, rewards - np.asarray(baseline)[..., None], weights)


@misconception(caught_by=three_keys_on_paper)
def only_the_drawn_key_moves(weights, rewards, baseline):
    """Only the entry of the drawn key is not zero. Raising one score takes weight from
    all the others: what is the slope of ln a_J in the score of another key?"""
    slopes = np.eye(weights.shape[-1]) * (1 - weights[..., None, :])
    return _with(slopes, rewards - np.asarray(baseline)[..., None], weights)


@misconception(caught_by=three_keys_on_paper)
def shares_left_out(weights, rewards, baseline):
    """You push the drawn key by its whole reward and leave out the share that it has
    already. Then each score can only be pushed the way its reward points, and the rows
    do not add up to zero, as a shift of all scores demands."""
    slopes = np.eye(weights.shape[-1]) + 0 * weights[..., None, :]
    return _with(slopes, rewards - np.asarray(baseline)[..., None], weights)


@misconception(caught_by=three_keys_on_paper)
def downhill(weights, rewards, baseline):
    """Every sign is turned round: yours is the slope of a loss, and following it makes
    good keys less likely. Does a key with a high reward go up in your rows?"""
    return _with(-_slopes(weights), rewards - np.asarray(baseline)[..., None], weights)


@misconception(caught_by=three_keys_on_paper)
def reward_of_the_wrong_axis(weights, rewards, baseline):
    """Your rows mix the rewards of different keys. Row J is what happens when J is
    drawn: one reward for the whole row, that of J."""
    gains = rewards - np.asarray(baseline)[..., None]
    table = gains[..., None, :] * _slopes(weights)
    return table, np.einsum("...j,...jk->...k", weights, table)


@misconception(caught_by=three_keys_on_paper)
def draws_along_the_columns(weights, rewards, baseline):
    """The numbers are right and the table is on its side: your columns are the draws.
    Asked for is one row for each draw and one column for each score."""
    gains = rewards - np.asarray(baseline)[..., None]
    table, mean = _with(_slopes(weights), gains, weights)
    return np.swapaxes(table, -1, -2), mean


@misconception(caught_by=three_keys_on_paper)
def rows_weighed_already(weights, rewards, baseline):
    """The mean is right, and each row has its probability in it already. A row is what
    one draw says, without knowing how often it comes: where does a_J belong?"""
    gains = rewards - np.asarray(baseline)[..., None]
    table, mean = _with(_slopes(weights), gains, weights)
    return weights[..., None] * table, mean


@misconception(caught_by=a_baseline_moves_the_rows_alone)
def baseline_added(weights, rewards, baseline):
    """You add the baseline to the reward. The mean does not mind; the rows do. What is
    news in a reward, if the usual one is b?"""
    gains = rewards + np.asarray(baseline)[..., None]
    return _with(_slopes(weights), gains, weights)


@misconception(caught_by=a_baseline_moves_the_rows_alone)
def baseline_forgotten(weights, rewards, baseline):
    """The mean is right and the rows are those without a baseline. It never changes the
    mean, which is why nothing else would notice: where does it stand in the formula?"""
    return _with(_slopes(weights), rewards + 0.0, weights)


@misconception(caught_by=the_mean_is_the_slope)
def baseline_taken_from_the_estimates(weights, rewards, baseline):
    """You subtract the baseline from the estimates, not from the reward. Then the mean
    moves by the baseline. Which two numbers does the formula compare?"""
    table = (
        rewards[..., None] * _slopes(weights) - np.asarray(baseline)[..., None, None]
    )
    return table, np.einsum("...j,...jk->...k", weights, table)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(weights, rewards, baseline):
    """Right for one distribution. With a batch in front, axis 0 is no longer the draws:
    from which end of the shape do they always have the same place?"""
    table, _ = _with(
        _slopes(weights), rewards - np.asarray(baseline)[..., None], weights
    )
    return table, (weights[..., None] * table).sum(axis=0)
