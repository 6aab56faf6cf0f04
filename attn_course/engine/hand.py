"""A process that does one thing at a time, and is replaced when it dies.

Work needs the main thread of its process (a check's time is limited by a signal, its
memory for the whole process), so every place where work is done in parallel, a pool or
a worker of a cluster, has hands below it. They are spoken to in lines of JSON.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading

from attn_course.engine.jobs import Failed, do

ALONE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
PLACE = "ATTN_COURSE_CHECKS"  # in the environment: the folder for its checks
PATIENCE = 5.0  # seconds for a process to end once it is told to
CHANCES = 2


class Died(RuntimeError):
    """A hand that ended in the middle of a job."""


class MachineFault(RuntimeError):
    """A job at which one worker after the other died: nobody's zero."""


class Hand:
    """One such process, as it is seen from here."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="attn-course-checks-")
        own = {"PYTHONPATH": _path(), PLACE: self.place}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "attn_course.engine.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**ALONE, **os.environ, **own},
            start_new_session=True,  # Ctrl-C is for whoever gave it the work
        )

    def do(self, kind: str, text: str) -> str:
        """Have a job done; raise Died if the process did not live to answer."""
        try:
            self.process.stdin.write(json.dumps([kind, text]).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
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
            self.process.stdin.close()  # it hears that and goes

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self.stop()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.place, ignore_errors=True)


class Hands:
    """One hand for each thread that asks, made when it first asks."""

    def __init__(self):
        self.local = threading.local()
        self.all: set[Hand] = set()
        self.closed = False
        self.lock = threading.Lock()

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

    def _new(self) -> Hand:
        with self.lock:
            if self.closed:
                raise MachineFault("the work was stopped")
            hand = Hand()
            self.all.add(hand)
        self.local.hand = hand
        return hand

    def _let_go(self, hand: Hand) -> None:
        self.local.hand = None
        hand.close()
        with self.lock:
            self.all.discard(hand)


def _path() -> str:
    """Return where a hand is to find what this process has found."""
    return os.pathsep.join(path for path in sys.path if path)


def main() -> None:
    """Answer jobs until nobody asks any more."""
    sys.modules["rfc3987_syntax"] = None  # a second of CPU, for addresses in notebooks
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
