"""Many tasks at once, each written as if it were alone.

A task is a generator: it yields the jobs that it wants done and is sent their answers;
what it returns is its outcome. Only so many are begun that every worker has something
to do; the others wait where they come from, and nothing is kept of those that are done.
"""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TypeVar

from attn_course.engine.crew import Crew

Job = tuple[str, str]  # kind, text
Outcome = TypeVar("Outcome")
Task = Generator[list[Job], list[str], Outcome]
AHEAD = 2  # jobs for each worker: one in its hands, one waiting


@dataclass(eq=False)
class _Begun:
    """A task that waits for its jobs."""

    task: Task
    jobs: list[Job]
    futures: list[Future] = field(default_factory=list)

    def hand_out(self, crew: Crew, waiting: dict[Future, "_Begun"]) -> None:
        self.futures = [crew.submit(*job) for job in self.jobs]
        waiting |= dict.fromkeys(self.futures, self)


def flow(tasks: Iterable[Task], crew: Crew) -> Iterator[Outcome]:
    """Yield the outcome of each task as soon as there is one."""
    waiting: dict[Future, _Begun] = {}
    for task in tasks:
        begun = yield from _advanced(task, [])
        if begun is not None:
            begun.hand_out(crew, waiting)
        while len(waiting) >= AHEAD * crew.width():
            yield from _settled(crew, waiting)
    while waiting:
        yield from _settled(crew, waiting)


def _settled(crew: Crew, waiting: dict[Future, _Begun]) -> Iterator[Outcome]:
    """Wait until a job is done, and go on with each task that has all it asked for."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for begun in dict.fromkeys(waiting.pop(future) for future in done):
        if all(future.done() for future in begun.futures):
            for future in begun.futures:
                waiting.pop(future, None)
            further = yield from _advanced(begun.task, _answers(begun.futures))
            if further is not None:
                further.hand_out(crew, waiting)


def _advanced(task: Task, answers: list[str] | Exception):
    """Go on with a task; yield its outcome, or return it with what it wants next."""
    try:
        if isinstance(answers, Exception):
            return _Begun(task, task.throw(answers))
        return _Begun(task, task.send(answers or None))
    except StopIteration as end:
        yield end.value
        return None


def _answers(futures: list[Future]) -> list[str] | Exception:
    faults = [error for future in futures if (error := future.exception())]
    return faults[0] if faults else [future.result() for future in futures]
