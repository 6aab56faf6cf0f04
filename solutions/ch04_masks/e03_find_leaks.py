r"""### A leak detector

A mask promises which inputs may change which outputs. Write
`find_leaks(function, x, allowed)`, which measures whether a function keeps the promise.
Change the input at one position, ask the function again, and see which of its outputs
have moved; then put that position back and go on to the next.

$$ \text{leak}_{ij} \iff \text{output } i \text{ moves with input } j
   \text{ and } \text{allowed}_{ij} \text{ is False} $$

- Change a position by random numbers, one for each of its entries, such as normal ones.
  A function may be blind to a constant, to a factor, or to some of the entries.
- An output has moved if any of its entries changes by more than $10^{-9}$, up or down.
  Less is rounding.
- The function always gives the same for the same input. It may have fewer outputs than
  inputs, or more.

Then try it on whatever you have: the suspects of this page, or a model of your own.
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
        "Do it for one position first. You need the outputs before, a copy of x with "
        "one row changed, and the outputs after. Which axis of the difference is left?",
        "For each j: copy x afresh, add random numbers to row j, call the function. "
        "Column j of the result says for which outputs any entry moved.",
        "`np.abs(after - before) > 1e-9`, then `any` over the entries of an output. "
        "That is the influence; a leak is where it is True and `allowed` is not.",
    ),
)


@answer
def find_leaks(function, x, allowed):
    """Which outputs move with an input that they may not depend on.

    function  takes (inputs, width) and gives (outputs, channels), floats
    x         (inputs, width)    float, where to try it
    allowed   (outputs, inputs)  bool, True where the output may depend on the input
    returns   (outputs, inputs)  bool, True where there is a leak
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    before = function(x)
    leaks = np.zeros(allowed.shape, dtype=bool)
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += rng.normal(size=x.shape[1])
        moved = np.abs(function(changed) - before) > 1e-9
        leaks[:, j] = moved.any(axis=1) & ~allowed[:, j]
    return leaks
    ### END SOLUTION


def _mixer(rng, outputs, inputs, width, channels, tiny=0.0):
    """A function whose outputs see some of the inputs, each by some of its entries."""
    sees = rng.random((outputs, inputs)) < 0.5
    sees[0, 0], sees[-1, -1] = True, False
    strength = 0.5 + rng.random((outputs, inputs, channels))
    strength *= rng.choice([-1.0, 1.0], size=strength.shape)
    strength = np.where(sees[..., None], strength, tiny)
    turn = rng.normal(size=(width, channels))

    def function(x):
        centred = x - x.mean(axis=1, keepdims=True)
        return np.einsum("oic,ic->oc", strength, np.tanh(centred @ turn))

    return function, sees


@inputs
def draw(rng):
    """Random mixtures of rows; some influences are no more than rounding."""
    outputs, n_inputs, width, channels = rng.permutation(np.arange(2, 8))[:4]
    tiny = rng.choice([0.0, 1e-13])
    function, _ = _mixer(rng, outputs, n_inputs, width, channels, tiny)
    allowed = rng.random((outputs, n_inputs)) < 0.5
    return function, rng.normal(size=(n_inputs, width)), allowed


def _search(function, x, change, moved):
    """Return what moves, by another `change` of a row or another idea of `moved`."""
    rng, before = np.random.default_rng(1), function(x)
    columns = []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] = change(x[j], rng)
        columns.append(moved(function(changed), before))
    return np.stack(columns, axis=-1)


def _other(row, rng):
    return row + rng.choice([-1, 1], size=row.shape) * (1 + rng.random(row.shape))


def _any(after, before):
    return (np.abs(after - before) > 1e-9).any(axis=-1)


@alternative
def all_changes_at_once(function, x, allowed):
    """All the changed inputs are made first, then asked one by one."""
    many = np.repeat(x[None], len(x), axis=0)
    rows = np.arange(len(x))
    many[rows, rows] = np.random.default_rng(7).normal(size=x.shape)
    after = np.stack([function(each) for each in many], axis=1)
    gaps = np.abs(after - function(x)[:, None]).max(axis=-1)
    return np.logical_and(gaps > 1e-9, np.logical_not(allowed))


@alternative
def list_of_columns(function, x, allowed):
    """Other random numbers, and a list of columns."""
    return _search(function, x, _other, _any) & (allowed == 0)


