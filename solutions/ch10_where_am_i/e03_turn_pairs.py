r"""### Turn the pairs

Write `turn_pairs(x, positions, base)`, the heart of RoPE: the row of `x` at position
$t$ is cut into pairs, and pair $i$ is turned by the angle $t \, \omega_i$,

$$ \begin{pmatrix} x'_a \\ x'_b \end{pmatrix} =
   \begin{pmatrix} \cos t\omega_i & -\sin t\omega_i \\
                   \sin t\omega_i & \cos t\omega_i \end{pmatrix}
   \begin{pmatrix} x_a \\ x_b \end{pmatrix}, \qquad \omega_i = b^{-2i/d},
   \quad i = 0, \dots, \tfrac d2 - 1. $$

**Pairs are halves**: pair $i$ is made of the entries $a = i$ and $b = i + d/2$, where
$d$ is the width of a row. All entries keep their places. Any number of axes (batch,
heads) may come before the rows, and all of them share the positions; **two of the
checks you can read have none**. Angles are in radians. NumPy only.

It is right when a query and a key have the same dot product wherever you move them
together.
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
        "Make the table of angles first: one for each position and each *pair*. How "
        "many pairs are there in a row?",
        "`x[..., : width // 2]` are the first entries of all pairs, the rest are the "
        "second ones. Cosines and sines have the shape (positions, width // 2).",
        "The new first entries are `first * cos - second * sin`. Write the second ones "
        "with the *old* first entries, and join with `np.concatenate(..., axis=-1)`.",
    ),
)


@answer
def turn_pairs(x, positions, base):
    """The rows of x, each pair turned by position times speed.

    x          (..., positions, width)  float, an even width
    positions  (positions,)             float
    base       ()                       float, above 1
    returns    (..., positions, width)  float
    """
    ### BEGIN SOLUTION
    half = x.shape[-1] // 2
    angles = np.outer(positions, base ** (-np.arange(half) / half))
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = x[..., :half], x[..., half:]
    turned = first * cos - second * sin, first * sin + second * cos
    return np.concatenate(turned, axis=-1)
    ### END SOLUTION


@inputs
def draw(rng):
    """With and without leading axes; positions from anywhere, with gaps."""
    batch, rows = rng.permutation(np.arange(2, 6))[:2]
    leading = [(), (batch,), (batch, rows + 1)][rng.integers(3)]
    width = int(2 * rng.integers(3, 6))
    positions = np.sort(rng.choice(40, size=rows, replace=False)) + 1.0
    return (
        rng.normal(size=(*leading, rows, width)),
        positions,
        float(rng.choice([9, 80])),
    )


def _turned(x, positions, speeds, *, sign=1.0):
    """Pairs of halves, turned at these speeds."""
    half = x.shape[-1] // 2
    angles = sign * np.outer(positions, speeds)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], -1)


def _speeds(x, base):
    return base ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1])


@alternative
def as_complex_numbers(x, positions, base):
    """A pair is one complex number, and a turn a product."""
    half = x.shape[-1] // 2
    pairs = x[..., :half] + 1j * x[..., half:]
    pairs = pairs * np.exp(1j * np.asarray(positions)[:, None] * _speeds(x, base))
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


@alternative
def with_a_quarter_turn(x, positions, base):
    """x times the cosine plus a quarter turn of x times the sine."""
    first, second = np.split(x, 2, axis=-1)
    angles = np.outer(positions, np.tile(_speeds(x, base), 2))
    return x * np.cos(angles) + np.concatenate([-second, first], -1) * np.sin(angles)


@alternative
def pair_by_pair(x, positions, base):
    """As one would say it."""
    turned, width = np.array(x, dtype=float), x.shape[-1]
    for row, t in enumerate(positions):
        for i in range(width // 2):
            angle = t / base ** (2 * i / width)
            cos, sin = np.cos(angle), np.sin(angle)
            a, b = x[..., row, i], x[..., row, i + width // 2]
            turned[..., row, i] = a * cos - b * sin
            turned[..., row, i + width // 2] = a * sin + b * cos
    return turned


@check(points=1)
def quarter_turns_on_paper(turn_pairs):
    """Width 4, base 4: at place π the first pair is turned by half, the second by
    a quarter; at place 0 nothing is."""
    x = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 5.0]])
    got = turn_pairs(x, np.array([0.0, np.pi, np.pi / 2]), 4.0)
    slow = 5 * 0.5**0.5
    wanted = [[1, 2, 3, 4], [-1, -4, -3, 2], [0, -slow, 1, slow]]
    close(got, np.array(wanted), "turned rows")


@check(points=1)
def only_the_offset_counts(turn_pairs):
    """A query and a key, moved along together, keep their dot product."""
    query, key = np.array([1.0, -2, 0.5, 3, 1, 2]), np.array([2.0, 1, -1, 0.5, 4, 1])
    places = np.array([0.0, 1.0, 5.0, 6.0, 23.0])
    queries = turn_pairs(np.stack([query] * 5), places + 3, 50.0)
    keys = turn_pairs(np.stack([key] * 5), places, 50.0)
    together = (queries * keys).sum(axis=-1)
    close(together, np.full(5, together[0]), "dot products at offset 3")
    assert abs(together[0] - query @ key) > 1e-3, (
        "the dot product at offset 3 is that of offset 0: was anything turned?"
    )
    lengths = (queries**2).sum(axis=-1)
    close(lengths, np.full(5, query @ query), "squared lengths of the queries")


@check(points=1)
def heads_share_the_positions(turn_pairs):
    """Two heads of three rows: each head as if it were alone."""
    x = np.arange(24.0).reshape(2, 3, 4)
    places = np.array([2.0, 3.0, 11.0])
    each = [turn_pairs(head, places, 10.0) for head in x]
    close(turn_pairs(x, places, 10.0), np.stack(each), "turned heads")


@check(points=2, hidden=True)
def against_the_library(turn_pairs, rng):
    """Batches, heads and single tables, against the course's function."""
    from attn_course.functional import rotate

    for shape in ((5, 8), (2, 3, 5, 6), (3, 4, 10)):
        x, places = rng.normal(size=shape), rng.uniform(0, 50, size=shape[-2])
        wanted = rotate(x, places, base=300.0, pairing="halves")
        close(turn_pairs(x, places, 300.0), wanted, "turned rows")


