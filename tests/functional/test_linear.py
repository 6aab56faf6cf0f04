"""Linear attention: parallel, in blocks, step by step and pair by pair are one."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import (
    LinearState,
    attend,
    elu1,
    linear_attend,
    linear_attend_recurrent,
)

rng = np.random.default_rng(0)
QUERY, KEYS = rng.normal(size=(2, 2, 3, 131, 5))  # batch, heads, positions, width
VALUES = rng.normal(size=(2, 3, 131, 7))
CLOSE = {"rtol": 1e-11, "atol": 1e-13}  # float64, sums of positive terms
FEW = np.s_[:, :, :11]


def by_pairs(query, keys, values, allowed=True, features=elu1):
    """The quadratic form: weights of all pairs, one row sum each."""
    pairs = np.einsum("...qd,...kd->...qk", features(query), features(keys)) * allowed
    return pairs / pairs.sum(-1, keepdims=True) @ values


def test_elu1_is_the_elu_of_torch_plus_one():
    x = np.append(KEYS.ravel(), [-800.0, 800.0, 0.0])
    wanted = torch.nn.functional.elu(torch.from_numpy(x)).numpy() + 1
    np.testing.assert_allclose(elu1(x), wanted, rtol=1e-12, atol=1e-15)


def test_equals_the_quadratic_form():
    got = linear_attend(QUERY[..., :11, :], KEYS, VALUES)
    np.testing.assert_allclose(got, by_pairs(QUERY[..., :11, :], KEYS, VALUES), **CLOSE)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 131))
def test_causal_equals_the_quadratic_form_for_every_length(length):
    part = [array[1, :, :length] for array in (QUERY, KEYS, VALUES)]
    wanted = by_pairs(*part, np.tri(length))
    np.testing.assert_allclose(linear_attend(*part, causal=True), wanted, **CLOSE)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 131), max_size=4))
def test_steps_equal_the_parallel_form_wherever_the_sequence_is_cut(cuts):
    state, outputs = None, []
    bounds = [0, *sorted(cuts), 131]
    for start, stop in pairwise(bounds):
        part = (array[..., start:stop, :] for array in (QUERY, KEYS, VALUES))
        output, state = linear_attend_recurrent(*part, state)
        outputs.append(output)
    wanted = linear_attend(QUERY, KEYS, VALUES, causal=True)
    np.testing.assert_allclose(np.concatenate(outputs, axis=-2), wanted, **CLOSE)
    np.testing.assert_allclose(state.mass, elu1(KEYS).sum(-2), **CLOSE)
    assert state.products.shape == (2, 3, 5, 7)  # however long the past


@pytest.mark.parametrize("causal", [False, True])
def test_padding_is_not_read(causal):
    seen = np.arange(131) < np.array([100, 20])[:, None, None]
    keys, values = KEYS.copy(), VALUES.copy()
    keys[1, :, 20:], values[1, :, 20:] = 1e9, -1e9
    got = linear_attend(QUERY, keys, values, causal=causal, allowed_keys=seen)
    allowed = seen[..., None, :] & (np.tri(131, dtype=bool) | (not causal))
    np.testing.assert_allclose(got, by_pairs(QUERY, KEYS, VALUES, allowed), **CLOSE)


def test_one_sequence_alone_gives_the_same():
    alone = [array[1, 2] for array in (QUERY, KEYS, VALUES)]
    wanted = by_pairs(*alone, np.tri(131))
    np.testing.assert_allclose(linear_attend_recurrent(*alone)[0], wanted, **CLOSE)
    np.testing.assert_allclose(linear_attend(*alone, causal=True), wanted, **CLOSE)


def test_features_may_be_zero_and_where_all_are_the_read_is_zeros():
    def ramp(x):
        return np.maximum(x, 0)

    query = np.where(np.arange(131)[:, None] == 7, -abs(QUERY), QUERY)
    got = linear_attend(query, KEYS, VALUES, features=ramp)
    np.testing.assert_array_equal(got[..., 7, :], 0)
    some = ramp(query).any(-1)
    wanted = by_pairs(query[some], KEYS[0, 0], VALUES[0, 0], features=ramp)
    got = linear_attend(query[some], KEYS[0, 0], VALUES[0, 0], features=ramp)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_a_query_that_may_see_nothing_reads_zeros():
    seen = np.arange(131) > 70
    got = linear_attend(QUERY, KEYS, VALUES, causal=True, allowed_keys=seen)
    np.testing.assert_array_equal(got[..., :71, :], 0)
    nothing = linear_attend(QUERY, KEYS[..., :0, :], VALUES[..., :0, :])
    np.testing.assert_array_equal(nothing, np.zeros((2, 3, 131, 7)))


def test_features_of_ones_own_may_change_the_width():
    def squares(x):
        return np.concatenate([x**2, np.ones_like(x[..., :1])], axis=-1)

    got = linear_attend(QUERY, KEYS, VALUES, features=squares, causal=True)
    wanted = by_pairs(QUERY, KEYS, VALUES, np.tri(131), squares)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_the_weights_are_shares_but_not_those_of_a_softmax():
    query, keys = QUERY[FEW], KEYS[FEW]
    ones = np.broadcast_to(np.eye(11), (2, 3, 11, 11))
    weights = linear_attend(query, keys, ones)  # values that are their own names
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-13)
    assert (np.linalg.matrix_rank(weights) <= 5).all()
    assert (np.linalg.matrix_rank(attend(query, keys, ones)) == 11).all()
    moved = linear_attend(query, keys + 1.0, ones)
    assert np.abs(moved - weights).max() > 0.01
    np.testing.assert_allclose(
        attend(query, keys + 1.0, ones), attend(query, keys, ones), rtol=1e-11
    )


def test_no_scale_makes_the_weights_one_hot():
    keys = np.random.default_rng(1).uniform(1, 2, size=(11, 5))
    weights = linear_attend(1e6 * keys, 1e6 * keys, np.eye(11))
    assert weights.max() < 0.3
    assert attend(1e6 * keys, 1e6 * keys, np.eye(11)).max() == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    arrays = [array[FEW].astype(dtype) for array in (QUERY, KEYS, VALUES)]
    assert linear_attend(*arrays, allowed_keys=np.arange(11) < 3).dtype == dtype
    assert linear_attend(*arrays, causal=True).dtype == dtype
    output, state = linear_attend_recurrent(*arrays)
    assert output.dtype == state.products.dtype == state.mass.dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="linear_attend: wanted one value for each"):
        linear_attend(QUERY, KEYS, VALUES[..., 1:, :])
    with pytest.raises(ValueError, match=r"as wide as the queries \(4\), got width 5"):
        linear_attend(QUERY[..., :4], KEYS, VALUES)
    with pytest.raises(ValueError, match=r"as many queries as keys \(131\), got 11"):
        linear_attend(QUERY[FEW], KEYS, VALUES, causal=True)
    with pytest.raises(ValueError, match=r"features of query of shape .* not negative"):
        linear_attend(QUERY, KEYS, VALUES, features=np.tanh)
    with pytest.raises(ValueError, match="features of query of shape"):
        linear_attend(QUERY, KEYS, VALUES, features=lambda x: abs(x).sum(-1))
    with pytest.raises(ValueError, match="boolean mask"):
        linear_attend(QUERY, KEYS, VALUES, allowed_keys=np.ones(131))
    with pytest.raises(ValueError, match="elu1: wanted x as an array of floats"):
        elu1(np.arange(3))
    _, state = linear_attend_recurrent(QUERY[0], KEYS[0], VALUES[0])
    with pytest.raises(ValueError, match=r"recurrent: wanted products of shape \(2, 3"):
        linear_attend_recurrent(QUERY, KEYS, VALUES, state)
    state = LinearState(np.zeros((2, 3, 5, 7)), np.zeros(5))
    with pytest.raises(ValueError, match=r"mass of shape \(2, 3, 5\), got \(5,\)"):
        linear_attend_recurrent(QUERY, KEYS, VALUES, state)


def test_leaves_its_inputs_alone():
    _, state = linear_attend_recurrent(QUERY, KEYS, VALUES)
    given_ = (QUERY, KEYS, VALUES, *state)
    before = [array.copy() for array in given_]
    linear_attend(QUERY, KEYS, VALUES, causal=True, allowed_keys=np.arange(131) < 9)
    linear_attend_recurrent(QUERY, KEYS, VALUES, state)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
