"""Time and memory of a few pieces of work, and what they are held against.

The pieces are run in turn, over and over, so that a busy moment of the machine falls on
all of them alike; of each, the fastest run counts, since what the machine does beside
can only make a run slower. Counted is the time of the processor, which does not run
while others have it; on one thread it is the time on the clock of an idle machine.
"""

import time
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Work = Callable[[], object]


class Row(NamedTuple):
    """One measured number, and from where to where it may lie."""

    what: str
    n: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def wanted(self) -> str:
        if self.least is None:
            return "" if self.most is None else f"at most {self.most:g}"
        if self.most is None:
            return f"at least {self.least:g}"
        return f"{self.least:g} to {self.most:g}"

    @property
    def holds(self) -> bool:
        above = self.least is None or self.measured >= self.least
        return bool(above and (self.most is None or self.measured <= self.most))


def seconds(rounds: int, **works: Work) -> dict[str, float]:
    """Run the pieces of work in turn; return the fastest time of each."""
    best = dict.fromkeys(works, np.inf)
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
    return best


def extra_bytes(work: Work) -> int:
    """Return the most memory that was held at once, less the array that comes back."""
    tracemalloc.start()
    try:
        result = work()
        return tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()


def slope(sizes, measured) -> float:
    """Return the exponent p of the power law, measured ~ sizes^p, that fits best."""
    return float(np.polyfit(np.log(sizes), np.log(measured), 1)[0])
