"""rotate: only offsets count, lengths stay, and the two pairings are one reordered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    attend,
    causal_mask,
    dot_scores,
    rotary_permutation,
    rotate,
    scaled_dot_scores,
)

rng = np.random.default_rng(0)
WIDTH = 8
X = rng.normal(size=(2, 3, 5, WIDTH))  # batch, heads, positions, width
KEYS = rng.normal(size=(2, 3, 7, WIDTH))
PLACES = np.array([0, 1, 5, 30, 2])
pairings = pytest.mark.parametrize("pairing", ["halves", "neighbours"])
CLOSE = {"rtol": 1e-11, "atol": 1e-11}  # float64, angles of up to some thousand


def by_complex(x, places, pairing, base=10000.0):
    """Pairs as complex numbers, turned by a product."""
    half = x.shape[-1] // 2
    if pairing == "halves":
        numbers = x[..., :half] + 1j * x[..., half:]
    else:
        numbers = np.ascontiguousarray(x).view(complex)
    numbers = numbers * np.exp(1j * np.outer(places, base ** (-np.arange(half) / half)))
    if pairing == "halves":
        return np.concatenate([numbers.real, numbers.imag], axis=-1)
    return numbers.view(float)


@pairings
def test_agrees_with_a_product_of_complex_numbers(pairing):
    for base in (10000.0, 3.0):
        got = rotate(X, PLACES, base=base, pairing=pairing)
        np.testing.assert_allclose(got, by_complex(X, PLACES, pairing, base), **CLOSE)


@pairings
def test_agrees_with_the_block_diagonal_matrix_of_the_paper(pairing):
    for place, row in zip(PLACES, X[1, 2], strict=True):
        matrix = np.zeros((WIDTH, WIDTH))
        for i in range(WIDTH // 2):
            angle = place * 10000.0 ** (-2 * i / WIDTH)
            a, b = (i, i + WIDTH // 2) if pairing == "halves" else (2 * i, 2 * i + 1)
            matrix[a, [a, b]] = np.cos(angle), -np.sin(angle)
            matrix[b, [a, b]] = np.sin(angle), np.cos(angle)
        got = rotate(row[None], np.array([place]), pairing=pairing)[0]
        np.testing.assert_allclose(got, matrix @ row, **CLOSE)


@pairings
@given(shift=st.integers(-2000, 2000))
def test_scores_depend_on_offsets_alone(pairing, shift):
    def scores(move):
        return dot_scores(
            rotate(X, PLACES + move, pairing=pairing),
            rotate(KEYS, np.arange(7) + move, pairing=pairing),
        )

    np.testing.assert_allclose(scores(shift), scores(0), **CLOSE)
    assert abs(scores(0) - dot_scores(X, KEYS)).max() > 1


@pairings
@given(place=st.integers(-5000, 5000))
def test_lengths_stay_and_place_0_does_nothing(pairing, place):
    turned = rotate(X, np.full(5, place), pairing=pairing)
    np.testing.assert_allclose((turned**2).sum(-1), (X**2).sum(-1), **CLOSE)
    np.testing.assert_array_equal(rotate(X, np.zeros(5, int), pairing=pairing), X)


@pairings
@given(one=st.floats(-99, 99), two=st.floats(-99, 99))
def test_turning_twice_is_turning_by_the_sum(pairing, one, two):
    first = rotate(X, np.full(5, one), pairing=pairing)
    both = rotate(first, np.full(5, two), pairing=pairing)
    wanted = rotate(X, np.full(5, one + two), pairing=pairing)
    np.testing.assert_allclose(both, wanted, **CLOSE)


@given(pairs=st.integers(0, 6))
def test_a_permutation_turns_one_pairing_into_the_other(pairs):
    x = np.random.default_rng(pairs).normal(size=(3, 2 * pairs))
    order, places = rotary_permutation(2 * pairs), np.array([4, 0, 9])
    np.testing.assert_array_equal(
        rotate(x, places, pairing="neighbours")[..., order],
        rotate(x[..., order], places, pairing="halves"),
    )
    back = np.argsort(order)
    np.testing.assert_array_equal(
        rotate(x, places, pairing="halves")[..., back],
        rotate(x[..., back], places, pairing="neighbours"),
    )


def test_reordered_projections_fit_a_model_to_the_other_pairing():
    order, places = rotary_permutation(WIDTH), np.arange(5)
    query, key = rng.normal(size=(2, 11, WIDTH))
    x = rng.normal(size=(5, 11))

    def scores(query, key, pairing):
        return dot_scores(
            rotate(x @ query, places, pairing=pairing),
            rotate(x @ key, places, pairing=pairing),
        )

    trained = scores(query, key, "neighbours")
    moved = scores(query[:, order], key[:, order], "halves")
    np.testing.assert_allclose(moved, trained, **CLOSE)
    assert abs(scores(query, key, "halves") - trained).max() > 1


def test_as_a_score_it_gives_attention_a_sense_of_order():
    def score(query, keys):
        places = np.arange(5)
        return scaled_dot_scores(rotate(query, places), rotate(keys, places))

    read = attend(X, X, X, score=score, allowed=causal_mask(5))
    turned = rotate(X, np.arange(100, 105))
    np.testing.assert_allclose(
        read, attend(turned, turned, X, allowed=causal_mask(5)), **CLOSE
    )
    back = X[..., ::-1, :]
    assert abs(attend(back, back, back, score=score)[..., ::-1, :] - read).max() > 0.1


@pairings
def test_float32_stays_and_is_right_at_far_positions(pairing):
    places = np.array([10**6, 10**6 + 1, 3, 7, 10**7])
    got = rotate(X.astype(np.float32), places, pairing=pairing)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, rotate(X, places, pairing=pairing), atol=1e-6)


def test_leaves_its_inputs_alone():
    x, places = X.copy(), PLACES.copy()
    rotate(x, places)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(places, PLACES)


def test_no_positions_and_no_entries():
    assert rotate(X[..., :0, :], np.arange(0)).shape == (2, 3, 0, WIDTH)
    assert rotate(X[..., :0], PLACES).shape == (2, 3, 5, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rotate(X[..., 1:], PLACES), "falls into 2 entries a pair, got 7"),
        (lambda: rotate(X, PLACES[1:]), r"positions of shape \(5,\), got \(4,\)"),
        (lambda: rotate(X, PLACES, pairing="half"), "'halves' or 'neighbours'"),
        (lambda: rotate(X, PLACES, base=-1), "positive base"),
        (lambda: rotate(X, PLACES * np.nan), "finite numbers"),
        (lambda: rotate(X[0, 0, 0], PLACES), "at least 2 axes"),
        (lambda: rotate(X.astype(int), PLACES), "array of floats"),
        (lambda: rotary_permutation(5), "falls into 2 entries a pair, got 5"),
        (lambda: rotary_permutation(4.0), r"whole width, got 4\.0"),
    ],
)
def test_refuses_what_cannot_be_paired_and_turned(call, message):
    with pytest.raises(ValueError, match=message):
        call()
