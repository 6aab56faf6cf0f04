r"""### A running total

Write the class `RunningTotal`: it starts from zeros, and `add(row)` returns the sum of
all rows so far.
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
from attn_course.grading import close, probe

exercise(
    level="warm-up",
    minutes=5,
    hints=("What must survive a call?", "Keep it in self.", "Add, then return."),
)


@answer
class RunningTotal:
    """Sums rows as they come.

    width  ()  int
    row    (width,)  float
    """

    def __init__(self, width):
        ### BEGIN SOLUTION
        self.total = np.zeros(width)
        ### END SOLUTION

    def add(self, row):
        ### BEGIN SOLUTION
        self.total = self.total + row
        return self.total
        ### END SOLUTION

    def __call__(self, row):
        """Short for add."""
        return self.add(row)


@inputs
def draw(rng):
    """Arguments of the construction, then method and arguments of each call."""
    width = rng.integers(2, 5)
    return (width,), *(("add", rng.normal(size=width)) for _ in range(3))


@alternative
class FromAList:
    """Keeps all rows and sums them anew."""

    def __init__(self, width):
        self.rows = [np.zeros(width)]

    def add(self, row):
        self.rows.append(row)
        return np.sum(self.rows, axis=0)


@probe
def sums(RunningTotal, rows):
    """What one running total returns for each row.

    rows  (steps, width)  float
    """
    total = RunningTotal(rows.shape[1])
    return np.array([total.add(row) for row in rows])


@probe
def sums_beside_another(RunningTotal, rows, others):
    """What the first of two running totals returns for each row.

    rows    (steps, width)   float
    others  (steps, across)  float
    """
    first, second = RunningTotal(rows.shape[1]), RunningTotal(others.shape[1])
    kept = []
    for row, other in zip(rows, others, strict=True):
        second.add(other)
        kept.append(first.add(row))
    return np.array(kept)


@check(points=1)
def two_rows(RunningTotal):
    """Two rows on paper."""
    got = sums(RunningTotal, np.array([[1.0, 2.0, 3.0], [1.0, 0.0, 5.0]]))
    close(got, np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 8.0]]))


@check(points=1, hidden=True)
def two_at_once(RunningTotal, rng):
    """Two running totals do not disturb each other."""
    rows, others = rng.normal(size=(4, 2)), rng.normal(size=(4, 5))
    close(sums_beside_another(RunningTotal, rows, others), rows.cumsum(axis=0))


@misconception(caught_by=two_rows)
class ForgetsTheFirst:
    """Each call gives back its own row alone. What happened to the rows before?"""

    def __init__(self, width):
        self.total = np.zeros(width)

    def add(self, row):
        return self.total + row


@misconception(caught_by=two_at_once)
class SharedByAll:
    """All totals share one memory: it belongs to the class, not to self."""

    kept = None

    def __init__(self, width):
        SharedByAll.kept = np.zeros(width)

    def add(self, row):
        SharedByAll.kept = SharedByAll.kept + row
        return SharedByAll.kept
