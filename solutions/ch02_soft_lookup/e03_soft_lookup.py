r"""### A soft lookup with a mask

Put the steps together. Write `soft_lookup(queries, keys, values, allowed)`:

1. score every query against every key, $s_{ij} = q_i \cdot k_j / \sqrt d$, where $d$
   is the width that queries and keys share;
2. turn each row into weights, over the keys that are `allowed` and no others;
3. read the values with these weights.

True in `allowed` means *may attend*. A query that may attend to nothing reads zeros.
What is not allowed must not matter at all, however large its score, or however low the
others. Any number of leading axes may come first, the same in all four; **the checks
you can read have none**.
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
        "Write the three steps without the mask first. Then ask: which score would "
        "give a weight of exactly zero, whatever the others are?",
        "exp(−∞) is 0, so let `np.where(allowed, scores, -np.inf)` come before the "
        "exponentials. What is the largest score of a row with nothing allowed, and "
        "what is it minus itself?",
        "Before you subtract it, replace the row maximum by 0 where it is infinite; "
        "before you divide, replace a total of 0 by 1. Then an empty row is zeros.",
    ),
)


@answer
def soft_lookup(queries, keys, values, allowed):
    """What each query reads.

    queries  (..., queries, width)     float
    keys     (..., keys, width)        float
    values   (..., keys, channels)     float
    allowed  (..., queries, keys)      bool, True where the query may attend to the key
    returns  (..., queries, channels)  float, zeros where nothing is allowed
    """
    ### BEGIN SOLUTION
    scores = queries @ np.swapaxes(keys, -1, -2) / queries.shape[-1] ** 0.5
    scores = np.where(allowed, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    exps = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ values
    ### END SOLUTION


@inputs
def draw(rng):
    """Moderate and large scores, masks from empty to full, with and without batch."""
    batch, n_queries, n_keys, width, channels = rng.permutation(np.arange(2, 9))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    size = rng.choice([1.0, 30.0])
    queries = size * rng.normal(size=(*leading, n_queries, width))
    keys = size * rng.normal(size=(*leading, n_keys, width))
    allowed = rng.random((*leading, n_queries, n_keys)) < rng.choice([0.2, 0.6, 1.0])
    return queries, keys, rng.normal(size=(*leading, n_keys, channels)), allowed


@alternative
def one_query_at_a_time(queries, keys, values, allowed):
    """Only the allowed keys are ever looked at."""
    read = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(queries.shape[:-1]):
        seen = allowed[place]
        if seen.any():
            scores = (
                keys[place[:-1]][seen] @ queries[place] / len(queries[place]) ** 0.5
            )
            exps = np.exp(scores - scores.max())
            read[place] = exps @ values[place[:-1]][seen] / exps.sum()
    return read


@alternative
def smallest_number_then_zeros(queries, keys, values, allowed):
    """A very small score for what is hidden, and zeros written into what is left."""
    scores = np.einsum("...qd,...kd->...qk", queries, keys) / queries.shape[-1] ** 0.5
    scores = np.where(allowed, scores, np.finfo(scores.dtype).min)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    total = np.maximum(exps.sum(axis=-1, keepdims=True), np.finfo(scores.dtype).tiny)
    return np.einsum("...qk,...kc->...qc", exps / total, values)


@check(points=1)
def a_lookup_on_paper(soft_lookup):
    """Scores 0, ln 3 and a hidden one: the read is a quarter and three quarters."""
    queries = np.array([[2 * np.log(3.0), 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    keys = np.array([[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0], [9.0, 5.0, 0.0, 1.0]])
    values = np.array([[8.0], [4.0], [100.0]])
    allowed = np.array([[True, True, False], [True, True, False]])
    close(soft_lookup(queries, keys, values, allowed), np.array([[5.0], [6.0]]), "read")


@check(points=1)
def nothing_allowed_reads_zeros(soft_lookup):
    """A query that may see nothing reads zeros; its neighbour reads as usual."""
    queries, keys = np.array([[0.0, 2 * np.log(3.0), 5.0, 0.0]] * 2), np.eye(3, 4)
    values = np.array([[4.0, 0, 8, 12, 4], [8.0, 4, 0, 0, 4], [100.0, 90, 80, 70, 60]])
    allowed = np.array([[False, False, False], [True, True, False]])
    read = soft_lookup(queries, keys, values, allowed)
    close(read, np.array([[0.0, 0, 0, 0, 0], [7.0, 3, 2, 3, 4]]), "read")


@check(points=1, extreme=True)
def a_loud_hidden_key_changes_nothing(soft_lookup):
    """A hidden key changes no read, loud or quiet; nor where all scores are -1e10."""
    queries = np.array([[1.0, 2000.0, 0.0, 0.0], [-2.0, -2000.0, 0.0, 0.0]])
    keys = np.array([[2.0, 1, 0, 0], [4.0, 1, 0, 0], [20000.0, 1, 0, 0]])
    values = np.array([[1.0], [0.0], [50.0]])
    allowed = np.array([[True, True, False], [True, True, False]])
    read = soft_lookup(queries, keys, values, allowed)
    wanted = 1 / (1 + np.exp([[1.0], [-2.0]]))
    close(read, wanted, "read beside a loud hidden key")
    queries = np.array([[0.0, -2e10, 0.0, 0.0], [0.0, -4e10, 0.0, 0.0]])
    allowed = np.array([[True, True, False], [True, False, False]])
    read = soft_lookup(queries, keys, values, allowed)
    close(read, np.array([[0.5], [1.0]]), "read where all scores are very low")


@check(points=2, hidden=True)
def batches_against_the_reference(soft_lookup, rng):
    """Batches, heads and random masks, against the function of the course."""
    from attn_course.functional import attend

    queries, keys = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5))
    values, allowed = rng.normal(size=(2, 3, 6, 7)), rng.random((2, 3, 4, 6)) < 0.6
    allowed[0, 1, 2] = False
    wanted = attend(queries, keys, values, allowed=allowed)
    close(soft_lookup(queries, keys, values, allowed), wanted, "read")


@check(points=1, hidden=True, extreme=True)
def batches_with_scores_far_apart(soft_lookup, rng):
    """Batches in which the scores of every query lie at a height of their own."""
    from attn_course.functional import attend

    queries = rng.integers(-2, 3, size=(2, 3, 5, 4)).astype(float)
    keys = rng.integers(-2, 3, size=(2, 3, 6, 4)).astype(float)
    queries[..., 0], keys[..., 0] = rng.integers(-10_000, 10_000, size=(2, 3, 5)), 2
    values, allowed = rng.normal(size=(2, 3, 6, 7)), rng.random((2, 3, 5, 6)) < 0.6
    wanted = attend(queries, keys, values, allowed=allowed)
    close(soft_lookup(queries, keys, values, allowed), wanted, "read")


@misconception(caught_by=a_lookup_on_paper)
def no_scale(queries, keys, values, allowed):
    """Everything is in place but the scale: with wide keys the dot products get large
    and softmax almost picks a single key. Read step 1 once more."""
    scores = np.where(allowed, queries @ np.swapaxes(keys, -1, -2), -1e300)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=a_lookup_on_paper)
def divides_by_the_width(queries, keys, values, allowed):
    """You divide by the width, so wide keys make every query nearly indifferent. Read
    step 1 once more: what stands under the fraction bar?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / queries.shape[-1]
    scores = np.where(allowed, scores, -1e300)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=a_lookup_on_paper)
