"""The schedules: known rates, where they peak, and PyTorch's halves."""

import numpy as np
import pytest
import torch

from attn_course.functional import noam, warmup_cosine


def test_noam_takes_the_values_of_the_paper():
    assert noam(4000, 512, 4000) == pytest.approx(6.99e-4, rel=1e-3)
    assert noam(1, 512, 4000) == pytest.approx(512**-0.5 * 4000**-1.5, rel=1e-14)
    assert noam(100_000, 512, 4000) == pytest.approx((512 * 100_000) ** -0.5, rel=1e-14)


def test_noam_rises_in_a_line_to_its_one_peak_and_falls_like_a_root():
    rates = np.array([noam(step, 7, 50) for step in range(1, 401)])
    assert rates.argmax() + 1 == 50
    np.testing.assert_allclose(rates[:50], rates[0] * np.arange(1, 51), rtol=1e-12)
    np.testing.assert_allclose(rates[199] / rates[49], 0.5, rtol=1e-12)
    assert (np.diff(rates[49:]) < 0).all()


def test_noam_divides_by_the_root_of_the_width():
    assert noam(3, 4 * 7, 50) == pytest.approx(noam(3, 7, 50) / 2, rel=1e-14)


def rates_of(scheduler, steps, peak=0.3, **options):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    schedule = scheduler(optimiser, **options)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return rates


def test_the_cosine_is_torchs_rise_and_torchs_fall():
    got = [warmup_cosine(t, warmup=5, steps=23, peak=0.3) for t in range(1, 24)]
    schedules = torch.optim.lr_scheduler
    rise = rates_of(schedules.LinearLR, 5, start_factor=1 / 5, total_iters=4)
    fall = rates_of(schedules.CosineAnnealingLR, 19, T_max=18)
    np.testing.assert_allclose(got[:5], rise, rtol=1e-12)
    np.testing.assert_allclose(got[4:], fall, rtol=1e-12, atol=1e-16)


def test_the_cosine_peaks_once_and_stays_at_zero_when_it_is_over():
    rates = [warmup_cosine(t, warmup=5, steps=23, peak=0.3) for t in range(1, 40)]
    assert max(rates) == rates[4] == 0.3
    assert set(rates[22:]) == {0.0}
    assert rates[13] == pytest.approx(0.15)  # half of the way down at half of the steps


def test_without_a_rise_the_cosine_starts_to_fall_at_once():
    rates = [warmup_cosine(t, warmup=0, steps=7, peak=0.3) for t in range(1, 9)]
    assert rates[0] < 0.3
    assert (np.diff(rates) <= 0).all()


def test_refuses_steps_that_are_counted_from_zero():
    with pytest.raises(ValueError, match="noam: wanted step of at least 1, got 0"):
        noam(0, 512, 4000)
    with pytest.raises(ValueError, match="warmup_cosine: wanted step of at least 1"):
        warmup_cosine(0, warmup=5, steps=23, peak=0.3)


def test_refuses_numbers_that_make_no_schedule():
    for call, message in (
        (lambda: noam(1.5, 512, 4000), "whole step, got 1.5"),
        (lambda: noam(1, 512, 0), "warmup of at least 1, got 0"),
        (lambda: noam(1, 0, 4000), "model of at least 1, got 0"),
        (
            lambda: warmup_cosine(1, warmup=5, steps=5, peak=0.3),
            "steps of at least 6, got 5",
        ),
        (lambda: warmup_cosine(1, warmup=5, steps=9, peak=0.0), "positive peak"),
        (
            lambda: warmup_cosine(1, warmup=-1, steps=9, peak=0.3),
            "warmup of at least 0",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