@misconception(caught_by=quarter_turns_on_paper)
def pairs_of_neighbours(x, positions, base):
    """You pair neighbours, 0 with 1, 2 with 3: the other convention, as good as this
    one. Here entry 0 goes with the first entry of the second half."""
    order = np.arange(x.shape[-1]).reshape(-1, 2).T.ravel()
    turned = _turned(x[..., order], positions, _speeds(x, base))
    return turned[..., np.argsort(order)]


@misconception(caught_by=only_the_offset_counts)
def conventions_mixed(x, positions, base):
    """Your pairs and your angles come from two conventions: the two entries of a pair
    are turned by two different angles, which is no turn. Who shares an angle?"""
    order = np.arange(x.shape[-1]).reshape(-1, 2).T.ravel()
    speeds = np.tile(_speeds(x, base), 2)
    cos, sin = (f(np.outer(positions, speeds)) for f in (np.cos, np.sin))
    y = x[..., order]
    first, second = np.split(y, 2, axis=-1)
    quarter = np.concatenate([-second, first], axis=-1)[..., np.argsort(order)]
    return x * cos + quarter * sin


@misconception(caught_by=quarter_turns_on_paper)
def halves_with_angles_of_neighbours(x, positions, base):
    """You pair halves, and repeat each angle for neighbours: 0 0 1 1. Entry i and entry
    i + d/2 must share one angle, so how should the row of angles be repeated?"""
    speeds = np.repeat(_speeds(x, base), 2)
    cos, sin = (f(np.outer(positions, speeds)) for f in (np.cos, np.sin))
    first, second = np.split(x, 2, axis=-1)
    return x * cos + np.concatenate([-second, first], axis=-1) * sin


@misconception(caught_by=quarter_turns_on_paper)
def backwards(x, positions, base):
    """You turn the other way round. Look at the signs in the formula: which of the two
    new entries has the minus?"""
    return _turned(x, positions, _speeds(x, base), sign=-1.0)


