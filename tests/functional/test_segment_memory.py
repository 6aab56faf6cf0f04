"""Transformer-XL: against the double loop, and segments against the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import (
    attend,
    extend_memory,
    relative_shift,
    xl_attend,
    xl_scores,
)

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 5))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 11, 5))
VALUES = rng.normal(size=(2, 3, 11, 7))
DISTANCES = rng.normal(size=(3, 11, 5))  # heads, distances, width
U, V = rng.normal(size=(2, 3, 5))  # heads, width
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def by_pairs(query, keys, distances, u, v):
    """The four terms of Dai et al., one pair at a time."""
    queries, length = query.shape[-2], keys.shape[-2]
    scores = np.full((*query.shape[:-1], length), -np.inf)
    for b, h, i, j in np.ndindex(scores.shape):
        back = length - queries + i - j
        if back >= 0:
            q, k, r = query[b, h, i], keys[b, h, j], distances[h, back]
            scores[b, h, i, j] = q @ k + q @ r + u[h] @ k + v[h] @ r
    return scores


def test_scores_agree_with_the_double_loop():
    wanted = by_pairs(QUERY, KEYS, DISTANCES, U, V)
    got = xl_scores(QUERY, KEYS, DISTANCES, U, V)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-13)


def test_the_read_is_the_softmax_of_the_scores():
    allowed = np.arange(11) != 2
    scores = by_pairs(QUERY, KEYS, DISTANCES, U, V)
    shares = np.exp(0.3 * scores) * allowed
    shares /= shares.sum(-1, keepdims=True)
    output, weights = xl_attend(
        QUERY, KEYS, VALUES, DISTANCES, U, V, allowed=allowed, scale=0.3,
        return_weights=True,
    )  # fmt: skip
    np.testing.assert_allclose(weights, shares, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(output, shares @ VALUES, **CLOSE)


@settings(max_examples=30, deadline=None)
@given(queries=st.integers(0, 6), more=st.integers(0, 5))
def test_the_shift_picks_the_column_of_the_distance(queries, more):
    keys = queries + more
    table = np.random.default_rng(queries).normal(size=(2, queries, keys))
    shifted = relative_shift(table)
    assert shifted.shape == table.shape
    for i, j in np.ndindex(queries, keys):
        back = more + i - j
        wanted = table[:, i, back] if back >= 0 else 0
        np.testing.assert_array_equal(shifted[:, i, j], wanted)
    np.testing.assert_array_equal(relative_shift(table[0]), shifted[0])


def test_without_distances_it_is_causal_attention():
    nothing, no_bias = np.zeros((11, 5)), np.zeros(5)
    got = xl_attend(QUERY, KEYS, VALUES, nothing, no_bias, no_bias)
    past = np.tri(4, 11, 7, dtype=bool)
    wanted = attend(QUERY, KEYS, VALUES, allowed=past)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_a_query_that_may_see_nothing_reads_zeros():
    allowed = np.arange(11) > 8
    got = xl_attend(QUERY, KEYS, VALUES, DISTANCES, U, V, allowed=allowed)
    np.testing.assert_array_equal(got[..., :2, :], 0)
    assert (got[..., 2:, :] != 0).all()


LENGTH, WIDTH = 12, 5
WEIGHTS = rng.normal(size=(2, 3, WIDTH, WIDTH)) / 2  # layers, query/key/value
FAR = rng.normal(size=(LENGTH, WIDTH))
TOKENS = rng.normal(size=(2, LENGTH, WIDTH))


def layer(states, memory, weights, allowed=None):
    seen = np.concatenate([memory, states], axis=-2)
    q, k, v = states @ weights[0], seen @ weights[1], seen @ weights[2]
    read = xl_attend(q, k, v, FAR[: seen.shape[-2]], U[0], V[0], allowed=allowed)
    return states + read


@pytest.mark.parametrize("cuts", [(4, 8), (1, 3, 10), (6,), ()])
def test_segments_with_enough_memory_equal_the_whole(cuts):
    nothing = TOKENS[:, :0]
    whole = layer(layer(TOKENS, nothing, WEIGHTS[0]), nothing, WEIGHTS[1])
    memories, outputs = [nothing, nothing], []
    for states in np.split(TOKENS, cuts, axis=1):
        for depth in range(2):
            after = extend_memory(memories[depth], states, LENGTH)
            states = layer(states, memories[depth], WEIGHTS[depth])
            memories[depth] = after
        outputs.append(states)
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), whole, **CLOSE)


@pytest.mark.parametrize(("segment", "length"), [(3, 2), (4, 1), (2, 5), (4, 0)])
def test_segments_with_short_memory_equal_the_whole_under_a_mask(segment, length):
    place = np.arange(LENGTH)
    first_seen = place // segment * segment - length
    allowed = place >= first_seen[:, None]
    whole = layer(TOKENS, TOKENS[:, :0], WEIGHTS[0], allowed)
    memory, outputs = None, []
    for states in np.split(TOKENS, LENGTH // segment, axis=1):
        before = TOKENS[:, :0] if memory is None else memory
        outputs.append(layer(states, before, WEIGHTS[0]))
        memory = extend_memory(memory, states, length)
        assert memory.shape[1] <= length
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), whole, **CLOSE)


def test_the_memory_is_a_copy():
    memory = extend_memory(None, TOKENS, 7)
    np.testing.assert_array_equal(extend_memory(None, TOKENS[0], 7), memory[0])
    np.testing.assert_array_equal(memory, TOKENS[:, -7:])
    assert not np.shares_memory(memory, TOKENS)
    np.testing.assert_array_equal(extend_memory(memory, TOKENS, 0), TOKENS[:, :0])


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_scale_may_be_zero_or_turn_the_ranking_round(scale):
    args = QUERY, KEYS, VALUES, DISTANCES, U, V
    _, weights = xl_attend(*args, scale=scale, return_weights=True)
    scores = by_pairs(QUERY, KEYS, DISTANCES, U, V)[..., -1, :]  # sees every key
    shares = np.exp(scale * scores)
    shares /= shares.sum(-1, keepdims=True)
    np.testing.assert_allclose(weights[..., -1, :], shares, **CLOSE)
    assert (weights[..., 0, 8:] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    given_ = [a.astype(dtype) for a in (QUERY, KEYS, VALUES, DISTANCES, U, V)]
    assert xl_attend(*given_, scale=np.float64(1)).dtype == dtype
    assert extend_memory(given_[0], given_[1], 9).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"distances that broadcasts to \(2, 3, 11, 5"):
        xl_attend(QUERY, KEYS, VALUES, DISTANCES[:, :10], U, V)
    with pytest.raises(ValueError, match=r"content_bias .* \(2, 3, 5\), got \(4, 5\)"):
        xl_scores(QUERY, KEYS, DISTANCES, np.zeros((4, 5)), V)
    with pytest.raises(ValueError, match="xl_scores: wanted finite distance_bias"):
        xl_scores(QUERY, KEYS, DISTANCES, U, V * np.nan)
    with pytest.raises(ValueError, match="xl_attend: wanted one value for each key"):
        xl_attend(QUERY, KEYS, VALUES[..., 1:, :], DISTANCES, U, V)
    with pytest.raises(ValueError, match="xl_attend: wanted a boolean mask"):
        xl_attend(QUERY, KEYS, VALUES, DISTANCES, U, V, allowed=np.ones(11))
    with pytest.raises(ValueError, match="wanted at least 4 distances"):
        xl_scores(QUERY, KEYS[..., :3, :], DISTANCES[:, :3], U, V)
    with pytest.raises(ValueError, match=r"memory of shape \(2, 12, 4\), got"):
        extend_memory(TOKENS, TOKENS[..., 1:], 3)
    with pytest.raises(ValueError, match="length of at least 0, got -1"):
        extend_memory(None, TOKENS, -1)


def test_leaves_its_inputs_alone():
    given_ = (QUERY, KEYS, VALUES, DISTANCES, U, V)
    before = [array.copy() for array in given_]
    xl_attend(*given_)
    relative_shift(KEYS.mT)
    extend_memory(KEYS, KEYS, 3)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_a_memory_that_is_no_memory():
    states = np.ones((2, 3, 5))
    for memory, message in (
        (np.full((2, 4, 5), np.nan), "finite memory"),
        (np.ones((2, 4, 5), int), "memory as an array of floats"),
        (np.ones(5), "memory with at least 2 axes"),
    ):
        with pytest.raises(ValueError, match=f"extend_memory: wanted {message}"):
            extend_memory(memory, states, 2)
