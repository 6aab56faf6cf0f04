"""Sequence tasks: the right answers, by Python's own means; ids; repeatability."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import (
    END,
    FIRST,
    PAD,
    copy_task,
    modular_sums,
    reverse_task,
    sort_task,
    split_indices,
)

WRITES = {copy_task: list, reverse_task: lambda row: row[::-1], sort_task: sorted}


def symbols_of(row):
    """The symbols of a row, after a look at how it ends."""
    size = list(row).index(END)
    assert (row[size + 1 :] == PAD).all()
    return list(row[:size])


@pytest.mark.parametrize("task", WRITES)
@given(seed=st.integers(0, 50), shortest=st.integers(1, 7))
def test_targets_are_what_python_makes_of_the_inputs(task, seed, shortest):
    rng = np.random.default_rng(seed)
    inputs, targets = task(rng, 11, 7, 5, shortest=shortest)
    assert inputs.shape == targets.shape == (11, 8)
    for source, target in zip(inputs, targets, strict=True):
        symbols = symbols_of(source)
        assert shortest <= len(symbols) <= 7
        assert set(symbols) <= set(range(FIRST, FIRST + 5))
        assert symbols_of(target) == WRITES[task](symbols)


@pytest.mark.parametrize("task", WRITES)
def test_every_row_is_full_unless_asked_otherwise(task):
    inputs, _ = task(np.random.default_rng(0), 5, 3, 7)
    assert (inputs[:, :3] >= FIRST).all()


def test_all_lengths_and_all_symbols_come_about_equally_often():
    inputs, _ = copy_task(np.random.default_rng(0), 6000, 6, 5, shortest=4)
    lengths = np.bincount((inputs >= FIRST).sum(axis=1))[4:]
    np.testing.assert_allclose(lengths, 2000, rtol=0.08)  # 4 standard deviations
    symbols = np.bincount(inputs[inputs >= FIRST])[FIRST:]
    np.testing.assert_allclose(symbols, 6000, rtol=0.05)


@pytest.mark.parametrize("task", WRITES)
def test_one_seed_gives_one_draw(task):
    first, again = (task(np.random.default_rng(3), 5, 7, 11) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = task(np.random.default_rng(4), 5, 7, 11)
    assert not np.array_equal(first, other)


def test_inputs_and_targets_do_not_share_memory():
    inputs, targets = copy_task(np.random.default_rng(0), 2, 3, 5)
    assert not np.shares_memory(inputs, targets)


def test_the_table_of_modular_sums_holds_every_pair_once():
    pairs, sums = modular_sums(7)
    wanted = {(a, b): (a + b) % 7 for a in range(7) for b in range(7)}
    rows = map(tuple, (pairs - FIRST).tolist())
    got = dict(zip(rows, (sums - FIRST).tolist(), strict=True))
    assert got == wanted
    assert len(pairs) == 49


def test_each_sum_is_dealt_out_in_the_same_proportion():
    _, sums = modular_sums(10)
    train, test = split_indices(np.random.default_rng(0), sums, [0.3, 0.7])
    assert (np.bincount(sums[train])[FIRST:] == 3).all()
    assert (np.bincount(sums[test])[FIRST:] == 7).all()


@pytest.mark.parametrize("task", WRITES)
@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((0, 3, 5), {}, "count of at least 1, got 0"),
        ((2, 3.0, 5), {}, r"length as a whole number, got 3\.0"),
        ((2, 3, -1), {}, "symbols of at least 1, got -1"),
        ((2, 3, 5), {"shortest": 4}, "length of at least 4, got 3"),
        ((2, 3, 5), {"shortest": 0}, "shortest of at least 1, got 0"),
    ],
)
def test_refuses_sizes_that_make_no_rows(task, sizes, options, message):
    with pytest.raises(ValueError, match=f"{task.__name__}: wanted {message}"):
        task(np.random.default_rng(0), *sizes, **options)


@pytest.mark.parametrize("rng", [0, None, np.random.RandomState(0)])
def test_refuses_a_seed_in_place_of_a_generator(rng):
    with pytest.raises(ValueError, match="copy_task: wanted rng as a numpy Generator"):
        copy_task(rng, 2, 3, 5)


def test_refuses_a_modulus_of_nothing():
    with pytest.raises(ValueError, match="modulus of at least 1, got 0"):
        modular_sums(0)