@misconception(caught_by=quarter_turns_on_paper)
def the_new_first_entry(x, positions, base):
    """The second entry is made from the first one that is already turned. Both new
    entries are made from the two old ones."""
    half = x.shape[-1] // 2
    angles = np.outer(positions, _speeds(x, base))
    first, second = x[..., :half], x[..., half:]
    first = first * np.cos(angles) - second * np.sin(angles)
    second = first * np.sin(angles) + second * np.cos(angles)
    return np.concatenate([first, second], axis=-1)


@misconception(caught_by=quarter_turns_on_paper)
def a_mirror_not_a_turn(x, positions, base):
    """Your table of cosines and sines is a mirror: both sines have the same sign.
    Lengths survive a mirror, offsets do not; which sine has the minus?"""
    half = x.shape[-1] // 2
    angles = np.outer(positions, _speeds(x, base))
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos + second * sin, first * sin - second * cos], -1)


@misconception(caught_by=against_the_library)
def one_speed_for_all(x, positions, base):
    """All your pairs turn at the same speed, as one hand of the clock. Each pair has a
    speed of its own, slower from pair to pair."""
    return _turned(x, positions, np.ones(x.shape[-1] // 2))


@misconception(caught_by=quarter_turns_on_paper)
def added_and_not_turned(x, positions, base):
    """You add sines and cosines to the rows, as sinusoidal positions do. Here nothing
    is added: the pairs of x itself are turned, and their lengths stay."""
    angles = np.outer(positions, _speeds(x, base))
    return x + np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


@misconception(caught_by=only_the_offset_counts)
def counted_not_given(x, positions, base):
    """You number the rows 0, 1, 2 and so on. Their positions are given: when a text is
    continued, the first row does not stand at place 0."""
    return _turned(x, np.arange(x.shape[-2]), _speeds(x, base))


@misconception(caught_by=quarter_turns_on_paper)
def exponent_of_the_half(x, positions, base):
    """Your speeds fall too fast, as if the exponent were 2i over half the width. What
    is d in the formula?"""
    return _turned(x, positions, _speeds(x, base) ** 2)


@misconception(caught_by=heads_share_the_positions)
def positions_spread_over_the_heads(x, positions, base):
    """Right for one table. You put all rows into one long table, and each position
    stands there several times in a row: which rows of it belong to one head?"""
    rows = x.reshape(-1, x.shape[-1])
    spread = np.repeat(positions, len(rows) // len(positions))
    return _turned(rows, spread, _speeds(x, base)).reshape(x.shape)


@misconception(caught_by=quarter_turns_on_paper)
def exponent_without_the_two(x, positions, base):
    """Your pairs slow down too little, as if the exponent were i/d. There are d/2 pairs
    only, and the exponent 2i/d runs nearly to 1."""
    return _turned(x, positions, _speeds(x, base) ** 0.5)


@misconception(caught_by=quarter_turns_on_paper)
def always_ten_thousand(x, positions, base):
    """Your base is 10000 whatever is asked for. How fast does the last pair turn? That
    tells you the base."""
    return _turned(x, positions, _speeds(x, 10000.0))


@misconception(caught_by=only_the_offset_counts)
def no_minus_at_all(x, positions, base):
    """Neither of your sines has a minus. In the formula one of them has; without it the
    pair is no longer turned, and its length changes."""
    angles = np.outer(positions, _speeds(x, base))
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos + second * sin, first * sin + second * cos], -1)


@misconception(caught_by=quarter_turns_on_paper)
def put_back_as_neighbours(x, positions, base):
    """The turns are right, and the entries come back in another order: the two of a
    pair stand side by side. All entries keep their places."""
    turned = _turned(x, positions, _speeds(x, base))
    halves = np.split(turned, 2, axis=-1)
    return np.stack(halves, axis=-1).reshape(x.shape)


@misconception(caught_by=only_the_offset_counts)
def a_minus_too_many(x, positions, base):
    """Your second entries have the minus of the first ones. In the formula only one of
    the two sines has a minus; with two the pair is no longer turned."""
    angles = np.outer(positions, _speeds(x, base))
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = np.split(x, 2, axis=-1)
    pairs = first * cos - second * sin, second * cos - first * sin
    return np.concatenate(pairs, axis=-1)
