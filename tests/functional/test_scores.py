"""Scores: each against a double loop, when they coincide, and what makes them fail."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    additive_scores,
    attend,
    cosine_scores,
    dot_scores,
    feature_scores,
    general_scores,
    ring_attend,
    scaled_dot_scores,
    sentinel_attend,
    softmax,
    span_attend,
    tiled_attend,
)

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 7))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 5, 7))
WIDE = rng.normal(size=(2, 3, 5, 11))  # keys of another width
BILINEAR = rng.normal(size=(7, 11))
QUERY_WEIGHT = rng.normal(size=(7, 13))
KEY_WEIGHT = rng.normal(size=(11, 13))
VECTOR = rng.normal(size=13)
ADD = {"query_weight": QUERY_WEIGHT, "key_weight": KEY_WEIGHT, "vector": VECTOR}
CLOSE = {"rtol": 1e-12, "atol": 1e-13}  # float64, sums of at most 77 terms


def pairwise(query, keys, one_pair):
    """One query and one key at a time."""
    table = np.zeros((*query.shape[:-1], keys.shape[-2]))
    for *batch, q, k in np.ndindex(table.shape):
        place = tuple(batch)
        table[(*place, q, k)] = one_pair(query[(*place, q)], keys[(*place, k)])
    return table


def cosine(q, k):
    return sum(q * k) / np.sqrt(sum(q * q) * sum(k * k))


def bilinear(q, k):
    return sum(q[i] * BILINEAR[i, j] * k[j] for i in range(7) for j in range(11))


def additive(q, k):
    hidden = [
        np.tanh(sum(q * QUERY_WEIGHT[:, h]) + sum(k * KEY_WEIGHT[:, h]))
        for h in range(13)
    ]
    return sum(VECTOR * hidden)


@pytest.mark.parametrize(
    ("score", "keys", "one_pair"),
    [
        (dot_scores, KEYS, lambda q, k: sum(q * k)),
        (scaled_dot_scores, KEYS, lambda q, k: sum(q * k) / np.sqrt(7)),
        (cosine_scores, KEYS, cosine),
        (partial(general_scores, weight=BILINEAR), WIDE, bilinear),
        (partial(additive_scores, **ADD), WIDE, additive),
    ],
)
def test_agrees_with_a_double_loop(score, keys, one_pair):
    np.testing.assert_allclose(
        score(QUERY, keys), pairwise(QUERY, keys, one_pair), **CLOSE
    )


@pytest.mark.parametrize(
    "score",
    [
        dot_scores,
        scaled_dot_scores,
        cosine_scores,
        lambda q, k: general_scores(q, k, BILINEAR[:, :7]),
        partial(additive_scores, **ADD | {"key_weight": KEY_WEIGHT[:7]}),
        lambda q, k: feature_scores(q, k, lambda a, b: abs(a - b), -np.ones(7)),
    ],
)
def test_every_score_plugs_into_attend(score):
    got = attend(QUERY, KEYS, WIDE, score=score)
    wanted = softmax(score(QUERY, KEYS)) @ WIDE
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_the_scaled_score_is_the_default_of_attend():
    np.testing.assert_allclose(
        attend(QUERY, KEYS, WIDE, score=scaled_dot_scores),
        attend(QUERY, KEYS, WIDE),
        **CLOSE,
    )


def test_scaling_keeps_the_variance_at_one_at_every_width():
    for width in (4, 64, 256):
        draws = np.random.default_rng(1)
        query, keys = draws.normal(size=(2, 400, width))
        # 400 queries and keys: the estimate of the variance is good to about 1/10.
        assert abs(dot_scores(query, keys).var() / width - 1) < 0.1
        assert abs(scaled_dot_scores(query, keys).var() - 1) < 0.1


def test_the_general_score_with_the_identity_is_the_dot_product():
    np.testing.assert_allclose(
        general_scores(QUERY, KEYS, np.eye(7)), dot_scores(QUERY, KEYS), **CLOSE
    )


def test_the_general_score_is_the_dot_product_of_two_projections():
    left, right = rng.normal(size=(7, 3)), rng.normal(size=(11, 3))
    np.testing.assert_allclose(
        general_scores(QUERY, WIDE, left @ right.T),
        dot_scores(QUERY @ left, WIDE @ right),
        **CLOSE,
    )


def test_joining_query_and_key_under_one_weight_is_the_additive_score():
    stacked = np.concatenate([QUERY_WEIGHT, KEY_WEIGHT])

    def joined(q, k):
        return VECTOR @ np.tanh(np.concatenate([q, k]) @ stacked)

    got = additive_scores(QUERY, WIDE, **ADD)
    np.testing.assert_allclose(got, pairwise(QUERY, WIDE, joined), **CLOSE)


def test_without_tanh_the_additive_score_is_blind_to_its_query():
    def linear(q, k):
        hidden = (q @ QUERY_WEIGHT)[..., :, None, :] + (k @ KEY_WEIGHT)[..., None, :, :]
        return hidden @ VECTOR

    blind = softmax(linear(QUERY, WIDE))
    np.testing.assert_allclose(
        blind, np.broadcast_to(blind[..., :1, :], blind.shape), **CLOSE
    )
    seeing = softmax(additive_scores(QUERY, WIDE, **ADD))
    assert abs(seeing - seeing[..., :1, :]).max() > 0.1


@pytest.mark.parametrize(
    ("features", "weight", "keys", "same"),
    [
        (lambda q, k: q * k, np.ones(7), KEYS, dot_scores),
        (lambda q, k: q * k, np.full(7, 7**-0.5), KEYS, scaled_dot_scores),
        (
            lambda q, k: np.tanh(q @ QUERY_WEIGHT + k @ KEY_WEIGHT),
            VECTOR,
            WIDE,
            partial(additive_scores, **ADD),
        ),
        (
            lambda q, k: (q[..., :, None] * k[..., None, :]).reshape(2, 3, 4, 5, 77),
            BILINEAR.ravel(),
            WIDE,
            partial(general_scores, weight=BILINEAR),
        ),
    ],
    ids=["dot", "scaled", "additive", "general"],
)
def test_the_other_scores_are_special_cases_of_features(features, weight, keys, same):
    got = feature_scores(QUERY, keys, features, weight)
    np.testing.assert_allclose(got, same(QUERY, keys), **CLOSE)


@given(
    st.floats(1e-300, 1e300),  # beyond the root of what a float can hold
    st.floats(1e-300, 1e300),
)
def test_the_cosine_does_not_see_lengths(stretch, shrink):
    got = cosine_scores(QUERY * stretch, KEYS / shrink)
    np.testing.assert_allclose(got, cosine_scores(QUERY, KEYS), **CLOSE)


def test_the_cosine_is_one_along_and_minus_one_against():
    np.testing.assert_allclose(
        np.diagonal(cosine_scores(KEYS, 3 * KEYS), axis1=-2, axis2=-1), 1, rtol=1e-14
    )
    assert (abs(cosine_scores(QUERY, -QUERY)) <= 1 + 1e-14).all()


def test_a_zero_vector_has_cosine_zero_with_everything():
    query, keys = QUERY.copy(), KEYS.copy()
    query[0, 1, 2], keys[0, 1, 3] = 0, 0
    got = cosine_scores(query, keys)
    np.testing.assert_array_equal(got[0, 1, 2], 0)
    np.testing.assert_array_equal(got[0, 1, :, 3], 0)


def test_equal_lengths_make_cosine_and_dot_product_agree_on_the_order():
    query, keys = (
        x / np.sqrt((x**2).sum(-1, keepdims=True)) for x in (QUERY, KEYS)
    )  # all of length one
    np.testing.assert_allclose(
        cosine_scores(query, keys), dot_scores(query, keys), **CLOSE
    )


SCORES = {
    "dot": (dot_scores, KEYS, []),
    "scaled": (scaled_dot_scores, KEYS, []),
    "cosine": (cosine_scores, KEYS, []),
    "general": (general_scores, WIDE, [BILINEAR]),
    "additive": (additive_scores, WIDE, [QUERY_WEIGHT, KEY_WEIGHT, VECTOR]),
}
each_score = pytest.mark.parametrize("name", SCORES)


@each_score
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(name, dtype):
    score, keys, weights = SCORES[name]
    arrays = [x.astype(dtype) for x in (QUERY, keys, *weights)]
    got = score(*arrays)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, score(QUERY, keys, *weights), rtol=1e-4, atol=1e-5)


@each_score
def test_works_without_leading_axes_and_with_no_keys(name):
    score, keys, weights = SCORES[name]
    whole = score(QUERY, keys, *weights)
    part = score(QUERY[1, 2], keys[1, 2], *weights)
    np.testing.assert_allclose(part, whole[1, 2], **CLOSE)
    assert score(QUERY, keys[..., :0, :], *weights).shape == (2, 3, 4, 0)


@each_score
def test_leaves_its_inputs_alone(name):
    score, keys, weights = SCORES[name]
    arrays = [QUERY, keys, *weights]
    before = [x.copy() for x in arrays]
    score(*arrays)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@each_score
def test_refuses_leading_axes_that_numpy_would_broadcast(name):
    score, keys, weights = SCORES[name]
    with pytest.raises(ValueError, match=score.__name__):
        score(QUERY[:1], keys, *weights)
    with pytest.raises(ValueError, match=score.__name__):
        score(QUERY, keys[:, :1], *weights)
    with pytest.raises(ValueError, match="at least 2 axes"):
        score(QUERY, keys[0, 0, 0], *weights)


@pytest.mark.parametrize("score", [dot_scores, scaled_dot_scores, cosine_scores])
def test_refuses_keys_of_another_width(score):
    with pytest.raises(ValueError, match=r"as wide as the queries \(7\), got width 11"):
        score(QUERY, WIDE)


@pytest.mark.parametrize("name", ["scaled", "cosine", "general", "additive"])
def test_refuses_nan_and_whole_numbers(name):
    score, keys, weights = SCORES[name]
    with pytest.raises(ValueError, match="array of floats"):
        score(QUERY.astype(int), keys, *weights)
    holed = keys.copy()
    holed[1, 0, 2, 3] = np.nan
    with pytest.raises(ValueError, match=r"finite keys, got nan at \(1, 0, 2, 3\)"):
        score(QUERY, holed, *weights)


def test_refuses_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"weight of shape \(7, 11\), got \(11, 7\)"):
        general_scores(QUERY, WIDE, BILINEAR.T)
    for wrong in (
        {"query_weight": QUERY_WEIGHT.T},
        {"key_weight": KEY_WEIGHT[:, :1]},
        {"vector": VECTOR[:1]},
        {"vector": VECTOR[0]},
    ):
        with pytest.raises(ValueError, match="additive_scores: wanted"):
            additive_scores(QUERY, WIDE, **{**ADD, **wrong})
    with pytest.raises(ValueError, match=r"features of shape .* 7\), got .* 1\)"):
        feature_scores(
            QUERY, KEYS, lambda q, k: (q * k).sum(-1, keepdims=True), np.ones(7)
        )
    with pytest.raises(ValueError, match="positive width, got 0"):
        scaled_dot_scores(QUERY[..., :0], KEYS[..., :0])


def test_refuses_products_of_what_is_no_finite_float():
    query, keys = np.ones((2, 3)), np.ones((5, 3))
    with pytest.raises(ValueError, match="dot_scores: wanted query as an array of"):
        dot_scores(query.astype(int), keys)
    with pytest.raises(ValueError, match="dot_scores: wanted finite keys, got nan"):
        dot_scores(query, keys * np.nan)


@pytest.mark.parametrize(
    "read", [attend, span_attend, sentinel_attend, ring_attend, tiled_attend]
)
def test_refuses_a_width_of_zero_whose_root_divides(read):
    more = {span_attend: (1.0, 1.0), ring_attend: (2,)}.get(read, ())
    nothing, values = np.ones((3, 0)), np.ones((3, 2))
    with pytest.raises(ValueError, match=f"{read.__name__}: wanted a positive width"):
        read(nothing, nothing, values, *more)
    got = read(nothing, nothing, values, *more, scale=1.0)
    assert got.shape == (3, 2)
