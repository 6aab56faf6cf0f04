r"""### Let the data choose the bandwidth

Kernel regression predicts at a position the mean of the values, weighted by
$e^{-u^2 / 2h^2}$ where $u$ is the distance. How large should $h$ be? Ask the data:
hide one point, predict it from all the others, note the squared error; do this for
every point in turn and take the mean.

Write `choose_bandwidth(positions, values, bandwidths)`. It returns two things: the
leave-one-out error of each bandwidth, in the order given, and the best bandwidth itself
(not its index), the one with the smallest error. No point may help to predict itself.
The positions come in any order. A bandwidth may be so small that $e^{-u^2/2h^2}$ is 0
for every other point: the nearest one then decides.

Then use it on `years, numbers = sunspots()`, from `attn_course.data`, with bandwidths
from 0.2 to 50 years: on all years first, then on every third and every fourth one only.
**Write down beforehand** which way the best bandwidth moves when the record gets
thinner. When does a mean of the neighbours stop being worth more than the mean of all?
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
        "Take one bandwidth first. Make the table of distances from every point to "
        "every point; which of its entries may not be used?",
        "The scores are −u²/2h², with −∞ on the diagonal. From there on it is the "
        "softmax of each row and a weighted read, as in the exercises before.",
        "For each h: scores, −∞ on the diagonal (`np.fill_diagonal` writes it), stable "
        "softmax over each row, read, mean squared error. Then `np.argmin`.",
    ),
)


@answer
def choose_bandwidth(positions, values, bandwidths):
    """Leave-one-out error of each bandwidth, and the best bandwidth.

    positions   (points,)      float, no two equal, in any order
    values      (points,)      float
    bandwidths  (bandwidths,)  float, positive
    returns     two things: the errors (bandwidths,) and the best bandwidth, a number
    """
    ### BEGIN SOLUTION
    errors = []
    for h in bandwidths:
        scores = -(((positions[:, None] - positions) / h) ** 2) / 2
        np.fill_diagonal(scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        guesses = weights @ values / weights.sum(axis=1)
        errors.append(np.mean((guesses - values) ** 2))
    return np.array(errors), bandwidths[np.argmin(errors)]
    ### END SOLUTION


@inputs
def draw(rng):
    """A noisy wave at uneven positions, and bandwidths from tiny to wide."""
    points, count = rng.permutation(np.arange(5, 15))[:2]
    positions = rng.permutation(np.cumsum(rng.uniform(0.5, 2, size=points)))
    values = np.sin(positions) + 0.3 * rng.normal(size=points)
    bandwidths = rng.permutation(np.geomspace(0.01, 30, count))
    return positions, values, bandwidths


@alternative
def one_point_at_a_time(positions, values, bandwidths):
    """The hidden point is really taken out of the arrays."""
    errors = np.zeros(len(bandwidths))
    for b, h in enumerate(bandwidths):
        for i in range(len(positions)):
            scores = -((np.delete(positions, i) - positions[i]) ** 2) / (2 * h**2)
            weights = np.exp(scores - scores.max())
            guess = np.average(np.delete(values, i), weights=weights)
            errors[b] += (guess - values[i]) ** 2 / len(positions)
    return errors, bandwidths[errors.argmin()]


@alternative
def all_bandwidths_at_once(positions, values, bandwidths):
    """One table for each bandwidth, stacked in front."""
    gaps = positions[:, None] - positions
    scores = -((gaps / bandwidths[:, None, None]) ** 2) / 2
    scores = np.where(np.eye(len(positions), dtype=bool), -np.inf, scores)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    guesses = exps / exps.sum(axis=-1, keepdims=True) @ values
    errors = ((guesses - values) ** 2).mean(axis=-1)
    return errors, bandwidths[errors.argmin()]


@check(points=1, extreme=True)
def very_wide_on_paper(choose_bandwidth):
    """A huge bandwidth predicts each point by the mean of the others: error 13.5."""
    positions, values = np.array([1.0, 3.0, 0.0]), np.array([3.0, 6.0, 0.0])
    got = choose_bandwidth(positions, values, np.array([1e6]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best bandwidth, got {got!r}"
    close(np.round(got[0], 6), np.array([13.5]), "errors")
    close(got[1], 1e6, "best bandwidth")


@check(points=1)
def two_bandwidths_on_paper(choose_bandwidth):
    """Three points at bandwidths 2 and 0.7, each guess written out."""
    positions, values = np.array([1.0, 3.0, 0.0]), np.array([3.0, 6.0, 0.0])
    wanted = []
    for h in (2.0, 0.7):
        one, two, three = (np.exp(-(u**2) / (2 * h**2)) for u in (1, 2, 3))
        guesses = np.array(
            [
                (0 * one + 6 * two) / (one + two),
                (0 * three + 3 * two) / (three + two),
                (3 * one + 6 * three) / (one + three),
            ]
        )
        wanted.append(np.mean((guesses - values) ** 2))
    got = choose_bandwidth(positions, values, np.array([2.0, 0.7]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best bandwidth, got {got!r}"
    close(got[0], np.array(wanted), "errors at bandwidths 2 and 0.7")
    close(got[1], 0.7, "best bandwidth")


@check(points=1, extreme=True)
def very_narrow_asks_the_nearest(choose_bandwidth):
    """With a bandwidth of 0.001 the nearest other point decides: error 5."""
    positions = np.array([1.0, 3.5, 0.0, 3.0])
    values = np.array([3.0, 7.0, 0.0, 6.0])
    got = choose_bandwidth(positions, values, np.array([1e6, 1e-3]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best bandwidth, got {got!r}"
    close(np.round(got[0], 5), np.array([13.33333, 5.0]), "errors")
    close(got[1], 1e-3, "best bandwidth")


@check(points=2, hidden=True)
def a_noisy_wave(choose_bandwidth, rng):
    """Sixty points of a noisy wave, nine bandwidths, against the course's function."""
    from attn_course.functional import leave_one_out_error

    positions = rng.uniform(0, 12, size=60)
    values = np.sin(positions) + 0.3 * rng.normal(size=60)
    bandwidths = np.geomspace(0.002, 5, 9)
    wanted = [
        leave_one_out_error(positions[:, None], values[:, None], h) for h in bandwidths
    ]
    got = choose_bandwidth(positions, values, bandwidths)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best bandwidth, got {got!r}"
    close(got[0], np.array(wanted), "errors")
    close(got[1], bandwidths[np.argmin(wanted)], "best bandwidth")


