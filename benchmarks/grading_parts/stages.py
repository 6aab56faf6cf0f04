"""Time by stage. One that runs within another counts for itself alone."""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

REST = "the rest"


class Stages:
    """Seconds on the clock of each stage, and of the rest that is in none."""

    def __init__(self):
        self.seconds: dict[str, float] = defaultdict(float)
        self.within, self.since = [REST], time.perf_counter()
        self.whole: set[str] = set()  # stages that take in what runs within them

    def begin(self, stage: str) -> None:
        self._charge()
        outer = self.within[-1]
        self.within.append(outer if outer in self.whole else stage)

    def end(self) -> None:
        self._charge()
        self.within.pop()

    def start_afresh(self) -> dict[str, float]:
        """Return what there is by now, and forget it."""
        self._charge()
        found, self.seconds = dict(self.seconds), defaultdict(float)
        return found

    def watch(self, owner: Any, name: str, stage: str) -> None:
        """Have every call of a function or method, from now on, count as a stage."""
        setattr(owner, name, self.timed(getattr(owner, name), stage))

    def watch_ends(self, owner: Any, name: str, stage: str) -> None:
        """Have the two ends of a method's `with` blocks count as a stage."""
        entered = getattr(owner, name)

        @wraps(entered)
        @contextmanager
        def watched(*args, **kwargs):
            with ExitStack() as stack:
                block = entered(*args, **kwargs)
                given = self.timed(block.__enter__, stage)()
                stack.push(self.timed(block.__exit__, stage))
                yield given

        setattr(owner, name, watched)

    def timed(self, function: Callable, stage: str) -> Callable:
        """Return `function` with the time of its calls counted."""

        @wraps(function)
        def watched(*args, **kwargs):
            self.begin(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.end()

        return watched

    def _charge(self) -> None:
        now = time.perf_counter()
        self.seconds[self.within[-1]] += now - self.since
        self.since = now
