"""A crew on this machine: as many processes as there are cores."""

import os
from concurrent.futures import Future, ThreadPoolExecutor

from attn_course.engine.hand import Hands


class Pool:
    """Processes of this machine; none is started before there is work for it.

    Only what they have in common is, which takes seconds and need not be waited for.
    One that dies is replaced, and its job done again; it is a fault of the machine
    only if that dies too.
    """

    def __init__(self, workers: int | None = None):
        self.workers = workers or cores()
        self.hands = Hands()
        self.hands.get_ready()
        self.threads = ThreadPoolExecutor(self.workers, "hand")

    def width(self) -> int:
        return self.workers

    def submit(self, kind: str, text: str) -> Future:
        return self.threads.submit(self.hands.do, kind, text)

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.hands.close()
        self.threads.shutdown()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
