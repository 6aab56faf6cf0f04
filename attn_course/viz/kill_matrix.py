"""Which check rejects which wrong answer, as a table of dots.

A row is a check, a column a wrong answer. An empty row is a check that does nothing,
an empty column a mistake that costs nothing.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes

STEP = 5  # between numbered mutants


def kill_matrix(
    ax: Axes,
    caught: Bool[np.ndarray, "checks wrong"],
    checks: Sequence[str],
    misconceptions: Sequence[str],
    *,
    first: int = 1,
) -> Axes:
    """Draw a dot where a check rejects a wrong answer, and a cross under a survivor.

    Parameters
    ----------
    ax
        Where to draw. Text and dots take the colour of the text around them, so the
        figure reads on light and on dark, and without colour.
    caught
        True where the check of the row rejects the wrong answer of the column.
    checks
        A label for each row.
    misconceptions
        Names of the first columns. The rest are mutants, numbered from `first`.

    Returns
    -------
    Axes
        `ax`, drawn on.

    Raises
    ------
    ValueError
        If the labels do not fit `caught`.

    Examples
    --------
    >>> caught = np.array([[True, False, True], [False, False, True]])
    >>> ax = mpl.figure.Figure().subplots()
    >>> kill_matrix(ax, caught, ["on paper", "batches"], ["no scale"]) is ax
    True
    """
    _require_fit("kill_matrix", caught, checks, misconceptions)
    rows, columns = caught.shape
    named = len(misconceptions)
    ink = mpl.rcParams["text.color"]
    row, column = np.nonzero(caught)
    ax.scatter(column, row, marker="o", s=16, color=ink)
    missed = np.flatnonzero(~caught.any(axis=0))
    ax.scatter(missed, np.full(missed.size, rows - 0.35), marker="x", s=22, color=ink)
    if 0 < named < columns:
        ax.axvline(named - 0.5, color=ink, linewidth=0.8, linestyle=":")
    numbered = range(first, first + columns - named)
    numbers = [n for n in numbered if n == 1 or n % STEP == 0]
    ax.set_xticks(
        [*range(named), *(named + n - first for n in numbers)],
        [*misconceptions, *map(str, numbers)],
        rotation=90,
    )
    ax.set_yticks(range(rows), checks)
    ax.set_xlim(-0.7, columns - 0.3)
    ax.set_ylim(rows - 0.1, -0.6)  # the first check on top, room for crosses below
    ax.set_xlabel("misconceptions by name, mutants by number")
    ax.set_ylabel("checks")
    return ax


def describe_kill_matrix(
    caught: Bool[np.ndarray, "checks wrong"],
    checks: Sequence[str],
    misconceptions: Sequence[str],
) -> str:
    """Say what `kill_matrix` draws, for readers who do not see it.

    Raises
    ------
    ValueError
        If the labels do not fit `caught`.

    Examples
    --------
    >>> caught = np.array([[True, False, True], [False, False, True]])
    >>> print(describe_kill_matrix(caught, ["on paper", "batches"], ["no scale"]))
    Table of 2 checks and 3 wrong answers: 1 misconception and 2 mutants. \
on paper rejects 2 (1 that no other check rejects). batches rejects 1. \
1 wrong answer is rejected by no check.
    """
    _require_fit("describe_kill_matrix", caught, checks, misconceptions)
    rows, columns = caught.shape
    named = len(misconceptions)
    alone = caught & (caught.sum(axis=0) == 1)
    lines = [
        f"Table of {_many(rows, 'check')} and {_many(columns, 'wrong answer')}: "
        f"{_many(named, 'misconception')} and {_many(columns - named, 'mutant')}."
    ]
    for check, mine, only in zip(checks, caught.sum(1), alone.sum(1), strict=True):
        tail = f" ({only} that no other check rejects)" if only else ""
        lines.append(f"{check} rejects {mine}{tail}.")
    missed = int((~caught.any(axis=0)).sum())
    verb = "is" if missed == 1 else "are"
    if missed:
        lines.append(f"{_many(missed, 'wrong answer')} {verb} rejected by no check.")
    else:
        lines.append("Every wrong answer is rejected by some check.")
    return " ".join(lines)


def _require_fit(who: str, caught: np.ndarray, checks, misconceptions) -> None:
    rows, columns = caught.shape
    if len(checks) != rows:
        raise ValueError(f"{who}: wanted {rows} checks, got {len(checks)}")
    if len(misconceptions) > columns:
        raise ValueError(
            f"{who}: wanted at most {columns} misconceptions, got {len(misconceptions)}"
        )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
