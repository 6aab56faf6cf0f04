r"""### A window that moves: the weights of local-p

Luong, Pham and Manning let each query $i$ read from a window around a centre $p_i$
that need not be a whole number, and favour its middle:

$$ a_{ij} = \softmax_{j : |j - p_i| \le D}(s_{ij}) \;
   \exp\Bigl( -\frac{(j - p_i)^2}{2\sigma^2} \Bigr), \qquad \sigma = \frac{D}{2}. $$

Write `local_p_weights(scores, centres, half_width)`. Key $j$ stands at place $j$,
counted from 0. Keys outside the window have weight exactly zero, and so has a whole
row whose window holds no key. As in the paper, the product with the bell is **not**
shared out again. Scores may be of any size, and any number of leading axes may come
before the queries; **the checks you can read have none**.
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
        "Begin with a table of distances: every key's place less each query's centre. "
        "The window and the bell are both made of it.",
        "Order matters: hide what is outside the window by −∞, then share out among "
        "the keys that are left, then multiply by the bell, and stop there.",
        "A row with no key left has −∞ for its largest score: subtract 0 there, and "
        "where the total is 0 divide by 1. The exponent of the bell is −2 times "
        "(distance / D)², since σ is half of D.",
    ),
)


@answer
def local_p_weights(scores, centres, half_width):
    """Weights of keys in a window round each query's centre; rows sum to at most one.

    scores      (..., queries, keys)  float, of any finite size
    centres     (..., queries)        float, the p of each query
    half_width  ()                    float, positive, the D above
    returns     (..., queries, keys)  float
    """
    ### BEGIN SOLUTION
    gaps = np.arange(scores.shape[-1]) - centres[..., None]
    inside = np.abs(gaps) <= half_width
    hidden = np.where(inside, scores, -np.inf)
    top = hidden.max(axis=-1, keepdims=True)
    exps = np.exp(hidden - np.where(np.isneginf(top), 0.0, top))
    total = exps.sum(axis=-1, keepdims=True)
    return (
        exps / np.where(total == 0, 1.0, total) * np.exp(-2 * (gaps / half_width) ** 2)
    )
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven tables, with and without a batch; some centres lie far outside."""
    batch, queries, keys = rng.permutation(np.arange(3, 10))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    scores = 2 * rng.normal(size=(*leading, queries, keys))
    scores += rng.choice([0.0, 1e3, -1e4], size=(*leading, queries, 1))
    centres = rng.uniform(-1, keys, size=(*leading, queries))
    centres[..., 0] = rng.choice([1.0, 50.0])
    return scores, centres, float(rng.choice([0.3, 1.0, 1.7, 2.0, 3.5]))


@alternative
def one_query_at_a_time(scores, centres, half_width):
    """Only the keys inside are ever looked at."""
    weights = np.zeros(scores.shape)
    for place in np.ndindex(centres.shape):
        row, p = scores[place], centres[place]
        inside = [j for j in range(len(row)) if abs(j - p) <= half_width]
        if inside:
            exps = np.exp(row[inside] - max(row[inside]))
            bell = np.exp([-((j - p) ** 2) / (half_width**2 / 2) for j in inside])
            weights[(*place, inside)] = exps / exps.sum() * bell
    return weights


@alternative
def shift_inside_the_window(scores, centres, half_width):
    """A finite stand-in for minus infinity, and zeros put in by hand."""
    gaps = np.arange(scores.shape[-1]) - centres[..., None]
    inside = np.abs(gaps) <= half_width
    low = scores.min() - 1.0
    top = np.where(inside, scores, low).max(axis=-1, keepdims=True)
    exps = np.exp(np.minimum(scores - top, 0.0)) * inside
    total = np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300)
    return exps / total * np.exp(-(gaps**2) / 2 / (half_width / 2) ** 2)


@check(points=1)
def even_scores_on_paper(local_p_weights):
    """Even scores, D = 2: a whole window, one at the edge, one between two keys."""
    scores = np.zeros((3, 6))
    e = np.exp
    wanted = np.array(
        [
            np.array([0, e(-2.0), e(-0.5), 1, e(-0.5), e(-2.0)]) / 5,
            np.array([1, e(-0.5), e(-2.0), 0, 0, 0]) / 3,
            np.array([0, e(-1.125), e(-0.125), e(-0.125), e(-1.125), 0]) / 4,
        ]
    )
    got = local_p_weights(scores, np.array([3.0, 0.0, 2.5]), 2.0)
    close(got, wanted, "weights, D = 2")


