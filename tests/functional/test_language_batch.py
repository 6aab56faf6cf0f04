"""Batches for a language model: pieces of the text, and what comes next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from attn_course.functional import language_model_batch

TOKENS = np.random.default_rng(0).integers(256, size=97)


@given(st.integers(1, 96), st.integers(1, 9), st.integers(0, 99))
def test_inputs_and_targets_are_the_text_shifted_by_one(length, batch, seed):
    rng = np.random.default_rng(seed)
    inputs, targets = language_model_batch(TOKENS, length, batch, rng)
    assert inputs.shape == targets.shape == (batch, length)
    pieces = {tuple(TOKENS[i : i + length + 1]) for i in range(97 - length)}
    for piece, target in zip(inputs, targets, strict=True):
        assert (*piece, target[-1]) in pieces
        np.testing.assert_array_equal(piece[1:], target[:-1])


def test_every_start_is_equally_likely_the_last_one_too():
    starts, _ = language_model_batch(np.arange(17), 6, 22_000, np.random.default_rng(1))
    counts = np.bincount(starts[:, 0])
    assert len(counts) == 11
    assert chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_keeps_the_dtype_and_is_a_copy(dtype):
    tokens = TOKENS.astype(dtype)
    inputs, targets = language_model_batch(tokens, 5, 3, np.random.default_rng(2))
    assert inputs.dtype == targets.dtype == dtype
    inputs[:] = targets[:] = 0
    np.testing.assert_array_equal(tokens, TOKENS)


def test_refuses_a_text_that_is_too_short():
    rng = np.random.default_rng(3)
    with pytest.raises(ValueError, match=r"more than 97 tokens .* got 97"):
        language_model_batch(TOKENS, 97, 2, rng)
    with pytest.raises(ValueError, match="length of at least 1, got 0"):
        language_model_batch(TOKENS, 0, 2, rng)
    with pytest.raises(ValueError, match="batch of at least 1, got 0"):
        language_model_batch(TOKENS, 4, 0, rng)
    with pytest.raises(ValueError, match=r"one row of tokens, got \(1, 97\)"):
        language_model_batch(TOKENS[None], 4, 2, rng)


def test_refuses_tokens_that_are_no_integers():
    with pytest.raises(ValueError, match="tokens as an array of integers, got float64"):
        language_model_batch(np.arange(9.0), 3, 2, np.random.default_rng(0))
