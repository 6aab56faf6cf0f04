"""Signals whose truth is known: tones that spell symbols, sensors with planted events.

Both are made by the formulas below, and claim no more likeness to speech or to a
machine than that: where does each symbol stand, and when did something happen?
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from attn_course.data import expect
from attn_course.data.tokens import END, FIRST, PAD

RATE = 4000  # samples a second
LOWEST, HIGHEST = 200.0, 1600.0  # hertz; half of RATE is the most there can be
SHORTEST, LONGEST = 240, 480  # samples of a tone: 60 to 120 milliseconds
FADE = 40  # samples in which a tone comes and goes


class Tones(NamedTuple):
    """Waves, what they spell, and from which sample to which each symbol sounds.

    Waves are filled up with silence, `tokens` end in `END` and are filled up with
    `PAD`; `spans` are (start, stop), zeros where there is no symbol.

    Examples
    --------
    >>> Tones._fields
    ('waves', 'tokens', 'spans')
    """

    waves: Float[np.ndarray, "batch samples"]
    tokens: Int[np.ndarray, "batch length"]
    spans: Int[np.ndarray, "batch symbols 2"]


class Sensors(NamedTuple):
    """Readings of several sensors, and where an event moved them.

    Examples
    --------
    >>> Sensors._fields
    ('readings', 'events')
    """

    readings: Float[np.ndarray, "steps sensors"]
    events: Bool[np.ndarray, "steps sensors"]


def spelled_tones(
    rng: np.random.Generator,
    count: int,
    length: int,
    symbols: int,
    *,
    noise: float = 0.1,
) -> Tones:
    r"""Return words of 1 to `length` symbols, each symbol a tone of its own pitch.

    .. math::  x(t) = e(t) \sin(2 \pi f_k t + \varphi) + \sigma \varepsilon(t)

    Pitches are evenly spaced in the logarithm, from 200 to 1600 hertz, at 4000 samples
    a second. Durations, 60 to 120 milliseconds, and phases are drawn for each tone, so
    that the same word never sounds the same twice; e fades a tone in and out.

    Parameters
    ----------
    noise
        The σ above; a tone has amplitude one.

    Examples
    --------
    >>> made = spelled_tones(np.random.default_rng(0), 2, 3, 5)
    >>> made.waves.shape, made.tokens.shape, made.spans.shape
    ((2, 1440), (2, 4), (2, 3, 2))
    """
    who = "spelled_tones"
    expect.generator(who, rng)
    expect.at_least(who, 1, count=count, length=length, symbols=symbols)
    if not 0 <= noise < np.inf:
        raise ValueError(f"{who}: wanted noise of at least 0, got {noise}")
    pitches = np.geomspace(LOWEST, HIGHEST, symbols)
    waves = np.zeros((count, length * LONGEST))
    tokens = np.full((count, length + 1), PAD)
    spans = np.zeros((count, length, 2), dtype=int)
    for wave, ids, places in zip(waves, tokens, spans, strict=True):
        size, stop = rng.integers(1, length, endpoint=True), 0
        chosen = rng.integers(symbols, size=size)
        ids[:size], ids[size] = chosen + FIRST, END
        for place, symbol in enumerate(chosen):
            start, stop = stop, stop + rng.integers(SHORTEST, LONGEST, endpoint=True)
            wave[start:stop] = _tone(rng, pitches[symbol], stop - start)
            places[place] = start, stop
    return Tones(waves + noise * rng.normal(size=waves.shape), tokens, spans)


def planted_events(
    rng: np.random.Generator,
    steps: int,
    sensors: int,
    events: int,
    *,
    size: float = 4.0,
    duration: int = 12,
    period: int = 48,
) -> Sensors:
    r"""Return sensors with a daily round and lasting noise, some of them disturbed.

    .. math::

       r_{ts} = \sin(2 \pi (t + \varphi_s) / P) + u_{ts} + \delta \, [\text{event}],
       \qquad u_{ts} = 0.8 \, u_{t-1,s} + 0.6 \, \varepsilon_{ts}

    The noise u has standard deviation one at every step. An event moves one sensor, up
    or down, for `duration` steps; events lie one after the other and do not overlap.

    Parameters
    ----------
    size
        The δ above, in standard deviations of the noise.
    period
        The P above, steps of a day.

    Raises
    ------
    ValueError
        If the events do not fit into the steps.

    Examples
    --------
    >>> made = planted_events(np.random.default_rng(0), 200, 3, events=5)
    >>> made.readings.shape, int(made.events.sum())
    ((200, 3), 60)
    """
    who = "planted_events"
    expect.generator(who, rng)
    expect.at_least(who, 1, sensors=sensors, duration=duration, period=period)
    expect.at_least(who, 0, events=events)
    expect.at_least(who, max(1, events * duration), steps=steps)
    noise = rng.normal(size=(steps, sensors))
    noise[1:] *= 0.6
    for before, now in pairwise(noise):
        now += 0.8 * before
    turns = (np.arange(steps)[:, None] + rng.integers(period, size=sensors)) / period
    readings = np.sin(2 * np.pi * turns) + noise
    moved = np.zeros(readings.shape, dtype=bool)
    free = steps - events * duration  # steps without an event, dealt out in between
    gaps = np.sort(rng.integers(free, size=events, endpoint=True))
    for start in gaps + np.arange(events) * duration:
        place = slice(start, start + duration), rng.integers(sensors)
        readings[place] += size * rng.choice([-1, 1])
        moved[place] = True
    return Sensors(readings, moved)


def _tone(rng, pitch, samples):
    """Return one tone that fades in and out."""
    steps = np.arange(samples)
    fade = np.minimum(1, np.minimum(steps + 1, samples - steps) / FADE)
    phase = rng.uniform(0, 2 * np.pi)
    return fade * np.sin(2 * np.pi * pitch * steps / RATE + phase)
