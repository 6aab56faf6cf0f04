r"""### An experiment: how much noise does a baseline take away?

The estimate of a draw is $\hat g^{(J)}_k = (R_J - b)\,([k = J] - a_k)$. Its mean does
not depend on the baseline $b$. Its noise does. Measure it without drawing: the **total
variance** is the mean squared distance of an estimate from the mean estimate,

$$ V(b) = \sum_J a_J \, \bigl\lVert \hat g^{(J)} - \bar g \bigr\rVert^2,
   \qquad \bar g = \sum_J a_J \, \hat g^{(J)}. $$

As a function of $b$ this is a parabola, so it has one lowest point. Write
`noise_of_baselines(weights, rewards, baselines)`. It returns two things: $V$ at each of
the baselines, in the order given, and the $b$ of the lowest point of the whole
parabola, which need not be among them and is in general **not** the mean reward.
Work it out; the best of many that are tried comes near it and does not hit it.

Then experiment. Take five keys and rewards of your own and predict, before you
run: what do $V(0)$, $V(\text{mean reward})$ and the lowest $V$ become if every reward
grows by 100? And when is the mean reward the best baseline after all?
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
    minutes=25,
    hints=(
        "Take one baseline first. Make the table of all estimates, one row a draw, and "
        "its mean under the weights; then the squared lengths of rows less mean.",
        "The mean of squared lengths is the only part of V that depends on b. Written "
        "out, it is the sum over J of a_J (R_J − b)² c_J; what is c_J? Where is its "
        "slope in b zero?",
        "With c_J the squared length of row J of `identity − weights`, the lowest "
        "point is a weighted mean of the rewards, and its weights are a_J c_J.",
    ),
)


@answer
def noise_of_baselines(weights, rewards, baselines):
    """Total variance of the estimate at each baseline, and the best baseline.

    weights    (keys,)       float, positive, sums to one, at least two keys
    rewards    (keys,)       float
    baselines  (baselines,)  float, in any order
    returns    two things: variances (baselines,) and the best baseline, a number
    """
    ### BEGIN SOLUTION
    slopes = np.eye(len(weights)) - weights
    pushes = weights * (slopes**2).sum(axis=1)
    mean = weights * (rewards - weights @ rewards)
    squares = (rewards - baselines[:, None]) ** 2 @ pushes
    return squares - mean @ mean, rewards @ pushes / pushes.sum()
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven weights over a few keys, rewards of either sign, some far from zero."""
    keys, count = rng.permutation(np.arange(2, 8))[:2]
    weights = rng.dirichlet(np.ones(keys)) * 0.9 + 0.1 / keys
    rewards = rng.normal(size=keys) + rng.choice([0.0, 5.0])
    return weights, rewards, rng.uniform(-3, 8, size=count)


@alternative
def straight_from_the_definition(weights, rewards, baselines):
    """All estimates of all baselines, and the lowest point from a parabola's three."""

    def total_variance(b):
        table = (rewards - b)[:, None] * (np.eye(len(weights)) - weights)
        return weights @ ((table - weights @ table) ** 2).sum(axis=1)

    left, middle, right = (total_variance(b) for b in (-1.0, 0.0, 1.0))
    best = (left - right) / (left - 2 * middle + right) / 2
    return np.array([total_variance(b) for b in baselines]), best


@alternative
def one_entry_at_a_time(weights, rewards, baselines):
    """Loops over baselines, draws and entries; c written out as 1 − 2a + Σa²."""
    variances = []
    for b in baselines:
        total = 0.0
        for k in range(len(weights)):
            entries = [
                (r - b) * ((1.0 if j == k else 0.0) - weights[k])
                for j, r in enumerate(rewards)
            ]
            mean = np.average(entries, weights=weights)
            total += np.average((np.array(entries) - mean) ** 2, weights=weights)
        variances.append(total)
    sizes = 1 - 2 * weights + (weights**2).sum()
    return np.array(variances), np.average(rewards, weights=weights * sizes)