@check(points=1)
def pairs_of_neighbours(find_leaks):
    """Each output adds a position and the next one, which is not allowed."""
    x = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [-2.0, 1.0]])
    allowed = np.eye(3, 4) == 1
    allowed[2, 0] = True  # allowed, and yet it does not move
    leaks = find_leaks(lambda x: x[:-1] + x[1:], x, allowed)
    close(leaks, np.eye(3, 4, k=1) == 1, "leaks")


@check(points=1)
def functions_that_notice_little(find_leaks):
    """Blind to a constant, to a factor, to all entries but the last; each leaks."""
    x = np.array([[1.0, 2.0, 4.0], [0.5, -1, 3], [3.0, 0.5, -2], [-2.0, 1, 1.5]])
    blind = {
        "a constant": lambda x: (x - x.mean(axis=1, keepdims=True))[:2],
        "a factor": lambda x: (x * x / (x * x).sum(axis=1, keepdims=True))[1:3],
        "all entries but the last": lambda x: np.tanh(x[2:, 2:]),
    }
    nothing = np.zeros((2, 4), dtype=bool)
    found = [find_leaks(function, x, nothing) for function in blind.values()]
    for shift, what, leaks in zip((0, 1, 2), blind, found, strict=True):
        close(leaks, np.eye(2, 4, k=shift) == 1, f"leaks of one blind to {what}")


@check(points=1)
def leaks_of_few_entries(find_leaks):
    """What leaks is one entry of an output, cancels in a sum, or is a millionth."""
    x = np.array([[1.0, 2.0, 4.0], [0.5, -1, 3], [3.0, 0.5, -2], [-2.0, 1, 1.5]])
    few = {
        "the last entry": lambda x: np.tanh(x[:2]) * np.array([0.0, 0.0, 1.0]),
        "the first entry": lambda x: np.tanh(x[1:3]) * np.array([1.0, 0.0, 0.0]),
        "up and down": lambda x: x[2:, :1] * np.array([1.0, -2.0, 1.0]),
        "a millionth": lambda x: 1000 + 1e-6 * np.tanh(x[:2]),
    }
    nothing = np.zeros((2, 4), dtype=bool)
    found = [find_leaks(function, x, nothing) for function in few.values()]
    for shift, what, leaks in zip((0, 1, 2, 0), few, found, strict=True):
        close(leaks, np.eye(2, 4, k=shift) == 1, f"leaks: {what}")


@check(points=1)
def rounding_is_no_leak(find_leaks):
    """A detour through large numbers changes the last digits, and that is no leak."""
    x = np.array([[1.0, 2.0, 0.3], [0.5, -1, 1.2], [3.0, 0.1, -2], [-2.0, 1, 0.7]])

    def detour(x):
        total = 1000 * x.sum(axis=0)
        return x[:2] / 3 + total - total

    leaks = find_leaks(detour, x, np.zeros((2, 4), dtype=bool))
    close(leaks, np.eye(2, 4) == 1, "leaks")


@check(points=2, hidden=True)
def attention_that_leaks(find_leaks, rng):
    """Attention under masks that break their promise, more positions, random masks."""
    from attn_course.functional import attend, causal_mask, influence

    w, x = rng.normal(size=(4, 3)), rng.normal(size=(7, 4))
    promise = causal_mask(6, 7) & (np.arange(7) != 2)

    def one_step_off(x):
        return attend(x[1:], x, x @ w, allowed=np.tri(6, 7, k=2, dtype=bool))

    def norm_over_positions(x):
        reads = attend(x[1:], x, x @ w, allowed=promise)
        return (reads - reads.mean(axis=0)) / reads.std(axis=0)

    some = rng.random((5, 7)) < 0.5

    def random_mask(x):
        return attend(x[2:], x, x @ w, allowed=some)

    cases = [(one_step_off, promise), (norm_over_positions, promise)]
    for function, allowed in [*cases, (random_mask, rng.random((5, 7)) < 0.5)]:
        wanted = influence(function, x) & ~allowed
        close(find_leaks(function, x, allowed), wanted, "leaks of attention")


@misconception(caught_by=functions_that_notice_little)
def adds_a_constant(function, x, allowed):
    """You add one number to all entries of a position. A function that subtracts the
    mean of the entries, as a norm does, sees no change: add a different one to each."""
    return _search(function, x, lambda row, rng: row + 1, _any) & ~allowed


