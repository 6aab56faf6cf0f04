"""The score-function estimator: right on average, noisy, calmer with a baseline."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    draw_indices,
    expected_gradient,
    log_probability_gradient,
    reinforce_gradient,
    softmax,
)

rng = np.random.default_rng(0)
SCORES = np.array([0.4, -0.3, 1.1])
REWARDS = np.array([12.0, 9.0, 15.0])
WEIGHTS = softmax(SCORES)


def all_draws(baseline):
    """Enumerate the three draws: the estimate that each would give."""
    weights = np.broadcast_to(WEIGHTS, (3, 3))
    return reinforce_gradient(REWARDS, np.arange(3), weights, baseline)


def variance(baseline):
    """The exact variance of one estimate, summed over the scores."""
    estimates = all_draws(baseline)
    return WEIGHTS @ ((estimates - WEIGHTS @ estimates) ** 2).sum(axis=-1)


@pytest.mark.parametrize("baseline", [0.0, -7.0, 12.5])
def test_is_unbiased_by_enumeration_with_any_fixed_baseline(baseline):
    mean = WEIGHTS @ all_draws(baseline)
    np.testing.assert_allclose(mean, expected_gradient(REWARDS, WEIGHTS), rtol=1e-12)


def test_a_baseline_that_knows_the_draw_is_biased():
    mean = WEIGHTS @ all_draws(REWARDS)  # each draw's own reward: nothing is left
    np.testing.assert_array_equal(mean, 0)
    assert abs(expected_gradient(REWARDS, WEIGHTS)).min() > 0.1


def test_the_exact_gradient_is_that_of_torch_and_of_finite_differences():
    scores = torch.tensor(SCORES, requires_grad=True)
    (scores.softmax(-1) @ torch.tensor(REWARDS)).backward()
    got = expected_gradient(REWARDS, WEIGHTS)
    np.testing.assert_allclose(got, scores.grad, rtol=1e-12)
    steps = 1e-6 * np.eye(3)
    rise = softmax(SCORES + steps) @ REWARDS - softmax(SCORES - steps) @ REWARDS
    np.testing.assert_allclose(got, rise / 2e-6, rtol=1e-7)


def test_the_mean_reward_as_baseline_lowers_the_variance():
    assert variance(WEIGHTS @ REWARDS) < 0.05 * variance(0.0)


def test_the_variance_is_a_parabola_with_its_foot_at_the_best_baseline():
    squares = (all_draws(0.0) ** 2).sum(-1) / REWARDS**2  # of the log-slopes
    best = WEIGHTS @ (squares * REWARDS) / (WEIGHTS @ squares)
    for step in (-1.0, 0.3, 2.0):
        rise = variance(best + step) - variance(best)
        np.testing.assert_allclose(rise, step**2 * (WEIGHTS @ squares), rtol=1e-10)


def test_adding_the_estimate_makes_a_well_paid_draw_more_likely():
    after = softmax(SCORES + 0.1 * all_draws(WEIGHTS @ REWARDS))  # a row for each draw
    assert after[2, 2] > WEIGHTS[2]
    assert after[1, 1] < WEIGHTS[1]


def test_many_sampled_estimates_average_to_the_exact_gradient():
    weights = np.broadcast_to(WEIGHTS, (20000, 3))
    draws = draw_indices(weights, np.random.default_rng(1))
    estimates = reinforce_gradient(REWARDS[draws], draws, weights, 12.0)
    error = estimates.std(axis=0) / np.sqrt(20000)
    gap = estimates.mean(axis=0) - expected_gradient(REWARDS, WEIGHTS)
    assert (abs(gap) < 4 * error).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6), st.data())
def test_the_slope_of_a_log_probability_is_what_finite_differences_say(entries, data):
    scores = np.array(entries)
    chosen = data.draw(st.integers(0, len(scores) - 1))
    steps = 1e-5 * np.eye(len(scores))

    def log(scores):
        return np.log(softmax(scores)[..., chosen])

    wanted = (log(scores + steps) - log(scores - steps)) / 2e-5
    got = log_probability_gradient(softmax(scores), np.array(chosen))
    np.testing.assert_allclose(got, wanted, atol=1e-8)


def test_batches_are_rows_one_by_one_and_an_empty_row_has_no_slope():
    allowed = rng.random((2, 5, 7)) < 0.6
    allowed[1, 3] = False
    weights = softmax(rng.normal(size=(2, 5, 7)), where=allowed)
    draws = draw_indices(weights, rng)
    rewards, baseline = rng.normal(size=(2, 2, 5))
    got = reinforce_gradient(rewards, draws, weights, baseline)
    exact = expected_gradient(rng.normal(size=(2, 5, 7)), weights)
    for b, q in np.ndindex(2, 5):
        gain = rewards[b, q] - baseline[b, q]
        for k in range(7):
            wanted = gain * ((k == draws[b, q]) - weights[b, q, k])
            assert abs(got[b, q, k] - wanted) < 1e-14
    for gradient in (got, exact):
        assert (gradient[1, 3] == 0).all()
        assert (gradient[~allowed] == 0).all()
        np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    weights = np.broadcast_to(WEIGHTS, (3, 3)).astype(dtype)
    rewards = REWARDS.astype(dtype)
    before = weights.copy(), rewards.copy()
    got = reinforce_gradient(rewards, np.arange(3), weights, np.float64(1))
    assert got.dtype == dtype
    assert expected_gradient(rewards, weights[0]).dtype == dtype
    np.testing.assert_array_equal(weights, before[0])
    np.testing.assert_array_equal(rewards, before[1])


def test_refuses_draws_that_cannot_have_been():
    weights = np.array([0.0, 1.0])
    for draws, message in (
        (np.array(0), "draws of positive weight, got one of weight 0"),
        (np.array(-1), "draws of positive weight"),
        (np.array(2), "draws from -1 to 1, got 2"),
        (np.array(1.0), "array of integers"),
        (np.array([1]), r"draws of shape \(\), got \(1,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            log_probability_gradient(weights, draws)


def test_refuses_rewards_and_baselines_that_numpy_might_broadcast():
    weights, draws = np.full((2, 3), 1 / 3), np.array([0, 1])
    with pytest.raises(ValueError, match=r"rewards of shape \(2,\), got \(1,\)"):
        reinforce_gradient(np.ones(1), draws, weights)
    with pytest.raises(ValueError, match=r"baseline of shape \(2,\), got \(1,\)"):
        reinforce_gradient(np.ones(2), draws, weights, np.ones(1))
    with pytest.raises(ValueError, match="finite rewards"):
        reinforce_gradient(np.full(2, np.nan), draws, weights)
    with pytest.raises(ValueError, match="finite baseline"):
        reinforce_gradient(np.ones(2), draws, weights, float("nan"))
    with pytest.raises(
        ValueError, match=r"log_probability_gradient: .* sum to 1, got 3"
    ):
        log_probability_gradient(np.ones((2, 3)), draws)
    with pytest.raises(ValueError, match="expected_gradient: wanted finite rewards"):
        expected_gradient(np.full((2, 3), np.inf), weights)
    with pytest.raises(ValueError, match=r"rewards of shape \(2, 3\), got \(3,\)"):
        expected_gradient(np.ones(3), weights)
    with pytest.raises(ValueError, match="sum to 1, got 3"):
        expected_gradient(np.ones((2, 3)), np.ones((2, 3)))