def _errors(positions, values, bandwidths, score, hide=True, shift=True):
    """Errors by another score; the misconceptions below differ in one place each."""
    errors = []
    for h in bandwidths:
        scores = score(positions[:, None] - positions, h)
        if hide:
            np.fill_diagonal(scores, -np.inf)
        weights = np.exp(scores - shift * scores.max(axis=1, keepdims=True))
        guesses = weights @ values / weights.sum(axis=1)
        errors.append(np.mean((guesses - values) ** 2))
    return np.array(errors), bandwidths[np.argmin(errors)]


@misconception(caught_by=very_wide_on_paper)
def each_point_sees_itself(positions, values, bandwidths):
    """Each point helps to predict itself, so the narrowest bandwidth looks perfect and
    has learnt nothing. Close that door: which entries of the table are these?"""
    return _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2), hide=False
    )


@misconception(caught_by=two_bandwidths_on_paper)
def half_forgotten(positions, values, bandwidths):
    """Your kernel is exp(−u²/h²), a bell of another width: every bandwidth of yours
    means another one here. Look for the 2 in the formula."""
    return _errors(positions, values, bandwidths, lambda u, h: -(u**2) / h**2)


@misconception(caught_by=two_bandwidths_on_paper)
def bandwidth_not_squared(positions, values, bandwidths):
    """Right at bandwidth 1 and nowhere else: the bandwidth should be squared along with
    the distance, so that their ratio has no unit."""
    return _errors(positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h))


