"""Our end of the process that workers are split off from."""

import contextlib
import json
import os
import socket
import sys
import threading

from attn_course.engine import nursery
from attn_course.judge.warm import LENT, WARMING, CannotFork, ForkServer, SplitOff

ALONE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


class Parent:
    """The parent of workers, itself split off from a fork server, which ends with it.

    It is started when a worker is first asked for, or by `get_ready`, and whenever it
    is found to have ended.
    """

    def __init__(self, server: ForkServer):
        self.server, self.lock, self.closed = server, threading.Lock(), False
        self.process: SplitOff | None = None
        self.channel: socket.socket | None = None

    def get_ready(self) -> None:
        """Have it import what takes a second, while others go on."""
        self.server.start()
        threading.Thread(target=self._try_to_start, daemon=True).start()

    def split_off(self, came: int, answers: int, place: str) -> SplitOff:
        """Split off a worker with its input, its output and its folder.

        Raises
        ------
        CannotFork
            If there is none.
        """
        with self.lock:
            self._start()
            words, held = b"", []
            with contextlib.suppress(OSError):  # it is dead, or takes too long
                order = json.dumps({"place": place}).encode()
                socket.send_fds(self.channel, [order], [came, answers])
                words, held, *_ = socket.recv_fds(self.channel, nursery.MOST, 1)
            answer = json.loads(words or "{}")
            if not held:
                self._end()
                raise CannotFork(answer.get("fault", "no worker is split off"))
        return SplitOff(answer["pid"], *held)

    def close(self) -> None:
        """End it, and the fork server."""
        self.closed = True
        if self.process is None:
            self.server.kill()  # or who waits for its answer would do so for long
        with self.lock:
            self._end()
            self.server.close()

    def _try_to_start(self) -> None:
        with self.lock, contextlib.suppress(CannotFork):  # the first worker will say so
            self._start()

    def _start(self) -> None:
        if self.process is not None and not self.process.ended():
            return
        self._end()
        if self.closed:
            raise CannotFork("the work was stopped")
        self.channel, theirs = socket.socketpair()
        self.channel.settimeout(WARMING)
        with theirs:
            self.process = self.server.start_worker(theirs.fileno(), theirs.fileno())
        about = {
            "module": nursery.__name__,
            "environment": surroundings() | {LENT: str(self.server.folder)},
            "folder": os.getcwd(),
            "path": [path for path in sys.path if path],
        }
        with contextlib.suppress(OSError):  # it is dead, and will be seen to be
            self.channel.sendall(json.dumps(about).encode() + b"\n")

    def _end(self) -> None:
        if self.channel is not None:
            self.channel.close()  # it hears that and goes
            self.channel = None
        if self.process is not None:
            self.process.end()
            self.process = None


def surroundings() -> dict[str, str]:
    """Return the environment of a worker."""
    return {**ALONE, **os.environ}
