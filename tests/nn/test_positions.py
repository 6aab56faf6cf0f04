"""Positions that are added: the table, what it is a function of, and its end."""

import math

import pytest
import torch

from attn_course.nn import Learned, Sinusoidal


def test_the_table_is_that_of_the_paper():
    table = Sinusoidal(model=6, longest=11)(torch.zeros(1, 11, 6, dtype=torch.float64))
    for t in range(11):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            assert math.isclose(table[0, t, 2 * i], math.sin(angle), abs_tol=1e-12)
            assert math.isclose(table[0, t, 2 * i + 1], math.cos(angle), abs_tol=1e-12)


def test_similarity_depends_on_the_distance_alone():
    table = Sinusoidal(model=16, longest=50).table
    products = table @ table.T
    for distance in (0, 1, 7):
        line = products.diagonal(distance)
        torch.testing.assert_close(line, line[:1].expand_as(line))


@pytest.mark.parametrize("make", [Sinusoidal, Learned])
def test_a_later_start_continues_the_same_table(make):
    positions = make(6, 11)
    x = torch.randn(2, 7, 6)
    halves = positions(x[:, :3]), positions(x[:, 3:], start=3)
    assert torch.equal(torch.cat(halves, dim=1), positions(x))


@pytest.mark.parametrize("make", [Sinusoidal, Learned])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_its_input(make, dtype):
    positions = make(6, 11).to(dtype)
    x = torch.randn(2, 7, 6, dtype=dtype)
    before = x.clone()
    assert positions(x).dtype == dtype
    assert torch.equal(x, before)


def test_a_gradient_reaches_only_the_rows_that_were_used():
    positions = Learned(6, 11)
    positions(torch.randn(2, 3, 6), start=4).square().sum().backward()
    used = positions.weight.grad.abs().sum(-1) > 0
    assert used.nonzero().flatten().tolist() == [4, 5, 6]


def test_the_sinusoids_are_not_saved_and_the_learnt_table_is():
    assert list(Sinusoidal(6, 11).state_dict()) == []
    assert list(Learned(6, 11).state_dict()) == ["weight"]


@pytest.mark.parametrize("make", [Sinusoidal, Learned])
def test_refuses_positions_beyond_the_end_and_sizes_of_nothing(make):
    with pytest.raises(ValueError, match=f"{make.__name__}: wanted at most 11 pos"):
        make(6, 11)(torch.randn(2, 7, 6), start=5)
    with pytest.raises(ValueError, match="longest as a whole number above zero, got 0"):
        make(6, 0)


def test_refuses_an_odd_width():
    with pytest.raises(ValueError, match=r"Sinusoidal: wanted a model .*, got 7"):
        Sinusoidal(7, 11)