@misconception(caught_by=very_narrow_asks_the_nearest)
def zero_divided_by_zero(positions, values, bandwidths):
    """For a narrow kernel every weight of a row is exp(−large), which is 0, and 0 / 0
    is nan. The stable softmax of this page knows the way out."""
    return _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2), shift=False
    )


@misconception(caught_by=a_noisy_wave)
def picks_the_worst(positions, values, bandwidths):
    """The errors are right, and the bandwidth you return is the one with the largest.
    Which end of the curve should win?"""
    errors, _ = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return errors, bandwidths[errors.argmax()]


@misconception(caught_by=very_wide_on_paper)
def root_of_the_mean(positions, values, bandwidths):
    """You took the root at the end, which has the unit of the values and chooses the
    same bandwidth. Asked for is the mean of the squares itself."""
    errors, best = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return np.sqrt(errors), best


@misconception(caught_by=very_wide_on_paper)
def sum_of_the_squares(positions, values, bandwidths):
    """You added the squared errors up, so more points mean a larger error. Asked for is
    what one point costs on average."""
    errors, best = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return errors * len(positions), best


@misconception(caught_by=two_bandwidths_on_paper)
def errors_in_order_of_size(positions, values, bandwidths):
    """Your errors come sorted, so nobody can tell which bandwidth each one belongs to.
    Leave them in the order of the bandwidths."""
    errors, best = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return np.sort(errors), best


@misconception(caught_by=two_bandwidths_on_paper)
def index_of_the_best(positions, values, bandwidths):
    """The errors are right, and the second thing you return says where the best
    bandwidth stands. Asked for is the bandwidth that stands there."""
    errors, _ = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return errors, errors.argmin()


@misconception(caught_by=very_wide_on_paper)
def itself_removed_after_sharing(positions, values, bandwidths):
    """You take out each point's own weight after the weights were shared, and what it
    had is lost: the rows sum to less than one. Take it out before."""
    errors = []
    for h in bandwidths:
        weights = np.exp(-(((positions[:, None] - positions) / h) ** 2) / 2)
        weights = weights / weights.sum(axis=1, keepdims=True)
        np.fill_diagonal(weights, 0)
        errors.append(np.mean((weights @ values - values) ** 2))
    return np.array(errors), bandwidths[np.argmin(errors)]


@misconception(caught_by=very_wide_on_paper)
def errors_not_squared(positions, values, bandwidths):
    """Your errors are the distances between guess and value. Asked for are their
    squares, of which a large miss has more than its share."""
    errors = []
    for h in bandwidths:
        scores = -(((positions[:, None] - positions) / h) ** 2) / 2
        np.fill_diagonal(scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        guesses = weights @ values / weights.sum(axis=1)
        errors.append(np.mean(np.abs(guesses - values)))
    return np.array(errors), bandwidths[np.argmin(errors)]


@misconception(caught_by=two_bandwidths_on_paper)
def distance_not_squared(positions, values, bandwidths):
    """You use the distance itself, a kernel with a sharp tip. The formula squares it:
    the tip becomes a round bell, and far points fade faster."""
    return _errors(positions, values, bandwidths, lambda u, h: -np.abs(u) / (2 * h**2))


@misconception(caught_by=two_bandwidths_on_paper)
def totals_of_the_columns(positions, values, bandwidths):
    """The shift is taken from each row and the total from each column. The table was
    its own mirror image only before the shift: along which axis does a guess share?"""
    errors = []
    for h in bandwidths:
        scores = -(((positions[:, None] - positions) / h) ** 2) / 2
        np.fill_diagonal(scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        guesses = weights @ values / weights.sum(axis=0)
        errors.append(np.mean((guesses - values) ** 2))
    return np.array(errors), bandwidths[np.argmin(errors)]


@misconception(caught_by=very_wide_on_paper)
def error_of_the_best(positions, values, bandwidths):
    """The errors are right, and the second thing you return is the smallest of them.
    Asked for is the bandwidth that has it."""
    errors, _ = _errors(
        positions, values, bandwidths, lambda u, h: -(u**2) / (2 * h**2)
    )
    return errors, errors.min()
