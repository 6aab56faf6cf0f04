"""Rows to copy, turn round or sort, drawn afresh at each call; and modular sums.

Rows are independent draws, so that two calls may draw the same row; `unseen` finds
the rows of a test that were not trained on. Ids are those of `tokens`: symbols count
from `FIRST`, rows that are to be written end in `END` and are filled up with `PAD`.

References
----------
A. Graves, G. Wayne and I. Danihelka, "Neural Turing Machines", arXiv:1410.5401, 2014,
section 4 (copying, sorting).
A. Power et al., "Grokking: Generalization Beyond Overfitting on Small Algorithmic
Datasets", arXiv:2201.02177, 2022 (tables of modular sums).
"""

import numpy as np
from jaxtyping import Int

from attn_course.data import expect
from attn_course.data.tokens import END, FIRST, PAD

Table = Int[np.ndarray, "batch length"]
Answers = Int[np.ndarray, " batch"]


def copy_task(
    rng: np.random.Generator,
    count: int,
    length: int,
    symbols: int,
    *,
    shortest: int | None = None,
) -> tuple[Table, Table]:
    """Return rows of symbols, and the same rows as what is to be written.

    Parameters
    ----------
    count, length, symbols
        Rows, most symbols in a row, and different symbols there are.
    shortest
        Fewest symbols in a row; each number from there to `length` is as likely.
        Default: every row has `length` symbols.

    Returns
    -------
    tuple[Table, Table]
        Inputs and targets of ``length + 1`` ids: symbols, `END`, `PAD`.

    Raises
    ------
    ValueError
        If a size is no whole number or below one, or `shortest` is above `length`.

    Examples
    --------
    >>> inputs, targets = copy_task(np.random.default_rng(0), 2, 3, 9, shortest=1)
    >>> inputs
    array([[8, 6, 6, 2],
           [4, 4, 2, 0]])
    >>> bool((targets == inputs).all())
    True
    """
    return _written("copy_task", rng, count, length, symbols, shortest, lambda row: row)


def reverse_task(
    rng: np.random.Generator,
    count: int,
    length: int,
    symbols: int,
    *,
    shortest: int | None = None,
) -> tuple[Table, Table]:
    """Return rows of symbols, and the same rows from back to front.

    Arguments and errors are those of `copy_task`.

    Examples
    --------
    >>> inputs, targets = reverse_task(np.random.default_rng(0), 1, 3, 9)
    >>> inputs.tolist(), targets.tolist()
    ([[11, 9, 8, 2]], [[8, 9, 11, 2]])
    """
    return _written(
        "reverse_task", rng, count, length, symbols, shortest, lambda row: row[::-1]
    )


def sort_task(
    rng: np.random.Generator,
    count: int,
    length: int,
    symbols: int,
    *,
    shortest: int | None = None,
) -> tuple[Table, Table]:
    """Return rows of symbols, and the same rows in ascending order.

    Arguments and errors are those of `copy_task`.

    Examples
    --------
    >>> inputs, targets = sort_task(np.random.default_rng(1), 1, 3, 9)
    >>> inputs.tolist(), targets.tolist()
    ([[8, 8, 10, 2]], [[8, 8, 10, 2]])
    """
    return _written("sort_task", rng, count, length, symbols, shortest, np.sort)


def modular_sums(modulus: int) -> tuple[Int[np.ndarray, "pairs 2"], Answers]:
    """Return every pair of numbers below `modulus`, and their sum modulo it.

    Number n has the id ``FIRST + n``, in inputs and answers. Nothing is drawn: there
    are ``modulus ** 2`` pairs, to be dealt out with `split_indices`.

    Examples
    --------
    >>> pairs, sums = modular_sums(3)
    >>> (pairs[5] - FIRST).tolist(), int(sums[5] - FIRST)
    ([1, 2], 0)
    """
    expect.at_least("modular_sums", 1, modulus=modulus)
    pairs = np.stack(np.divmod(np.arange(modulus**2), modulus), axis=-1)
    return pairs + FIRST, pairs.sum(axis=-1) % modulus + FIRST


def _written(who, rng, count, length, symbols, shortest, change):
    """Return rows of symbols, and what `change` makes of each, ended and padded."""
    expect.generator(who, rng)
    expect.at_least(who, 1, count=count, length=length, symbols=symbols)
    shortest = length if shortest is None else shortest
    expect.at_least(who, 1, shortest=shortest)
    expect.at_least(who, shortest, length=length)
    lengths = rng.integers(shortest, length, size=count, endpoint=True)
    inputs = np.full((count, length + 1), PAD)
    own = np.arange(length + 1) < lengths[:, None]
    inputs[own] = rng.integers(symbols, size=own.sum()) + FIRST
    targets = inputs.copy()
    for target, size in zip(targets, lengths, strict=True):
        target[:size] = change(target[:size].copy())
    inputs[np.arange(count), lengths] = targets[np.arange(count), lengths] = END
    return inputs, targets
