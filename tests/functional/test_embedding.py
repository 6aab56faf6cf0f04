"""embed: a product with one-hot rows, and a gradient that touches the rows in use."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from attn_course.functional import embed, embed_backward

rng = np.random.default_rng(0)
TABLE = rng.normal(size=(7, 5))
TOKENS = np.array([[3, 0, 3], [6, 3, 0]])
UPSTREAM = rng.normal(size=(2, 3, 5))


@given(arrays(np.int64, array_shapes(min_dims=0), elements=st.integers(0, 6)))
def test_is_one_hot_times_the_table_and_so_is_its_gradient(tokens):
    one_hot = (np.arange(7) == tokens[..., None]).astype(float)
    np.testing.assert_array_equal(embed(TABLE, tokens), one_hot @ TABLE)
    upstream = np.cos(np.arange(tokens.size * 5.0)).reshape(*tokens.shape, 5)
    wanted = one_hot.reshape(-1, 7).T @ upstream.reshape(-1, 5)
    got = embed_backward(upstream, TABLE, tokens)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


def test_agrees_with_its_judges(check_backward):
    check_backward(
        lambda table: embed(table, TOKENS),
        lambda u, table: embed_backward(u, table, TOKENS),
        lambda table: torch.nn.functional.embedding(torch.tensor(TOKENS), table),
        TABLE,
    )


def test_repeated_tokens_add_up_and_unused_rows_stay_alone():
    got = embed_backward(UPSTREAM, TABLE, TOKENS)
    wanted = UPSTREAM[0, 0] + UPSTREAM[0, 2] + UPSTREAM[1, 1]
    np.testing.assert_allclose(got[3], wanted, rtol=1e-14)
    np.testing.assert_array_equal(got[[1, 2, 4, 5]], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    table, upstream = TABLE.astype(dtype), UPSTREAM.astype(dtype)
    copies = [array.copy() for array in (table, upstream, TOKENS)]
    rows = embed(table, TOKENS)
    assert rows.dtype == embed_backward(upstream, table, TOKENS).dtype == dtype
    rows += 1  # a copy, not a view of the table
    for array, copy in zip((table, upstream, TOKENS), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_no_tokens_touch_nothing():
    none = np.zeros((2, 0), int)
    assert embed(TABLE, none).shape == (2, 0, 5)
    np.testing.assert_array_equal(embed_backward(np.zeros((2, 0, 5)), TABLE, none), 0)


def test_refuses_what_is_no_row():
    for tokens, message in (
        (TOKENS + 1, "embed: wanted tokens from 0 to 6, got 7"),
        (TOKENS - 1, "tokens from 0 to 6, got -1"),
        (TOKENS.astype(float), "tokens as an array of integers"),
    ):
        with pytest.raises(ValueError, match=message):
            embed(TABLE, tokens)
    with pytest.raises(ValueError, match="embed_backward: wanted tokens from 0 to 6"):
        embed_backward(UPSTREAM, TABLE, TOKENS + 1)
    with pytest.raises(ValueError, match="finite table"):
        embed(TABLE * np.nan, TOKENS)
    with pytest.raises(ValueError, match="finite upstream"):
        embed_backward(UPSTREAM * np.nan, TABLE, TOKENS)
    with pytest.raises(ValueError, match=r"table with 2 axes, got \(5,\)"):
        embed(TABLE[0], TOKENS)
    with pytest.raises(
        ValueError, match=r"upstream of shape \(2, 3, 5\), got \(3, 5\)"
    ):
        embed_backward(UPSTREAM[0], TABLE, TOKENS)
