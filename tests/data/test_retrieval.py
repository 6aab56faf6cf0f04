"""Tasks of finding: answers and places by search, and no way round the search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import FIRST, PAD, induction_task, marked_item_task, recall_task

SEEDS = st.integers(0, 50)


@given(SEEDS)
def test_recall_answers_what_stood_behind_the_key(seed):
    inputs, answers, places = recall_task(np.random.default_rng(seed), 13, 5, 7)
    assert inputs.shape == (13, 11)
    for row, answer, place in zip(inputs, answers, places, strict=True):
        memory = dict(zip(row[0:-1:2], row[1:-1:2], strict=True))
        assert len(memory) == 5, "a key came twice"
        assert set(memory) <= set(range(FIRST, FIRST + 7))
        assert set(memory.values()) <= set(range(FIRST + 7, FIRST + 14))
        assert memory[row[-1]] == answer == row[place]
        assert row[place - 1] == row[-1]


@given(SEEDS)
def test_exactly_one_item_is_marked_and_it_is_the_answer(seed):
    inputs, answers, places = marked_item_task(np.random.default_rng(seed), 13, 5, 7)
    for row, answer, place in zip(inputs, answers, places, strict=True):
        assert np.flatnonzero(row >= FIRST + 7).tolist() == [place]
        assert row[place] - 7 == answer
        assert set(row) <= set(range(FIRST, FIRST + 14))


@given(SEEDS)
def test_induction_targets_are_what_followed_the_last_time(seed):
    inputs, targets = induction_task(np.random.default_rng(seed), 13, 11, 6)
    assert inputs.shape == targets.shape == (13, 11)
    for row, wanted in zip(inputs.tolist(), targets.tolist(), strict=True):
        for step, (symbol, following) in enumerate(zip(row, wanted, strict=True)):
            earlier = [t for t in range(step) if row[t] == symbol]
            seen = row[earlier[-1] + 1] if earlier else PAD
            assert following == seen
            if step + 1 < len(row) and earlier:
                assert row[step + 1] == seen


def test_no_fixed_step_back_solves_induction():
    inputs, targets = induction_task(np.random.default_rng(0), 500, 12, 9)
    asked = targets != PAD
    for back in range(11):  # 11 would be the next one, as the roll goes round
        guess = np.roll(inputs, back, axis=1)
        assert (guess == targets)[
            asked
        ].mean() < 0.65  # back 5 suits segments of 6, 3, 2


def test_every_place_is_asked_for():
    rng = np.random.default_rng(0)
    assert set(recall_task(rng, 200, 5, 7)[2]) == {1, 3, 5, 7, 9}
    assert set(marked_item_task(rng, 200, 5, 7)[2]) == set(range(5))


@pytest.mark.parametrize("task", [recall_task, marked_item_task, induction_task])
def test_one_seed_gives_one_draw(task):
    first, again = (task(np.random.default_rng(3), 5, 7, 11) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("task", "sizes", "message"),
    [
        (recall_task, (2, 5, 4), "recall_task: wanted symbols of at least 5, got 4"),
        (recall_task, (2, 0, 4), "recall_task: wanted pairs of at least 1, got 0"),
        (marked_item_task, (2, 3, 0), "wanted symbols of at least 1, got 0"),
        (marked_item_task, (True, 3, 4), "wanted count as a whole number, got True"),
        (induction_task, (2, 3, 9), "wanted length of at least 4, got 3"),
        (induction_task, (2, 8, 3), "wanted symbols of at least 4, got 3"),
    ],
)
def test_refuses_sizes_that_make_no_rows(task, sizes, message):
    with pytest.raises(ValueError, match=message):
        task(np.random.default_rng(0), *sizes)
