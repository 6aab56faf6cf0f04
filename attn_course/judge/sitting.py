"""One submission from its first cell to its last check, whatever happens on the way.

A kernel that is gone is replaced by a new one, in which the cells so far run again. A
kernel may die of its own code or of something that happens to the machine; so what it
died of is tried once more, and only what kills twice is left out from then on.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

from nbformat import NotebookNode
from nbformat.v4 import new_output

from attn_course.judge.link import Broken, Link
from attn_course.judge.student import GONE, NoKernel, Ran, Student

MOST_KERNELS = 32  # for one submission
MOST_SECONDS = 240.0  # for its cells together, replays included
MOST_SHOWN = 20_000_000  # characters that all its cells show; the rest is left out
CHANCES = 2


class Sitting:
    """The kernels of one submission, one at a time; a `with` block bounds them."""

    def __init__(self, new_kernel: Callable[[], Student], seconds: float):
        self.new_kernel, self.seconds = new_kernel, seconds
        self.kernel: Student | None = None
        self.done: list[str] = []  # sources to run again in a new kernel
        self.deaths: Counter[str] = Counter()  # of kernels, by what was running
        self.kernels, self.spent, self.shown = 0, 0.0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._let_go()

    def run(self, source: str) -> Ran:
        """Run one of the student's cells; what it breaks, it breaks alone."""
        while True:
            try:
                self._make_ready()
            except Broken as error:
                return Ran("died", str(error))
            ran = self._timed(source)
            if ran.fate not in GONE or not self._once_more(source, ran):
                break
        if ran.fate in ("ok", "error"):
            self.done.append(source)
        else:
            says = f"{ran.why[:1].upper()}{ran.why[1:]}: this cell counts for nothing."
            ran.outputs.append(_error("Stopped", says))
        self._shorten(ran)
        return ran

    def _shorten(self, ran: Ran) -> None:
        """Leave out what a cell shows once the notebook has shown too much."""
        size = sum(len(str(output)) for output in ran.outputs)
        if self.shown + size > MOST_SHOWN:
            ran.outputs = [_error("LeftOut", "This notebook shows more than 20 MB.")]
        else:
            self.shown += size

    @contextlib.contextmanager
    def conversation(self, imports: str = "") -> Iterator[Link]:
        """Let the judge ask about what the cells so far have made.

        Raises
        ------
        Broken
            If there is no kernel to be had, or it breaks off.
        """
        self._make_ready()
        try:
            with self.kernel.conversation(imports) as link:
                yield link
        except Broken as error:
            died = self.kernel.why_died()
            self._let_go()
            raise Broken(died or str(error)) from error
        if link.broken:
            self._let_go()

    def _make_ready(self) -> None:
        """See to it that there is a kernel in which the cells so far have run."""
        while self.kernel is None:
            if self.kernels == MOST_KERNELS:
                raise Broken(f"this notebook has used up {MOST_KERNELS} kernels")
            if self.spent > MOST_SECONDS:
                raise Broken(f"this notebook's cells took {MOST_SECONDS:g} seconds")
            self.kernels += 1
            self.kernel = self._started()
            for number, source in enumerate(self.done):
                ran = self._timed(source)
                if ran.fate in ("ok", "error"):
                    continue
                if ran.fate not in GONE or not self._once_more(source, ran):
                    del self.done[number]
                    self._let_go()
                break

    def _started(self) -> Student:
        """Return a kernel that has started, at the second try at the latest."""
        try:
            return self.new_kernel().__enter__()
        except NoKernel:
            return self.new_kernel().__enter__()

    def _once_more(self, source: str, ran: Ran) -> bool:
        """Let go of a kernel that is gone; say whether its last cell has a chance."""
        self._let_go()
        self.deaths[source] += 1
        return ran.fate == "died" and self.deaths[source] < CHANCES

    def _timed(self, source: str) -> Ran:
        start = time.monotonic()
        ran = self.kernel.run(source, self.seconds)
        self.spent += time.monotonic() - start
        return ran

    def _let_go(self) -> None:
        if self.kernel is not None:
            self.kernel.__exit__()
            self.kernel = None


def _error(name: str, says: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=says, traceback=[f"{name}: {says}"])
