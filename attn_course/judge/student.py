"""Where a student's notebook runs: run cells in it, ask it things, and survive it.

What it sends is counted and bounded, and a message of no known form is left out. A cell
ends in one of six fates; after the last three there is nothing to go on with:

    ok, error       it ran to its end, or to an exception
    slow            it was still running when its time was over, and stopped when told
    stuck           it did not stop when told
    flooded         it showed more than anybody reads
    died            the kernel ended with it
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from attn_course.judge.link import Broken, Link

STOPPING = 2.0  # seconds for a cell to stop once it is told to
MOST_BYTES = 4_000_000  # of all that one cell shows
GONE = ("stuck", "flooded", "died")
SERVE = "get_ipython().attn_serve(get_ipython().user_ns)"


class NoKernel(RuntimeError):
    """No kernel can be started on this machine, whoever's notebook it is; says why."""


@dataclass
class Ran:
    """What came of one cell."""

    fate: str = "ok"
    why: str = ""
    outputs: list[NotebookNode] = field(default_factory=list)


class Student(ABC):
    """One notebook's process, from its start to its end, which a `with` block is.

    Raises NoKernel if it does not start: before a student's cell has run, nothing that
    goes wrong is a student's. `listener` is where it calls the judge.
    """

    def run(self, source: str, seconds: float) -> Ran:
        """Run one cell and say what came of it."""
        ran = Ran()
        self._watch(self._send(source), ran, seconds)
        if ran.fate == "died":
            ran.why = self.why_died() or ran.why
        return ran

    @contextlib.contextmanager
    def conversation(self, imports: str) -> Iterator[Link]:
        """Let the judge ask the kernel in the block, in which it runs nothing else.

        First the exercise's `imports` run once more, as they do in the notebook's own
        checks: a student may have used their names for something else.

        Raises
        ------
        Broken
            If the kernel does not come to the conversation, or does not leave it.
        """
        message = self._send(f"{imports}\n{SERVE}", silent=True)
        link = Link(self.listener, self.alive)
        try:
            yield link
        finally:
            link.end()
        if link.broken is None:
            ran = Ran()
            self._watch(message, ran, STOPPING)
            if ran.fate not in ("ok", "error"):
                raise Broken(ran.why or "the kernel did not go on")

    @abstractmethod
    def __enter__(self): ...

    @abstractmethod
    def __exit__(self, *_): ...

    @abstractmethod
    def alive(self) -> bool: ...

    @abstractmethod
    def why_died(self) -> str | None:
        """Say in plain words which limit ended it, or why it did not start."""

    @abstractmethod
    def _send(self, source: str, *, silent: bool = False) -> Any:
        """Ask for a cell to be run; return what its messages are known by."""

    @abstractmethod
    def _watch(self, request: Any, ran: Ran, seconds: float) -> None:
        """Gather what `request` gives until it is over, into `ran`."""