@check(points=1)
def uneven_scores_on_paper(local_p_weights):
    """Scores ln 1, ln 2, ln 5, and ln 9 outside the window; D = 1 and D = 1.5."""
    scores = np.log([[1.0, 2.0, 5.0, 9.0], [9.0, 1.0, 3.0, 2.0]])
    e = np.exp(-2.0)
    wanted = np.array([[e / 8, 2 / 8, 5 * e / 8, 0], [0, e / 6, 3 / 6, 2 * e / 6]])
    got = local_p_weights(scores, np.array([1.0, 2.0]), 1.0)
    close(got, wanted, "weights, D = 1")
    wide = np.exp(-8 / 9)
    wanted = np.array(
        [[wide / 8, 2 / 8, 5 * wide / 8, 0], [0, wide / 6, 3 / 6, 2 * wide / 6]]
    )
    got = local_p_weights(scores, np.array([1.0, 2.0]), 1.5)
    close(got, wanted, "weights, D = 1.5")


@check(points=1, extreme=True)
def nothing_in_sight(local_p_weights):
    """A centre beyond the last key reads nothing; huge scores are no trouble."""
    scores = np.array([[1e6, 1e6, -1e6, 3.0], [-1e6, -1e6, 7.0, 1e6]])
    scores = np.vstack([scores, np.zeros((1, 4))])
    got = local_p_weights(scores, np.array([0.5, 0.5, 4.0]), 0.5)
    assert np.isfinite(got).all(), (
        "some weights are nan or infinite: what is the largest score of a row that has "
        "no key in its window, and what is its total?"
    )
    half = np.exp(-2.0) / 2
    close(got, np.array([[half, half, 0, 0], [half, half, 0, 0], [0] * 4]), "weights")


@check(points=2, hidden=True)
def batches_against_the_reference(local_p_weights, rng):
    """Batches with several leading axes, against the function of the course."""
    from attn_course.functional import local_p_attend

    query, keys = rng.normal(size=(2, 3, 4, 6)), rng.normal(size=(2, 3, 7, 6))
    scores = query @ np.swapaxes(keys, -1, -2)
    centres = rng.uniform(-1, 8, size=(2, 3, 4))
    centres[0, 1, 2] = 30.0
    for half_width in (1.3, 3.0):
        _, wanted = local_p_attend(
            query, keys, keys, centres, half_width, scale=1.0, return_weights=True
        )
        got = local_p_weights(scores, centres, half_width)
        close(got, wanted, f"weights, D = {half_width}")


def _weights(scores, gaps, inside, bell):
    """The finished weights from their parts."""
    hidden = np.where(inside, scores, -np.inf)
    top = hidden.max(axis=-1, keepdims=True)
    exps = np.exp(hidden - np.where(np.isneginf(top), 0.0, top))
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1.0, total) * bell


def _gaps(scores, centres):
    return np.arange(scores.shape[-1]) - centres[..., None]


@misconception(caught_by=even_scores_on_paper)
def shared_out_again(scores, centres, half_width):
    """Your rows sum to one. That is tidy, and another model, be it by sharing out once
    more or by a bell inside the softmax: in the formula the bell multiplies what has
    been shared out, and there it ends. What should a row of yours sum to?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    product = _weights(scores, gaps, inside, np.exp(-2 * (gaps / half_width) ** 2))
    total = product.sum(axis=-1, keepdims=True)
    return product / np.where(total == 0, 1.0, total)


@misconception(caught_by=even_scores_on_paper)
def bell_without_a_window(scores, centres, half_width):
    """Keys outside the window are damped and still there, and they take part in the
    sharing. Which keys may a query look at, before any bell?"""
    gaps = _gaps(scores, centres)
    everything = np.ones(gaps.shape, dtype=bool)
    return _weights(scores, gaps, everything, np.exp(-2 * (gaps / half_width) ** 2))


@misconception(caught_by=even_scores_on_paper)
def hidden_after_sharing(scores, centres, half_width):
    """The keys outside are zero, as they should be, but they took their share before
    they were hidden, and it is lost. In which order do hiding and sharing come?"""
    gaps = _gaps(scores, centres)
    everything = np.ones(gaps.shape, dtype=bool)
    bell = np.exp(-2 * (gaps / half_width) ** 2)
    return _weights(scores, gaps, everything, bell) * (np.abs(gaps) <= half_width)


@misconception(caught_by=even_scores_on_paper)
def window_without_a_bell(scores, centres, half_width):
    """Your window is right and its middle counts no more than its edge, where scores
    are even. In the formula the softmax is the first of two factors: where in your code
    is the second, and what does it multiply?"""
    gaps = _gaps(scores, centres)
    return _weights(scores, gaps, np.abs(gaps) <= half_width, 1.0)


@misconception(caught_by=even_scores_on_paper)
def sigma_is_the_half_width(scores, centres, half_width):
    """Your bell is twice as wide as it should be: at the edge of the window 0.61 of a
    weight is left, not 0.14. How are σ and D related?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    return _weights(scores, gaps, inside, np.exp(-((gaps / half_width) ** 2) / 2))


@misconception(caught_by=uneven_scores_on_paper)
def sigma_not_squared(scores, centres, half_width):
    """Right where σ is 1 and wrong elsewhere: in the exponent σ is squared along with
    the distance, so that their ratio has no unit."""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    return _weights(scores, gaps, inside, np.exp(-(gaps**2) / half_width))


