"""split, RunningMean and best_epoch: the parts of a loop that fail without a sound."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import RunningMean, best_epoch, random_split


@given(st.integers(20, 200), st.integers(0, 9))
def test_every_index_falls_into_exactly_one_group(count, seed):
    groups = random_split(count, (0.7, 0.2, 0.1), np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(np.concatenate(groups)), np.arange(count))
    for group, share in zip(groups, (0.7, 0.2, 0.1), strict=True):
        assert abs(len(group) - share * count) <= 1  # two rounded ends
        assert (np.diff(group) > 0).all()


def test_the_same_seed_deals_the_same_groups_and_another_does_not():
    one, same, other = (
        random_split(50, (0.5, 0.5), np.random.default_rng(seed))[0]
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("shares", [(0.5, 0.6), (1.5, -0.5), (np.nan, 0.5), ()])
def test_refuses_shares_that_are_no_shares(shares):
    with pytest.raises(ValueError, match="random_split: wanted positive shares"):
        random_split(10, shares, np.random.default_rng(0))


def test_refuses_a_group_without_anything():
    with pytest.raises(ValueError, match=r"something in each group, got \[3, 0\]"):
        random_split(3, (0.9, 0.1), np.random.default_rng(0))


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.integers(1, 7))
def test_the_mean_over_batches_is_the_mean_over_items(items, size):
    mean = RunningMean()
    for start in range(0, len(items), size):
        batch = items[start : start + size]
        mean.add(np.mean(batch), count=len(batch))
    assert mean.value == pytest.approx(np.mean(items), abs=1e-10)


def test_a_new_mean_knows_nothing():
    assert np.isnan(RunningMean().value)


def test_the_first_of_equal_losses_is_the_best():
    assert best_epoch([3.0, 1.0, 1.0, 2.0], patience=9) == 1


def test_patience_starts_again_at_each_better_loss():
    assert best_epoch([5.0, 6.0, 4.0, 6.0, 3.0, 6.0, 6.0, 1.0], patience=2) == 4


def test_training_is_not_asked_to_go_on_after_the_stop():
    losses = itertools.chain([2.0, 1.0, 3.0, 3.0], itertools.repeat(0.0))
    assert best_epoch(losses, patience=2) == 1
    assert next(losses) == 0.0
    assert best_epoch(iter([2.0, 1.0, 3.0, 3.0]), patience=2) == 1


def test_a_loss_of_nan_is_never_the_best():
    assert best_epoch([float("nan"), 2.0, float("nan")], patience=5) == 1
    with pytest.raises(ValueError, match="at least one finite loss"):
        best_epoch([float("nan")], patience=1)


def test_refuses_no_patience():
    with pytest.raises(ValueError, match="patience of at least 1, got 0"):
        best_epoch([1.0], patience=0)
    with pytest.raises(ValueError, match="random_split: wanted a whole count"):
        random_split(10.5, (0.5, 0.5), np.random.default_rng(0))
