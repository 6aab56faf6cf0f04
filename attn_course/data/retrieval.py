"""Find something in a row: by key, by a mark, by what came before.

One step of attention has to look in the right place, and that place is known. Rows are
independent draws; ids are those of `tokens`.

References
----------
A. Graves, G. Wayne and I. Danihelka, "Neural Turing Machines", arXiv:1410.5401, 2014,
section 4 (associative recall).
C. Olsson et al., "In-context Learning and Induction Heads", Transformer Circuits
Thread, 2022 (repeated random sequences).
"""

import numpy as np
from jaxtyping import Int

from attn_course.data import expect
from attn_course.data.tokens import FIRST, PAD

Table = Int[np.ndarray, "batch length"]
Answers = Int[np.ndarray, " batch"]


def recall_task(
    rng: np.random.Generator, count: int, pairs: int, symbols: int
) -> tuple[Table, Answers, Answers]:
    """Return pairs of key and value with one key to ask for, the answer, its place.

    Keys are the `symbols` ids from `FIRST`, no two alike in a row; values are the
    `symbols` ids after those and may repeat.

    Returns
    -------
    tuple[Table, Answers, Answers]
        Inputs ``key value key value ... key``, the value that stood behind the last
        key, and the position where it stood: what attention should find.

    Raises
    ------
    ValueError
        If a size is no whole number or below one, or there are fewer symbols than
        pairs.

    Examples
    --------
    >>> recall_task(np.random.default_rng(0), 1, 3, 4)
    (array([[ 7,  8,  6, 11,  5, 10,  5]]), array([10]), array([5]))
    """
    _sizes("recall_task", rng, count=count, pairs=pairs)
    expect.at_least("recall_task", pairs, symbols=symbols)
    inputs = np.empty((count, 2 * pairs + 1), dtype=int)
    inputs[:, 0:-1:2] = _different(rng, count, pairs, symbols)
    inputs[:, 1:-1:2] = rng.integers(symbols, size=(count, pairs)) + FIRST + symbols
    asked, rows = 2 * rng.integers(pairs, size=count), np.arange(count)
    inputs[:, -1] = inputs[rows, asked]
    return inputs, inputs[rows, asked + 1], asked + 1


def marked_item_task(
    rng: np.random.Generator, count: int, length: int, symbols: int
) -> tuple[Table, Answers, Answers]:
    """Return rows in which one symbol is marked, that symbol, and its place.

    Plain symbols are the `symbols` ids from `FIRST`; a marked one is its plain id plus
    `symbols`. The answer is given plain.

    Examples
    --------
    >>> marked_item_task(np.random.default_rng(0), 1, 5, 10)
    (array([[22, 10,  9,  6,  7]]), array([12]), array([0]))
    """
    _sizes("marked_item_task", rng, count=count, length=length, symbols=symbols)
    inputs = rng.integers(symbols, size=(count, length)) + FIRST
    places, rows = rng.integers(length, size=count), np.arange(count)
    answers = inputs[rows, places]
    inputs[rows, places] += symbols
    return inputs, answers, places


def induction_task(
    rng: np.random.Generator, count: int, length: int, symbols: int
) -> tuple[Table, Table]:
    """Return segments that repeat, and for each position what comes next.

    Each row repeats a segment of its own, of 2 to ``length // 2`` different symbols.
    Where the next symbol cannot be known yet, in the first round, the target is `PAD`.
    The segments differ in length, so that looking a fixed way back does not help: the
    earlier place of the present symbol has to be found, and the one after it read.

    Raises
    ------
    ValueError
        If `length` is below four, or there are fewer than ``length // 2`` symbols.

    Examples
    --------
    >>> inputs, targets = induction_task(np.random.default_rng(0), 1, 7, 9)
    >>> inputs.tolist(), targets.tolist()
    ([[6, 5, 4, 6, 5, 4, 6]], [[0, 0, 0, 5, 4, 6, 5]])
    """
    _sizes("induction_task", rng, count=count)
    expect.at_least("induction_task", 4, length=length)
    expect.at_least("induction_task", length // 2, symbols=symbols)
    periods = rng.integers(2, length // 2, size=(count, 1), endpoint=True)
    segments = _different(rng, count, length // 2, symbols)
    steps = np.arange(length + 1)
    rows = np.take_along_axis(segments, steps % periods, axis=1)
    return rows[:, :-1], np.where(steps[:-1] < periods, PAD, rows[:, 1:])


def _different(rng, count, length, symbols):
    """Return rows in which no symbol comes twice."""
    return rng.random((count, symbols)).argsort(axis=1)[:, :length] + FIRST


def _sizes(who, rng, **sizes):
    expect.generator(who, rng)
    expect.at_least(who, 1, **sizes)
