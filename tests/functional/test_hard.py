"""Hard reads: which value is read, how often, and why nothing learns from it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from attn_course.functional import (
    argmax_read,
    attend,
    draw_indices,
    sampled_read,
    softmax,
    straight_through,
    straight_through_backward,
)

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(2, 3, 5))  # batch, queries, keys
ALLOWED = rng.random((2, 3, 5)) < 0.6
ALLOWED[1, 2] = False
WEIGHTS = softmax(SCORES, where=ALLOWED)
VALUES = rng.normal(size=(2, 5, 7))  # batch, keys, channels


def slopes(function, at, step=1e-6):
    """Central differences of a number with respect to every entry of `at`."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += step
        down[place] -= step
        found[place] = (function(up) - function(down)) / (2 * step)
    return found


def test_argmax_reads_the_value_of_largest_weight_one_query_at_a_time():
    output, chosen = argmax_read(WEIGHTS, VALUES)
    for b, q in np.ndindex(2, 3):
        if ALLOWED[b, q].any():
            best = max(range(5), key=lambda k: (WEIGHTS[b, q, k], -k))
            assert chosen[b, q] == best
            np.testing.assert_array_equal(output[b, q], VALUES[b, best])


def test_argmax_is_the_soft_read_at_temperature_nought():
    query, keys = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    _, weights = attend(query, keys, VALUES, return_weights=True)
    cold = attend(query, keys, VALUES, scale=1e6)
    np.testing.assert_allclose(argmax_read(weights, VALUES)[0], cold, rtol=1e-12)


def test_of_equal_weights_the_first_wins():
    output, chosen = argmax_read(np.full((1, 4), 0.25), np.arange(4.0)[:, None])
    assert chosen.tolist() == [0]
    assert output.tolist() == [[0.0]]


@pytest.mark.parametrize("read", [argmax_read, lambda *a: sampled_read(*a, rng)])
def test_a_query_that_may_see_nothing_reads_zeros_and_chooses_none(read):
    output, chosen = read(WEIGHTS, VALUES)
    assert chosen[1, 2] == -1
    np.testing.assert_array_equal(output[1, 2], 0)
    assert (chosen >= 0).sum() == 5


@pytest.mark.parametrize("read", [argmax_read, lambda *a: sampled_read(*a, rng)])
def test_without_keys_zeros_are_read(read):
    output, chosen = read(np.zeros((2, 3, 0)), np.zeros((2, 0, 7)))
    assert chosen.tolist() == [[-1] * 3] * 2
    np.testing.assert_array_equal(output, np.zeros((2, 3, 7)))


def test_a_sampled_read_is_the_value_of_the_index_it_returns():
    output, chosen = sampled_read(WEIGHTS, VALUES, np.random.default_rng(1))
    for b, q in np.ndindex(2, 3):
        wanted = VALUES[b, chosen[b, q]] if chosen[b, q] >= 0 else np.zeros(7)
        np.testing.assert_array_equal(output[b, q], wanted)


def test_draws_come_as_often_as_the_weights_say():
    weights = np.array([0.1, 0.0, 0.3, 0.6, 0.0])
    draws = draw_indices(np.broadcast_to(weights, (20000, 5)), np.random.default_rng(2))
    counts = np.bincount(draws, minlength=5)
    assert counts[[1, 4]].tolist() == [0, 0]
    seen = weights > 0
    assert chisquare(counts[seen], 20000 * weights[seen]).pvalue > 0.01


def test_the_mean_of_many_hard_reads_is_the_soft_read():
    weights = np.broadcast_to(WEIGHTS, (4000, 2, 3, 5))
    values = np.broadcast_to(VALUES, (4000, 2, 5, 7))
    reads, _ = sampled_read(weights, values, np.random.default_rng(3))
    error = reads.std(axis=0) / np.sqrt(4000)  # of the mean
    assert (abs(reads.mean(axis=0) - WEIGHTS @ VALUES) <= 4.5 * error + 1e-12).all()


class Top(np.random.Generator):
    """A generator that always draws the largest number below one."""

    def __init__(self):
        super().__init__(np.random.PCG64())

    def random(self, size=None):
        return np.full(size, np.nextafter(1, 0))


@given(st.lists(st.sampled_from([0, 0.1, 0.3, 0.7, 1e-9]), min_size=1, max_size=9))
def test_not_even_rounding_draws_a_key_of_weight_zero(entries):
    weights = np.array(entries, dtype=float)
    if weights.any():
        weights = weights / weights.sum()
        assert weights[draw_indices(weights, Top())] > 0


