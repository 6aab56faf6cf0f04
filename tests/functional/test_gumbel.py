"""Gumbel noise makes draws of scores; softmax of both comes close to draws."""

import numpy as np
import pytest
from scipy.stats import chisquare, gumbel_r, kstest

from attn_course.functional import (
    entropy,
    gumbel_noise,
    gumbel_softmax,
    softmax,
    straight_through,
)

PLAIN = np.random.default_rng(0)
SCORES = PLAIN.normal(size=(2, 3, 5))
ALLOWED = PLAIN.random((2, 3, 5)) < 0.6
ALLOWED[1, 2] = False


def seeded():
    return np.random.default_rng(1)


def test_the_noise_has_the_gumbel_distribution():
    noise = gumbel_noise(np.zeros((100, 200)), seeded())
    assert kstest(noise.ravel(), gumbel_r.cdf).pvalue > 0.01


@pytest.mark.parametrize("temperature", [0.01, 1.0, 100.0])
def test_the_largest_weight_is_a_softmax_draw_at_any_temperature(temperature):
    scores = np.array([0.3, -1.0, 1.2, 0.0])
    many = np.broadcast_to(scores, (20000, 4))
    drawn = gumbel_softmax(many, temperature, seeded()).argmax(axis=-1)
    wanted = 20000 * softmax(scores)
    assert chisquare(np.bincount(drawn, minlength=4), wanted).pvalue > 0.01


def test_soft_weights_are_the_softmax_of_scores_plus_noise():
    noise = gumbel_noise(SCORES, seeded())
    got = gumbel_softmax(SCORES, 0.7, seeded(), allowed=ALLOWED)
    exps = np.exp((SCORES + noise) / 0.7) * ALLOWED
    sums = exps.sum(-1, keepdims=True)
    np.testing.assert_allclose(got, exps / np.where(sums == 0, 1, sums), rtol=1e-12)


def test_the_weights_approach_one_hot_as_the_temperature_falls():
    even = [
        entropy(gumbel_softmax(SCORES, temperature, seeded())).mean()
        for temperature in (100.0, 10.0, 1.0, 0.1, 1e-3)
    ]
    assert (np.diff(even) < 0).all()
    assert even[0] > 0.99 * np.log(5)
    cold = gumbel_softmax(SCORES, 1e-6, seeded())
    hard = gumbel_softmax(SCORES, 1.0, seeded(), hard=True)
    np.testing.assert_array_equal(cold, hard)


def test_hard_weights_are_the_soft_ones_made_one_hot_even_when_very_hot():
    soft = gumbel_softmax(SCORES, 1.0, seeded(), allowed=ALLOWED)
    for temperature in (0.1, 1e30):
        hard = gumbel_softmax(SCORES, temperature, seeded(), allowed=ALLOWED, hard=True)
        np.testing.assert_array_equal(hard, straight_through(soft))


@pytest.mark.parametrize("hard", [False, True])
def test_hidden_keys_weigh_nothing_and_an_empty_row_is_zeros(hard):
    weights = gumbel_softmax(SCORES, 0.5, seeded(), allowed=ALLOWED, hard=hard)
    assert (weights[~ALLOWED] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), ALLOWED.any(-1), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hard", [False, True])
def test_keeps_the_dtype_even_beside_a_float64_temperature(dtype, hard):
    scores = SCORES.astype(dtype)
    before = scores.copy()
    assert gumbel_noise(scores, seeded()).dtype == dtype
    assert gumbel_softmax(scores, np.float64(1), seeded(), hard=hard).dtype == dtype
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("hard", [False, True])
def test_refuses_what_softmax_refuses(hard):
    for temperature in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="positive temperature"):
            gumbel_softmax(SCORES, temperature, seeded(), hard=hard)
    with pytest.raises(ValueError, match="boolean mask"):
        gumbel_softmax(SCORES, 1.0, seeded(), allowed=np.ones(5), hard=hard)
    with pytest.raises(ValueError, match="array of floats"):
        gumbel_softmax(np.arange(5), 1.0, seeded(), hard=hard)
    with pytest.raises(ValueError, match=r"gumbel_noise: .* array of floats"):
        gumbel_noise(np.arange(5), seeded())
    with pytest.raises(ValueError, match="scores with at least 1 axes"):
        gumbel_softmax(np.array(1.0), 1.0, seeded(), hard=hard)
    with pytest.raises(ValueError, match="wanted scores below infinity"):
        gumbel_softmax(np.array([np.nan, 1.0]), 1.0, seeded(), hard=hard)
