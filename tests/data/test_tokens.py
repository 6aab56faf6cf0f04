"""Padding, shifting and splitting: nothing lost, nothing shared, nothing seen early."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import (
    END,
    FIRST,
    PAD,
    START,
    UNKNOWN,
    pad,
    shift_right,
    split_indices,
    unseen,
)

ROWS = st.lists(st.lists(st.integers(FIRST, 30), max_size=7), min_size=1, max_size=5)


def test_the_special_ids_are_different_and_below_the_first_symbol():
    special = {PAD, START, END, UNKNOWN}
    assert len(special) == 4
    assert max(special) < FIRST
    assert PAD == 0


@given(ROWS, st.integers(0, 4))
def test_padding_keeps_every_row_and_marks_the_rest(rows, more):
    table = pad(rows, max(map(len, rows)) + more)
    assert [list(row[row != PAD]) for row in table] == rows
    assert (table != PAD).sum() == sum(map(len, rows))
    assert (np.diff((table == PAD).astype(int)) >= 0).all(), "padding in the middle"


def test_nothing_to_pad_is_an_empty_table():
    assert pad([]).shape == (0, 0)
    assert pad([], 3).shape == (0, 3)


@given(ROWS)
def test_shifting_hides_each_target_from_its_own_position(rows):
    targets = pad([[*row, END] for row in rows])
    before = targets.copy()
    late = shift_right(targets)
    assert (late[:, 0] == START).all()
    np.testing.assert_array_equal(late[:, 1:], targets[:, :-1])
    np.testing.assert_array_equal(targets, before)


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 9))
def test_every_item_is_in_exactly_one_part(labels, seed):
    labels = np.array(labels, dtype=int)
    parts = split_indices(np.random.default_rng(seed), labels, [0.5, 0.2, 0.3])
    np.testing.assert_array_equal(
        np.sort(np.concatenate(parts)), np.arange(len(labels))
    )
    for kind in np.unique(labels):
        total = (labels == kind).sum()
        for part, share in zip(parts, [0.5, 0.2, 0.3], strict=True):
            assert abs((labels[part] == kind).sum() - share * total) <= 1


def test_unseen_rows_are_those_that_python_does_not_find():
    rng = np.random.default_rng(0)
    rows, others = rng.integers(3, size=(40, 3)), rng.integers(3, size=(11, 3))
    wanted = [row not in others.tolist() for row in rows.tolist()]
    assert 0 < sum(wanted) < 40
    np.testing.assert_array_equal(unseen(rows, others), wanted)
    np.testing.assert_array_equal(unseen(rows, others.astype(np.int8)), wanted)


def test_refuses_what_would_be_cut_or_lost():
    with pytest.raises(ValueError, match="pad: wanted length of at least 3, got 2"):
        pad([[4, 5, 6]], 2)
    with pytest.raises(ValueError, match="wanted an array of ids, got float64"):
        shift_right(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"seen rows of shape \(3,\), got \(2,\)"):
        unseen(np.zeros((5, 3), int), np.zeros((5, 2), int))


@pytest.mark.parametrize("shares", [[0.5, 0.6], [1.5, -0.5], [1.0, 0.0]])
def test_refuses_shares_that_are_no_parts_of_one(shares):
    with pytest.raises(ValueError, match="positive shares that sum to one"):
        split_indices(np.random.default_rng(0), np.zeros(5, int), shares)


@pytest.mark.parametrize("labels", [[0, 1, 1], np.zeros((3, 2), dtype=int)])
def test_refuses_labels_that_are_not_one_row_of_an_array(labels):
    with pytest.raises(ValueError, match="split_indices: wanted one row of labels"):
        split_indices(np.random.default_rng(0), labels, [0.5, 0.5])
