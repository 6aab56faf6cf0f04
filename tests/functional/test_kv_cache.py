"""The cache: however a sequence is cut, the reads are those of the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    append_to_cache,
    attend,
    cache_contents,
    cached_attend,
    causal_mask,
    empty_cache,
)

rng = np.random.default_rng(0)
LENGTH = 11
QUERY, KEYS = rng.normal(size=(2, 2, 3, LENGTH, 5))  # batch, heads, positions, width
VALUES = rng.normal(size=(2, 3, LENGTH, 7))
WANTED = attend(QUERY, KEYS, VALUES, allowed=causal_mask(LENGTH))
CUTS = st.sets(st.integers(1, LENGTH - 1)).map(sorted)


def empty(room=LENGTH, dtype=float):
    return empty_cache((2, 3), width=5, channels=7, room=room, dtype=dtype)


def chunks(cuts):
    """Slices of positions between the cuts."""
    return [
        np.s_[..., start:stop, :]
        for start, stop in zip([0, *cuts], [*cuts, LENGTH], strict=True)
    ]


def close(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@given(CUTS, st.integers(0, LENGTH + 2))
def test_every_cut_into_chunks_reads_what_no_cache_reads(cuts, room):
    cache, outputs = empty(room), []
    for new in chunks(cuts):
        cache = append_to_cache(cache, KEYS[new], VALUES[new])
        outputs.append(cached_attend(QUERY[new], cache))
    close(np.concatenate(outputs, axis=-2), WANTED)
    assert cache.length == LENGTH


@given(st.integers(1, LENGTH - 1))
def test_a_chunk_sees_the_past_and_not_its_own_future(start):
    cache = append_to_cache(empty(), KEYS, VALUES)
    query = QUERY[..., start:, :]
    past = torch.from_numpy(np.arange(LENGTH) <= np.arange(start, LENGTH)[:, None])
    tensors = map(torch.from_numpy, (query, KEYS, VALUES))
    wanted = torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=past)
    close(cached_attend(query, cache), wanted.numpy())


@given(CUTS, st.integers(0, LENGTH + 2))
def test_the_cache_holds_what_was_appended(cuts, room):
    cache = empty(room)
    for new in chunks(cuts):
        cache = append_to_cache(cache, KEYS[new], VALUES[new])
    for held, whole in zip(cache_contents(cache), (KEYS, VALUES), strict=True):
        np.testing.assert_array_equal(held, whole)


@given(st.integers(0, LENGTH), st.integers(0, 2 * LENGTH))
def test_two_continuations_of_one_cache_do_not_touch_each_other(start, room):
    old = np.s_[..., :start, :]
    prompt = append_to_cache(empty(room), KEYS[old], VALUES[old])
    first, second = rng.normal(size=(2, 2, 3, 2, 5))
    one = append_to_cache(prompt, first, VALUES[..., :2, :])
    two = append_to_cache(prompt, second, VALUES[..., 2:4, :])
    longer = append_to_cache(one, second, VALUES[..., 4:6, :])
    for cache, parts in [
        (prompt, []),
        (one, [first]),
        (two, [second]),
        (longer, [first, second]),
    ]:
        wanted = np.concatenate([KEYS[old], *parts], axis=-2)
        np.testing.assert_array_equal(cache_contents(cache)[0], wanted)


def test_appending_copies_nothing_while_there_is_room():
    cache = append_to_cache(empty(3), KEYS[..., :2, :], VALUES[..., :2, :])
    longer = append_to_cache(cache, KEYS[..., 2:3, :], VALUES[..., 2:3, :])
    assert longer.keys is cache.keys
    assert longer.values is cache.values
    full = append_to_cache(longer, KEYS[..., 3:4, :], VALUES[..., 3:4, :])
    assert full.keys.shape[-2] == 6


def test_no_new_positions_change_nothing():
    cache = append_to_cache(empty(), KEYS, VALUES)
    same = append_to_cache(cache, KEYS[..., :0, :], VALUES[..., :0, :])
    assert same.length == LENGTH
    assert cached_attend(QUERY[..., :0, :], same).shape == (2, 3, 0, 7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    query, keys, values = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    cache = append_to_cache(empty(1, dtype), keys, values)
    assert cache.keys.dtype == dtype
    assert cached_attend(query, cache, scale=np.float64(0.5)).dtype == dtype


def test_leaves_its_inputs_alone():
    cache, before = empty(), [array.copy() for array in (QUERY, KEYS, VALUES)]
    longer = append_to_cache(cache, KEYS, VALUES)
    cached_attend(QUERY, longer)
    assert cache.length == 0
    for array, copy in zip((QUERY, KEYS, VALUES), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("keys", "values", "message"),
    [
        (KEYS[..., :4], VALUES, r"keys of shape \(2, 3, 11, 5\), got \(2, 3, 11, 4\)"),
        (KEYS[:, :1], VALUES, r"keys of shape \(2, 3, 11, 5\), got \(2, 1, 11, 5\)"),
        (KEYS, VALUES[..., 1:, :], r"one value for each key \(2, 3, 11\)"),
        (KEYS.astype("f4"), VALUES, "keys of float64, got float32"),
        (KEYS, VALUES * np.inf, "finite values"),
        (KEYS[0, 0, 0], VALUES, "keys with at least 2 axes"),
    ],
)
def test_refuses_keys_and_values_that_do_not_fit(keys, values, message):
    with pytest.raises(ValueError, match=f"append_to_cache: .*{message}"):
        append_to_cache(empty(), keys, values)


def test_refuses_more_queries_than_there_are_positions():
    cache = append_to_cache(empty(), KEYS[..., :3, :], VALUES[..., :3, :])
    with pytest.raises(ValueError, match=r"at most 3 queries.*got 4"):
        cached_attend(QUERY[..., :4, :], cache)
    with pytest.raises(ValueError, match=r"as wide as the queries \(4\)"):
        cached_attend(QUERY[..., :2, :4], cache)


def test_refuses_a_cache_of_no_size_or_no_floats():
    with pytest.raises(ValueError, match="room of at least 0, got -1"):
        empty(-1)
    with pytest.raises(ValueError, match=r"whole width, got 2\.5"):
        empty_cache((2,), width=2.5, channels=1, room=1)
    with pytest.raises(ValueError, match="keys as an array of floats, got dtype int"):
        empty(1, int)
