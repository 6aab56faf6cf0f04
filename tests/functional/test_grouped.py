"""grouped_attend: attend with every group repeated, but nothing is repeated."""

import inspect
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import attend, grouped_attend

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 6, 4, 7))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 5, 7))  # batch, groups, keys, width
VALUES = rng.normal(size=(2, 3, 5, 8))
ALLOWED = rng.random((2, 6, 4, 5)) < 0.6
ALLOWED[1, 4, 2] = False


def repeated(array, heads):
    """Each group as often as it has heads, neighbours being equal."""
    groups = array.shape[-3]
    return np.stack(
        [array[..., head * groups // heads, :, :] for head in range(heads)], axis=-3
    )


def close(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize(
    "mask", [None, ALLOWED, ALLOWED[0, 0], ALLOWED[0, :, :1], ALLOWED[:, :1, :, :1]]
)
def test_equals_attend_with_the_groups_repeated(groups, mask):
    keys, values = (rng.normal(size=(2, groups, 5, n)) for n in (7, 8))
    wanted = attend(QUERY, repeated(keys, 6), repeated(values, 6), allowed=mask)
    close(grouped_attend(QUERY, keys, values, allowed=mask), wanted)


@pytest.mark.parametrize("scale", [None, 0.3])
def test_agrees_with_torch(scale):
    tensors = map(torch.from_numpy, (QUERY, KEYS, VALUES))
    wanted = torch.nn.functional.scaled_dot_product_attention(
        *tensors, enable_gqa=True, scale=scale
    )
    got = grouped_attend(QUERY, KEYS, VALUES, scale=scale)
    np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-10, atol=1e-12)


def test_as_many_groups_as_heads_is_multi_head_attention():
    keys, values = repeated(KEYS, 6), repeated(VALUES, 6)
    close(grouped_attend(QUERY, keys, values), attend(QUERY, keys, values))


def test_with_one_group_all_heads_read_the_same_memory():
    got = grouped_attend(QUERY, KEYS[:, :1], VALUES[:, :1])
    for head in range(6):
        close(got[:, head], attend(QUERY[:, head], KEYS[:, 0], VALUES[:, 0]))


@given(st.integers(0, 5))
def test_a_group_is_read_by_its_neighbouring_heads_alone(head):
    values = VALUES.copy()
    values[:, head // 2] += 1
    change = grouped_attend(QUERY, KEYS, values) - grouped_attend(QUERY, KEYS, VALUES)
    touched = np.arange(6) // 2 == head // 2
    np.testing.assert_allclose(change[:, touched], 1, rtol=1e-12)
    np.testing.assert_array_equal(change[:, ~touched], 0)


def test_a_query_that_may_see_nothing_reads_zeros():
    got = grouped_attend(QUERY, KEYS, VALUES, allowed=ALLOWED)
    np.testing.assert_array_equal(got[1, 4, 2], 0)
    assert got[1, 4, 1].all()


def test_repeats_no_keys_in_memory():
    query = np.zeros((16, 1, 64), np.float32)
    keys = np.zeros((1, 2000, 64), np.float32)
    unchecked = inspect.unwrap(grouped_attend)  # a shape checker takes memory too
    tracemalloc.start()
    unchecked(query, keys, keys)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < keys.nbytes


def test_works_without_a_batch_and_with_nothing_to_read():
    close(
        grouped_attend(QUERY[0], KEYS[0], VALUES[0])[3],
        grouped_attend(QUERY, KEYS, VALUES)[0, 3],
    )
    empty = grouped_attend(QUERY, KEYS[..., :0, :], VALUES[..., :0, :])
    np.testing.assert_array_equal(empty, np.zeros((2, 6, 4, 8)))
    assert grouped_attend(QUERY[..., :0, :], KEYS, VALUES).shape == (2, 6, 0, 8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    arrays = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    got = grouped_attend(*arrays, allowed=ALLOWED, scale=np.float64(0.5))
    assert got.dtype == dtype


def test_leaves_its_inputs_alone():
    arrays = (QUERY, KEYS, VALUES, ALLOWED)
    before = [array.copy() for array in arrays]
    grouped_attend(QUERY, KEYS, VALUES, allowed=ALLOWED)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("query", "keys", "values", "message"),
    [
        (QUERY[:, :5], KEYS, VALUES, "heads that falls into 3 groups, got 5"),
        (QUERY, KEYS[:, :0], VALUES[:, :0], "heads that falls into 0 groups, got 6"),
        (QUERY, KEYS, VALUES[:, :2], r"one value for each key \(2, 3, 5\)"),
        (QUERY[:1], KEYS, VALUES, r"keys \(2, 3\) in the queries, got \(1, 3\)"),
        (QUERY[..., :3], KEYS, VALUES, r"as wide as the queries \(3\), got width 7"),
        (QUERY[0, 0], KEYS, VALUES, "query with at least 3 axes"),
        (QUERY, KEYS, VALUES * np.nan, "finite values, got nan"),
        (QUERY > 0, KEYS, VALUES, "query as an array of floats"),
    ],
)
def test_refuses_groups_and_sizes_that_do_not_fit(query, keys, values, message):
    with pytest.raises(ValueError, match=message):
        grouped_attend(query, keys, values)


def test_refuses_masks_that_are_numbers_or_do_not_fit():
    with pytest.raises(ValueError, match="boolean mask"):
        grouped_attend(QUERY, KEYS, VALUES, allowed=np.ones(5))
    with pytest.raises(ValueError, match=r"broadcasts to the scores \(2, 6, 4, 5\)"):
        grouped_attend(QUERY, KEYS, VALUES, allowed=np.ones((3, 4, 5), bool))
