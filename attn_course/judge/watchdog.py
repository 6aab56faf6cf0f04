"""Look at a sandbox a few times a second, and end it when it uses too much."""

import threading
from collections.abc import Callable

from attn_course.judge import usage
from attn_course.judge.limits import GB, Limits

PERIOD = 0.2  # seconds between two looks

TOO_MUCH_MEMORY = "it used more than {:g} GB of memory"
TOO_MUCH_TIME = "it used more than {:g} seconds of CPU time"


class Watchdog(threading.Thread):
    """Watch the processes `pids` and all below; `verdict` says what it ended, if so."""

    def __init__(self, pids: list[int], limits: Limits, end: Callable[[], None]):
        super().__init__(name=f"watchdog of {pids}", daemon=True)
        self.pids, self.limits, self.end = pids, limits, end
        self.verdict: str | None = None
        self.used = 0.0  # seconds of CPU time
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(PERIOD):
            self.verdict = self.look()
            if self.verdict:
                self.end()
                return

    def look(self) -> str | None:
        """Return what is wrong, if something is."""
        processes = usage.trees(self.pids)
        limits = self.limits
        self.used = max(self.used, usage.cpu_seconds(processes))
        if self.used > limits.cpu_seconds:
            return too_much_time(limits)
        if usage.memory(processes) <= limits.memory:
            return None
        if usage.memory_shared_out(processes) <= limits.memory:
            return None
        return too_much_memory(limits)

    def stop(self) -> None:
        """Look no more."""
        self.over.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join()


def too_much_memory(limits: Limits) -> str:
    return TOO_MUCH_MEMORY.format(limits.memory / GB)


def too_much_time(limits: Limits) -> str:
    return TOO_MUCH_TIME.format(limits.cpu_seconds)
