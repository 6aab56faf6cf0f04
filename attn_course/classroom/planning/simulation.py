"""A cluster of any width, simulated: many workers, and one writer for all of them.

A plan, not a run: no student's code is seen here. Each unit takes one of the measured
times, by a factor that scatters as machines do. Workers die now and then, start again,
and somebody does the unit once more. What is done waits for the writer, who takes one
after the other; no more are begun and not written than `AHEAD` for each worker, as in
`attn_course.engine.flow`.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from attn_course.engine.flow import AHEAD

DONE, DEAD, BACK, WRITTEN = range(4)


@dataclass(frozen=True)
class Cluster:
    """What is simulated; all times in seconds.

    `spread` is the standard deviation of the logarithm of the factor, whose mean is
    one; `life` is the mean time that a worker lives, and `restart` how long it is away.
    """

    seconds: Sequence[float]  # measured, of a unit
    writing: float  # of the writer, for a unit
    spread: float = 0.0
    life: float = math.inf
    restart: float = 0.0

    @property
    def unit(self) -> float:
        """The mean time of a unit, with what is done again and the time away."""
        mean = float(np.mean(self.seconds))
        if math.isinf(self.life):
            return mean
        return (self.life + self.restart) * math.expm1(mean / self.life)

    @property
    def width(self) -> float:
        """As many workers as keep the writer busy all the time."""
        return self.unit / self.writing


class Outcome(NamedTuple):
    """What came of a simulated run."""

    seconds: float  # until the last is written
    busy: float  # share of that time in which the writer wrote
    again: int  # units begun once more


def simulated(cluster: Cluster, units: int, workers: int, seed: int = 0) -> Outcome:
    """Have that many units done by that many workers."""
    run = _Run(cluster, units, workers, np.random.default_rng(seed))
    while run.left:
        run.step()
    return Outcome(run.now, units * cluster.writing / run.now, run.again)


class _Run:
    """Events by their time: a unit done or written, a worker dead or back."""

    def __init__(self, cluster: Cluster, units: int, workers: int, rng):
        self.cluster, self.rng = cluster, rng
        self.left, self.waiting, self.idle = units, units, workers
        self.room = AHEAD * workers  # units that may still be begun
        self.now = self.writer_free = 0.0
        self.again = 0
        self.events: list[tuple[float, int]] = []
        self.drawn: list[tuple[float, float]] = []
        self._hand_out()

    def step(self) -> None:
        """Let the next thing happen."""
        self.now, kind = heapq.heappop(self.events)
        if kind == DONE:
            self.idle += 1
            self.writer_free = max(self.writer_free, self.now) + self.cluster.writing
            self._later(self.writer_free, WRITTEN)
        elif kind == DEAD:
            self.waiting += 1
            self.room += 1
            self.again += 1
            self._later(self.now + self.cluster.restart, BACK)
        elif kind == BACK:
            self.idle += 1
        else:
            self.left -= 1
            self.room += 1
        self._hand_out()

    def _hand_out(self) -> None:
        """Begin what can be begun."""
        for _ in range(min(self.idle, self.waiting, self.room)):
            took, lived = self._draw()
            kind = DONE if took <= lived else DEAD
            self._later(self.now + min(took, lived), kind)
            self.idle -= 1
            self.waiting -= 1
            self.room -= 1

    def _later(self, when: float, kind: int) -> None:
        heapq.heappush(self.events, (when, kind))

    def _draw(self) -> tuple[float, float]:
        """Return how long a unit takes, and how long its worker lives from now on.

        A worker that lived so far is as likely to die in the next hour as a new one.
        """
        if not self.drawn:
            c, many = self.cluster, 4096
            factor = self.rng.lognormal(-(c.spread**2) / 2, c.spread, many)
            took = self.rng.choice(c.seconds, many) * factor
            lived = self.rng.exponential(1.0, many) * c.life
            self.drawn = list(zip(took.tolist(), lived.tolist(), strict=True))
        return self.drawn.pop()