@misconception(caught_by=functions_that_notice_little)
def multiplies_the_position(function, x, allowed):
    """You multiply a position by a factor, or turn its sign. A function that looks at
    proportions sees no change, nor does any at zero: add something random."""
    return _search(function, x, lambda row, rng: row * 2, _any) & ~allowed


@misconception(caught_by=functions_that_notice_little)
def changes_the_first_entry(function, x, allowed):
    """You change one entry of a position and leave the others. A function that looks at
    another entry does not notice."""

    def change(row, rng):
        return row + np.eye(len(row))[0]

    return _search(function, x, change, _any) & ~allowed


@misconception(caught_by=rounding_is_no_leak)
def any_difference_counts(function, x, allowed):
    """You take the last digit of a float for a leak: adding a large number and taking
    it away again is enough to change that. From which size on does it count?"""

    def moved(after, before):
        return (after != before).any(axis=-1)

    return _search(function, x, _other, moved) & ~allowed


@misconception(caught_by=leaks_of_few_entries)
def close_is_close_enough(function, x, allowed):
    """You compare up to a share of the outputs, and beside large numbers a leak of a
    millionth gets lost. The limit is 1e-9, however large the outputs."""

    def moved(after, before):
        return ~np.isclose(after, before).all(axis=-1)

    return _search(function, x, _other, moved) & ~allowed


@misconception(caught_by=pairs_of_neighbours)
def influence_without_the_promise(function, x, allowed):
    """This is all that moves. An influence that is allowed is no leak: what has
    `allowed` to say about your table?"""
    return _search(function, x, _other, _any)


@misconception(caught_by=pairs_of_neighbours)
def allowed_and_still(function, x, allowed):
    """You report what is allowed and does not move. That is no leak but an opportunity
    missed: a leak moves and is not allowed."""
    return allowed & ~_search(function, x, _other, _any)


@misconception(caught_by=pairs_of_neighbours)
def differs_from_the_promise(function, x, allowed):
    """You report every place where the table and the promise differ. What is allowed
    and does not move breaks no promise: only one of the two differences is a leak."""
    return _search(function, x, _other, _any) != allowed


@misconception(caught_by=pairs_of_neighbours)
def changes_pile_up(function, x, allowed):
    """Your changes pile up: position 0 is still changed when it is the turn of position
    1, so everything that ever moved moves again. Begin each turn with a fresh copy."""
    rng, before, changed = np.random.default_rng(1), function(x), x.copy()
    columns = []
    for j in range(len(x)):
        changed[j] = _other(changed[j], rng)
        columns.append(_any(function(changed), before))
    return np.stack(columns, axis=-1) & ~allowed


@misconception(caught_by=pairs_of_neighbours)
def keeps_no_baseline(function, x, allowed):
    """Each turn changes every position afresh, so all outputs move every time. Only the
    position whose turn it is may differ from x."""
    rng, before = np.random.default_rng(1), function(x)
    columns = [_any(function(x + rng.normal(size=x.shape)), before) for _ in x]
    return np.stack(columns, axis=-1) & ~allowed


@misconception(caught_by=leaks_of_few_entries)
def looks_at_the_first_entry(function, x, allowed):
    """You compare one entry of each output. What leaks may sit in another: any of them
    is enough."""

    def moved(after, before):
        return np.abs(after - before)[:, 0] > 1e-9

    return _search(function, x, _other, moved) & ~allowed


@misconception(caught_by=leaks_of_few_entries)
def every_entry_must_move(function, x, allowed):
    """You ask that all entries of an output move. A leak into one of them is a leak."""

    def moved(after, before):
        return (np.abs(after - before) > 1e-9).all(axis=-1)

    return _search(function, x, _other, moved) & ~allowed


@misconception(caught_by=leaks_of_few_entries)
def sums_before_comparing(function, x, allowed):
    """You add up the changes of an output before you look: one up and one down cancel.
    Take each by its size first."""

    def moved(after, before):
        return np.abs((after - before).sum(axis=-1)) > 1e-9

    return _search(function, x, _other, moved) & ~allowed


@misconception(caught_by=attention_that_leaks)
def only_later_inputs(function, x, allowed):
    """You look for leaks from later positions only. The mask may hide an earlier one as
    well, and a hidden key that is read is a leak wherever it stands."""
    later = np.triu(np.ones(allowed.shape, dtype=bool))
    return _search(function, x, _other, _any) & ~allowed & later
