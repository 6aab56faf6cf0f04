"""Schedules: their formulas at every step, the peak, and that they can be resumed."""

import math

import pytest
import torch

from attn_course.nn import noam, warmup_cosine


def optimiser(lr=1.0):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)


def rates(schedule, count):
    found = []
    for _ in range(count):
        found.append(schedule.optimizer.param_groups[0]["lr"])
        schedule.optimizer.step()
        schedule.step()
    return found


def test_noam_is_the_papers_with_steps_from_one():
    got = rates(noam(optimiser(0.5), model=16, warmup=7), 30)
    wanted = [0.5 / 4 * min(s**-0.5, s * 7**-1.5) for s in range(1, 31)]
    assert got == pytest.approx(wanted, rel=1e-12)
    assert max(got) == got[6]


def test_the_papers_peak():
    schedule = noam(optimiser(), model=512, warmup=4000)
    factor = schedule.lr_lambdas[0]
    assert factor(3999) == pytest.approx(6.99e-4, rel=1e-3)
    assert factor(0) == pytest.approx(512**-0.5 * 4000**-1.5, rel=1e-12)


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_cosine_rises_in_a_line_falls_in_half_a_wave_and_stays(floor):
    got = rates(warmup_cosine(optimiser(2.0), warmup=4, steps=11, floor=floor), 15)
    for step, rate in enumerate(got, start=1):
        if step <= 4:
            wanted = step / 4
        else:
            wave = (1 + math.cos(math.pi * min(1, (step - 4) / 7))) / 2
            wanted = floor + (1 - floor) * wave
        assert rate == pytest.approx(2 * wanted, abs=1e-12)
    assert got[3] == max(got) == 2.0
    assert got[10:] == pytest.approx([2 * floor] * 5, abs=1e-12)


def test_goes_on_from_a_saved_state():
    whole = rates(noam(optimiser(), model=4, warmup=3), 9)
    first = noam(optimiser(), model=4, warmup=3)
    rates(first, 4)
    second = noam(optimiser(), model=4, warmup=3)
    second.load_state_dict(first.state_dict())
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert rates(second, 5) == whole[4:]


def test_refuses_a_warm_up_that_never_ends():
    with pytest.raises(ValueError, match="shorter than 5 steps, got 5"):
        warmup_cosine(optimiser(), warmup=5, steps=5)
    with pytest.raises(ValueError, match="floor of at least 0 and below 1, got 1"):
        warmup_cosine(optimiser(), warmup=1, steps=5, floor=1)
    with pytest.raises(ValueError, match="warmup as a whole number above zero, got 0"):
        noam(optimiser(), model=4, warmup=0)