@misconception(caught_by=even_scores_on_paper)
def edge_left_out(scores, centres, half_width):
    """A key exactly D away is missing in your window. Compare the sign in the formula
    with the one in your code."""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) < half_width
    return _weights(scores, gaps, inside, np.exp(-2 * (gaps / half_width) ** 2))


@misconception(caught_by=even_scores_on_paper)
def centre_rounded(scores, centres, half_width):
    """You moved the centres to whole places first. Between two keys the window and the
    bell stand between them, and a rounded centre has no slope to learn from."""
    gaps = _gaps(scores, np.floor(centres))
    inside = np.abs(gaps) <= half_width
    return _weights(scores, gaps, inside, np.exp(-2 * (gaps / half_width) ** 2))


@misconception(caught_by=even_scores_on_paper)
def places_counted_from_one(scores, centres, half_width):
    """Your window is one key off: with the centre at 0 it should begin with the first
    key. Which place does the first key have?"""
    gaps = _gaps(scores, centres) + 1
    inside = np.abs(gaps) <= half_width
    return _weights(scores, gaps, inside, np.exp(-2 * (gaps / half_width) ** 2))


@misconception(caught_by=uneven_scores_on_paper)
def scores_times_the_bell(scores, centres, half_width):
    """You multiply the scores by the bell, and the rows sum to one. A factor on a score
    does nothing where the score is 0 and helps where it is negative: what does the bell
    multiply in the formula?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    return _weights(scores * np.exp(-2 * (gaps / half_width) ** 2), gaps, inside, 1.0)


@misconception(caught_by=uneven_scores_on_paper)
def hidden_by_a_score_of_zero(scores, centres, half_width):
    """You give the keys outside a score of 0, and a score of 0 is no absence: exp(0) is
    1, so they take their share. Which score leaves nothing after exp?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    everything = np.ones(gaps.shape, dtype=bool)
    bell = np.exp(-2 * (gaps / half_width) ** 2)
    return _weights(np.where(inside, scores, 0.0), gaps, everything, bell)


@misconception(caught_by=uneven_scores_on_paper)
def hidden_by_a_score_of_zero_and_cut(scores, centres, half_width):
    """The keys outside end at zero, but in the softmax they had a score of 0, and
    exp(0) is 1: they took a share, and it is lost. Which score leaves nothing after
    exp?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    everything = np.ones(gaps.shape, dtype=bool)
    bell = np.exp(-2 * (gaps / half_width) ** 2) * inside
    return _weights(np.where(inside, scores, 0.0), gaps, everything, bell)


@misconception(caught_by=nothing_in_sight)
def nothing_divided_by_nothing(scores, centres, half_width):
    """A row with no key in its window has the total 0, and 0 / 0 is nan. By the mask
    contract of this course, what does such a query get?"""
    gaps = _gaps(scores, centres)
    hidden = np.where(np.abs(gaps) <= half_width, scores, -np.inf)
    exps = np.exp(hidden - scores.max(axis=-1, keepdims=True))
    shares = exps / exps.sum(axis=-1, keepdims=True)
    return shares * np.exp(-2 * (gaps / half_width) ** 2)


@misconception(caught_by=nothing_in_sight)
def a_large_number_for_minus_infinity(scores, centres, half_width):
    """You hide keys by a score of −1e9. Where that is all there is, the hidden keys are
    equals and share among them; a query with nothing in sight should read nothing."""
    gaps = _gaps(scores, centres)
    hidden = np.where(np.abs(gaps) <= half_width, scores, -1e9)
    exps = np.exp(hidden - hidden.max(axis=-1, keepdims=True))
    shares = exps / exps.sum(axis=-1, keepdims=True)
    return shares * np.exp(-2 * (gaps / half_width) ** 2)


@misconception(caught_by=nothing_in_sight)
def shifted_by_a_key_outside(scores, centres, half_width):
    """The shift comes from the whole row. If the largest score lies outside the window,
    all that is inside rounds to zero: among which keys should you look for it?"""
    gaps = _gaps(scores, centres)
    inside = np.abs(gaps) <= half_width
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True)) * inside
    total = exps.sum(axis=-1, keepdims=True)
    shares = exps / np.where(total == 0, 1.0, total)
    return shares * np.exp(-2 * (gaps / half_width) ** 2)


@misconception(caught_by=batches_against_the_reference)
def keys_counted_from_the_front(scores, centres, half_width):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    gaps = _gaps(scores, centres)
    hidden = np.where(np.abs(gaps) <= half_width, scores, -np.inf)
    top = hidden.max(axis=1, keepdims=True)
    exps = np.exp(hidden - np.where(np.isneginf(top), 0.0, top))
    total = exps.sum(axis=1, keepdims=True)
    shares = exps / np.where(total == 0, 1.0, total)
    return shares * np.exp(-2 * (gaps / half_width) ** 2)
