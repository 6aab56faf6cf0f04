r"""### How spread out is the attention?

Divide the scores of a query by a temperature $\tau$, turn them into weights, and ask
over how many keys they spread. Write `entropy_at(scores, temperature)`,

$$ H = -\sum_j a_j \ln a_j, \qquad a = \softmax(s / \tau), \qquad 0 \ln 0 = 0, $$

in nats, one number for each query. The temperature is one positive number. It may be so
small that some weights are exactly zero: the entropy is then an ordinary number, not
nan, and not shifted by a small number that somebody added to keep nan away. The keys
are the last axis; any number of leading axes may come first, and **the checks you can
read have none**.
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
        "Four equal scores: what are the weights, and what is their entropy? It should "
        "not depend on the temperature.",
        "0 · ln 0 is 0 times minus infinity, which NumPy calls nan. Which other number "
        "could stand inside the logarithm wherever the weight is 0?",
        "`np.where(weights > 0, weights, 1)` inside the logarithm: ln 1 is 0. Shift "
        "the scores by their maximum before you divide by the temperature.",
    ),
)


@answer
def entropy_at(scores, temperature):
    """Entropy of the weights, in nats.

    scores       (..., queries, keys)  float
    temperature  ()                    float, positive
    returns      (..., queries)        float
    """
    ### BEGIN SOLUTION
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)
    ### END SOLUTION


@inputs
def draw(rng):
    """From freezing to hot, with and without a batch."""
    batch, queries, keys = rng.permutation(np.arange(2, 9))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    scores = rng.normal(size=(*leading, queries, keys))
    return scores, float(rng.choice([1e-3, 0.5, 1.0, 3.0]))


@alternative
def by_log_sum_exp(scores, temperature):
    """H is log-sum-exp of the scores minus their weighted mean; no logarithm of 0."""
    cold = (scores - scores.max(axis=-1, keepdims=True)) / temperature
    total = np.exp(cold).sum(axis=-1)
    return np.log(total) - (np.exp(cold) * cold).sum(axis=-1) / total


@alternative
def one_row_at_a_time(scores, temperature):
    """Only the weights that are not zero are added up."""
    result = np.zeros(scores.shape[:-1])
    for place in np.ndindex(result.shape):
        exps = np.exp((scores[place] - scores[place].max()) / temperature)
        result[place] = sum(-w * np.log(w) for w in exps / exps.sum() if w > 0)
    return result


@check(points=1)
def four_even_keys_and_four_uneven(entropy_at):
    """Four equal scores have entropy ln 4; weights 1/2, 1/4, 1/8, 1/8 have 7/4 ln 2."""
    scores = np.log([[5.0, 5.0, 5.0, 5.0], [4.0, 2.0, 1.0, 1.0]])
    wanted = np.array([np.log(4.0), 7 / 4 * np.log(2.0)])
    close(entropy_at(scores, 1.0), wanted, "entropy")


@check(points=1)
def temperature_two_on_paper(entropy_at):
    """At temperature 2: the weights 1/8, 3/8, 4/8, and the weights 1/4, 1/4, 1/2."""
    scores = 2 * np.log([[1.0, 3.0, 4.0], [1.0, 1.0, 2.0]])
    first = np.log(8.0) / 8 + 3 * np.log(8 / 3) / 8 + np.log(2.0) / 2
    wanted = np.array([first, 3 / 2 * np.log(2.0)])
    close(entropy_at(scores, 2.0), wanted, "entropy")


@check(points=1, extreme=True)
def freezing_is_not_nan(entropy_at):
    """At temperature 0.0001 the best key has it all, or two or three that tie."""
    scores = np.array([[0.0, -1, -2, -3], [5.0, 5, 2, 1], [-2.0, -1, -1, -1]])
    close(entropy_at(scores, 1e-4), np.log([1.0, 2.0, 3.0]), "entropy")


@check(points=1, hidden=True)
def batches_against_the_reference(entropy_at, rng):
    """Batches and several temperatures, against the functions of the course."""
    from attn_course.functional import entropy, softmax

    scores = rng.normal(size=(2, 3, 4, 5))
    for temperature in (0.3, 1.0, 4.0):
        wanted = entropy(softmax(scores, temperature=temperature))
        close(entropy_at(scores, temperature), wanted, "entropy")


@check(points=1, hidden=True, extreme=True)
def batches_with_rows_far_apart(entropy_at, rng):
    """Batches in which every row lies at a height of its own, warm and freezing."""
    from attn_course.functional import entropy, softmax

    scores = rng.integers(4, size=(2, 3, 4, 5)).astype(float)
    scores += rng.integers(-1_000_000, 1_000_000, size=(2, 3, 4, 1))
    for temperature in (2.0, 1e-3):
        wanted = entropy(softmax(scores, temperature=temperature))
        close(entropy_at(scores, temperature), wanted, "entropy")


@misconception(caught_by=freezing_is_not_nan)
def logarithm_of_zero(scores, temperature):
    """When a weight is exactly 0, ln 0 is minus infinity and 0 times that is nan. By
    convention 0 ln 0 counts as 0: how can the logarithm avoid the zeros?"""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(weights)).sum(axis=-1)


@misconception(caught_by=freezing_is_not_nan)
def no_shift(scores, temperature):
    """At a low temperature the exponentials of a row are all 0, or some are infinite,
    and the division gives nan. What may be subtracted from a whole row beforehand?"""
    exps = np.exp(scores / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=batches_with_rows_far_apart)
def one_shift_for_each_table(scores, temperature):
    """One shift for each table. A row far below the highest of its table then has only
    zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    shifted = scores - scores.max(axis=(-2, -1), keepdims=True)
    exps = np.exp(shifted / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=four_even_keys_and_four_uneven)
def one_entropy_for_everything(scores, temperature):
    """One number came back: the entropies of all queries, added up. Each query has an
    entropy of its own: along which axis should the sum run?"""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum()


@misconception(caught_by=four_even_keys_and_four_uneven)
def in_bits(scores, temperature):
    """Four equal keys give you 2: that is the entropy in bits, a good unit. Asked for
    are nats, so that four equal keys give ln 4."""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log2(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=temperature_two_on_paper)
def heats_instead_of_cooling(scores, temperature):
    """Your temperature works upside down: a higher one should even the weights out, and
    yours sharpens them. Is it multiplied or divided by?"""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) * temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=temperature_two_on_paper)
def temperature_after_softmax(scores, temperature):
    """Your result does not feel the temperature. Either it is not used, or it divides
    the finished weights, where sharing again cancels it: it belongs inside `exp`."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True) / temperature
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=four_even_keys_and_four_uneven)
def sign_forgotten(scores, temperature):
    """Your entropies are negative. Weights below 1 have negative logarithms, and the
    definition turns that round: look at the sign in front of its sum."""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return (weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(scores, temperature):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: count
    from the end of the shape."""
    exps = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=1, keepdims=True)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=1)


@misconception(caught_by=four_even_keys_and_four_uneven)
def a_crumb_in_the_logarithm(scores, temperature):
    """A small number inside the logarithm keeps nan away and shifts every entropy by a
    little, below zero where one key has it all. Which number has a logarithm of 0?"""
    exps = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return -(weights * np.log(weights + 1e-5)).sum(axis=-1)
