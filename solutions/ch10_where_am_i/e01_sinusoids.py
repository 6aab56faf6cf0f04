r"""### A mark for every place

Write `sinusoids(positions, width, base)`: the mark of each position, a sine and a
cosine for each hand of a clock,

$$ p_{t, 2i} = \sin(t \, \omega_i), \quad p_{t, 2i+1} = \cos(t \, \omega_i), \qquad
   \omega_i = b^{-2i/d}, \quad i = 0, \dots, \tfrac d2 - 1, $$

with the width $d$, which is even, and the base $b$. **Sine and cosine of one hand stand
side by side**: columns 0 and 1 belong to the fastest hand, columns 2 and 3 to the next.
Angles are in radians. The positions are numbers in any order; they may have fractions
and need not begin at 0. NumPy only.

When it runs, try what the page claims: the dot product of two marks knows the offset
and nothing else.
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
    minutes=12,
    hints=(
        "How many hands are there, and at which speed does each turn? Make that row of "
        "numbers first, half as long as the width.",
        "Every position with every speed gives a table of angles. `np.outer` makes it, "
        "or `positions[:, None] * speeds`.",
        "Fill an empty table by columns: `table[:, 0::2]` are the sines of the angles, "
        "`table[:, 1::2]` the cosines of the same angles.",
    ),
)


@answer
def sinusoids(positions, width, base):
    """The mark of each position, one row each.

    positions  (positions,)        float
    width      ()                  int, even
    base       ()                  float, above 1
    returns    (positions, width)  float
    """
    ### BEGIN SOLUTION
    angles = np.outer(positions, base ** (-np.arange(0, width, 2) / width))
    marks = np.empty((len(positions), width))
    marks[:, 0::2], marks[:, 1::2] = np.sin(angles), np.cos(angles)
    return marks
    ### END SOLUTION


@inputs
def draw(rng):
    """Positions with fractions, in any order; some far away."""
    positions = rng.uniform(0, 60, size=rng.integers(3, 8)).round(1)
    base = float(rng.choice([50.0, 700.0, 10000.0]))
    return positions, int(2 * rng.integers(4, 7)), base


def _marks(positions, angles_of_sine, angles_of_cosine):
    """Sines and cosines in neighbouring columns; wrong answers change the angles."""
    pairs = np.sin(angles_of_sine), np.cos(angles_of_cosine)
    return np.stack(pairs, axis=-1).reshape(len(positions), -1)


def _angles(positions, width, base):
    return np.outer(positions, base ** (-np.arange(0, width, 2) / width))


@alternative
def number_by_number(positions, width, base):
    """As one would say it."""
    marks = np.zeros((len(positions), width))
    for row, t in enumerate(positions):
        for i in range(width // 2):
            angle = t / base ** (2 * i / width)
            marks[row, 2 * i : 2 * i + 2] = np.sin(angle), np.cos(angle)
    return marks


@alternative
def as_complex_numbers(positions, width, base):
    """The cosine is the real part of a turned 1, the sine the imaginary part."""
    speeds = np.exp(-np.log(base) * np.arange(width // 2) * 2 / width)
    turned = np.exp(1j * np.asarray(positions)[:, None] * speeds)
    return np.stack([turned.imag, turned.real], axis=-1).reshape(-1, width)


@check(points=1)
def place_zero_shows_noon(sinusoids):
    """At place 0 all sines are 0 and all cosines 1, turn by turn."""
    got = sinusoids(np.array([0.0]), 6, 10000.0)
    close(got, np.array([[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]]), "mark of place 0")


@check(points=1)
def three_hands_on_paper(sinusoids):
    """Width 6, base 27: each hand turns a third as fast as the one before."""
    positions = np.pi * np.array([1.5, 9.0, 4.5, 0.75])
    wanted = [
        [-1, 0, 1, 0, 0.5, 3**0.5 / 2],
        [0, -1, 0, -1, 0, -1],
        [1, 0, -1, 0, 1, 0],
        [
            0.5**0.5,
            -(0.5**0.5),
            0.5**0.5,
            0.5**0.5,
            *np.sin(np.pi * np.array([1, 5]) / 12),
        ],
    ]
    close(sinusoids(positions, 6, 27.0), np.array(wanted), "marks")


@check(points=1)
def only_the_offset_counts(sinusoids):
    """Moving two places along together leaves their dot product as it was."""
    places = np.array([2.0, 9.0, 30.0, 31.5])
    near, far = sinusoids(places, 10, 400.0), sinusoids(places + 17, 10, 400.0)
    close(far @ far.T, near @ near.T, "dot products, 17 places further on")
    close((near**2).sum(axis=1), np.full(4, 5.0), "squared lengths of the marks")


@check(points=2, hidden=True)
def against_the_library(sinusoids, rng):
    """Random places, several widths and bases, against the course's function."""
    from attn_course.functional import sinusoidal_positions

    for width, base in ((8, 10000.0), (14, 60.0)):
        places = rng.uniform(0, 9, size=5)
        wanted = sinusoidal_positions(places, width, base)
        close(sinusoids(places, width, base), wanted, "marks")


