r"""### Let the data choose the step

You have a slope from paper and want to judge it by finite differences. With which step?
Take a function whose slopes you do know, try many steps, and look at the errors: that
is the V of this page. Near its bottom lies the step to use for functions of this kind.

Write `choose_step(function, x, slopes, steps)`. `function` takes an array of the shape
of `x` and returns one number; `slopes` holds the known slope in each entry of `x`. For
each step $h$ estimate all slopes by the *central* difference,

$$ \frac{f(x + h e_i) - f(x - h e_i)}{2 h}, $$

one entry at a time. The error of a step is the largest absolute difference to the known
slopes, over all entries. Return two things: the error of each step, in the order given,
and the best step itself (not its index). The steps come in any order.

Here the functions show few digits, as a scale with a display does, so that the V has a
blunt tip at large steps. **Predict** first: with two digits after the point, and slopes
and bends of order 1, is the best step nearer to 0.001, 0.01 or 0.1? Then run yours on a
function of your own, in float64 and in float32, and compare with the figure of this
page.
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
    minutes=25,
    hints=(
        "Take one step and one entry first: copy x, move that entry up, ask the "
        "function; move it down, ask again. What do you divide by?",
        "Two loops, over steps and entries. Each entry needs a fresh copy of x, or "
        "has to be moved back before the next one is nudged.",
        "`nudge = np.zeros_like(x); nudge[i] = h` gives both sides of the difference. "
        "Collect the estimates of one step, take the largest `np.abs` of what they "
        "miss, and at the end `steps[np.argmin(errors)]`.",
    ),
)


@answer
def choose_step(function, x, slopes, steps):
    """Errors of central differences for each step, and the best step.

    x        (entries,)  float
    slopes   (entries,)  float, the true slopes at x
    steps    (steps,)    float, positive, in any order
    returns  two things: the errors (steps,) and the best step, a number
    """
    ### BEGIN SOLUTION
    errors = []
    for h in steps:
        nudges = h * np.eye(len(x))
        rises = [function(x + nudge) - function(x - nudge) for nudge in nudges]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), steps[np.argmin(errors)]
    ### END SOLUTION


@inputs
def draw(rng):
    """A cubic with a display of few digits, steps from too small to too large."""
    entries, count = rng.permutation(np.arange(3, 9))[:2]
    bends, digits = rng.uniform(0.5, 3, size=entries), int(rng.integers(1, 4))
    x, steps = rng.normal(size=entries), rng.permutation(np.geomspace(1e-3, 2, count))

    def function(x):
        return round(float((bends * x**3).sum()), digits)

    return function, x, 3 * bends * x**2, steps


@alternative
def entry_by_entry(function, x, slopes, steps):
    """One entry is moved up, down, and back."""
    errors, moved = np.zeros(len(steps)), x.copy()
    for s, h in enumerate(steps):
        for i, slope in enumerate(slopes):
            moved[i] = x[i] + h
            above = function(moved)
            moved[i] = x[i] - h
            miss = abs((above - function(moved)) / (2 * h) - slope)
            moved[i] = x[i]
            errors[s] = max(errors[s], miss)
    return errors, float(steps[errors.argmin()])


@alternative
def two_halves_of_a_difference(function, x, slopes, steps):
    """The mean of the slope ahead and the slope behind."""
    here, table = function(x), np.zeros((len(steps), len(x)))
    for s, i in np.ndindex(table.shape):
        nudge = np.where(np.arange(len(x)) == i, steps[s], 0.0)
        ahead = (function(x + nudge) - here) / steps[s]
        table[s, i] = (ahead + (here - function(x - nudge)) / steps[s]) / 2
    errors = np.max(np.abs(table - slopes), axis=1)
    return list(errors), min(zip(errors, steps, strict=True))[1]


@check(points=1)
def a_cubic_on_paper(choose_step):
    """For x³ and 2y³ the central difference errs by exactly h² and 2h²."""
    x, slopes = np.array([1.0, 2.0]), np.array([3.0, 24.0])
    got = choose_step(
        lambda x: x[0] ** 3 + 2 * x[1] ** 3, x, slopes, np.array([0.5, 0.1, 0.2])
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best step, got {got!r}"
    close(got[0], np.array([0.5, 0.02, 0.08]), "errors")
    close(got[1], 0.1, "best step")


@check(points=1)
def too_small_a_step_sees_nothing(choose_step):
    """On a display with one digit after the point, tiny steps do not move anything."""
    x, slopes = np.array([1.0, -2.0, 0.0]), np.array([3.0, 12.0, -5.0])
    got = choose_step(
        lambda x: round(float(x[0] ** 3 + x[1] ** 3 - 5 * x[2]), 1),
        x,
        slopes,
        np.array([1.0, 0.25, 0.001, 0.01]),
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the errors and the best step, got {got!r}"
    close(got[0], np.array([1.0, 0.2, 12.0, 5.0]), "errors")
    close(got[1], 0.25, "best step")


@check(points=2, hidden=True)
def waves_on_a_display(choose_step, rng):
    """Sums of waves with three digits after the point, nine steps in any order."""
    speeds, x = rng.uniform(0.5, 2, size=7), rng.normal(size=7)
    steps = rng.permutation(np.geomspace(1e-3, 3, 9))

    def function(x):
        return round(float(np.sin(speeds * x).sum()), 3)

    slopes = speeds * np.cos(speeds * x)
    wanted = []
    for h in steps:
        rises = np.zeros(7)
        for i in range(7):
            nudge = h * (np.arange(7) == i)
            rises[i] = (function(x + nudge) - function(x - nudge)) / (2 * h)
        wanted.append(max(abs(rises - slopes)))
    got = choose_step(function, x, slopes, steps)
    close(got[0], np.array(wanted), "errors")
    close(got[1], float(steps[np.argmin(wanted)]), "best step")


@misconception(caught_by=a_cubic_on_paper)
def one_side_only(function, x, slopes, steps):
    """You look ahead only. That is the forward difference, whose error shrinks with the
    step; the central one looks to both sides, and its error with the square."""
    got = np.array(
        [
            [(function(x + h * e) - function(x)) / h for e in np.eye(len(x))]
            for h in steps
        ]
    )
    errors = np.abs(got - slopes).max(axis=1)
    return errors, steps[errors.argmin()]


@misconception(caught_by=a_cubic_on_paper)
def divided_by_one_step(function, x, slopes, steps):
    """Your slopes are twice too steep: from x − h to x + h, how far is it?"""
    got = np.array(
        [
            [(function(x + h * e) - function(x - h * e)) / h for e in np.eye(len(x))]
            for h in steps
        ]
    )
    errors = np.abs(got - slopes).max(axis=1)
    return errors, steps[errors.argmin()]


@misconception(caught_by=a_cubic_on_paper)
def all_entries_at_once(function, x, slopes, steps):
    """You nudge all entries at once, and get one slope: that of the direction in which
    all grow together. Each entry wants a nudge of its own."""
    got = np.array([[(function(x + h) - function(x - h)) / (2 * h)] for h in steps])
    errors = np.abs(got - slopes).max(axis=1)
    return errors, steps[errors.argmin()]


@misconception(caught_by=a_cubic_on_paper)
def index_of_the_step(function, x, slopes, steps):
    """The errors are right. You return the place of the best step in the list; wanted
    is the step itself."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), np.argmin(errors)


