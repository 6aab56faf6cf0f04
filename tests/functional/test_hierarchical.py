"""Two storeys of pooling: against loops, with padding on both, and what they save."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    PoolWeights,
    attend,
    attention_pool,
    hierarchical_pairs,
    hierarchical_pool,
)

rng = np.random.default_rng(0)
TEXT = rng.normal(size=(2, 5, 7, 3))  # documents, sentences, words, width
WORDS = PoolWeights(rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4))
SENTENCES = PoolWeights(rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=6))
LENGTHS = np.array([[7, 3, 1, 0, 0], [2, 7, 4, 5, 6]])
REAL = np.arange(7) < LENGTHS[..., None]
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def by_loop(states, pool):
    """Equations 5 to 7, one state at a time."""
    shares = np.array([
        np.exp(np.tanh(pool.weight.T @ h + pool.bias) @ pool.context) for h in states
    ])  # fmt: skip
    shares /= shares.sum()
    return sum(a * h for a, h in zip(shares, states, strict=True)), shares


def test_one_storey_agrees_with_the_equations():
    for document in TEXT:
        for sentence in document:
            mean, weights = attention_pool(sentence, *WORDS, return_weights=True)
            wanted, shares = by_loop(sentence, WORDS)
            np.testing.assert_allclose(mean, wanted, **CLOSE)
            np.testing.assert_allclose(weights, shares, **CLOSE)


def test_one_storey_agrees_with_torch():
    states, weight, bias, context = map(torch.from_numpy, (TEXT, *WORDS))
    scores = torch.tanh(states @ weight + bias) @ context
    wanted = (scores.softmax(-1)[..., None] * states).sum(-2).numpy()
    np.testing.assert_allclose(attention_pool(TEXT, *WORDS), wanted, **CLOSE)


def test_the_pool_is_attention_with_the_context_as_the_query():
    hidden = np.tanh(TEXT @ WORDS.weight + WORDS.bias)
    query = np.broadcast_to(WORDS.context, (2, 5, 1, 4))
    wanted = attend(query, hidden, TEXT, scale=1.0)[..., 0, :]
    np.testing.assert_allclose(attention_pool(TEXT, *WORDS), wanted, **CLOSE)


def test_both_storeys_agree_with_documents_of_ragged_lists():
    got, of_words, of_sentences = hierarchical_pool(
        TEXT, WORDS, SENTENCES, where=REAL, return_weights=True
    )
    for d, document in enumerate(TEXT):
        sentences = [
            by_loop(words[:length], WORDS)[0]
            for words, length in zip(document, LENGTHS[d], strict=True)
            if length
        ]
        wanted, shares = by_loop(sentences, SENTENCES)
        np.testing.assert_allclose(got[d], wanted, **CLOSE)
        np.testing.assert_allclose(of_sentences[d, LENGTHS[d] > 0], shares, **CLOSE)
    assert (of_words[~REAL] == 0).all()
    assert (of_sentences[LENGTHS == 0] == 0).all()
    product = of_words * of_sentences[..., None]
    np.testing.assert_allclose(product.sum(axis=(1, 2)), 1, rtol=1e-13)
    np.testing.assert_allclose(got, np.einsum("dsw,dswc->dc", product, TEXT), **CLOSE)


def test_what_the_padding_holds_does_not_matter():
    wanted = hierarchical_pool(TEXT, WORDS, SENTENCES, where=REAL)
    text = np.where(REAL[..., None], TEXT, 1e9)
    got = hierarchical_pool(text, WORDS, SENTENCES, where=REAL)
    np.testing.assert_array_equal(got, wanted)


def test_a_document_without_words_gives_zeros():
    nothing = REAL & np.array([True, False])[:, None, None]
    got = hierarchical_pool(TEXT, WORDS, SENTENCES, where=nothing, return_weights=True)
    for array in got:
        assert (array[1] == 0).all()
    np.testing.assert_array_equal(
        got[0][0], hierarchical_pool(TEXT, WORDS, SENTENCES, where=REAL)[0]
    )


def test_one_sentence_is_one_storey():
    got = hierarchical_pool(TEXT[:, :1], WORDS, SENTENCES)
    np.testing.assert_array_equal(got, attention_pool(TEXT[:, 0], *WORDS))


@given(st.integers(1, 9), st.integers(1, 9))
def test_the_count_is_that_of_the_pairs_a_mask_allows(sentences, words):
    sentence = np.repeat(np.arange(sentences), words)
    inside = sentence == sentence[:, None]
    met = inside.sum() + sentences**2
    assert hierarchical_pairs(sentences, words) == (met, inside.size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    pools = [
        PoolWeights(*(a.astype(dtype) for a in pool)) for pool in (WORDS, SENTENCES)
    ]
    assert hierarchical_pool(TEXT.astype(dtype), *pools, where=REAL).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"weight of shape \(3, 3\), got \(4, 3\)"):
        attention_pool(TEXT, WORDS.weight.T, WORDS.bias, WORDS.context)
    with pytest.raises(ValueError, match=r"context of shape \(4,\), got \(6,\)"):
        attention_pool(TEXT, WORDS.weight, WORDS.bias, SENTENCES.context)
    with pytest.raises(ValueError, match="finite states"):
        attention_pool(TEXT * np.nan, *WORDS)
    with pytest.raises(ValueError, match="at least 3 axes"):
        hierarchical_pool(TEXT[0, 0], WORDS, SENTENCES)
    with pytest.raises(ValueError, match="hierarchical_pool: wanted a boolean mask"):
        hierarchical_pool(TEXT, WORDS, SENTENCES, where=REAL * 1)
    with pytest.raises(ValueError, match=r"broadcasts to the scores \(2, 5, 7\)"):
        hierarchical_pool(TEXT, WORDS, SENTENCES, where=REAL[:, :3])
    with pytest.raises(ValueError, match="words of at least 1, got 0"):
        hierarchical_pairs(3, 0)


def test_leaves_its_inputs_alone():
    given_ = (TEXT, *WORDS, *SENTENCES, REAL)
    before = [array.copy() for array in given_]
    hierarchical_pool(TEXT, WORDS, SENTENCES, where=REAL)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
