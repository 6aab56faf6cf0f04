r"""### Two schedules

Write `schedules(steps, model, warmup, peak, floor)`. It returns two arrays with the
learning rates of the steps $t = 1, 2, \dots, T$, where $T$ is `steps`:

$$ d_\text{model}^{-1/2} \, \min \bigl( t^{-1/2}, \; t \, w^{-3/2} \bigr), $$

the schedule of the first Transformer, with $w$ for `warmup`; and one that rises in a
straight line to `peak` at step $w$ and then falls along half a cosine, to the share
$f$ of the peak, `floor`, at step $T$:

$$ \eta \, \frac{t}{w} \;\; (t \le w), \qquad
   \eta \, \Bigl( f + (1 - f) \, \tfrac{1}{2}
   \bigl( 1 + \cos \pi \tfrac{t - w}{T - w} \bigr) \Bigr) \;\; (t > w). $$

Here $\eta$ is `peak`. The warm-up is at least 1 and shorter than $T$.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="warm-up",
    minutes=15,
    hints=(
        "All steps at once: one array with the numbers from 1 to T, the last one "
        "included. What would the first formula do at 0?",
        "`np.minimum` compares two arrays entry by entry. For the second schedule, "
        "work out both parts for all steps and let `np.where` choose.",
        "`t = np.arange(1, steps + 1)`. The angle goes from 0 at step w to π at step "
        "T, so what it counts are the steps after the warm-up.",
    ),
)


@answer
def schedules(steps, model, warmup, peak, floor):
    """Rates of all steps: the first Transformer's, and warm-up with a cosine.

    steps    ()  int
    model    ()  int
    warmup   ()  int, at least 1, below steps
    peak     ()  float, positive
    floor    ()  float, from 0 up to 1
    returns  two arrays (steps,) of floats
    """
    ### BEGIN SOLUTION
    t = np.arange(1.0, steps + 1)
    noam = model**-0.5 * np.minimum(t**-0.5, t * warmup**-1.5)
    wave = (1 + np.cos(np.pi * (t - warmup) / (steps - warmup))) / 2
    falling = peak * (floor + (1 - floor) * wave)
    return noam, np.where(t <= warmup, peak * t / warmup, falling)
    ### END SOLUTION


@inputs
def draw(rng):
    """Short runs, with warm-ups from a single step on."""
    steps = int(rng.integers(3, 30))
    warmup, model = int(rng.integers(1, steps)), int(rng.integers(4, 600))
    return steps, model, warmup, float(rng.uniform(0.1, 2)), float(rng.choice([0, 0.1]))


@alternative
def step_by_step(steps, model, warmup, peak, floor):
    """One step at a time."""
    noam, cosine = [], []
    for t in range(1, steps + 1):
        rising = t / warmup**1.5
        noam.append(min(1 / t**0.5, rising) / model**0.5)
        gone = max(0, t - warmup) / (steps - warmup)
        share = np.cos(np.pi * gone / 2) ** 2
        falling = peak * (floor * (1 - share) + share)
        cosine.append(peak * t / warmup if t < warmup else falling)
    return np.array(noam), np.array(cosine)


@alternative
def two_pieces(steps, model, warmup, peak, floor):
    """Each schedule as a rise and a fall, joined."""
    up, down = np.arange(1, warmup + 1), np.arange(warmup + 1, steps + 1)
    noam = np.concatenate([up / warmup**1.5, 1 / np.sqrt(down)]) / np.sqrt(model)
    angle = np.linspace(0, np.pi, steps - warmup + 1)[1:]
    low = floor * peak
    falling = low + (peak - low) * (0.5 + 0.5 * np.cos(angle))
    return noam, np.concatenate([peak / warmup * up, falling])


@check(points=1)
def twelve_steps_on_paper(schedules):
    """Twelve steps with a warm-up of four, for a model of 100 entries."""
    got = schedules(12, 100, 4, 8.0, 0.25)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, one array for each schedule, got {got!r}"
    t = np.array([5.0, 6, 7, 8, 9, 10, 11, 12])
    noam = np.append([0.0125, 0.025, 0.0375, 0.05], 0.1 / np.sqrt(t))
    close(got[0], noam, "first schedule")
    half = np.sqrt(0.5)  # the cosine of an eighth of a turn
    waves = {2: 1 + half, 4: 1.0, 6: 1 - half, 8: 0.0}  # steps after the warm-up
    rates = np.asarray(got[1])
    assert rates.shape == (12,), f"wanted twelve rates, got shape {rates.shape}"
    close(rates[:4], np.array([2.0, 4.0, 6.0, 8.0]), "second schedule, steps 1 to 4")
    falling = np.array([2 + 3 * wave for wave in waves.values()])
    close(rates[5::2], falling, "second schedule, steps 6, 8, 10 and 12")


@check(points=1)
def the_numbers_of_the_paper(schedules):
    """512 entries, 4,000 steps of warm-up: the peak is 0.000699 at step 4,000."""
    first, _ = schedules(16000, 512, 4000, 1.0, 0.0)
    first = np.asarray(first)
    assert first.shape == (16000,), f"wanted 16000 rates, got shape {first.shape}"
    assert np.isfinite(first).all(), "some rates are nan or infinite: at which steps?"
    at = int(first.argmax()) + 1
    assert at == 4000, f"your highest rate is at step {at}, counted from 1, not at 4000"
    close(first[3999], 1 / np.sqrt(512 * 4000), "rate at step 4000")
    close(first[15999], first[3999] / 2, "rate at step 16000")


@check(points=2, hidden=True)
def like_the_course(schedules, rng):
    """Other sizes and warm-ups, against the course's own functions."""
    from attn_course.functional import noam, warmup_cosine

    for _ in range(4):
        steps = int(rng.integers(10, 40))
        warmup, model = int(rng.integers(2, steps - 3)), int(rng.integers(5, 600))
        peak = float(rng.uniform(0.1, 2))
        first, second = schedules(steps, model, warmup, peak, 0.0)
        t = range(1, steps + 1)
        close(first, np.array([noam(i, model, warmup) for i in t]), "first schedule")
        wanted = [warmup_cosine(i, warmup=warmup, steps=steps, peak=peak) for i in t]
        rounded = np.round(np.asarray(second, dtype=float), 12)
        close(rounded, np.round(wanted, 12), "second schedule")