def test_small_changes_of_the_scores_do_not_move_an_argmax_read():
    upstream = rng.normal(size=(2, 3, 7))

    def hard(scores):
        return (argmax_read(softmax(scores), VALUES)[0] * upstream).sum()

    def soft(scores):
        return (softmax(scores) @ VALUES * upstream).sum()

    np.testing.assert_array_equal(slopes(hard, SCORES), 0)
    assert (abs(slopes(soft, SCORES)) > 1e-6).all()


def test_the_forward_half_is_the_argmax_read():
    np.testing.assert_array_equal(
        straight_through(WEIGHTS) @ VALUES, argmax_read(WEIGHTS, VALUES)[0]
    )
    assert (straight_through(WEIGHTS).sum(-1) == ALLOWED.any(-1)).all()


def test_the_backward_half_is_what_torch_gets_by_detaching_the_difference():
    scores = torch.tensor(SCORES, requires_grad=True)
    values, upstream = torch.tensor(VALUES), rng.normal(size=(2, 3, 7))
    soft = scores.softmax(-1)
    one = torch.nn.functional.one_hot(soft.argmax(-1), 5).double()
    read = (one + soft - soft.detach()) @ values
    (read.tanh() * torch.tensor(upstream)).sum().backward()
    weights = softmax(SCORES)
    ours = (1 - np.tanh(straight_through(weights) @ VALUES) ** 2) * upstream
    got = straight_through_backward(ours @ VALUES.swapaxes(-1, -2), weights)
    np.testing.assert_allclose(got, scores.grad, rtol=1e-10, atol=1e-13)


def test_straight_through_is_right_for_a_linear_loss_and_biased_for_a_bent_one():
    scores, values = np.array([[0.5, 0.2, -0.4]]), np.array([[1.0], [-2.0], [3.0]])
    weights = softmax(scores)
    hard = straight_through(weights) @ values

    def expected(loss):
        return lambda s: (softmax(s) @ loss(values)).item()  # over draws of one value

    linear = straight_through_backward(values.T, weights)
    np.testing.assert_allclose(linear, slopes(expected(lambda v: v), scores), rtol=1e-8)
    squared = straight_through_backward(2 * hard * values.T, weights)
    gap = squared - slopes(expected(np.square), scores)
    assert abs(gap).max() > 0.5


def test_hidden_keys_get_no_gradient():
    gradient = straight_through_backward(rng.normal(size=(2, 3, 5)), WEIGHTS)
    assert (gradient[~ALLOWED] == 0).all()
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    weights, values = WEIGHTS.astype(dtype), VALUES.astype(dtype)
    assert argmax_read(weights, values)[0].dtype == dtype
    assert sampled_read(weights, values, rng)[0].dtype == dtype
    assert straight_through(weights).dtype == dtype
    assert straight_through_backward(weights, weights).dtype == dtype


def test_leaves_its_inputs_alone():
    before = WEIGHTS.copy(), VALUES.copy()
    argmax_read(WEIGHTS, VALUES)
    sampled_read(WEIGHTS, VALUES, rng)
    straight_through_backward(straight_through(WEIGHTS), WEIGHTS)
    np.testing.assert_array_equal(WEIGHTS, before[0])
    np.testing.assert_array_equal(VALUES, before[1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (SCORES, "weights of at least 0, got -"),
        (2 * WEIGHTS, "that sum to 1, got 2"),
        (np.full((2, 3, 5), np.nan), "finite weights, got nan"),
        (np.eye(5, dtype=int), "array of floats, got dtype int64"),
        (np.array(1.0), "at least .* ax"),
    ],
)
def test_refuses_what_is_no_distribution(weights, message):
    for call in (
        lambda w: argmax_read(w, VALUES),
        lambda w: sampled_read(w, VALUES, rng),
        lambda w: draw_indices(w, rng),
        straight_through,
        lambda w: straight_through_backward(SCORES, w),
    ):
        with pytest.raises(ValueError, match=message):
            call(weights)


def test_refuses_values_that_do_not_fit_the_weights():
    with pytest.raises(ValueError, match=r"values of shape \(2, 5, 7\), got \(2, 4, 7"):
        argmax_read(WEIGHTS, VALUES[:, :4])
    with pytest.raises(ValueError, match=r"values of shape \(2, 5, 7\), got \(1, 5, 7"):
        sampled_read(WEIGHTS, VALUES[:1], rng)
    with pytest.raises(ValueError, match="argmax_read: wanted finite values, got nan"):
        argmax_read(WEIGHTS, VALUES * np.nan)
    with pytest.raises(ValueError, match="through_backward: wanted finite upstream"):
        straight_through_backward(SCORES * np.nan, WEIGHTS)
    with pytest.raises(ValueError, match=r"upstream of shape \(2, 3, 5\)"):
        straight_through_backward(SCORES[:1], WEIGHTS)
