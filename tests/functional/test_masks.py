"""Masks: each against its definition in words, and what they add up to in a read."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    attend,
    block_mask,
    causal_mask,
    global_mask,
    padding_mask,
    segment_mask,
    strided_mask,
    window_attend,
    window_mask,
)

rng = np.random.default_rng(0)
sizes = st.integers(0, 9)


def table(queries, keys, sees):
    """One pair at a time; the last query stands where the last key stands."""
    rows = [[sees(i + keys - queries, j) for j in range(keys)] for i in range(queries)]
    return np.array(rows, bool).reshape(queries, keys)


@given(sizes, sizes)
def test_causal_a_query_sees_itself_and_what_came_before(queries, keys):
    wanted = table(queries, keys, lambda i, j: j <= i)
    np.testing.assert_array_equal(causal_mask(queries, keys), wanted)


@given(sizes, sizes, st.integers(0, 5), st.integers(0, 5), st.integers(1, 4))
def test_a_window_is_the_steps_it_names(queries, keys, before, after, dilation):
    def sees(i, j):
        return j in [i + step * dilation for step in range(-before, after + 1)]

    got = window_mask(queries, keys, before, after, dilation=dilation)
    np.testing.assert_array_equal(got, table(queries, keys, sees))


@given(sizes, sizes, st.integers(1, 5))
def test_a_block_is_seen_by_its_own(queries, keys, size):
    blocks = [
        range(start, start + size) for start in range(-10, 10) if not start % size
    ]
    wanted = table(queries, keys, lambda i, j: any(i in b and j in b for b in blocks))
    np.testing.assert_array_equal(block_mask(queries, keys, size), wanted)


@given(sizes, sizes, st.integers(1, 5))
def test_strides_are_seen_in_both_directions(queries, keys, stride):
    def sees(i, j):
        return abs(i - j) in range(0, 20, stride)

    wanted = table(queries, keys, sees)
    np.testing.assert_array_equal(strided_mask(queries, keys, stride), wanted)


@given(sizes, st.integers(1, 9), st.data())
def test_global_positions_see_all_and_are_seen_by_all(queries, keys, data):
    some = data.draw(st.lists(st.integers(0, keys - 1)))
    wanted = table(queries, keys, lambda i, j: i in some or j in some)
    got = global_mask(queries, keys, np.array(some, int))
    np.testing.assert_array_equal(got, wanted)


@given(st.lists(st.integers(0, 7), min_size=1, max_size=5))
def test_padding_keeps_as_many_keys_as_the_length_says(lengths):
    got = padding_mask(np.array(lengths), keys=7)
    assert got.shape == (len(lengths), 1, 7)
    assert [row.tolist() for row in got[:, 0]] == [
        [True] * n + [False] * (7 - n) for n in lengths
    ]


def test_segments_see_their_own_for_every_sample():
    asking, asked = rng.integers(-1, 3, (2, 3, 5)), rng.integers(-1, 3, (2, 3, 7))
    got = segment_mask(asking, asked)
    for *batch, i, j in np.ndindex(2, 3, 5, 7):
        place = tuple(batch)
        assert got[(*place, i, j)] == (asking[(*place, i)] == asked[(*place, j)])


@pytest.mark.parametrize("keys", [5, 8])
def test_the_last_causal_query_sees_all_keys(keys):
    assert causal_mask(5, keys)[-1].all()
    assert causal_mask(5, keys).sum(axis=1).tolist() == list(range(keys - 4, keys + 1))


def test_with_more_queries_than_keys_the_first_causal_queries_read_zeros():
    allowed = causal_mask(5, 3)
    assert allowed.any(axis=1).tolist() == [False, False, True, True, True]
    query, keys, values = (rng.normal(size=(n, 4)) for n in (5, 3, 3))
    read = attend(query, keys, values, allowed=allowed)
    np.testing.assert_array_equal(read[:2], 0)


@given(st.integers(1, 6), st.integers(0, 6))
def test_causal_rows_of_a_chunk_are_the_last_rows_of_the_whole(chunk, past):
    whole = causal_mask(past + chunk)
    np.testing.assert_array_equal(causal_mask(chunk, past + chunk), whole[past:])
    window = window_mask(past + chunk, past + chunk, 2, 1)
    np.testing.assert_array_equal(window_mask(chunk, past + chunk, 2, 1), window[past:])


def test_torch_counts_causality_from_the_first_key_instead():
    query, keys, values = (rng.normal(size=(1, n, 4)) for n in (3, 5, 5))
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (query, keys, values)), is_causal=True
    ).numpy()
    from_the_first = np.tri(3, 5, dtype=bool)
    got = attend(query, keys, values, allowed=from_the_first)
    np.testing.assert_allclose(got, theirs, rtol=1e-12, atol=1e-14)
    assert (causal_mask(3, 5) != from_the_first).any()
    np.testing.assert_array_equal(causal_mask(5), np.tri(5, dtype=bool))


@given(st.integers(1, 70), st.integers(0, 20), st.integers(0, 20), st.integers(1, 3))
def test_reading_under_the_window_is_reading_by_bands(length, before, after, dilation):
    query, keys, values = np.random.default_rng(length).normal(size=(3, length, 4))
    allowed = window_mask(length, length, before, after, dilation=dilation)
    np.testing.assert_allclose(
        attend(query, keys, values, allowed=allowed),
        window_attend(query, keys, values, before, after, dilation=dilation),
        rtol=1e-11,
        atol=1e-13,
    )


@given(st.integers(1, 12), st.integers(1, 4))
def test_a_stride_and_a_window_as_wide_reach_everything_in_two_steps(length, stride):
    steps = strided_mask(length, length, stride).astype(int)
    near = window_mask(length, length, stride - 1, 0).astype(int)
    np.testing.assert_array_equal(
        (steps @ near > 0) & causal_mask(length), causal_mask(length)
    )


def test_a_window_that_covers_everything_hides_nothing():
    assert window_mask(5, 7, 6, 4).all()
    assert not window_mask(5, 7, 5, 4).all()
    assert not window_mask(5, 7, 6, 3).all()


def test_packed_texts_under_causality_read_as_if_each_were_alone():
    segments = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    query, keys, values = rng.normal(size=(3, 9, 4))
    allowed = causal_mask(9) & segment_mask(segments, segments)
    packed = attend(query, keys, values, allowed=allowed)
    for segment in range(3):
        own = segments == segment
        alone = attend(
            query[own], keys[own], values[own], allowed=causal_mask(int(own.sum()))
        )
        np.testing.assert_allclose(packed[own], alone, rtol=1e-12, atol=1e-14)


def test_padding_fits_heads_once_the_lengths_have_an_axis_for_them():
    lengths = np.array([3, 5])
    allowed = padding_mask(lengths[:, None], keys=5)
    assert allowed.shape == (2, 1, 1, 5)
    query, keys, values = (rng.normal(size=(2, 3, n, 4)) for n in (7, 5, 5))
    read = attend(query, keys, values, allowed=allowed)
    for sample, length in enumerate(lengths):
        part = np.s_[sample, :, :length]
        alone = attend(query[sample], keys[part], values[part])
        np.testing.assert_allclose(read[sample], alone, rtol=1e-12, atol=1e-14)


def test_all_are_boolean():
    positions = np.array([1])
    for mask in (
        padding_mask(positions, 3),
        causal_mask(2),
        window_mask(2, 3, 1, 1),
        block_mask(2, 3, 2),
        strided_mask(2, 3, 2),
        global_mask(2, 3, positions),
        segment_mask(positions, positions),
    ):
        assert mask.dtype == bool


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: causal_mask(2.0), "whole queries, got 2.0"),
        (lambda: causal_mask(-1), "queries of at least 0, got -1"),
        (lambda: causal_mask(2, True), "whole keys, got True"),
        (lambda: window_mask(2, 2, -1, 0), "before of at least 0, got -1"),
        (lambda: window_mask(2, 2, 0, 0, dilation=0), "dilation of at least 1, got 0"),
        (lambda: block_mask(2, 2, 0), "size of at least 1, got 0"),
        (lambda: strided_mask(2, 2, 0), "stride of at least 1, got 0"),
        (lambda: global_mask(2, 3, np.array([3])), "positions from 0 to 2, got 3"),
        (lambda: global_mask(2, 3, np.array([-1])), "positions from 0 to 2, got -1"),
        (lambda: padding_mask(np.array([4]), 3), "lengths from 0 to 3, got 4"),
        (lambda: padding_mask(np.array([1.0]), 3), "lengths as an array of integers"),
        (
            lambda: segment_mask(np.zeros((2, 3), int), np.zeros((1, 3), int)),
            r"key_segments of shape \(2, 3\), got \(1, 3\)",
        ),
        (lambda: segment_mask(np.zeros(3), np.zeros(3)), "array of integers"),
        (lambda: segment_mask(np.array(1), np.array(1)), "at least 1 axes"),
    ],
)
def test_refuses_numbers_that_count_nothing(call, message):
    with pytest.raises(ValueError, match=message):
        call()