def _both(steps, model, warmup, peak, floor, *, t=None, noam=None, wave=None):
    """The answer, with one of its parts exchanged."""
    t = np.arange(1.0, steps + 1) if t is None else t
    first = noam or (lambda t: np.minimum(t**-0.5, t * warmup**-1.5))
    wave = wave or (lambda t: np.cos(np.pi * (t - warmup) / (steps - warmup)))
    falling = peak * (floor + (1 - floor) * (1 + wave(t)) / 2)
    with np.errstate(all="ignore"):
        return model**-0.5 * first(t), np.where(t <= warmup, peak * t / warmup, falling)


@misconception(caught_by=twelve_steps_on_paper)
def counted_from_zero(steps, model, warmup, peak, floor):
    """Your steps are counted from 0, so the first rate is 0, or a division by it. The
    first update is step 1 and the last one step T."""
    t = np.arange(0.0, steps)
    with np.errstate(all="ignore"):
        return _both(steps, model, warmup, peak, floor, t=t)


@misconception(caught_by=the_numbers_of_the_paper)
def larger_of_the_two(steps, model, warmup, peak, floor):
    """Your first schedule takes the larger of its two terms: it falls first and then
    rises for ever. It should climb, peak at the warm-up step, then fall."""
    return _both(
        *(steps, model, warmup, peak, floor),
        noam=lambda t: np.maximum(t**-0.5, t * warmup**-1.5),
    )


@misconception(caught_by=twelve_steps_on_paper)
def no_warm_up(steps, model, warmup, peak, floor):
    """Your first schedule only falls, from its very first step. Which of the two terms
    is the smaller one early on?"""
    return _both(steps, model, warmup, peak, floor, noam=lambda t: t**-0.5)


@misconception(caught_by=twelve_steps_on_paper)
def half_a_power_too_little(steps, model, warmup, peak, floor):
    """The rise of your first schedule has another slope, and the two terms do not meet
    at the warm-up step. Look at the exponent of w."""
    return _both(
        *(steps, model, warmup, peak, floor),
        noam=lambda t: np.minimum(t**-0.5, t * warmup**-0.5),
    )


