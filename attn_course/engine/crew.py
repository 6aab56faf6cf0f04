"""Whoever does jobs: the processes of this machine, or the workers of a cluster."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Protocol

from attn_course.engine.pool import Pool


class Crew(Protocol):
    """What grading asks of those who do its jobs."""

    def width(self) -> int:
        """Return how many are done at once."""

    def submit(self, kind: str, text: str) -> Future:
        """Have a job done; its future's result is the answer."""

    def close(self) -> None:
        """Stop, whatever is being done."""


@contextlib.contextmanager
def crew_of(workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew]:
    """Have the processes of this machine, or of a cluster, for a block."""
    if scheduler is None:
        crew = Pool(workers)
    else:
        from attn_course.engine.cluster import Cluster

        crew = Cluster(scheduler)
    try:
        yield crew
    finally:
        crew.close()
