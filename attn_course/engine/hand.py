"""A process that does one thing at a time, and is replaced when it dies.

Work needs the main thread of its process (a check's time is limited by a signal, its
memory for the whole process), so every place where work is done in parallel, a pool or
a worker of a cluster, has hands below it. They are spoken to in lines of JSON.
"""

import contextlib
import json
import logging
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from attn_course.engine import lean
from attn_course.engine.jobs import Failed, do
from attn_course.judge.warm import LENT, CannotFork, ForkServer

ALONE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
PLACE = "ATTN_COURSE_CHECKS"  # in the environment: the folder for its checks
NAME = "attn-hand"  # of the process, to those who look
COLD = "workers start from nothing, which takes longer: %s"
PATIENCE = 5.0  # seconds for a process to end once it is told to
CHANCES = 2


class Died(RuntimeError):
    """A hand that ended in the middle of a job."""


class MachineFault(RuntimeError):
    """A job at which one worker after the other died: nobody's zero."""


class Hand:
    """One such process, as it is seen from here."""

    def __init__(self, server: ForkServer):
        self.place = tempfile.mkdtemp(prefix="attn-course-checks-")
        self.environment = {**ALONE, **os.environ, PLACE: self.place}
        try:
            self._split_off(server)
        except CannotFork as error:
            logging.getLogger(__name__).warning(COLD, error)
            self._start()

    def _split_off(self, server: ForkServer) -> None:
        """Have it from a process in which the slow imports are done."""
        if not hasattr(os, "pidfd_open"):
            raise CannotFork("this system cannot hold on to a process")
        came, self.stdin = _pipe()
        self.stdout, answers = _pipe()
        with came, answers:
            self.process = server.start_worker(came.fileno(), answers.fileno())
        about = {
            "module": __name__,
            "environment": self.environment | {LENT: str(server.folder)},
            "folder": os.getcwd(),
            "path": [path for path in sys.path if path],
        }
        self.stdin.write(json.dumps(about).encode() + b"\n")
        self.stdin.flush()

    def _start(self) -> None:
        """Start it from nothing, which takes longer."""
        path = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment | {"PYTHONPATH": path},
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
        self.server = ForkServer()

    def get_ready(self) -> None:
        """Have the slow imports done while there is no work yet."""
        with contextlib.suppress(CannotFork):  # then the first hand will say so
            self.server.start()

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
        self.server.close()

    def _new(self) -> Hand:
        with self.lock:
            if self.closed:
                raise MachineFault("the work was stopped")
            hand = Hand(self.server)
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


def main() -> None:
    """Answer jobs until nobody asks any more."""
    lean.leave_out()
    with contextlib.suppress(OSError):  # other systems have no such file
        Path("/proc/self/comm").write_text(NAME)
    asked = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what the exercise modules print is no answer
    jobs: queue.Queue[bytes] = queue.Queue()
    busy = threading.Event()
    listening = threading.Thread(target=_listen, args=(asked, jobs, busy), daemon=True)
    listening.start()
    while line := jobs.get():
        busy.set()
        kind, text = json.loads(line)
        try:
            answer = {"done": do(kind, text)}
        except Failed as failure:
            answer = {"failed": {"kind": failure.kind, "says": failure.says}}
        busy.clear()
        with contextlib.suppress(OSError):  # nobody waits for it any more
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()
    shutil.rmtree(os.environ[PLACE], ignore_errors=True)


def _listen(asked, jobs: queue.Queue, busy: threading.Event) -> None:
    """Hand lines on; once there are no more, end the process with what it is doing."""
    for line in asked:
        jobs.put(line)
    jobs.put(b"")
    if not busy.is_set():
        threading.Event().wait(PATIENCE / 2)  # it goes by itself, and cleans up
    shutil.rmtree(os.environ[PLACE], ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