@misconception(caught_by=only_the_offset_counts)
def a_speed_for_every_column(positions, width, base):
    """Every column of yours has a speed of its own. Each sine needs its cosine at the
    same speed, or there is no hand: how many hands has a mark of width 4?"""
    speeds = base ** (-np.arange(width) / width)
    angles = np.outer(positions, speeds)
    return _marks(positions, angles[:, 0::2], angles[:, 1::2])


@misconception(caught_by=place_zero_shows_noon)
def sines_first(positions, width, base):
    """All sines, then all cosines: a fine encoding, and used by some, only in another
    order than the one agreed on here. Compare the mark of place 0."""
    angles = _angles(positions, width, base)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


@misconception(caught_by=place_zero_shows_noon)
def cosines_first(positions, width, base):
    """In your pairs the cosine comes first. Which of the two is 0 at place 0, and which
    column should it stand in?"""
    return _marks(positions, *[_angles(positions, width, base) + np.pi / 2] * 2) * (
        np.tile([1.0, -1.0], width // 2)
    )


@misconception(caught_by=three_hands_on_paper)
def the_exponent_doubled(positions, width, base):
    """Your hands slow down too fast: the exponent is doubled. `2i` in the formula is
    the number of the column already; look at how fast the second hand turns."""
    speeds = base ** (-2 * np.arange(0, width, 2) / width)
    return _marks(positions, *[np.outer(positions, speeds)] * 2)


@misconception(caught_by=three_hands_on_paper)
def the_exponent_halved(positions, width, base):
    """Your hands slow down too little, as if i were divided by the width. Here the
    exponent is 2i/d: how fast does the slowest hand turn?"""
    speeds = base ** (-np.arange(width // 2) / width)
    return _marks(positions, *[np.outer(positions, speeds)] * 2)


@misconception(caught_by=three_hands_on_paper)
def always_ten_thousand(positions, width, base):
    """Your base is 10000 whatever is asked for. How long does the slowest hand take for
    one turn? That tells you the base."""
    return _marks(positions, *[_angles(positions, width, 10000.0)] * 2)


@misconception(caught_by=three_hands_on_paper)
def from_one_to_the_base(positions, width, base):
    """Your slowest hand turns at exactly 1/base: its exponent is 1. In the formula i
    ends at d/2 − 1, so the exponent stays below 1."""
    speeds = base ** -np.linspace(0, 1, width // 2)
    return _marks(positions, *[np.outer(positions, speeds)] * 2)


@misconception(caught_by=three_hands_on_paper)
def in_degrees(positions, width, base):
    """Your angles went through a conversion from degrees. They are radians already:
    after 2π places the fastest hand is back."""
    return _marks(positions, *[np.radians(_angles(positions, width, base))] * 2)


@misconception(caught_by=three_hands_on_paper)
def faster_and_faster(positions, width, base):
    """Your hands get faster from column to column. The sign of the exponent decides:
    the first hand should be the fastest."""
    speeds = base ** (np.arange(0, width, 2) / width)
    return _marks(positions, *[np.outer(positions, speeds)] * 2)


@misconception(caught_by=three_hands_on_paper)
def counted_not_given(positions, width, base):
    """You number the rows 0, 1, 2 and so on. The positions are given: use their values,
    which may have fractions and come in any order."""
    return _marks(positions, *[_angles(np.arange(len(positions)), width, base)] * 2)


@misconception(caught_by=against_the_library)
def whole_positions_only(positions, width, base):
    """The fractions of your positions got lost on the way. Half a place further on the
    hands have moved, too."""
    whole = np.asarray(positions).astype(int)
    return _marks(positions, *[_angles(whole, width, base)] * 2)


@misconception(caught_by=only_the_offset_counts)
def the_number_of_the_column(positions, width, base):
    """You took i for the number of the column, so every column has a speed of its own.
    A sine and its cosine belong to one hand: they share one i."""
    angles = np.outer(positions, base ** (-2 * np.arange(width) / width))
    return _marks(positions, angles[:, 0::2], angles[:, 1::2])


@misconception(caught_by=place_zero_shows_noon)
def counted_from_one(positions, width, base):
    """You added one to the positions. They are places already, and at place 0 no hand
    has moved."""
    return _marks(positions, *[_angles(np.asarray(positions) + 1, width, base)] * 2)
