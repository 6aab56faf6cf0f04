"""attend: against a loop and torch, what a read must keep, and what it refuses."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from attn_course.functional import attend, dot_scores, general_scores, softmax

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 7))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 5, 7))
VALUES = rng.normal(size=(2, 3, 5, 6))
ALLOWED = rng.random((2, 3, 4, 5)) < 0.6
ALLOWED[1, 2, 0] = False


def by_loop(query, keys, values, allowed, scale):
    """One query at a time, one key at a time; no matrix product, no softmax."""
    output = np.zeros((*query.shape[:-1], values.shape[-1]))
    for *batch, q in np.ndindex(query.shape[:-1]):
        place, total = tuple(batch), 0.0
        for k in range(keys.shape[-2]):
            if allowed[(*place, q, k)]:
                product = sum(query[(*place, q)] * keys[(*place, k)])
                share = np.exp(scale * product)
                output[(*place, q)] += share * values[(*place, k)]
                total += share
        output[(*place, q)] /= total or 1
    return output


@pytest.mark.parametrize("scale", [None, 0.2, 1.0])
def test_agrees_with_a_loop_that_uses_no_matrix(scale):
    wanted = by_loop(QUERY, KEYS, VALUES, ALLOWED, scale or 7**-0.5)
    got = attend(QUERY, KEYS, VALUES, allowed=ALLOWED, scale=scale)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scale", [None, 0.3])
def test_agrees_with_torch_where_something_is_allowed(scale):
    tensors = map(torch.from_numpy, (QUERY, KEYS, VALUES))
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *tensors, attn_mask=torch.from_numpy(ALLOWED), scale=scale
    ).numpy()
    seen = ALLOWED.any(axis=-1)
    got = attend(QUERY, KEYS, VALUES, allowed=ALLOWED, scale=scale)
    np.testing.assert_allclose(got[seen], theirs[seen], rtol=1e-10, atol=1e-12)


def test_a_query_that_may_see_nothing_reads_zeros():
    output, weights = attend(QUERY, KEYS, VALUES, allowed=ALLOWED, return_weights=True)
    np.testing.assert_array_equal(output[1, 2, 0], 0)
    np.testing.assert_array_equal(weights[1, 2, 0], 0)


def test_what_is_hidden_does_not_matter_however_large():
    keys, values = KEYS.copy(), VALUES.copy()
    keys[..., 2, :], values[..., 2, :] = 1e150, -1e150
    seen = np.arange(5) != 2
    np.testing.assert_allclose(
        attend(QUERY, keys, values, allowed=seen),
        attend(QUERY, KEYS[..., seen, :], VALUES[..., seen, :]),
        rtol=1e-12,
        atol=1e-14,
    )


def test_returned_weights_are_those_that_mix_the_values():
    output, weights = attend(QUERY, KEYS, VALUES, allowed=ALLOWED, return_weights=True)
    np.testing.assert_allclose(weights.sum(-1), ALLOWED.any(-1), rtol=1e-14)
    assert (weights[~ALLOWED] == 0).all()
    mixed = np.einsum("bhqk,bhkc->bhqc", weights, VALUES)
    np.testing.assert_allclose(output, mixed, rtol=1e-12, atol=1e-14)


@given(st.permutations(range(5)))
def test_the_order_of_the_memory_does_not_matter(order):
    np.testing.assert_allclose(
        attend(QUERY, KEYS[..., order, :], VALUES[..., order, :]),
        attend(QUERY, KEYS, VALUES),
        rtol=1e-12,
        atol=1e-14,
    )


@given(st.permutations(range(4)))
def test_permuting_the_queries_permutes_the_output(order):
    np.testing.assert_allclose(
        attend(QUERY[..., order, :], KEYS, VALUES),
        attend(QUERY, KEYS, VALUES)[..., order, :],
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_the_read_stays_inside_the_convex_hull_of_the_values(scale):
    flat = VALUES[..., :2].reshape(6, 5, 2)  # five points of the plane a memory
    for reads, points in zip(
        attend(QUERY, KEYS, VALUES[..., :2], scale=scale).reshape(6, 4, 2),
        flat,
        strict=True,
    ):
        for read in reads:
            mixture = linprog(
                np.zeros(5),
                A_eq=np.vstack([points.T, np.ones(5)]),
                b_eq=[*read, 1],
                bounds=(0, None),
            )
            assert mixture.success, f"{read} is no mixture of {points}"


def test_one_hot_keys_with_a_large_gap_are_a_dictionary():
    memory = {"red": 3.0, "green": 5.0, "blue": 7.0, "grey": 9.0}
    keys, values = np.eye(4), np.array(list(memory.values()))[:, None]
    asked = [list(memory).index(name) for name in ("blue", "red")]
    read = attend(keys[asked], keys, values, scale=1000.0)
    np.testing.assert_array_equal(read[:, 0], [memory["blue"], memory["red"]])


def test_equal_scores_read_the_mean():
    read = attend(np.zeros((3, 7)), KEYS[0, 0], VALUES[0, 0])
    np.testing.assert_allclose(read, [VALUES[0, 0].mean(axis=0)] * 3, rtol=1e-14)


def test_a_score_of_ones_own_takes_the_place_of_the_dot_product():
    def negative_distance(query, keys):
        return -np.abs(query[..., :, None, :] - keys[..., None, :, :]).sum(-1)

    got = attend(QUERY, KEYS, VALUES, score=negative_distance, scale=2.0)
    wanted = softmax(2 * negative_distance(QUERY, KEYS)) @ VALUES
    np.testing.assert_allclose(got, wanted, rtol=1e-14)
    plain = attend(QUERY, KEYS, VALUES, score=dot_scores)
    np.testing.assert_array_equal(plain, attend(QUERY, KEYS, VALUES, scale=1))


@pytest.mark.parametrize("scale", [None, 1.0, 0.5])
def test_leaves_alone_the_scores_that_its_score_function_may_keep(scale):
    kept = dot_scores(QUERY, KEYS)
    before = kept.copy()
    attend(QUERY, KEYS, VALUES, allowed=ALLOWED, score=lambda q, k: kept, scale=scale)
    np.testing.assert_array_equal(kept, before)


def test_holds_one_table_of_scores_and_no_second():
    query = np.zeros((2, 256, 8), np.float32)
    table = 2 * 256 * 256 * 4
    tracemalloc.start()
    attend(query, query, query, allowed=np.tri(256, dtype=bool))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * table


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    arrays = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    assert attend(*arrays, allowed=ALLOWED, scale=np.float64(1)).dtype == dtype


def test_takes_finite_numbers_whose_sum_is_not():
    values = np.full((1, 3), 1e308)
    read = attend(np.zeros((2, 7)), KEYS[0, 0, :1], values)
    np.testing.assert_array_equal(read, np.full((2, 3), 1e308))


@pytest.mark.parametrize("wrong", [[np.nan, 1], [np.inf, 1], [np.inf, -np.inf]])
def test_refuses_what_is_not_finite(wrong):
    values = VALUES.copy()
    values[0, 1, 2, 3:5] = wrong
    with pytest.raises(ValueError, match=r"finite values, got .* at \(0, 1, 2, 3\)"):
        attend(QUERY, KEYS, values)


@pytest.mark.parametrize(
    ("query", "keys", "values", "message"),
    [
        (QUERY[0, 0, 0], KEYS, VALUES, r"query with at least 2 axes, got .*\(7,\)"),
        (QUERY, KEYS, VALUES[..., :4, :], r"one value for each key \(2, 3, 5\)"),
        (QUERY[:, :1], KEYS, VALUES, r"keys \(2, 3\) in the queries, got \(2, 1\)"),
        (QUERY, KEYS[:1], VALUES[:1], r"keys \(1, 3\) in the queries, got \(2, 3\)"),
        (QUERY[..., :1], KEYS, VALUES, r"as wide as the queries \(1\), got width 7"),
    ],
)
def test_refuses_sizes_that_numpy_might_broadcast(query, keys, values, message):
    with pytest.raises(ValueError, match=message):
        attend(query, keys, values)


def test_refuses_scores_of_the_wrong_shape_and_masks_that_are_numbers():
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 5\) from `score`, got \(2, 3, 4"):
        attend(QUERY, KEYS, VALUES, score=lambda q, k: q.sum(-1, keepdims=True))
    with pytest.raises(ValueError, match="scores as an array of floats, got dtype int"):
        attend(QUERY, KEYS, VALUES, score=lambda q, k: np.zeros((2, 3, 4, 5), int))
    with pytest.raises(ValueError, match="boolean mask"):
        attend(QUERY, KEYS, VALUES, allowed=np.zeros(5))


def test_leaves_its_inputs_alone():
    before = [array.copy() for array in (QUERY, KEYS, VALUES, ALLOWED)]
    attend(QUERY, KEYS, VALUES, allowed=ALLOWED)
    for array, copy in zip((QUERY, KEYS, VALUES, ALLOWED), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_bias_in_float64_does_not_widen_a_read_in_float32():
    narrow = [x.astype(np.float32) for x in (QUERY, KEYS, VALUES)]
    bias = rng.normal(size=(4, 5))

    def score(query, keys):
        return dot_scores(query, keys) + bias

    output, weights = attend(*narrow, score=score, return_weights=True)
    assert output.dtype == weights.dtype == np.float32
    wanted = attend(QUERY, KEYS, VALUES, score=score)
    np.testing.assert_allclose(output, wanted, rtol=1e-4, atol=1e-5)


def test_refuses_keys_of_another_width_in_its_own_name_but_not_for_an_own_score():
    narrow = KEYS[..., :5]
    with pytest.raises(ValueError, match=r"attend: wanted keys as wide as .* \(7\)"):
        attend(QUERY, narrow, VALUES)
    weight = rng.normal(size=(7, 5))
    got = attend(QUERY, narrow, VALUES, score=lambda q, k: general_scores(q, k, weight))
    wanted = attend(QUERY @ weight, narrow, VALUES, scale=1.0)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
