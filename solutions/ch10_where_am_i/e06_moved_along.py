r"""### An experiment: does it care where the text begins?

A scheme of positions that says *how far apart* should not care where a text begins.
Which schemes hold that promise, once words, tables and softmax are in the way? Measure.

Write `moved_along(score, X, shifts)`. The function `score(X, places)` is handed to you:
it gives the scores (queries, keys) of a text whose words `X` stand at `places`. Your
function returns, for each shift, how far the **weights** move when the text begins at
place `shift` in place of 0:

$$ g_s = \max_{i,j} \, \lvert A_{ij}(s) - A_{ij}(0) \rvert, \qquad
   A(s) = \operatorname{softmax}(\texttt{score}(X, \; s, s + 1, \dots, s + n - 1)), $$

softmax over the keys. Scores may be as large as 10,000. A shift may be a fraction.

Why weights and not scores? A score that grows by the same amount for all keys of a
query is the same score to softmax; ALiBi is often written in such a way.

Then build `score` functions for what the page has shown (sinusoids added to the words
before random tables, rotary, a bias by offset, $-m \lvert i - j \rvert$, and also
$m \, j$ under a causal mask) and **write down beforehand** which of them give zeros.
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
        "One function for the weights of a text that begins at a given place. Call it "
        "for 0 once, and for each shift.",
        "The places of n words from s on are `s + np.arange(n)`. Make each row of "
        "scores safe for exp by subtracting its own maximum.",
        "Softmax over the last axis, then `np.abs(weights(s) - weights(0)).max()` for "
        "each shift s.",
    ),
)


@answer
def moved_along(score, X, shifts):
    """How far the weights move, for each place where the text may begin.

    score    ()                  function of (X, places)
    X        (positions, model)  float
    shifts   (shifts,)           float
    returns  (shifts,)           float
    """

    ### BEGIN SOLUTION
    def weights(begin):
        scores = score(X, begin + np.arange(len(X)))
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True)

    here = weights(0)
    return np.array([np.abs(weights(shift) - here).max() for shift in shifts])
    ### END SOLUTION


def _score_of(kind, rng, model):
    """A scheme of positions as a function of words and places."""
    W = rng.normal(size=(2, model, model)) / np.sqrt(model)
    speeds = 7.0 ** -np.arange(0, model, 1.0)
    slope = rng.uniform(0.1, 0.6)

    def score(X, places):
        apart = np.abs(places[:, None] - places)
        plain = (X @ W[0]) @ (X @ W[1]).T
        if kind == "added":
            marked = X + np.sin(np.outer(places, speeds) + np.arange(model))
            return (marked @ W[0]) @ (marked @ W[1]).T
        if kind == "key place":
            return 3 * plain + slope * places
        if kind == "query place":
            return plain * np.cos(places)[:, None] + slope * places[:, None]
        if kind == "loud":
            return 4000 * plain + 20 * np.cos(apart + places)
        return plain - slope * apart

    return score


@inputs
def draw(rng):
    """Schemes that mind a shift, in scores or in weights, and schemes that do not."""
    kinds = ["added", "key place", "query place", "loud", "apart"]
    positions, model = rng.permutation(np.arange(3, 8))[:2]
    score = _score_of(kinds[rng.integers(5)], rng, int(model))
    shifts = rng.choice([1.0, 2.5, 7.0, 40.0, 300.0], size=rng.integers(2, 5))
    return score, rng.normal(size=(positions, model)), shifts


def _softmax(scores, axis=1):
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


def _weights(score, X, begin):
    return _softmax(score(X, begin + np.arange(len(X))))


@alternative
def row_by_row(score, X, shifts):
    """Loops, and weights by way of the logarithm of the total."""

    def weights(begin):
        rows = score(X, np.array([begin + i for i in range(len(X))], dtype=float))
        totals = [row.max() + np.log(np.exp(row - row.max()).sum()) for row in rows]
        return np.exp(rows - np.array(totals)[:, None])

    gaps = []
    for shift in shifts:
        gaps.append(max(np.abs(weights(shift) - weights(0.0)).ravel()))
    return np.array(gaps)


@alternative
def all_texts_stacked(score, X, shifts):
    """All tables of weights first, the differences last."""
    begins = [0.0, *shifts]
    tables = np.stack([_weights(score, X, begin) for begin in begins])
    return np.abs(tables[1:] - tables[:1]).max(axis=(1, 2))


@check(points=1)
def shares_on_paper(moved_along):
    """Three words: two share out as the keys' first entry plus their place, the last
    one evenly."""

    def score(X, places):
        shares = X[:, 0] + places
        return np.log(np.stack([shares, shares, np.ones(3)]))

    X = np.array([[1.0, 9.0], [0.0, 9.0], [4.0, 9.0]])  # at place 0: 1, 1, 6 in 8
    got = moved_along(score, X, np.array([1.0, 0.0, 3.0, 6.0, 4.5]))
    wanted = 6 / 8 - np.array([7 / 11, 6 / 8, 9 / 17, 12 / 26, 21 / 43])
    close(got, wanted, "how far the weights move")


@check(points=1, extreme=True)
def a_constant_is_no_change(moved_along):
    """Every score of a query grows by its place: softmax cannot see it."""

    def score(X, places):
        return X @ X.T + 0.5 * places[:, None]

    X = np.array([[1.0, 0.5], [0.0, 1.0], [2.0, -1.0]])
    got = moved_along(score, X, np.array([1.0, 2.5, 30.0, 400.0]))
    close(got, np.zeros(4), "how far the weights move")


@check(points=1, extreme=True)
def scores_of_ten_thousand(moved_along):
    """Each query is sure of its keys, with a score of 10,000; of others after a shift.
    Two rows lie far above the first."""

    def score(X, places):
        signs = np.cos(np.pi * (places + places[:, None] - places[0]))
        return 1e4 * signs + X[:, :1]

    X = np.array([[0.0, 1.0], [7e4, 1.0], [7e4, 1.0]])
    got = moved_along(score, X, np.array([1.0, 2.0, 5.0, 8.0]))
    close(got, np.array([1.0, 0.0, 1.0, 0.0]), "how far the weights move")


@check(points=2, hidden=True)
def schemes_of_the_page(moved_along, rng):
    """Sinusoids before random tables, rotary positions, a bias by distance."""
    from attn_course.functional import rotate, sinusoidal_positions, softmax

    X, maps = rng.normal(size=(6, 8)), rng.normal(size=(2, 8, 8)) / 2
    slope = rng.uniform(0.2, 0.5)

    def added(X, places):
        marked = X + sinusoidal_positions(np.asarray(places), 8)
        return (marked @ maps[0]) @ (marked @ maps[1]).T

    def rotary(X, places):
        q, k = (rotate(X @ W, np.asarray(places)) for W in maps)
        return q @ k.T

    def distance(X, places):
        return X @ X.T - slope * np.abs(places[:, None] - places)

    shifts = np.array([1.0, 0.5, 60.0])
    for name, score in {"added": added, "rotary": rotary, "bias": distance}.items():
        tables = [softmax(score(X, s + np.arange(6))) for s in (0, *shifts)]
        wanted = np.array([np.abs(table - tables[0]).max() for table in tables[1:]])
        got = moved_along(score, X, shifts)
        close(got, wanted, f"how far the weights move ({name})")


@misconception(caught_by=a_constant_is_no_change)
def scores_compared(score, X, shifts):
    """You compare the scores. A query whose scores all grow by the same amount attends
    as before: compare what softmax makes of them."""
    places = np.arange(len(X))
    here = score(X, places + 0.0)
    return np.array([np.abs(score(X, s + places) - here).max() for s in shifts])


@misconception(caught_by=shares_on_paper)
def shares_of_the_columns(score, X, shifts):
    """Your softmax runs down the columns. Rows are queries, and each shares out its own
    attention among the keys."""

    def weights(begin):
        return _softmax(score(X, begin + np.arange(len(X))), axis=0)

    return np.array([np.abs(weights(s) - weights(0)).max() for s in shifts])


@misconception(caught_by=scores_of_ten_thousand)
def no_shift_before_exp(score, X, shifts):
    """exp of 10,000 is infinite, and inf / inf is nan; exp of −80,000 is 0, and 0 / 0
    is nan too. What may be subtracted from each row without changing its shares?"""

    def weights(begin):
        exps = np.exp(score(X, begin + np.arange(len(X))))
        return exps / exps.sum(axis=1, keepdims=True)

    return np.array([np.abs(weights(s) - weights(0)).max() for s in shifts])


@misconception(caught_by=shares_on_paper)
def step_by_step(score, X, shifts):
    """You compare each shift with the one before it. Each is to be compared with the
    text that begins at place 0."""
    tables = [_weights(score, X, s) for s in (0, *shifts)]
    pairs = zip(tables[1:], tables, strict=False)
    return np.array([np.abs(after - before).max() for after, before in pairs])


@misconception(caught_by=shares_on_paper)
def the_first_shift_as_home(score, X, shifts):
    """You compare with the first of the shifts. Each is to be compared with the text
    that begins at place 0, which need not be among them."""
    tables = np.stack([_weights(score, X, s) for s in shifts])
    return np.abs(tables - tables[:1]).max(axis=(1, 2))


@misconception(caught_by=shares_on_paper)
def never_moved(score, X, shifts):
    """Nothing moves in your result: all numbers are 0. Do the shifts reach the places
    that `score` is given?"""
    return np.zeros(len(shifts))


@misconception(caught_by=shares_on_paper)
def places_multiplied(score, X, shifts):
    """Your places are stretched, not moved: the neighbours of a moved text are as far
    apart as before."""
    places = np.arange(1.0, len(X) + 1)
    here = _softmax(score(X, places - 1))
    return np.array(
        [np.abs(_softmax(score(X, s * places)) - here).max() for s in shifts]
    )


@misconception(caught_by=shares_on_paper)
def words_rolled(score, X, shifts):
    """You moved the words round and left the places alone. The text stays as it is; it
    begins at another place."""
    places, here = np.arange(len(X)), _weights(score, X, 0)
    moved = [_softmax(score(np.roll(X, int(s), axis=0), places)) for s in shifts]
    return np.array([np.abs(table - here).max() for table in moved])


@misconception(caught_by=shares_on_paper)
def signs_left_in(score, X, shifts):
    """You look for the largest difference before its size: a weight that falls far
    counts for less than one that rises a little. Take absolute values first."""
    here = _weights(score, X, 0)
    return np.array([(_weights(score, X, s) - here).max() for s in shifts])


@misconception(caught_by=shares_on_paper)
def the_mean_difference(score, X, shifts):
    """You take the mean over all pairs, in which one large change drowns. Asked for is
    the largest."""
    here = _weights(score, X, 0)
    return np.array([np.abs(_weights(score, X, s) - here).mean() for s in shifts])


@misconception(caught_by=shares_on_paper)
def one_number_for_all(score, X, shifts):
    """You give one number, the largest over all shifts. Wanted is one for each shift,
    in their order."""
    here = _weights(score, X, 0)
    return np.max([np.abs(_weights(score, X, s) - here).max() for s in shifts])


@misconception(caught_by=schemes_of_the_page)
def whole_shifts_only(score, X, shifts):
    """Right for whole numbers. A text may begin at place 0.5, and yours begins at 0:
    what happened to the fraction?"""
    here = _weights(score, X, 0)
    return np.array([np.abs(_weights(score, X, int(s)) - here).max() for s in shifts])
