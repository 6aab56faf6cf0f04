"""Rotary: against complex numbers, and what a turn must keep."""

import pytest
import torch

from attn_course.nn import Rotary

PAIRINGS = pytest.mark.parametrize("pairing", ["halves", "neighbours"])
WIDTH = 6


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@PAIRINGS
def test_is_a_product_with_a_complex_number(pairing):
    x = normal(2, 3, 5, WIDTH)
    as_pairs = (2, 3) if pairing == "halves" else (3, 2)
    pairs = x.unflatten(-1, as_pairs)
    if pairing == "halves":
        pairs = pairs.mT
    turns = torch.outer(torch.arange(4, 9), 10000 ** (-torch.arange(3) / 3)).double()
    turned = torch.view_as_real(
        torch.view_as_complex(pairs.contiguous()) * torch.exp(1j * turns)
    )
    if pairing == "halves":
        turned = turned.mT
    got = Rotary(WIDTH, pairing=pairing)(x, start=4)
    torch.testing.assert_close(got, turned.flatten(-2), rtol=1e-6, atol=1e-6)


@PAIRINGS
def test_scores_depend_on_the_distance_alone_and_lengths_stay(pairing):
    turn = Rotary(WIDTH, pairing=pairing)
    query, key = normal(1, WIDTH), normal(1, WIDTH)
    scores = [
        (turn(query, start=t) @ turn(key, start=t + 3).T).item()
        for t in (0, 1, 17, 5000)
    ]
    torch.testing.assert_close(scores, [scores[0]] * 4)
    torch.testing.assert_close(turn(query, start=9).norm(), query.norm())
    elsewhere = (turn(query, start=0) @ turn(key, start=4).T).item()
    assert abs(elsewhere - scores[0]) > 1e-3


@PAIRINGS
def test_position_zero_stays_and_a_later_start_continues(pairing):
    turn = Rotary(WIDTH, pairing=pairing)
    x = normal(2, 7, WIDTH)
    torch.testing.assert_close(turn(x)[:, 0], x[:, 0])
    parts = turn(x[:, :3]), turn(x[:, 3:], start=3)
    torch.testing.assert_close(torch.cat(parts, dim=1), turn(x))


def test_the_two_pairings_are_one_up_to_the_order_of_the_entries():
    x = normal(5, WIDTH)
    order = torch.arange(WIDTH).unflatten(0, (2, 3)).T.flatten()  # 0 3 1 4 2 5
    halves = Rotary(WIDTH)(x)[:, order]
    neighbours = Rotary(WIDTH, pairing="neighbours")(x[:, order])
    torch.testing.assert_close(halves, neighbours)


def test_far_positions_keep_their_digits_in_float32():
    x = torch.randn(1, WIDTH)
    far = Rotary(WIDTH)(x, start=123_457)
    exact = Rotary(WIDTH)(x.double(), start=123_457)
    assert far.dtype == torch.float32
    torch.testing.assert_close(far, exact.float(), rtol=1e-5, atol=1e-6)


def test_refuses_odd_widths_unknown_pairings_and_other_rows():
    with pytest.raises(ValueError, match=r"Rotary: wanted a width .*, got 5"):
        Rotary(5)
    with pytest.raises(ValueError, match=r"pairing from .*, got 'quarters'"):
        Rotary(6, pairing="quarters")
    with pytest.raises(ValueError, match=r"x of width 6, got \(3, 4\)"):
        Rotary(6)(normal(3, 4))
    with pytest.raises(ValueError, match="a positive base, got -1"):
        Rotary(6, base=-1)