@misconception(caught_by=a_cubic_on_paper)
def the_smallest_error_itself(function, x, slopes, steps):
    """The errors are right. In second place you return the smallest of them; wanted is
    the step that has it."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), min(errors)


@misconception(caught_by=too_small_a_step_sees_nothing)
def the_smaller_the_better(function, x, slopes, steps):
    """The errors are right, and you return the smallest step regardless. Look at its
    error: what do two nearly equal readings of a display tell you?"""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), min(steps)


@misconception(caught_by=a_cubic_on_paper)
def mean_over_the_entries(function, x, slopes, steps):
    """You take the mean error over the entries. One wrong entry among many would hide
    in it; the error of a step is the largest of them."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).mean())
    return np.array(errors), steps[np.argmin(errors)]


@misconception(caught_by=too_small_a_step_sees_nothing)
def errors_with_their_sign(function, x, slopes, steps):
    """An error below zero is an error as well. With its sign, a slope that is far too
    small looks better than one that is right."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append((np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), steps[np.argmin(errors)]


@misconception(caught_by=a_cubic_on_paper)
def errors_squared(function, x, slopes, steps):
    """You return squared errors. The best step is the same, but on log axes the arms of
    your V are twice as steep: wanted is the absolute difference."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(((np.array(rises) / (2 * h) - slopes) ** 2).max())
    return np.array(errors), steps[np.argmin(errors)]


@misconception(caught_by=waves_on_a_display)
def steps_sorted_first(function, x, slopes, steps):
    """Your errors belong to the steps from small to large. Wanted is one error for each
    step in the order in which they came, so that the two lists can be read together."""
    errors = []
    for h in sorted(steps):
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), sorted(steps)[np.argmin(errors)]


@misconception(caught_by=a_cubic_on_paper)
def both_sides_are_one_array(function, x, slopes, steps):
    """All your slopes are zero. Both sides of the difference are the same array under
    two names, so what moves one moves the other: which of the two is a copy?"""
    x, errors = x.copy(), []
    for h in steps:
        rises = []
        for i in range(len(x)):
            above, below = x, x
            above[i] += h
            below[i] -= h
            rises.append(function(above) - function(below))
        errors.append(np.abs(np.array(rises) / (2 * h) - slopes).max())
    return np.array(errors), steps[np.argmin(errors)]


@misconception(caught_by=a_cubic_on_paper)
def errors_relative_to_the_slopes(function, x, slopes, steps):
    """You divide each error by its slope. That is a good measure too; wanted here is
    the absolute difference, the one in the figure of the page."""
    errors = []
    for h in steps:
        rises = [function(x + h * e) - function(x - h * e) for e in np.eye(len(x))]
        errors.append((np.abs(np.array(rises) / (2 * h) - slopes) / abs(slopes)).max())
    return np.array(errors), steps[np.argmin(errors)]
