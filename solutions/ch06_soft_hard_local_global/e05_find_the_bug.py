r"""### Find the bug: a learner that passed three tests

`reinforce_step` makes one step of learning where to look: a few keys were drawn from
$\softmax(s)$, each earned a reward, and the scores move uphill along the mean of the
score-function estimates. The baseline is a running mean of the rewards of *earlier*
steps; each step brings it up to date for the next, $b \leftarrow b + c\,(\bar R - b)$
with the mean reward $\bar R$ of the step and a pace $c$. Whoever wrote it tried it out:

> if every draw earns exactly the baseline, the scores stay put; the sum of the scores
> never changes; and on an easy task it finds the best key in the end. Done!

It is wrong in two places. Both leave those three facts alone, and both make the mean of
many steps another one than the rate times the slope of the mean reward. Run the checks
and mend one fault at a time.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
    starter,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=20,
    hints=(
        "Work one step out on paper: two keys with even scores, baseline 2, one draw "
        "of the second key, which earns 4. Where do the scores go, where the baseline?",
        "One fault is in the order of things: may a draw be compared with a number "
        "that has heard of it already? The other is in the slopes: of a_J or ln a_J?",
        "Bring the baseline up to date only after the estimates are made. And the "
        "slope of the logarithm is one-hot less the weights, with no factor in front.",
    ),
)


@answer
def reinforce_step(scores, baseline, draws, rewards, rate, pace):
    """Scores and baseline after one step uphill.

    scores    (keys,)     float
    baseline  ()          float, the running mean of earlier rewards
    draws     (samples,)  int, indices of the keys drawn
    rewards   (samples,)  float, what each draw earned
    rate      ()          float, positive
    pace      ()          float between 0 and 1, of the running mean
    returns   two things: scores (keys,) and the baseline for the next step, a number
    """
    ### BEGIN SOLUTION
    exps = np.exp(scores - scores.max())
    weights = exps / exps.sum()
    slopes = np.eye(len(scores))[draws] - weights
    estimates = (rewards - baseline)[:, None] * slopes
    baseline = baseline + pace * (rewards.mean() - baseline)
    return scores + rate * estimates.mean(axis=0), baseline
    ### END SOLUTION


@starter
def reinforce_step(scores, baseline, draws, rewards, rate, pace):  # noqa: F811
    """Scores and baseline after one step uphill.

    scores    (keys,)     float
    baseline  ()          float, the running mean of earlier rewards
    draws     (samples,)  int, indices of the keys drawn
    rewards   (samples,)  float, what each draw earned
    rate      ()          float, positive
    pace      ()          float between 0 and 1, of the running mean
    returns   two things: scores (keys,) and the baseline for the next step, a number
    """
    exps = np.exp(scores - scores.max())
    weights = exps / exps.sum()
    baseline = baseline + pace * (rewards.mean() - baseline)
    slopes = weights[draws][:, None] * (np.eye(len(scores))[draws] - weights)
    estimates = (rewards - baseline)[:, None] * slopes
    return scores + rate * estimates.mean(axis=0), baseline


@inputs
def draw(rng):
    """A few keys, a few draws, rewards far from zero now and then."""
    keys, samples = rng.permutation(np.arange(2, 9))[:2]
    scores = rng.normal(size=keys) + rng.choice([0.0, 1e3], size=keys)
    draws = rng.integers(keys, size=samples)
    level = rng.choice([0.0, 10.0])
    rewards = rng.normal(size=samples) + level
    rate, pace = rng.uniform(0.1, 2), rng.uniform(0.05, 0.9)
    return scores, float(rng.normal() + level), draws, rewards, rate, pace


@alternative
def one_draw_at_a_time(scores, baseline, draws, rewards, rate, pace):
    """Each draw lifts its key and lowers all by their share."""
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    moved = np.array(scores, dtype=float)
    for key, earned in zip(draws, rewards, strict=True):
        moved -= rate * (earned - baseline) * weights / len(draws)
        moved[key] += rate * (earned - baseline) / len(draws)
    return moved, (1 - pace) * baseline + pace * sum(rewards) / len(rewards)


@alternative
def gains_counted_by_key(scores, baseline, draws, rewards, rate, pace):
    """What each key gained in all, and what all of them together."""
    gains = rewards - baseline
    pulls = np.bincount(draws, weights=gains, minlength=len(scores)) / len(draws)
    weights = np.exp(scores - scores.max())
    step = pulls - gains.mean() * weights / weights.sum()
    return scores + rate * step, baseline + pace * gains.mean()


@check(points=1)
def two_keys_on_paper(reinforce_step):
    """Two even keys, baseline 2; three draws earn 0, 4 and 8, then one alone."""
    scores, draws = np.zeros(2), np.array([0, 1, 1])
    # Gains -2, 2, 6: half of each up for the drawn key, half of it down for the other.
    got = reinforce_step(scores, 2.0, draws, np.array([0.0, 4.0, 8.0]), 1.0, 0.5)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, scores and the next baseline, got {got!r}"
    close(got[0], np.array([-5.0, 5.0]) / 3, "scores")
    close(got[1], 3.0, "next baseline")
    got = reinforce_step(scores + 1, 2.0, draws[1:2], np.array([4.0]), 0.5, 0.25)
    close(got[0], np.array([0.5, 1.5]), "scores from 1, rate 0.5")
    close(got[1], 2.5, "next baseline, pace 0.25")


@check(points=2)
def the_mean_step_is_the_slope(reinforce_step):
    """Every pair of draws, weighed: the mean step is the rate times the slope."""
    weights, earns = np.array([0.5, 0.25, 0.25]), np.array([0.0, 4.0, 8.0])
    scores, mean = np.log(weights), np.zeros(3)
    for first in range(3):
        for second in range(3):
            draws = np.array([first, second])
            got = reinforce_step(scores, 1.0, draws, earns[draws], 2.0, 0.5)
            both = isinstance(got, tuple | list) and len(got) == 2
            assert both, f"wanted two things, scores and next baseline, got {got!r}"
            mean = mean + weights[first] * weights[second] * (got[0] - scores)
    close(mean, 2.0 * np.array([-1.5, 0.25, 1.25]), "mean step over all pairs")


@check(points=2, hidden=True)
def more_draws_against_the_reference(reinforce_step, rng):
    """Several draws over several keys, against the estimator of the course."""
    from attn_course.functional import reinforce_gradient, softmax

    for keys, samples in ((5, 7), (4, 3)):
        scores, rewards = rng.normal(size=keys), rng.normal(size=samples) + 5.0
        draws = rng.integers(keys, size=samples)
        many = np.tile(softmax(scores), (samples, 1))
        step = reinforce_gradient(rewards, draws, many, 4.2).mean(axis=0)
        got = reinforce_step(scores, 4.2, draws, rewards, 0.3, 0.1)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, scores and the next baseline, got {got!r}"
        close(got[0], scores + 0.3 * step, "scores")
        close(got[1], 0.9 * 4.2 + 0.1 * rewards.mean(), "next baseline")


@check(points=1, hidden=True, extreme=True)
def large_scores_are_no_trouble(reinforce_step, rng):
    """Scores near 1,000 make the step of scores near 0; one lies far below."""
    from attn_course.functional import softmax

    near, draws = rng.integers(-2, 3, size=4).astype(float), np.array([2, 0, 3, 3, 1])
    near[1] = -2000.0
    rewards = 1.0 + rng.integers(0, 3, size=5)
    pushes = np.eye(4)[draws] - softmax(near)
    got = reinforce_step(near + 1000.0, 1.5, draws, rewards, 1.0, 0.5)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, scores and the next baseline, got {got!r}"
    close(got[0], near + 1000.0 + (rewards - 1.5) @ pushes / 5, "scores")


def _step(scores, baseline, draws, rewards, rate, pace, *, first=False, log=True):
    """The step with one part wrong at a time."""
    exps = np.exp(scores - scores.max())
    weights = exps / exps.sum()
    following = baseline + pace * (rewards.mean() - baseline)
    slopes = np.eye(len(scores))[draws] - weights
    if not log:
        slopes = weights[draws][:, None] * slopes
    gains = rewards - (following if first else baseline)
    return scores + rate * (gains[:, None] * slopes).mean(axis=0), following


@misconception(caught_by=the_mean_step_is_the_slope)
def baseline_knows_the_draw(scores, baseline, draws, rewards, rate, pace):
    """One fault is mended. The baseline has still heard of these draws before they are
    compared with it, so their news is partly taken away. When may it be brought up to
    date?"""
    return _step(scores, baseline, draws, rewards, rate, pace, first=True)


@misconception(caught_by=the_mean_step_is_the_slope)
def slope_of_the_probability(scores, baseline, draws, rewards, rate, pace):
    """One fault is mended. The slopes are still those of the probability, so a key that
    is drawn often is also pushed harder each time: it counts twice. Of what should the
    slope be taken?"""
    return _step(scores, baseline, draws, rewards, rate, pace, log=False)


@misconception(caught_by=two_keys_on_paper)
def downhill(scores, baseline, draws, rewards, rate, pace):
    """Your step goes down: after it, a key with a high reward is less likely. Are these
    numbers rewards or losses?"""
    return _step(scores, baseline, draws, rewards, -rate, pace)[0], _step(
        scores, baseline, draws, rewards, rate, pace
    )[1]


@misconception(caught_by=two_keys_on_paper)
def no_baseline(scores, baseline, draws, rewards, rate, pace):
    """You took the baseline out of the step. The mean is right without one, and each
    single step has far more noise. Mend when it changes, and keep it."""
    _, following = _step(scores, baseline, draws, rewards, rate, pace)
    return _step(scores, 0.0, draws, rewards, rate, pace)[0], following


@misconception(caught_by=two_keys_on_paper)
def baseline_left_as_it_was(scores, baseline, draws, rewards, rate, pace):
    """The scores are right, and the baseline stays what it was for ever. It should not
    know these draws while they are compared with it; the next step may know them."""
    return _step(scores, baseline, draws, rewards, rate, pace)[0], baseline


@misconception(caught_by=two_keys_on_paper)
def added_up_instead_of_averaged(scores, baseline, draws, rewards, rate, pace):
    """You add the estimates of all draws up, so a larger batch makes a larger step.
    Asked for is their mean."""
    return _step(scores, baseline, draws, rewards, rate * len(draws), pace)[0], _step(
        scores, baseline, draws, rewards, rate, pace
    )[1]


@misconception(caught_by=two_keys_on_paper)
def mean_of_these_draws_as_baseline(scores, baseline, draws, rewards, rate, pace):
    """You compare each reward with the mean of this very step. It contains the draw's
    own reward, and a single draw would never teach anything. Which baseline was known
    before the draws?"""
    following = _step(scores, baseline, draws, rewards, rate, pace)[1]
    return _step(scores, rewards.mean(), draws, rewards, rate, pace)[0], following


@misconception(caught_by=two_keys_on_paper)
def pace_turned_round(scores, baseline, draws, rewards, rate, pace):
    """The scores are right. In your running mean the old and the new have changed
    places: at a pace of 0.25, what share of the baseline is new?"""
    following = pace * baseline + (1 - pace) * rewards.mean()
    return _step(scores, baseline, draws, rewards, rate, pace)[0], following


@misconception(caught_by=two_keys_on_paper)
def divided_by_the_probability(scores, baseline, draws, rewards, rate, pace):
    """You divide the slope of ln a_J by a_J once more. The logarithm has done that
    already: its slope is the slope of a_J over a_J, and what is that for softmax?"""
    exps = np.exp(scores - scores.max())
    weights = exps / exps.sum()
    slopes = (np.eye(len(scores))[draws] - weights) / weights[draws][:, None]
    step = ((rewards - baseline)[:, None] * slopes).mean(axis=0)
    following = _step(scores, baseline, draws, rewards, rate, pace)[1]
    return scores + rate * step, following


@misconception(caught_by=two_keys_on_paper)
def shares_left_out(scores, baseline, draws, rewards, rate, pace):
    """You move only the keys that were drawn. Raising one score lowers the weights of
    all others: which part of the slope of ln a_J says that?"""
    gains = rewards - baseline
    _, following = _step(scores, baseline, draws, rewards, rate, pace)
    one_hot = np.eye(len(scores))[draws]
    return scores + rate * (gains[:, None] * one_hot).mean(axis=0), following


@misconception(caught_by=more_draws_against_the_reference)
def gains_scaled_to_size_one(scores, baseline, draws, rewards, rate, pace):
    """You divide the gains by their spread. Many programs do, and it makes steps even
    in size; it also changes their mean, which is no longer the slope."""
    spread = rewards.std() or 1.0
    following = _step(scores, baseline, draws, rewards, rate, pace)[1]
    return _step(scores, baseline, draws, rewards, rate / spread, pace)[0], following


@misconception(caught_by=large_scores_are_no_trouble)
def no_shift(scores, baseline, draws, rewards, rate, pace):
    """Without a shift, exp(1,000) is infinite and the weights are nan. What may be
    subtracted from all scores without changing a weight?"""
    exps = np.exp(scores)
    following = _step(scores, baseline, draws, rewards, rate, pace)[1]
    slopes = np.eye(len(scores))[draws] - exps / exps.sum()
    step = ((rewards - baseline)[:, None] * slopes).mean(axis=0)
    return scores + rate * step, following
