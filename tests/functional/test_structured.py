"""structured_attention: rows of weights over the positions, by loop and by its kin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    additive_scores,
    padding_mask,
    softmax,
    structured_attention,
)

rng = np.random.default_rng(0)
STATES = rng.normal(size=(2, 7, 5))  # batch, positions, width
HIDDEN = rng.normal(size=(5, 11))
ROWS = rng.normal(size=(11, 3))
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def test_agrees_with_the_formula_of_the_paper_one_sample_at_a_time():
    got = structured_attention(STATES, HIDDEN, ROWS, return_weights=True)
    for sample, h in enumerate(STATES):
        scores = ROWS.T @ np.tanh(HIDDEN.T @ h.T)  # W_s2 tanh(W_s1 H^T)
        for r, row in enumerate(scores):
            shares = np.exp(row) / sum(np.exp(row))
            np.testing.assert_allclose(got[1][sample, r], shares, **CLOSE)
            wanted = sum(share * h[i] for i, share in enumerate(shares))
            np.testing.assert_allclose(got[0][sample, r], wanted, **CLOSE)


def test_each_row_is_additive_attention_without_a_query():
    nobody, no_weight = np.zeros((2, 1, 4)), np.zeros((4, 11))
    shares = structured_attention(STATES, HIDDEN, ROWS, return_weights=True)[1]
    for r in range(3):
        scores = additive_scores(nobody, STATES, no_weight, HIDDEN, ROWS[:, r])
        np.testing.assert_allclose(shares[:, [r]], softmax(scores), **CLOSE)


@given(st.permutations(range(7)))
def test_the_order_of_the_positions_does_not_matter(order):
    np.testing.assert_allclose(
        structured_attention(STATES[:, order], HIDDEN, ROWS),
        structured_attention(STATES, HIDDEN, ROWS),
        **CLOSE,
    )


def test_as_many_rows_at_every_length_and_padding_is_not_read():
    lengths = np.array([4, 7])
    got = structured_attention(
        STATES, HIDDEN, ROWS, allowed=padding_mask(lengths, keys=7)
    )
    assert got.shape == (2, 3, 5)
    for sample, length in enumerate(lengths):
        alone = structured_attention(STATES[sample, :length], HIDDEN, ROWS)
        np.testing.assert_allclose(got[sample], alone, **CLOSE)


def test_an_empty_text_reads_zeros():
    got = structured_attention(
        STATES, HIDDEN, ROWS, allowed=padding_mask(np.array([0, 7]), keys=7)
    )
    np.testing.assert_array_equal(got[0], 0)
    assert structured_attention(STATES[:, :0], HIDDEN, ROWS).shape == (2, 3, 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    arrays = [x.astype(dtype) for x in (STATES, HIDDEN, ROWS)]
    before = [x.copy() for x in arrays]
    assert structured_attention(*arrays).dtype == dtype
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"hidden_weight of shape \(5, 5\), got"):
        structured_attention(STATES, HIDDEN.T, ROWS)
    with pytest.raises(ValueError, match=r"row_weight of shape \(11, 11\), got"):
        structured_attention(STATES, HIDDEN, ROWS.T)
    with pytest.raises(ValueError, match="at least 2 axes"):
        structured_attention(STATES[0, 0], HIDDEN, ROWS)
    with pytest.raises(ValueError, match="finite states"):
        structured_attention(STATES * np.nan, HIDDEN, ROWS)
