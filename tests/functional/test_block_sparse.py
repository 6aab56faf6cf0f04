"""Block-sparse attention: the numbers of the mask, at the price of the blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attn_course.functional import (
    attend,
    block_layout,
    block_sparse_attend,
    causal_mask,
    expand_layout,
    strided_mask,
    window_mask,
)
from attn_course.functional import block_sparse as module

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 20, 7))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 24, 7))
VALUES = rng.normal(size=(2, 3, 24, 6))
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


@settings(max_examples=25, deadline=None)
@given(arrays(bool, (5, 6)), st.booleans())
def test_equals_attention_under_the_expanded_mask(layout, causal):
    allowed = np.kron(layout, np.ones((4, 4))).astype(bool)
    np.testing.assert_array_equal(expand_layout(layout, 4), allowed)
    if causal:
        allowed &= causal_mask(20, 24)
    got = block_sparse_attend(QUERY, KEYS, VALUES, layout, 4, causal=causal)
    np.testing.assert_allclose(
        got, attend(QUERY, KEYS, VALUES, allowed=allowed), **CLOSE
    )


@settings(max_examples=25, deadline=None)
@given(arrays(bool, (6, 12)), st.sampled_from([1, 2, 3, 6]))
def test_a_layout_is_the_smallest_that_covers_the_mask(allowed, size):
    layout = block_layout(allowed, size)
    assert layout.shape == (6 // size, 12 // size)
    assert (expand_layout(layout, size) >= allowed).all()
    for row, column in np.argwhere(layout):
        rows, columns = (slice(i * size, (i + 1) * size) for i in (row, column))
        assert allowed[rows, columns].any()


def sink_and_window(blocks):
    return window_mask(blocks, blocks, 1, 0) | (np.arange(blocks) == 0)


def strided(blocks):
    window = window_mask(blocks, blocks, 1, 0)
    return (window | strided_mask(blocks, blocks, 3)) & causal_mask(blocks)


@pytest.mark.parametrize("pattern", [sink_and_window, strided])
def test_only_the_chosen_blocks_are_worked_out(pattern, monkeypatch):
    scores = []

    def counted(query, keys, values, **options):
        scores.append(query.shape[-2] * keys.shape[-2])
        return attend(query, keys, values, **options)

    monkeypatch.setattr(module, "attend", counted)
    layout = pattern(6)
    got = block_sparse_attend(KEYS, KEYS, VALUES, layout, 4, causal=True)
    assert sum(scores) == layout.sum() * 16 < 24**2 / 2
    allowed = expand_layout(layout, 4) & np.tri(24, dtype=bool)
    np.testing.assert_allclose(
        got, attend(KEYS, KEYS, VALUES, allowed=allowed), **CLOSE
    )


def test_a_full_layout_is_plain_attention_and_an_empty_row_reads_zeros():
    layout = np.ones((5, 6), dtype=bool)
    got = block_sparse_attend(QUERY, KEYS, VALUES, layout, 4, scale=0.3)
    np.testing.assert_allclose(got, attend(QUERY, KEYS, VALUES, scale=0.3), **CLOSE)
    one = block_sparse_attend(QUERY[1, 2], KEYS[1, 2], VALUES[1, 2], layout, 4)
    np.testing.assert_allclose(one, attend(QUERY, KEYS, VALUES)[1, 2], **CLOSE)
    layout[2] = False
    got = block_sparse_attend(QUERY, KEYS, VALUES, layout, 4)
    np.testing.assert_array_equal(got[..., 8:12, :], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    given_ = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    layout = np.eye(5, 6, dtype=bool)
    assert block_sparse_attend(*given_, layout, 4).dtype == dtype


def test_refuses_what_does_not_fit():
    layout = np.ones((5, 6), dtype=bool)
    with pytest.raises(ValueError, match="falls into blocks of 3, got 20"):
        block_sparse_attend(QUERY, KEYS, VALUES, layout, 3)
    with pytest.raises(ValueError, match=r"layout of shape \(5, 6\), got \(6, 5\)"):
        block_sparse_attend(QUERY, KEYS, VALUES, layout.T, 4)
    with pytest.raises(ValueError, match="block_sparse_attend: wanted a boolean mask"):
        block_sparse_attend(QUERY, KEYS, VALUES, layout * 1.0, 4)
    with pytest.raises(ValueError, match="size of at least 1, got 0"):
        block_sparse_attend(QUERY, KEYS, VALUES, layout, 0)
    with pytest.raises(ValueError, match="block_sparse_attend: wanted one value"):
        block_sparse_attend(QUERY, KEYS, VALUES[..., 1:, :], layout, 4)
    with pytest.raises(ValueError, match="block_layout: wanted a length"):
        block_layout(layout, 4)
    with pytest.raises(ValueError, match=r"block_layout: .* two axes, got \(6,\)"):
        block_layout(layout[0], 2)
    with pytest.raises(ValueError, match="expand_layout: wanted a boolean mask"):
        expand_layout(np.ones((2, 3)), 4)


def test_leaves_its_inputs_alone():
    layout = rng.random((5, 6)) < 0.5
    given_ = (QUERY, KEYS, VALUES, layout)
    before = [array.copy() for array in given_]
    block_sparse_attend(*given_, 4, causal=True)
    expand_layout(layout, 4)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
