r"""### What does a layer do to a shuffle?

Prove it on paper, then measure it. Write `order_report(function, X)`, which shuffles
the rows of $X$ and says two things about a function of them:

- **equivariant**: for every order of the rows, the outputs are the same rows in that
  order, $f(PX) = P f(X)$. There must be an output for each position.
- **invariant**: for every order of the rows, the output is the same, $f(PX) = f(X)$.

A function can be both, or neither. "For every order" is meant literally: there are
functions that keep some shuffles and not others, such as turning the rows round or
moving them along in a ring. $X$ has few rows, so all orders can be tried
(`itertools.permutations`). Differences up to $10^{-5}$ are rounding.

Then try it on the layers of the page, or on whatever you have.
"""

from itertools import permutations

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
        "Take one order first, as a list of row numbers: `X[order]` are the rows in "
        "that order. Which two outputs do you need, and what should they be?",
        "Call the output for X `before` and that for `X[order]` `after`: one claim "
        "compares `after` with `before`, the other with `before[order]`.",
        "Begin with both claims True (equivariant only if `len(before) == len(X)`) and "
        "let any order refute them: a claim falls if any entry differs by over 1e-5.",
    ),
)


@answer
def order_report(function, X):
    """Is the function equivariant, is it invariant, under every order of the rows?

    function  takes (positions, width) and gives (outputs, channels), floats
    X         (positions, width)  float, at most 5 positions
    returns   two things: equivariant and invariant, each True or False
    """
    ### BEGIN SOLUTION
    before = function(X)
    equivariant, invariant = len(before) == len(X), True
    for order in permutations(range(len(X))):
        after = function(X[list(order)])
        if np.abs(after - before).max() > 1e-5:
            invariant = False
        if equivariant and np.abs(after - before[list(order)]).max() > 1e-5:
            equivariant = False
    return equivariant, invariant
    ### END SOLUTION


def _suspect(kind, turn, noise):
    """Functions of rows that keep all orders, some of them, or none."""

    def attention(X):
        scores = X @ turn @ X.T / len(turn) ** 0.5
        exps = np.exp(scores)
        return exps / exps.sum(axis=1)[:, None] @ np.tanh(X)

    def rounded(X):
        return attention(X) + noise * np.arange(len(X))[:, None]

    def causal(X):
        return np.cumsum(np.tanh(X @ turn), axis=0)

    kinds = {
        "attention": attention,
        "rounded": rounded,
        "causal": causal,
        "mean": lambda X: attention(X).mean(axis=0)[None],
        "mean for all": lambda X: np.repeat(X.mean(axis=0)[None], len(X), axis=0),
        "sorted": lambda X: np.sort(X, axis=0),
        "ring": lambda X: X + np.roll(X, 1, axis=0) @ turn,
        "ring, both ways": lambda X: X + np.roll(X, 1, axis=0) + np.roll(X, -1, axis=0),
        "last for all": lambda X: X + np.tanh(X[-1]),
        "first for all": lambda X: X + np.tanh(X[0]),
        "mirror": lambda X: X * np.abs(np.linspace(-1, 1, len(X)))[:, None] ** 0.5,
        "last alone": lambda X: X[-1:],
        "ends": lambda X: X[:1] + X[-1:],
    }
    return kinds[kind]


@inputs
def draw(rng):
    """One of thirteen functions, three to five rows."""
    positions, width = rng.choice([3, 4, 5]), rng.choice([2, 6, 7])
    names = "attention,rounded,causal,mean,mean for all,sorted,ring,ring, both ways,"
    names = [*names.replace("g, b", "g; b").split(",")[:-1], "last for all"]
    names = [*names, "first for all", "mirror", "last alone", "ends"]
    kind = names[rng.integers(len(names))].replace(";", ",")
    turn, noise = rng.normal(size=(width, width)), 1e-13
    return _suspect(kind, turn, noise), rng.normal(size=(positions, width))


def _by(function, X, orders, same=None, back=None):
    """Report over some orders, by another idea of `same` or of shuffling `back`."""
    same = same or (lambda a, b: a.shape == b.shape and np.abs(a - b).max() <= 1e-5)
    back = back or (lambda before, order: before[order])
    before = function(X)
    afters = [(order, function(X[order])) for order in orders]
    rows = len(before) == len(X)
    return (
        rows and all(same(after, back(before, order)) for order, after in afters),
        all(same(after, before) for _, after in afters),
    )


def _all(X):
    return [list(order) for order in permutations(range(len(X)))]


@alternative
def shuffled_back(function, X):
    """All outputs first; the shuffle is undone before anything is compared."""
    orders = np.array(_all(X))
    before, after = function(X), [function(X[order]) for order in orders]
    invariant = np.allclose(after, before, rtol=0, atol=1e-5)
    if len(before) != len(X):
        return False, invariant
    undone = [out[np.argsort(order)] for order, out in zip(orders, after, strict=True)]
    return np.allclose(undone, before, rtol=0, atol=1e-5), invariant


