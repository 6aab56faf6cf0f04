"""Perplexity and bits: even guesses, the other formula, and honest averages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import bits_per_character, bits_per_token, perplexity

rng = np.random.default_rng(0)


@given(st.integers(1, 10**6))
def test_even_guesses_among_n_have_perplexity_n(n):
    np.testing.assert_allclose(perplexity(np.log(n)), n, rtol=1e-12)
    np.testing.assert_allclose(bits_per_token(np.log(n)), np.log2(n), rtol=1e-12)


@given(st.floats(0, 700))
def test_perplexity_is_two_to_the_bits(nats):
    bits = bits_per_token(nats)
    np.testing.assert_allclose(perplexity(nats), 2**bits, rtol=1e-10)
    same = bits_per_character(nats, tokens=5, characters=5)
    np.testing.assert_allclose(same, bits, rtol=1e-12)


def test_it_is_the_inverse_geometric_mean_of_the_probabilities():
    chances = rng.uniform(0.1, 1, size=7)
    wanted = np.prod(1 / chances) ** (1 / 7)
    np.testing.assert_allclose(perplexity(-np.log(chances).mean()), wanted, rtol=1e-12)


def test_bits_of_a_character_do_not_depend_on_how_the_text_is_cut():
    total = 90.0  # nats for a text of 60 characters, whatever its tokens
    got = [bits_per_character(total / n, n, 60) for n in (60, 20, 9)]
    np.testing.assert_allclose(got, total / np.log(2) / 60, rtol=1e-12)
    assert perplexity(total / 20) > 9 * perplexity(total / 60)


def test_the_mean_of_perplexities_is_larger_than_the_perplexity():
    losses = np.array([1.0, 4.0])
    assert np.mean([perplexity(loss) for loss in losses]) > 2 * perplexity(
        losses.mean()
    )


def test_the_ends():
    assert perplexity(0.0) == 1
    assert perplexity(float("inf")) == perplexity(1e6) == float("inf")
    assert perplexity(709.5) < float("inf")
    assert bits_per_token(np.float32(0)) == 0


def test_refuses_losses_that_are_none():
    for nats in (-0.1, float("nan")):
        for call in (perplexity, bits_per_token, lambda x: bits_per_character(x, 1, 1)):
            with pytest.raises(ValueError, match=f"at least 0 nats, got {nats}"):
                call(nats)
    with pytest.raises(ValueError, match="characters of at least 1, got 0"):
        bits_per_character(1.0, 3, 0)
    with pytest.raises(ValueError, match=r"whole tokens, got 2\.5"):
        bits_per_character(1.0, 2.5, 3)