@check(points=1)
def two_even_keys_on_paper(noise_of_baselines):
    """Two even keys, rewards 0 and 4: no noise at all with the best baseline, 2."""
    got = noise_of_baselines(
        np.array([0.5, 0.5]), np.array([0.0, 4.0]), np.array([2.0, 0.0, 6.0])
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the variances and the best baseline, got {got!r}"
    # Estimates at b = 0 are (0, 0) and (-2, 2), their mean is (-1, 1).
    close(np.round(got[0], 9), np.array([0.0, 2.0, 8.0]), "variances at 2, 0, 6")
    close(got[1], 2.0, "best baseline")


@check(points=2)
def three_keys_on_paper(noise_of_baselines):
    """Weights 1/2, 1/4, 1/4, rewards 0, 4, 8: the keys of this page."""
    got = noise_of_baselines(
        np.array([0.5, 0.25, 0.25]),
        np.array([0.0, 4.0, 8.0]),
        np.array([3.0, 0.0, 4.0, 5.0]),
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the variances and the best baseline, got {got!r}"
    close(got[0], np.array([56, 218, 42, 48]) / 16, "variances at 3, 0, 4, 5")
    close(got[1], 4.2, "best baseline")


@check(points=2, hidden=True)
def uneven_keys_every_draw_weighed(noise_of_baselines, rng):
    """Five uneven keys, against the estimator of the course, every draw weighed."""
    from attn_course.functional import expected_gradient, reinforce_gradient

    weights = rng.dirichlet(np.ones(5)) * 0.8 + 0.04
    rewards = rng.normal(size=5) + 2.0
    baselines = rng.uniform(-4, 4, size=7)
    many = np.tile(weights, (5, 1))
    mean = expected_gradient(rewards, weights)

    def noise(b):
        table = reinforce_gradient(rewards, np.arange(5), many, float(b))
        return weights @ ((table - mean) ** 2).sum(axis=1)

    got = noise_of_baselines(weights, rewards, baselines)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the variances and the best baseline, got {got!r}"
    close(got[0], np.array([noise(b) for b in baselines]), "variances")
    bend = noise(1) - 2 * noise(0) + noise(-1)
    close(got[1], (noise(-1) - noise(1)) / bend / 2, "best baseline")


def _table(weights, rewards, baselines):
    """Estimates (baselines, draws, keys)."""
    slopes = np.eye(len(weights)) - weights
    return (rewards - baselines[:, None])[..., None] * slopes


def _variances(weights, rewards, baselines):
    table = _table(weights, rewards, baselines)
    mean = np.einsum("j,bjk->bk", weights, table)
    gaps = table - mean[:, None]
    return np.einsum("j,bjk->b", weights, gaps**2)


def _best(weights, rewards):
    sizes = 1 - 2 * weights + (weights**2).sum()
    return np.average(rewards, weights=weights * sizes)


@misconception(caught_by=three_keys_on_paper)
def mean_reward_as_the_best(weights, rewards, baselines):
    """The variances are right. The mean reward is a good baseline and not the best one:
    draws that push far should count for more. At which b is the slope of V zero?"""
    return _variances(weights, rewards, baselines), weights @ rewards


@misconception(caught_by=three_keys_on_paper)
def best_of_those_tried(weights, rewards, baselines):
    """You return the best of the baselines that were given. The lowest point of the
    parabola may lie between them or beyond them."""
    variances = _variances(weights, rewards, baselines)
    return variances, baselines[variances.argmin()]


@misconception(caught_by=two_even_keys_on_paper)
def mean_not_taken_away(weights, rewards, baselines):
    """Yours is the mean squared length of an estimate, not of its distance from the
    mean: even two estimates that never differ would seem noisy."""
    table = _table(weights, rewards, baselines)
    return np.einsum("j,bjk->b", weights, table**2), _best(weights, rewards)


@misconception(caught_by=uneven_keys_every_draw_weighed)
def every_draw_counts_the_same(weights, rewards, baselines):
    """Your draws all count the same, in the variances and in the best baseline. A key
    comes up as often as its weight says: which sums run over draws?"""
    even = np.full(len(weights), 1 / len(weights))
    table = _table(weights, rewards, baselines)
    gaps = table - table.mean(axis=1, keepdims=True)
    sizes = 1 - 2 * weights + (weights**2).sum()
    best = np.average(rewards, weights=even * sizes)
    return (gaps**2).sum(axis=2).mean(axis=1), best


@misconception(caught_by=three_keys_on_paper)
def variances_of_even_draws(weights, rewards, baselines):
    """In your variances all draws count the same, as `np.var` takes them. A draw comes
    up as often as its weight says: where does a_J stand in the formula of V?"""
    variances = _table(weights, rewards, baselines).var(axis=1).sum(axis=1)
    return variances, _best(weights, rewards)


@misconception(caught_by=two_even_keys_on_paper)
def root_of_the_variance(weights, rewards, baselines):
    """You took the root at the end. That is the spread, in the unit of the slope; asked
    for is the variance, its square."""
    variances = np.maximum(_variances(weights, rewards, baselines), 0)
    return np.sqrt(variances), _best(weights, rewards)


@misconception(caught_by=two_even_keys_on_paper)
def mean_over_the_entries(weights, rewards, baselines):
    """You took the mean of the variances over the entries of the slope. Asked for is
    the squared length: what becomes of the entries there?"""
    return (
        _variances(weights, rewards, baselines) / len(weights),
        _best(weights, rewards),
    )


@misconception(caught_by=two_even_keys_on_paper)
def variance_of_the_rewards(weights, rewards, baselines):
    """You measured the noise of the reward less the baseline. The reward is multiplied
    by a slope that depends on the draw as well: both vary together."""
    variances = (rewards - baselines[:, None]) ** 2 @ weights
    return variances, _best(weights, rewards)


@misconception(caught_by=three_keys_on_paper)
def variances_in_order_of_size(weights, rewards, baselines):
    """Your variances come sorted, so nobody can tell which baseline each one belongs
    to. Leave them in the order of the baselines."""
    return np.sort(_variances(weights, rewards, baselines)), _best(weights, rewards)


@misconception(caught_by=three_keys_on_paper)
def weighed_by_the_push_alone(weights, rewards, baselines):
    """The variances are right. For the best baseline you weigh the draws by how far
    they push and not by how often they come. Both count."""
    sizes = 1 - 2 * weights + (weights**2).sum()
    best = np.average(rewards, weights=sizes)
    return _variances(weights, rewards, baselines), best