@alternative
def many_random_orders(function, X):
    """Two hundred orders by chance, which in practice are all of them."""
    rng = np.random.default_rng(3)
    return _by(function, X, [rng.permutation(len(X)) for _ in range(200)])


@check(points=1)
def four_plain_cases(order_report):
    """Row by row, the mean, the mean for everybody, a running sum."""
    X = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [-2.0, 1.0]])
    cases = {
        "tanh of each row": (np.tanh, True, False),
        "the mean": (lambda X: X.mean(axis=0)[None], False, True),
        "the mean, for every row": (lambda X: 0 * X + X.mean(axis=0), True, True),
        "a running sum": (lambda X: np.cumsum(X, axis=0), False, False),
    }
    for name, (function, follows, stays) in cases.items():
        got = order_report(function, X)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, (
            f"wanted two things, equivariant and invariant, got {str(got)[:60]}"
        )
        close(got[0], follows, f"equivariant, of {name}")
        close(got[1], stays, f"invariant, of {name}")


@check(points=1)
def some_orders_are_not_all(order_report):
    """Rings, a mirror; one row that differs, whichever it is; a rising order."""
    X = np.array([[-2.0, 1, 0.7], [0.5, -1, 1], [1.0, 2, 0.3], [3.0, 0, -2]])
    cases = {
        "a ring": lambda X: X - np.roll(X, 1, axis=0),
        "a ring, to both sides": lambda X: np.roll(X, 1, axis=0) * np.roll(X, -1, 0),
        "a mirror": lambda X: X * np.array([[1.0], [2.0], [2.0], [1.0]]),
        "the last row is added": lambda X: X + X[-1],
        "the first row is added": lambda X: X + X[0],
        "the second row is added": lambda X: X + X[1],
        "the third row is added": lambda X: X + X[2],
        "the most where rows rise": lambda X: 0 * X + np.arange(4.0) @ X[:, 0],
        "a ring of 0, 2, 1, 3": lambda X: X + X[[3, 2, 0, 1]] + X[[2, 3, 1, 0]],
        "a ring of 0, 1, 3, 2": lambda X: X + X[[2, 0, 3, 1]] + X[[1, 3, 0, 2]],
    }
    for name, function in cases.items():
        got = order_report(function, X)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, (
            f"wanted two things, equivariant and invariant, got {str(got)[:60]}"
        )
        close(got[0], False, f"equivariant, of {name}")
        close(got[1], False, f"invariant, of {name}")


@check(points=1)
def invariant_for_all_orders(order_report):
    """A small step; rows in order of size; both ends added; the last; roundings."""
    X = np.array([[1.0, 2, 0.3], [0.5, -1, 1], [3.0, 0, -2], [-2.0, 1, 0.7]])

    def detour(X):
        total = 10 * np.cumsum(X / 3, axis=0)[-1]
        return np.tanh(X) + total - total

    cases = {
        "a small step aside": (lambda X: X + 1e-3 * X[0], False, False),
        "sorted columns": (lambda X: np.sort(X, axis=0), False, True),
        "both ends, added": (lambda X: X[:1] + X[-1:], False, False),
        "the last row alone": (lambda X: X[-1:], False, False),
        "a detour that rounds": (detour, True, False),
        "a sum that rounds": (lambda X: np.cumsum(X / 3, axis=0)[-1:], False, True),
    }
    for name, (function, follows, stays) in cases.items():
        got = order_report(function, X)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, (
            f"wanted two things, equivariant and invariant, got {str(got)[:60]}"
        )
        close(got[0], follows, f"equivariant, of {name}")
        close(got[1], stays, f"invariant, of {name}")


@check(points=2, hidden=True)
def layers_of_the_course(order_report, rng):
    """Rows alone; attention to itself, to a memory, under a mask; a convolution."""
    from attn_course.functional import attend, causal_mask, convolve

    X, M = rng.normal(size=(4, 5)), rng.normal(size=(6, 5))
    maps, kernel = rng.normal(size=(2, 5, 3)), rng.normal(size=(3, 5, 7))
    q, k = maps
    seen = causal_mask(4)
    two_sided = (kernel + kernel[::-1]) / 2
    cases = {
        "tanh of each row": (np.tanh, True, False),
        "self-attention": (lambda X: attend(X @ q, X @ k, X), True, False),
        "askers of a memory": (lambda X: attend(X @ q, M @ k, M), True, False),
        "the memory itself": (lambda X: attend(M @ q, X @ k, X), False, True),
        "causal attention": (
            lambda X: attend(X @ q, X @ k, X, allowed=seen),
            False,
            False,
        ),
        "convolution": (lambda X: convolve(X, kernel), False, False),
        "two-sided convolution": (lambda X: convolve(X, two_sided), False, False),
    }
    for name, (function, follows, stays) in cases.items():
        got = order_report(function, X)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, (
            f"wanted two things, equivariant and invariant, got {str(got)[:60]}"
        )
        close(got[0], follows, f"equivariant, of {name}")
        close(got[1], stays, f"invariant, of {name}")


