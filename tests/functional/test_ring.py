"""A ring of shards reads what one machine reads, and nobody holds all the keys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import attend, head_parallel_attend, ring_attend
from attn_course.functional import ring as module

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 6, 13, 5))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 6, 17, 5))
VALUES = rng.normal(size=(2, 6, 17, 7))
SELF = KEYS + 0.5
PAST = np.tri(17, dtype=bool)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 20))
def test_the_ring_equals_one_machine(shards):
    got = ring_attend(QUERY, KEYS, VALUES, shards)
    np.testing.assert_allclose(got, attend(QUERY, KEYS, VALUES), **CLOSE)


@settings(max_examples=25, deadline=None)
@given(shards=st.integers(1, 20), length=st.integers(0, 17))
def test_the_causal_ring_equals_one_machine(shards, length):
    part = [array[1, :, :length] for array in (SELF, KEYS, VALUES)]
    got = ring_attend(*part, shards, causal=True, scale=0.3)
    wanted = attend(*part, allowed=PAST[:length, :length], scale=0.3)
    np.testing.assert_allclose(got, wanted, **CLOSE)


@pytest.mark.parametrize("shards", [1, 2, 3, 6])
def test_shards_of_the_heads_equal_one_machine(shards):
    got = head_parallel_attend(QUERY, KEYS, VALUES, shards)
    np.testing.assert_allclose(got, attend(QUERY, KEYS, VALUES), **CLOSE)
    got = head_parallel_attend(SELF, KEYS, VALUES, shards, causal=True, scale=0.3)
    wanted = attend(SELF, KEYS, VALUES, allowed=PAST, scale=0.3)
    np.testing.assert_allclose(got, wanted, **CLOSE)


@pytest.mark.parametrize("order", [1, -1])
def test_scores_far_apart_are_merged_without_overflow(order):
    keys = (KEYS * np.linspace(1, 900, 17)[:, None])[..., ::order, :]
    got = ring_attend(QUERY, keys, VALUES, 4, scale=10.0)
    wanted = attend(QUERY, keys, VALUES, scale=10.0)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def record_reads(monkeypatch):
    """Note the shape of every table of scores that is worked out."""
    tables, plain = [], module.dot_scores

    def noted(query, keys):
        tables.append((query.shape[-2], keys.shape[-2]))
        return plain(query, keys)

    monkeypatch.setattr(module, "dot_scores", noted)
    return tables


def test_no_worker_holds_more_than_a_block(monkeypatch):
    tables = record_reads(monkeypatch)
    ring_attend(QUERY, KEYS, VALUES, 4)
    assert len(tables) == 16
    assert max(tables) == (4, 5)


def test_a_causal_ring_leaves_the_future_unread(monkeypatch):
    tables = record_reads(monkeypatch)
    ring_attend(SELF, KEYS, VALUES, 5, causal=True)
    assert len(tables) == 5 * 6 / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    arrays = [array.astype(dtype) for array in (SELF, KEYS, VALUES)]
    scale = np.float64(1)
    assert ring_attend(*arrays, 3, causal=True, scale=scale).dtype == dtype
    assert head_parallel_attend(*arrays, 3, scale=scale).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(
        ValueError, match="ring_attend: wanted shards of at least 1, got 0"
    ):
        ring_attend(QUERY, KEYS, VALUES, 0)
    with pytest.raises(ValueError, match=r"as many queries as keys \(17\), got 13"):
        ring_attend(QUERY, KEYS, VALUES, 2, causal=True)
    with pytest.raises(ValueError, match="ring_attend: wanted keys as wide"):
        ring_attend(QUERY[..., 1:], KEYS, VALUES, 2)
    with pytest.raises(ValueError, match="heads that falls into 4 shards, got 6"):
        head_parallel_attend(QUERY, KEYS, VALUES, 4)
    with pytest.raises(ValueError, match="at least 3 axes"):
        head_parallel_attend(QUERY[0, 0], KEYS[0, 0], VALUES[0, 0], 1)
    with pytest.raises(ValueError, match="head_parallel_attend: wanted one value"):
        head_parallel_attend(QUERY, KEYS, VALUES[..., 1:, :], 2)


def test_leaves_its_inputs_alone():
    given_ = (SELF, KEYS, VALUES)
    before = [array.copy() for array in given_]
    ring_attend(*given_, 3, causal=True)
    head_parallel_attend(*given_, 3)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
