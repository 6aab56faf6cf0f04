"""A process that does one thing at a time, and is replaced when it dies.

Work needs the main thread of its process (a check's time is limited by a signal, its
memory for the whole process), so every place where work is done in parallel, a pool or
a worker of a cluster, has hands below it. They are spoken to in lines of JSON.
"""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading

from attn_course.engine import worker
from attn_course.engine.jobs import Failed
from attn_course.engine.parent import Parent, surroundings
from attn_course.engine.worker import PATIENCE, PLACE
from attn_course.judge.warm import CannotFork, ForkServer

COLD = "workers start from nothing, which takes longer: %s"
CHANCES = 2


class Died(RuntimeError):
    """A hand that ended in the middle of a job."""


class MachineFault(RuntimeError):
    """A job at which one worker after the other died: nobody's zero."""


class Hand:
    """One such process, as it is seen from here."""

    def __init__(self, parent: Parent):
        self.place = tempfile.mkdtemp(prefix="attn-course-checks-")
        try:
            self._split_off(parent)
        except CannotFork as error:
            logging.getLogger(__name__).warning(COLD, error)
            self._start()

    def _split_off(self, parent: Parent) -> None:
        """Have it from a process in which the slow imports are done."""
        came, asking = _pipe()
        answered, answers = _pipe()
        with contextlib.ExitStack() as ours, came, answers:
            ours.enter_context(asking)
            ours.enter_context(answered)
            self.process = parent.split_off(came.fileno(), answers.fileno(), self.place)
            ours.pop_all()
        self.stdin, self.stdout = asking, answered

    def _start(self) -> None:
        """Start it from nothing, which takes longer."""
        path = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=surroundings() | {PLACE: self.place, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for whoever gave it the work
        )
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def do(self, kind: str, text: str) -> str:
        """Have a job done; raise Died if the process did not live to answer."""
        try:
            self.stdin.write(json.dumps([kind, text]).encode() + b"\n")
            self.stdin.flush()
            line = self.stdout.readline()
        except (OSError, ValueError) as error:
            raise Died(str(error)) from error
        if not line.endswith(b"\n"):
            raise Died("it ended in the middle")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(**answer["failed"])
        return answer["done"]

    def stop(self) -> None:
        """End the process; what it is doing is lost."""
        with contextlib.suppress(OSError):
            self.stdin.close()  # it hears that and goes

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self.stop()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stdout.close()
        shutil.rmtree(self.place, ignore_errors=True)


class Hands:
    """One hand for each thread that asks, made when it first asks."""

    def __init__(self):
        self.local = threading.local()
        self.all: set[Hand] = set()
        self.closed = False
        self.lock = threading.Lock()
        self.parent = Parent(ForkServer())

    def get_ready(self) -> None:
        """Have the slow imports done while there is no work yet."""
        with contextlib.suppress(CannotFork):  # then the first hand will say so
            self.parent.get_ready()

    def do(self, kind: str, text: str) -> str:
        """Have a job done by this thread's hand, at the second try at the latest."""
        for _ in range(CHANCES):
            hand = getattr(self.local, "hand", None) or self._new()
            try:
                return hand.do(kind, text)
            except Died:
                self._let_go(hand)
        raise MachineFault(f"{CHANCES} workers died at it, one after the other")

    def close(self) -> None:
        """End all hands, whatever they are doing."""
        with self.lock:
            self.closed = True
            hands = list(self.all)
        for hand in hands:
            hand.stop()
        for hand in hands:
            hand.close()
        self.parent.close()

    def _new(self) -> Hand:
        with self.lock:
            if self.closed:
                raise MachineFault("the work was stopped")
            hand = Hand(self.parent)
            self.all.add(hand)
        self.local.hand = hand
        return hand

    def _let_go(self, hand: Hand) -> None:
        self.local.hand = None
        hand.close()
        with self.lock:
            self.all.discard(hand)


def _pipe():
    """Return both ends of a pipe: to read from, and to write to."""
    out_of, into = os.pipe()
    return os.fdopen(out_of, "rb"), os.fdopen(into, "wb")
