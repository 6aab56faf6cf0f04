"""Positions in the scores: each bias against a loop, and as part of a read."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    alibi_bias,
    alibi_slopes,
    attend,
    causal_mask,
    relative_bias,
    relative_buckets,
    relative_offsets,
    scaled_dot_scores,
    softmax,
)

rng = np.random.default_rng(0)
sizes = st.integers(0, 8)


@given(sizes, sizes)
def test_offsets_count_from_the_query_and_queries_are_the_last(queries, keys):
    got = relative_offsets(queries, keys)
    assert got.shape == (queries, keys)
    for i, j in np.ndindex(queries, keys):
        assert got[i, j] == j - (i + keys - queries)


@given(sizes, sizes, st.integers(0, 4))
def test_a_relative_bias_is_one_number_for_each_offset(queries, keys, reach):
    table = np.random.default_rng(0).normal(size=(2, 3, 2 * reach + 1))
    got = relative_bias(table, queries, keys)
    assert got.shape == (2, 3, queries, keys)
    for i, j in np.ndindex(queries, keys):
        offset = max(-reach, min(reach, j - (i + keys - queries)))
        np.testing.assert_array_equal(got[..., i, j], table[..., offset + reach])


def buckets_by_torch(offsets, buckets, farthest, causal):
    """The function of T5 as it is run in float32, line for line."""
    steps, start = torch.from_numpy(offsets), 0
    if causal:
        steps = -torch.min(steps, torch.zeros_like(steps))
    else:
        buckets //= 2
        start, steps = (steps > 0).long() * buckets, steps.abs()
    exact = buckets // 2
    far = torch.log(steps.float() / exact) / math.log(farthest / exact)
    far = exact + (far * (buckets - exact)).clamp(min=-exact).long()
    far = torch.min(far, torch.full_like(far, buckets - 1))
    return (start + torch.where(steps < exact, steps, far)).numpy()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("buckets", "farthest"), [(32, 128), (8, 20), (12, 100)])
def test_buckets_are_those_of_t5(causal, buckets, farthest):
    offsets = np.arange(-300, 301)
    got = relative_buckets(offsets, buckets, farthest, causal=causal)
    wanted = buckets_by_torch(offsets, buckets, farthest, causal)
    np.testing.assert_array_equal(got, wanted)


def test_near_offsets_have_buckets_of_their_own_and_far_ones_share():
    before = relative_buckets(-np.arange(1000))
    assert before[:8].tolist() == list(range(8))
    assert (np.diff(before) >= 0).all()
    assert set(before[128:]) == {15}
    after = relative_buckets(np.arange(1, 1000))
    np.testing.assert_array_equal(after, before[1:] + 16)
    assert set(relative_buckets(np.arange(5), causal=True)) == {0}


def test_eight_slopes_are_the_first_eight_halvings():
    np.testing.assert_array_equal(alibi_slopes(8), 2.0 ** -np.arange(1, 9))
    assert alibi_slopes(1).tolist() == [2.0**-8]


def slopes_of_the_authors(heads):
    """By recursion and a growing ratio, as in the code that came with the paper."""
    power = math.log2(heads)
    if power == int(power):
        ratio = 2 ** -(2 ** -(power - 3))
        return [ratio * ratio**i for i in range(heads)]
    lower = 2 ** math.floor(power)
    more = slopes_of_the_authors(2 * lower)[0::2][: heads - lower]
    return slopes_of_the_authors(lower) + more


@given(st.integers(1, 70))
def test_slopes_are_those_of_the_authors_for_any_number_of_heads(heads):
    got = alibi_slopes(heads)
    np.testing.assert_allclose(got, slopes_of_the_authors(heads), rtol=1e-12)
    assert len(set(got)) == heads


@given(st.integers(1, 5), sizes, sizes)
def test_alibi_takes_off_the_distance_times_the_slope(heads, queries, keys):
    got = alibi_bias(heads, queries, keys)
    assert got.shape == (heads, queries, keys)
    for h, i, j in np.ndindex(got.shape):
        wanted = -alibi_slopes(heads)[h] * abs(i + keys - queries - j)
        assert got[h, i, j] == wanted


def test_a_causal_softmax_sees_alibi_as_the_position_of_the_key_alone():
    # Of a row, softmax sees differences only: -m (i - j) and m j are the same.
    slopes = alibi_slopes(3)[:, None, None]
    by_key = np.broadcast_to(slopes * np.arange(5), (3, 5, 5))
    np.testing.assert_allclose(
        softmax(alibi_bias(3, 5, 5), where=causal_mask(5)),
        softmax(by_key, where=causal_mask(5)),
        rtol=1e-13,
    )


@pytest.mark.parametrize(
    "bias", [alibi_bias(3, 5, 7), relative_bias(rng.normal(size=(3, 9)), 5, 7)]
)
def test_a_bias_reads_as_part_of_a_score_and_as_torch_adds_it(bias):
    query = rng.normal(size=(2, 3, 5, 4))
    keys, values = rng.normal(size=(2, 2, 3, 7, 4))
    got = attend(query, keys, values, score=lambda q, k: scaled_dot_scores(q, k) + bias)
    tensors = map(torch.from_numpy, (query, keys, values))
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *tensors, attn_mask=torch.from_numpy(bias)
    )
    np.testing.assert_allclose(got, theirs.numpy(), rtol=1e-10, atol=1e-12)


@given(st.integers(1, 5), st.integers(0, 5))
def test_rows_of_a_chunk_are_the_last_rows_of_the_whole(chunk, past):
    whole, table = past + chunk, np.arange(5.0)
    for bias in (
        lambda q, k: alibi_bias(2, q, k),
        lambda q, k: relative_bias(table, q, k),
    ):
        np.testing.assert_array_equal(
            bias(chunk, whole), bias(whole, whole)[..., past:, :]
        )


def test_a_table_keeps_its_dtype_and_its_numbers():
    table = rng.normal(size=(3, 5)).astype(np.float32)
    before = table.copy()
    assert relative_bias(table, 2, 7).dtype == np.float32
    np.testing.assert_array_equal(table, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relative_bias(np.ones(4), 2, 2), "odd number of offsets, got 4"),
        (lambda: relative_bias(np.ones(3, int), 2, 2), "array of floats"),
        (lambda: relative_offsets(2, -1), "keys of at least 0, got -1"),
        (lambda: relative_buckets(np.ones(3)), "array of integers"),
        (lambda: relative_buckets(np.arange(3), 6), "into 4 equal parts, got 6"),
        (lambda: relative_buckets(np.arange(3), 32, 8), "farthest above 8, got 8"),
        (lambda: alibi_slopes(0), "heads of at least 1, got 0"),
        (lambda: alibi_slopes(2.0), r"whole heads, got 2\.0"),
        (lambda: alibi_bias(2, 1.5, 3), r"whole queries, got 1\.5"),
    ],
)
def test_refuses_numbers_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
