"""Adaptive span: the ramp by its definition, and a window at either end of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import attend, span_attend, span_mask, window_attend

rng = np.random.default_rng(0)
QUERY, KEYS = rng.normal(size=(2, 2, 3, 11, 5))  # batch, heads, positions, width
VALUES = rng.normal(size=(2, 3, 11, 7))
SPANS = np.array([0.0, 2.5, 6.0])  # one for each head
CAUSAL = np.tri(11, dtype=bool)
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


@given(st.floats(0, 50), st.floats(0, 20), st.floats(0.1, 9))
def test_the_ramp_has_three_parts(distance, span, ramp):
    if distance <= span:
        wanted = 1.0
    elif distance >= span + ramp:
        wanted = 0.0
    else:
        wanted = 1 - (distance - span) / ramp
    got = span_mask(np.array([distance]), np.array([span]), ramp)
    np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_agrees_with_the_formula_pair_by_pair():
    output, weights = span_attend(
        QUERY, KEYS, VALUES, SPANS, 3, allowed=CAUSAL, scale=0.4, return_weights=True
    )
    wanted = np.zeros((2, 3, 11, 11))
    for b, h, i, j in np.ndindex(wanted.shape):
        part = min(max((3 + SPANS[h] - abs(i - j)) / 3, 0), 1)
        score = 0.4 * QUERY[b, h, i] @ KEYS[b, h, j]
        wanted[b, h, i, j] = part * np.exp(score) * CAUSAL[i, j]
    wanted /= wanted.sum(-1, keepdims=True)
    np.testing.assert_allclose(weights, wanted, **CLOSE)
    np.testing.assert_allclose(output, wanted @ VALUES, **CLOSE)


@pytest.mark.parametrize("span", [0, 1, 4, 11])
def test_a_steep_ramp_is_a_window(span):
    got = span_attend(QUERY, KEYS, VALUES, float(span), 1e-6)
    wanted = window_attend(QUERY, KEYS, VALUES, span, span)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_a_span_beyond_the_ends_is_plain_attention():
    got = span_attend(QUERY, KEYS, VALUES, 10.0, 2, allowed=CAUSAL)
    wanted = attend(QUERY, KEYS, VALUES, allowed=CAUSAL)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_one_head_alone_gives_the_same():
    wanted = span_attend(QUERY, KEYS, VALUES, SPANS, 3)
    for head, span in enumerate(SPANS):
        alone = (array[1, head] for array in (QUERY, KEYS, VALUES))
        got = span_attend(*alone, span, 3)
        np.testing.assert_allclose(got, wanted[1, head], **CLOSE)


@settings(max_examples=20)
@given(st.floats(0, 9), st.floats(0, 1))
def test_the_output_is_continuous_in_the_span(span, step):
    def near(z):
        return span_attend(QUERY, KEYS, VALUES, z, 2.0)

    change = np.abs(near(span + 1e-7 * step) - near(span)).max()
    assert change < 1e-4  # a slope of at most 1000


def test_large_scores_outside_the_span_do_not_matter():
    keys = KEYS.copy()
    keys[..., 10, :] = 1e5 * QUERY[..., 0, :]
    got = span_attend(QUERY, keys, VALUES, SPANS, 2)
    wanted = span_attend(QUERY, KEYS, VALUES, SPANS, 2)
    np.testing.assert_allclose(got[..., :2, :], wanted[..., :2, :], **CLOSE)


def test_a_query_that_may_see_nothing_reads_zeros():
    output, weights = span_attend(
        QUERY, KEYS, VALUES, SPANS, 1, allowed=np.arange(11) > 9, return_weights=True
    )
    np.testing.assert_array_equal(output[..., :3, :], 0)
    np.testing.assert_array_equal(weights[..., :3, :], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_ramp(dtype):
    arrays = (array.astype(dtype) for array in (QUERY, KEYS, VALUES, SPANS))
    *arrays, spans = arrays
    for span in (spans, SPANS, np.float64(2)):
        got = span_attend(*arrays, span, np.float64(2), scale=np.float64(1))
        assert got.dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="positive ramp, got 0"):
        span_attend(QUERY, KEYS, VALUES, SPANS, 0)
    with pytest.raises(ValueError, match="wanted span from 0, got -1"):
        span_attend(QUERY, KEYS, VALUES, -SPANS / 6, 1)
    with pytest.raises(ValueError, match="wanted distances from 0, got -2"):
        span_mask(np.array([-2.0]), 1.0, 1)
    with pytest.raises(ValueError, match=r"leading axes \(2, 3\), got \(2,\)"):
        span_attend(QUERY, KEYS, VALUES, SPANS[:2], 1)
    with pytest.raises(ValueError, match="wanted finite span, got nan"):
        span_attend(QUERY, KEYS, VALUES, SPANS * np.nan, 1)
    with pytest.raises(ValueError, match=r"as many queries as keys \(10\), got 11"):
        span_attend(QUERY, KEYS[..., 1:, :], VALUES[..., 1:, :], SPANS, 1)
    with pytest.raises(ValueError, match="boolean mask"):
        span_attend(QUERY, KEYS, VALUES, SPANS, 1, allowed=np.ones(11))


def test_leaves_its_inputs_alone():
    given_ = (QUERY, KEYS, VALUES, SPANS)
    before = [array.copy() for array in given_]
    span_attend(*given_, 2.0, allowed=CAUSAL)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