@misconception(caught_by=some_orders_are_not_all)
def only_turned_round(function, X):
    """You turned the rows round, which is one order of many. A function that looks the
    same in a mirror passes; there are orders that it does not keep."""
    return _by(function, X, [list(range(len(X)))[::-1]])


@misconception(caught_by=some_orders_are_not_all)
def only_moved_along(function, X):
    """You moved the rows along in a ring. A function of neighbours in a ring passes;
    it does not keep an order that parts neighbours."""
    n = len(X)
    return _by(function, X, [[(i + shift) % n for i in range(n)] for shift in range(n)])


@misconception(caught_by=some_orders_are_not_all)
def one_swap_in_front(function, X):
    """The orders you try leave the last row in its place, as a swap of the first two
    does. What is special about that row, if anything, they cannot show."""
    return _by(function, X, [[1, 0, *range(2, len(X))]])


@misconception(caught_by=some_orders_are_not_all)
def one_order_is_enough(function, X):
    """You ask whether some order is kept, and one order always is: no shuffle at all.
    A claim about every order falls with the first one that refutes it."""
    before, orders = function(X), _all(X)
    afters = [(order, function(X[order])) for order in orders]
    rows = len(before) == len(X)
    kept = rows and any(np.allclose(a, before[order]) for order, a in afters)
    return kept, any(np.allclose(after, before) for _, after in afters)


@misconception(caught_by=some_orders_are_not_all)
def downwards_does_not_count(function, X):
    """You look for outputs that grew. One that is largest for the order you began with
    only ever shrinks: take each difference by its size."""

    def same(a, b):
        return a.shape == b.shape and (a - b).max() <= 1e-5

    return _by(function, X, _all(X), same=same)


@misconception(caught_by=four_plain_cases)
def the_two_words_swapped(function, X):
    """The two answers have changed places. Equivariant: the output is shuffled along.
    Invariant: the output does not notice."""
    return _by(function, X, _all(X))[::-1]


@misconception(caught_by=four_plain_cases)
def shuffled_twice(function, X):
    """To undo an order you applied it again. That works for a swap, and not for three
    rows that move in a circle: after PP they are not back."""

    def back(before, order):
        return before[np.argsort(order)]

    return _by(function, X, _all(X), back=back)


@misconception(caught_by=invariant_for_all_orders)
def the_same_rows_in_any_order(function, X):
    """You compare the rows as a heap. That they all are there is not enough: each has
    to stand where its own input stands."""

    def heap(a, b):
        return a.shape == b.shape and np.allclose(np.sort(a, axis=0), np.sort(b, 0))

    equivariant, _ = _by(function, X, _all(X), same=heap)
    return equivariant, _by(function, X, _all(X))[1]


@misconception(caught_by=invariant_for_all_orders)
def every_digit_counts(function, X):
    """You take the last digit for a difference. Sums in another order round in another
    way; from which size on does it count?"""
    return _by(function, X, _all(X), same=lambda a, b: np.array_equal(a, b))


@misconception(caught_by=invariant_for_all_orders)
def close_is_close_enough(function, X):
    """Your comparison is generous: a difference of a hundredth passes for none. The
    limit is 1e-5, however large the outputs."""

    def near(a, b):
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-2, atol=1e-2)

    return _by(function, X, _all(X), same=near)


@misconception(caught_by=four_plain_cases)
def an_order_as_a_tuple(function, X):
    """An order is a tuple here, and a tuple between brackets asks for one entry of an
    array with that many axes. To pick rows, make it a list first."""
    return function(X[tuple(range(len(X)))]), False


@misconception(caught_by=four_plain_cases)
def an_output_for_each_row_is_taken_for_granted(function, X):
    """This function gives more rows than it gets, or fewer, and you compare them place
    by place. It cannot be equivariant: there is not an output for each position."""
    before, orders = function(X), _all(X)
    afters = [(order, function(X[order])) for order in orders]
    return (
        all(np.allclose(after, before[order]) for order, after in afters),
        all(np.allclose(after, before) for _, after in afters),
    )


@misconception(caught_by=four_plain_cases)
def one_or_the_other(function, X):
    """You hold that a function is one or the other. Give every row the mean of all:
    shuffle its equal rows and look whether anything moves."""
    equivariant, invariant = _by(function, X, _all(X))
    return equivariant and not invariant, invariant


@misconception(caught_by=layers_of_the_course)
def an_output_for_each_row_is_enough(function, X):
    """Of an invariant function you report equivariance where the number of rows says
    nothing of the kind: another sequence may have asked. Compare the rows."""
    equivariant, invariant = _by(function, X, _all(X))
    return equivariant or (invariant and len(function(X)) > 1), invariant