def hides_after_sharing(queries, keys, values, allowed):
    """Hiding after sharing leaves crumbs behind: your rows no longer sum to one. Hide
    before the weights are shared out."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (exps / exps.sum(axis=-1, keepdims=True) * allowed) @ values


@misconception(caught_by=a_lookup_on_paper)
def hides_with_a_zero_score(queries, keys, values, allowed):
    """A score of zero is an ordinary score, and softmax gives it a share. To close a
    door completely, which score has an exponential of exactly zero?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1]) * allowed
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_lookup_on_paper)
def mask_upside_down(queries, keys, values, allowed):
    """Only the hidden keys are read now. Check what True means in the mask, and which
    branch of your choice it takes."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * ~allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=nothing_allowed_reads_zeros)
def empty_rows_turn_nan(queries, keys, values, allowed):
    """The mask works, until a row has nothing left: its maximum is −∞, and −∞ minus −∞
    is nan. The mask contract asks for zeros there."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=nothing_allowed_reads_zeros)
def empty_rows_read_the_mean(queries, keys, values, allowed):
    """With a very small number in place of −∞, a row with nothing allowed has all its
    scores equal, and reads the mean of what it may not see. Zeros are wanted."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_loud_hidden_key_changes_nothing)
def shifts_by_a_hidden_score(queries, keys, values, allowed):
    """You look for the largest score before hiding. A loud hidden key then pushes all
    the others down to exp(−10,000), which is 0. Hide first, then shift."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=a_loud_hidden_key_changes_nothing)
def low_but_not_lowest(queries, keys, values, allowed):
    """Your hidden score is low, and allowed ones may lie lower still: then the hidden
    key has the largest score of its row. Is there a score below all numbers?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return weights * allowed.any(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_loud_hidden_key_changes_nothing)
def no_shift(queries, keys, values, allowed):
    """The mask works, but exp of a score near 1,000 fits in no float, and inf / inf is
    nan. What may be subtracted from a whole row without changing its weights?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(np.where(allowed, scores, -np.inf))
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ values


@misconception(caught_by=batches_with_scores_far_apart)
def one_shift_for_each_table(queries, keys, values, allowed):
    """One shift for each table of scores. The rows far below the highest one then have
    only zeros and read nothing: whose maximum should a row subtract?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -1e300)
    exps = np.exp(scores - scores.max(axis=(-2, -1), keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=batches_against_the_reference)
def transposes_every_axis(queries, keys, values, allowed):
    """Right for one table. `.T` turns all axes round; with batches in front only the
    last two should change places."""
    scores = np.where(allowed, queries @ keys.T / np.sqrt(queries.shape[-1]), -1e300)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values


@misconception(caught_by=nothing_allowed_reads_zeros)
def adds_a_penalty(queries, keys, values, allowed):
    """You take a large number off the hidden scores. Where nothing is allowed, all are
    moved alike, softmax cannot see it, and the hidden keys are read after all."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = scores - 1e9 * ~allowed
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_lookup_on_paper)
def infinity_times_zero(queries, keys, values, allowed):
    """You add −∞ times the mask turned round. Where a key is allowed, that is −∞ times
    0, and it is nan, not 0. Choose between two numbers instead of multiplying."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = scores + -np.inf * ~allowed
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=a_lookup_on_paper)
def shared_over_the_queries(queries, keys, values, allowed):
    """Your weights sum to one down the columns: each key shares itself out among the
    queries. Along which axis does a query share its whole among the keys?"""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -1e300)
    exps = np.exp(scores - scores.max(axis=-2, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-2, keepdims=True), 1e-300) @ values


@misconception(caught_by=a_lookup_on_paper)
def root_of_the_number_of_keys(queries, keys, values, allowed):
    """You divide by the root of the number of keys. In step 1, d is the width: the
    length of one query, and of one key."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[-2])
    scores = np.where(allowed, scores, -1e300)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300) @ values