@misconception(caught_by=twelve_steps_on_paper)
def model_left_out(steps, model, warmup, peak, floor):
    """Your first schedule does not know how wide the model is. Wider models get lower
    rates: which factor stands in front?"""
    first, second = _both(steps, model, warmup, peak, floor)
    return first * model**0.5, second


@misconception(caught_by=twelve_steps_on_paper)
def divided_by_the_model(steps, model, warmup, peak, floor):
    """You divide the first schedule by the width of the model, where the formula has
    its root."""
    first, second = _both(steps, model, warmup, peak, floor)
    return first * model**-0.5, second


@misconception(caught_by=twelve_steps_on_paper)
def cosine_from_the_first_step(steps, model, warmup, peak, floor):
    """Your cosine runs from the first step, warm-up or no, so there is a jump behind
    the peak. Its angle is 0 at step w."""
    return _both(
        *(steps, model, warmup, peak, floor),
        wave=lambda t: np.cos(np.pi * t / steps),
    )


@misconception(caught_by=twelve_steps_on_paper)
def a_whole_wave(steps, model, warmup, peak, floor):
    """Your cosine makes a full turn, down and up again. Half of it is wanted: at step T
    the angle is π."""
    return _both(
        *(steps, model, warmup, peak, floor),
        wave=lambda t: np.cos(2 * np.pi * (t - warmup) / (steps - warmup)),
    )


@misconception(caught_by=twelve_steps_on_paper)
def a_quarter_of_a_wave(steps, model, warmup, peak, floor):
    """Your cosine only gets to its zero, so that the last rate is half way down. At
    step T the angle is π."""
    return _both(
        *(steps, model, warmup, peak, floor),
        wave=lambda t: np.cos(np.pi / 2 * (t - warmup) / (steps - warmup)),
    )


@misconception(caught_by=twelve_steps_on_paper)
def cosine_not_lifted(steps, model, warmup, peak, floor):
    """Your rates become negative, and go uphill: the cosine runs from 1 to -1, and has
    to be lifted and halved before it can be a share."""
    return _both(
        *(steps, model, warmup, peak, floor),
        wave=lambda t: 2 * np.cos(np.pi * (t - warmup) / (steps - warmup)) - 1,
    )


@misconception(caught_by=twelve_steps_on_paper)
def floor_forgotten(steps, model, warmup, peak, floor):
    """Your second schedule goes down to zero. It should end at the share `floor` of the
    peak."""
    return _both(steps, model, warmup, peak, 0.0)


@misconception(caught_by=twelve_steps_on_paper)
def floor_added(steps, model, warmup, peak, floor):
    """You add the floor on top, so your second schedule jumps above the peak after the
    warm-up. The wave has only what is left for it, one minus the floor."""
    first, second = _both(steps, model, warmup, peak, 0.0)
    t = np.arange(1, steps + 1)
    return first, second + np.where(t > warmup, floor * peak, 0)


@misconception(caught_by=twelve_steps_on_paper)
def floor_as_a_limit(steps, model, warmup, peak, floor):
    """Your second schedule falls towards zero and is stopped at the floor. The wave is
    to be flattened as a whole, so that it arrives there at step T."""
    first, second = _both(steps, model, warmup, peak, 0.0)
    late = np.arange(1, steps + 1) > warmup
    return first, np.where(late, np.maximum(second, floor * peak), second)


@misconception(caught_by=twelve_steps_on_paper)
def floor_as_a_rate(steps, model, warmup, peak, floor):
    """You end at `floor` itself. It is a share of the peak: with a peak of 8 and a
    floor of a quarter, the last rate is 2."""
    return _both(steps, model, warmup, peak, floor / peak)


@misconception(caught_by=like_the_course)
def falls_in_a_line(steps, model, warmup, peak, floor):
    """Your second schedule falls in a straight line. Along a cosine it is slow at both
    ends and fast in the middle."""
    return _both(
        *(steps, model, warmup, peak, floor),
        wave=lambda t: 1 - 2 * (t - warmup) / (steps - warmup),
    )
