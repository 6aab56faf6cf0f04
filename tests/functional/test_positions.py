"""Positions that are added: sinusoids against a loop and their law, and a table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    attend,
    learned_positions,
    rotate,
    sinusoidal_positions,
)

rng = np.random.default_rng(0)
WIDTH = 6


def test_sinusoids_agree_with_the_formula_one_entry_at_a_time():
    got = sinusoidal_positions(11, WIDTH, base=50.0)
    for t in range(11):
        for i in range(WIDTH // 2):
            angle = t / 50.0 ** (2 * i / WIDTH)
            wanted = [np.sin(angle), np.cos(angle)]
            np.testing.assert_allclose(got[t, 2 * i : 2 * i + 2], wanted, atol=1e-14)


@given(st.integers(0, 500), st.integers(-500, 500))
def test_a_step_turns_each_pair_by_an_angle_of_its_own(start, step):
    places = np.array([start, start + step])
    here, there = sinusoidal_positions(places, WIDTH).reshape(2, -1, 2)
    for i, (old, new) in enumerate(zip(here, there, strict=True)):
        angle = step * 10000.0 ** (-2 * i / WIDTH)
        turn = np.array(
            [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        )
        np.testing.assert_allclose(turn @ old, new, atol=1e-11)


@given(st.integers(0, 300))
def test_sinusoids_are_turned_by_the_rotary_rotation(step):
    table = sinusoidal_positions(5, WIDTH)
    turned = rotate(table, np.full(5, -step), pairing="neighbours")
    wanted = sinusoidal_positions(np.arange(5) + step, WIDTH)
    np.testing.assert_allclose(turned, wanted, atol=1e-11)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 60))
def test_the_likeness_of_two_sinusoids_depends_on_their_distance(start, other, gap):
    table = sinusoidal_positions(np.array([start, start + gap, other, other + gap]), 8)
    np.testing.assert_allclose(table[0] @ table[1], table[2] @ table[3], atol=1e-11)


def test_positions_of_any_shape_and_in_between():
    places = rng.uniform(0, 9, (2, 3, 5))
    got = sinusoidal_positions(places, WIDTH)
    assert got.shape == (2, 3, 5, WIDTH)
    np.testing.assert_array_equal(got[1, 2], sinusoidal_positions(places[1, 2], WIDTH))
    np.testing.assert_array_equal(
        sinusoidal_positions(7, WIDTH), sinusoidal_positions(np.arange(7), WIDTH)
    )
    assert sinusoidal_positions(0, WIDTH).shape == (0, WIDTH)
    assert sinusoidal_positions(3, 0).shape == (3, 0)


def test_with_positions_added_the_order_of_a_text_matters():
    words, places = rng.normal(size=(5, WIDTH)), sinusoidal_positions(5, WIDTH)
    back = words[::-1]
    np.testing.assert_allclose(
        attend(back, back, back)[::-1], attend(words, words, words)
    )
    one, two = words + places, back + places
    gaps = abs(attend(two, two, two)[::-1] - attend(one, one, one))
    assert gaps.max() > 0.1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_learnt_table_is_looked_up_row_by_row(dtype):
    table = rng.normal(size=(11, 3)).astype(dtype)
    places = rng.integers(0, 11, (2, 5))
    got = learned_positions(table, places)
    assert got.dtype == dtype
    for place in np.ndindex(2, 5):
        np.testing.assert_array_equal(got[place], table[places[place]])
    got[...] = 0
    assert (table != 0).all()


@pytest.mark.parametrize("beyond", [11, -1])
def test_refuses_positions_without_a_row(beyond):
    table = rng.normal(size=(11, 3))
    with pytest.raises(ValueError, match=f"positions from 0 to 10, got {beyond}"):
        learned_positions(table, np.array([0, beyond]))
    with pytest.raises(ValueError, match="array of integers"):
        learned_positions(table, np.array([0.0]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 5), "a width that falls into 2 entries a pair, got 5"),
        ((3, 4.0), r"whole width, got 4\.0"),
        ((-1, 4), "positions of at least 0, got -1"),
        ((2.0, 4), r"whole positions, got 2\.0"),
        ((3, 4, 0.0), r"positive base, got 0\.0"),
        ((np.array([np.inf]), 4), "finite numbers, got float64"),
        ((np.array(["a"]), 4), "finite numbers, got <U1"),
    ],
)
def test_refuses_sizes_and_positions_that_are_none(arguments, message):
    with pytest.raises(ValueError, match=f"sinusoidal_positions: wanted.*{message}"):
        sinusoidal_positions(*arguments)


def test_refuses_a_learnt_table_of_three_axes():
    with pytest.raises(ValueError, match=r"table of shape \(3, 2\), got \(3, 2, 2\)"):
        learned_positions(np.ones((3, 2, 2)), np.array([1]))
