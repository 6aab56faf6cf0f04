"""Softmax in blocks: any cut and any order give what softmax of all scores gives."""

import inspect
import tracemalloc
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp

from attn_course.functional import (
    merge_states,
    read_state,
    softmax,
    softmax_state,
    stream_softmax,
)

rng = np.random.default_rng(0)
SCORES = 5 * rng.normal(size=(2, 3, 11))  # batch, queries, keys
SCORES[0, 1] = -np.inf
SCORES[1, 2, :6] = -np.inf
VALUES = rng.normal(size=(2, 11, 5))
WANTED = softmax(SCORES) @ VALUES
WIDE = st.floats(-500, 500) | st.just(-np.inf)
BLOCKS = st.tuples(
    arrays(float, (2, 3), elements=WIDE),
    arrays(float, (3, 2), elements=st.floats(-9, 9)),
)


def cut(places):
    """The blocks of keys between these places."""
    pieces = np.split(np.arange(11), sorted(places))
    return [(SCORES[..., keys], VALUES[..., keys, :]) for keys in pieces]


def close(got, wanted):
    for mine, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


@given(st.sets(st.integers(0, 11)))
def test_every_cut_into_blocks_reads_the_same(places):
    close([read_state(stream_softmax(cut(places)))], [WANTED])


@given(st.permutations(range(11)))
def test_the_order_of_the_blocks_does_not_matter(order):
    blocks = cut(range(1, 11))
    close([read_state(stream_softmax(blocks[k] for k in order))], [WANTED])


@given(st.tuples(BLOCKS, BLOCKS, BLOCKS))
def test_merging_is_associative_and_commutative(blocks):
    a, b, c = (softmax_state(*block) for block in blocks)
    close(merge_states(merge_states(a, b), c), merge_states(a, merge_states(b, c)))
    close(merge_states(a, b), merge_states(b, a))


@given(BLOCKS)
def test_the_state_of_no_keys_changes_nothing(block):
    state = softmax_state(*block)
    nothing = softmax_state(np.zeros((2, 0)), np.zeros((0, 2)))
    close(merge_states(nothing, state), state)
    close(merge_states(nothing, nothing), nothing)


def test_the_state_is_its_definition():
    scores, values = SCORES[1, :2], VALUES[1]
    state = softmax_state(scores, values)
    np.testing.assert_array_equal(state.top, scores.max(-1))
    for query in range(2):
        shares = [np.exp(s - scores[query].max()) for s in scores[query]]
        np.testing.assert_allclose(state.total[query], sum(shares), rtol=1e-14)
        weighted = sum(
            share * value for share, value in zip(shares, values, strict=True)
        )
        np.testing.assert_allclose(state.weighted[query], weighted, rtol=1e-12)


def test_maximum_and_total_give_the_log_sum_exp():
    state = stream_softmax(cut([3, 4, 9]))
    some = state.total > 0
    np.testing.assert_allclose(
        (state.top + np.log(np.where(some, state.total, 1)))[some],
        logsumexp(SCORES, axis=-1)[some],
        rtol=1e-13,
    )


@pytest.mark.parametrize("order", [1, -1])
def test_rising_scores_rescale_what_came_before(order):
    scores = np.linspace(-2000, 2000, 9)[::order]
    values = rng.normal(size=(9, 2))
    blocks = ((scores[k : k + 2][None], values[k : k + 2]) for k in range(0, 9, 2))
    close([read_state(stream_softmax(blocks))], [softmax(scores[None]) @ values])


def test_a_query_that_may_see_nothing_reads_zeros():
    state = stream_softmax(cut([5]))
    np.testing.assert_array_equal(read_state(state)[0, 1], 0)
    assert state.top[0, 1] == -np.inf


def test_a_tree_of_machines_reads_what_one_machine_reads():
    states = [softmax_state(*block) for block in cut([1, 2, 4, 7])]
    pairs = [reduce(merge_states, states[k : k + 2]) for k in range(0, 5, 2)]
    close([read_state(reduce(merge_states, pairs))], [WANTED])


def test_holds_one_block_at_a_time():
    def blocks(count):
        for _ in range(count):
            yield np.zeros((8, 512)), np.zeros((512, 4))

    def peak(count):
        read = inspect.unwrap(stream_softmax)
        tracemalloc.start()
        read(blocks(count))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what is set up once
    assert peak(40) < 1.1 * peak(4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    blocks = [tuple(array.astype(dtype) for array in block) for block in cut([4])]
    state = stream_softmax(blocks)
    assert {array.dtype for array in (*state, read_state(state))} == {np.dtype(dtype)}


def test_leaves_its_inputs_alone():
    states = [softmax_state(*block) for block in cut([4])]
    before = [[array.copy() for array in state] for state in states]
    merge_states(*states)
    read_state(states[0])
    for state, copies in zip(states, before, strict=True):
        close(state, copies)


def test_refuses_no_blocks_and_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="at least one block, got none"):
        stream_softmax([])
    with pytest.raises(ValueError, match=r"values of shape \(2, 11, 5\), got \(2, 10"):
        softmax_state(SCORES, VALUES[:, 1:])
    with pytest.raises(ValueError, match=r"values of shape \(2, 11, 5\), got \(11, 5"):
        softmax_state(SCORES, VALUES[0])
    with pytest.raises(ValueError, match=r"top of shape \(2, 3\), got \(2, 2\)"):
        merge_states(
            softmax_state(SCORES, VALUES), softmax_state(SCORES[:, :2], VALUES)
        )


def test_refuses_scores_and_values_that_are_no_numbers():
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="scores below infinity"):
            softmax_state(np.full((2, 3, 11), wrong), VALUES)
    with pytest.raises(ValueError, match="finite values, got nan"):
        softmax_state(SCORES, VALUES * np.nan)
    with pytest.raises(ValueError, match="scores as an array of floats"):
        softmax_state(np.ones((2, 3, 11), int), VALUES)


def test_scores_at_both_ends_of_the_range_overflow_nowhere():
    ends = np.array([[1.7e308, -1.7e308]])
    values = np.array([[10.0], [20.0]])
    whole = softmax_state(ends, values)
    parts = (softmax_state(ends[:, i : i + 1], values[i : i + 1]) for i in (0, 1))
    for state in (whole, merge_states(*parts)):
        np.testing.assert_array_equal(read_state(state), [[10.0]])
