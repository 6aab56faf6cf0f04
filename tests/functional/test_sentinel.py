"""The slot for nothing: one more key of score zero, or a blend with a sentinel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attn_course.functional import (
    attend,
    sentinel_attend,
    softmax,
    softmax_off_by_one,
)

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 5))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 11, 5))
VALUES = rng.normal(size=(2, 3, 11, 7))
SCORE = rng.normal(size=(2, 3, 4))
VALUE = rng.normal(size=(2, 3, 4, 7))
ALLOWED = rng.random((2, 3, 4, 11)) < 0.6
ALLOWED[1, 2, 0] = False
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


@given(arrays(float, (3, 5), elements=st.floats(-1e3, 1e3)))
def test_off_by_one_is_a_softmax_with_one_more_slot_of_score_zero(scores):
    slots = np.concatenate([scores, np.zeros((3, 1))], axis=-1)
    wanted = softmax(slots)[..., :-1]
    got = softmax_off_by_one(scores)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
    along_columns = softmax_off_by_one(scores.T, axis=0)
    np.testing.assert_array_equal(along_columns, got.T)


def test_off_by_one_is_its_formula():
    exps = np.exp(SCORE)
    wanted = exps / (1 + exps.sum(-1, keepdims=True))
    np.testing.assert_allclose(softmax_off_by_one(SCORE), wanted, **CLOSE)


def test_off_by_one_sees_a_constant_that_softmax_does_not():
    low = softmax_off_by_one(SCORE - 50).sum(-1)
    high = softmax_off_by_one(SCORE + 50).sum(-1)
    assert (low < 1e-15).all()
    np.testing.assert_allclose(high, 1)


def test_without_a_sentinel_of_its_own_the_weights_are_off_by_one():
    output, weights = sentinel_attend(
        QUERY, KEYS, VALUES, allowed=ALLOWED, return_weights=True
    )
    scores = np.einsum("bhqd,bhkd->bhqk", QUERY, KEYS) / np.sqrt(5)
    wanted = softmax_off_by_one(scores, where=ALLOWED)
    np.testing.assert_allclose(weights[..., :-1], wanted, **CLOSE)
    np.testing.assert_allclose(weights[..., -1], 1 - wanted.sum(-1), **CLOSE)
    np.testing.assert_allclose(output, wanted @ VALUES, **CLOSE)


def test_a_sentinel_is_blended_with_a_plain_read():
    output, weights = sentinel_attend(
        QUERY, KEYS, VALUES, SCORE, VALUE, allowed=ALLOWED, scale=0.3,
        return_weights=True,
    )  # fmt: skip
    rest = weights[..., -1:]
    plain = attend(QUERY, KEYS, VALUES, allowed=ALLOWED, scale=0.3)
    np.testing.assert_allclose(output, rest * VALUE + (1 - rest) * plain, **CLOSE)


def test_one_head_alone_gives_the_same():
    given_ = (QUERY, KEYS, VALUES, SCORE, VALUE)
    got = sentinel_attend(*(array[1, 2] for array in given_))
    np.testing.assert_allclose(got, sentinel_attend(*given_)[1, 2], **CLOSE)


def test_a_sentinel_is_one_more_key():
    got = sentinel_attend(QUERY, KEYS, VALUES, SCORE, VALUE, scale=1.0)
    for q in range(4):
        # a key whose product with the query is the score: q s / |q|^2
        own = QUERY[..., [q], :]
        key = own * SCORE[..., [q], None] / (own**2).sum(-1, keepdims=True)
        wanted = attend(
            own,
            np.concatenate([KEYS, key], axis=-2),
            np.concatenate([VALUES, VALUE[..., [q], :]], axis=-2),
            scale=1.0,
        )
        np.testing.assert_allclose(got[..., [q], :], wanted, rtol=1e-11, atol=1e-13)


def test_a_query_that_may_see_nothing_reads_its_sentinel():
    got = sentinel_attend(QUERY, KEYS, VALUES, SCORE, VALUE, allowed=ALLOWED)
    np.testing.assert_array_equal(got[1, 2, 0], VALUE[1, 2, 0])
    without = sentinel_attend(QUERY, KEYS, VALUES, allowed=ALLOWED)
    np.testing.assert_array_equal(without[1, 2, 0], 0)
    none = sentinel_attend(QUERY, KEYS[..., :0, :], VALUES[..., :0, :], SCORE, VALUE)
    np.testing.assert_array_equal(none, VALUE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    given_ = [a.astype(dtype) for a in (QUERY, KEYS, VALUES, SCORE, VALUE)]
    scale = np.float64(1)
    assert sentinel_attend(*given_, scale=scale, allowed=ALLOWED).dtype == dtype
    assert sentinel_attend(*given_[:3], scale=scale).dtype == dtype
    assert softmax_off_by_one(given_[3]).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"sentinel_score of shape \(2, 3, 4\), got"):
        sentinel_attend(QUERY, KEYS, VALUES, SCORE[..., :1])
    with pytest.raises(ValueError, match=r"sentinel_value of shape \(2, 3, 4, 7\)"):
        sentinel_attend(QUERY, KEYS, VALUES, SCORE, VALUE[0])
    with pytest.raises(ValueError, match="finite sentinel_score, got nan"):
        sentinel_attend(QUERY, KEYS, VALUES, SCORE * np.nan)
    with pytest.raises(ValueError, match="sentinel_attend: wanted one value for each"):
        sentinel_attend(QUERY, KEYS, VALUES[..., 1:, :])
    with pytest.raises(ValueError, match="sentinel_attend: wanted a boolean mask"):
        sentinel_attend(QUERY, KEYS, VALUES, allowed=np.ones(11))
    with pytest.raises(ValueError, match="scores as an array of floats"):
        softmax_off_by_one(np.arange(3))


def test_leaves_its_inputs_alone():
    given_ = (QUERY, KEYS, VALUES, SCORE, VALUE)
    before = [array.copy() for array in given_]
    sentinel_attend(*given_, allowed=ALLOWED)
    softmax_off_by_one(SCORE)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
