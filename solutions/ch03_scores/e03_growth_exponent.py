r"""### Recover the root from data

Somebody hands you scores measured at several widths and says nothing about how they
were made. How fast do they grow? Suppose their typical size follows a power law,
$\sigma(d) = c \, d^{\,p}$. On doubly logarithmic paper that is a straight line,

$$ \ln \sigma(d) = \ln c + p \ln d, $$

and $p$ is its slope. Write `growth_exponent(widths, scores)`: take as $\sigma$ the
standard deviation of the scores of each width (what all scores have in common, softmax
cannot see), fit the line by least squares to *all* points, and return the slope, one
number. Widths come in any order.

Then measure. Draw normal queries and keys at widths 2, 4, …, 1024, score pairs of them,
and ask your function: dot product, dot over the root, dot over the width, cosine.

Once more with keys that resemble their query, say `keys = queries + noise`, at widths
from 64. Score each query with its own key and with the key of another, and put all
these scores into one row for each width. Which exponent is it now, and what would you
divide by? The own pairs alone still give one half: where did the rest go?
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
        "First one number for each width: the spread of its scores. Then two rows of "
        "logarithms, and a line through them.",
        "The slope of least squares is the covariance of x and y over the variance of "
        "x. Which of the two logarithms is x?",
        "`np.polyfit(x, y, 1)` gives slope and intercept of the line, slope first. The "
        "spread is a standard deviation over the samples, with the mean taken out.",
    ),
)


@answer
def growth_exponent(widths, scores):
    """Exponent p of the power law by which scores grow with the width.

    widths   (widths,)          float, positive, no two equal
    scores   (widths, samples)  float, a row for each width
    returns  ()                 float
    """
    ### BEGIN SOLUTION
    sizes = np.log(scores.std(axis=1))
    places = np.log(widths)
    places = places - places.mean()
    return places @ sizes / (places @ places)
    ### END SOLUTION


@inputs
def draw(rng):
    """Power laws with noise and an offset, at uneven widths in any order."""
    count, samples = rng.permutation(np.arange(3, 12))[:2]
    widths = rng.permutation(np.cumsum(rng.uniform(1, 30, size=count)))
    sizes = rng.uniform(0.1, 3) * widths ** rng.uniform(-1, 1.5)
    scores = sizes[:, None] * rng.normal(size=(count, samples))
    return widths, scores + rng.normal()


@alternative
def by_a_fitted_line(widths, scores):
    """A straight line through the logarithms, by NumPy."""
    return np.polyfit(np.log(widths), np.log(np.std(scores, axis=-1)), 1)[0]


@alternative
def by_half_the_variance(widths, scores):
    """The variance grows twice as fast, so half of its slope."""
    table = np.stack([np.ones_like(widths), np.log2(widths)], axis=1)
    return np.linalg.lstsq(table, np.log2(scores.var(axis=1)), rcond=None)[0][1] / 2


@check(points=1)
def exact_power_laws(growth_exponent):
    """Scores of plus and minus 3, 6 and 12 at widths 1, 4 and 16 grow like the root."""
    widths, signs = np.array([1.0, 16.0, 4.0]), np.array([1.0, -1.0, -1.0, 1.0])
    got = growth_exponent(widths, np.array([[3.0], [12.0], [6.0]]) * signs)
    close(got, 0.5, "exponent")
    got = growth_exponent(widths, np.array([[2.0], [32.0], [8.0]]) * signs)
    close(got, 1.0, "exponent of scores 2, 8, 32 at widths 1, 4, 16")


@check(points=1)
def an_offset_is_not_a_size(growth_exponent):
    """The same scores, all of them 100 higher, grow just as fast."""
    widths, signs = np.array([1.0, 16.0, 4.0]), np.array([1.0, -1.0, -1.0, 1.0])
    got = growth_exponent(widths, 100 + np.array([[3.0], [12.0], [6.0]]) * signs)
    close(got, 0.5, "exponent")


@check(points=1)
def a_crooked_line(growth_exponent):
    """Sizes 1, 1, 2, 2 at widths 2, 4, 8, 16: every point pulls at the line."""
    widths, signs = np.array([2.0, 4.0, 8.0, 16.0]), np.array([1.0, -1.0])
    got = growth_exponent(widths, np.array([[1.0], [1.0], [2.0], [2.0]]) * signs)
    close(got, 0.4, "exponent")  # (-1.5·0 - 0.5·0 + 0.5·1 + 1.5·1) / 5


@check(points=2, hidden=True)
def dot_products_of_all_widths(growth_exponent, rng):
    """Scores of random vectors, scaled in several ways, against a fitted line."""
    widths = np.array([3.0, 7.0, 20.0, 50.0, 130.0, 300.0])
    dots = np.stack(
        [(rng.normal(size=(2, 400, int(d))).prod(axis=0)).sum(axis=-1) for d in widths]
    )
    for power in (0.0, -0.5, -1.0, 0.5):
        scores = dots * widths[:, None] ** power
        wanted = np.polyfit(np.log(widths), np.log(scores.std(axis=1)), 1)[0]
        assert abs(wanted - 0.5 - power) < 0.1, "the draw itself is off"
        close(growth_exponent(widths, scores), wanted, "exponent")


@misconception(caught_by=exact_power_laws)
def slope_of_the_variance(widths, scores):
    """Yours comes out twice as large: that is how fast the variance grows. A typical
    size is its root, and the root halves the slope."""
    return np.polyfit(np.log(widths), np.log(scores.var(axis=1)), 1)[0]


@misconception(caught_by=exact_power_laws)
def no_logarithms(widths, scores):
    """You fitted a line to the sizes themselves, on plain paper. Then the slope is in
    units of score for each entry; a power law is straight among logarithms."""
    return np.polyfit(widths, scores.std(axis=1), 1)[0]


@misconception(caught_by=exact_power_laws)
def width_not_in_logarithms(widths, scores):
    """One of your axes is logarithmic and the other is not: an exponential would be
    straight there. A power law wants both."""
    return np.polyfit(widths, np.log(scores.std(axis=1)), 1)[0]


@misconception(caught_by=exact_power_laws)
def axes_swapped(widths, scores):
    """Your line says how the width grows with the scores, so a root comes out as 2.
    Which of the two did we choose, and which did we measure?"""
    return np.polyfit(np.log(scores.std(axis=1)), np.log(widths), 1)[0]


@misconception(caught_by=an_offset_is_not_a_size)
def offset_counted_as_size(widths, scores):
    """What all scores have in common counts as size in yours, and softmax does not see
    it. Take the mean of each width out first."""
    sizes = np.sqrt((scores**2).mean(axis=1))
    return np.polyfit(np.log(widths), np.log(sizes), 1)[0]


@misconception(caught_by=a_crooked_line)
def first_and_last_point_only(widths, scores):
    """Two points give a slope, and the others have no say in yours. Least squares lets
    every width pull at the line."""
    sizes, ends = np.log(scores.std(axis=1)), [np.argmin(widths), np.argmax(widths)]
    return np.diff(sizes[ends])[0] / np.diff(np.log(widths)[ends])[0]


@misconception(caught_by=exact_power_laws)
def line_through_the_origin(widths, scores):
    """Your line is held fast at width 1 and size 1, as if the factor c were 1. Let the
    line have an intercept of its own."""
    places, sizes = np.log(widths), np.log(scores.std(axis=1))
    return (places * sizes).sum() / (places**2).sum()


@misconception(caught_by=exact_power_laws)
def spread_over_the_widths(widths, scores):
    """You took the spread down the columns, over the widths, and mixed what was to be
    compared. Along which axis do the samples of one width lie?"""
    return np.polyfit(np.log(widths), np.log(scores.std(axis=0)), 1)[0]


@misconception(caught_by=dot_products_of_all_widths)
def mean_size_in_place_of_the_spread(widths, scores):
    """You took the mean of the absolute deviations for the size. It is a size too, but
    not the one asked for: the standard deviation squares first."""
    gaps = abs(scores - scores.mean(axis=1, keepdims=True)).mean(axis=1)
    return np.polyfit(np.log(widths), np.log(gaps), 1)[0]


@misconception(caught_by=exact_power_laws)
def intercept_of_the_line(widths, scores):
    """That is the intercept of your line, the logarithm of c: how large scores are at
    width 1. Asked for is how fast they grow, the other number."""
    return np.polyfit(np.log(widths), np.log(scores.std(axis=1)), 1)[1]


@misconception(caught_by=exact_power_laws)
def slope_and_intercept(widths, scores):
    """Two numbers came back, slope and intercept of the line. Asked for is one: how
    fast the scores grow."""
    return np.polyfit(np.log(widths), np.log(scores.std(axis=1)), 1)


@misconception(caught_by=an_offset_is_not_a_size)
def mean_of_the_scores_without_sign(widths, scores):
    """You took the mean of the scores without their signs. What all scores have in
    common counts in it, and softmax does not see that: measure from the mean."""
    return np.polyfit(np.log(widths), np.log(abs(scores).mean(axis=1)), 1)[0]
