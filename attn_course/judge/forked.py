"""A student's notebook in an IPython shell that a fork server split off.

It starts in milliseconds where a kernel takes seconds, and is watched through one
socket and two pipes. Which messages there are, `within.shell` says.
"""

import codecs
import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attn_course.grading.wire import PREFIX, WireError, pack, unpack
from attn_course.judge.hollow import Hollow
from attn_course.judge.limits import Limits
from attn_course.judge.link import listening
from attn_course.judge.outputs import append, displayed, printed, raised
from attn_course.judge.place import Place
from attn_course.judge.sandbox import JUDGE
from attn_course.judge.student import MOST_BYTES, STOPPING, NoKernel, Ran, Student
from attn_course.judge.warm import CannotFork, ForkServer

PIECE = 1 << 16  # bytes read at once
EACH = 500  # bytes that a message counts for beside its own, as reading it takes time
STREAMS = ("stdout", "stderr")


class ForkedShell(Student):
    """A shell in a sandbox, split off from `server`."""

    def __init__(self, files: dict, server: ForkServer, limits: Limits | None = None):
        self.files, self.server, self.limits = files, server, limits or Limits()
        self.reason: str | None = None

    def __enter__(self):
        self.place = Place.claim()
        self.place.private.chmod(0o755)
        self.hollow = Hollow(self.place, self.limits)
        try:
            self.listener = listening(self.place.private / JUDGE)
            self._start()
        except (OSError, CannotFork) as error:
            self.__exit__()
            raise NoKernel(str(error)) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.reason = self.hollow.why()
        for each in ("link", "listener"):
            if opened := getattr(self, each, None):
                opened.close()
        self.hollow.close()
        self.place.release()

    def alive(self) -> bool:
        return not self.hollow.ended()

    def why_died(self) -> str | None:
        return self.hollow.why() or self.reason

    def _start(self) -> None:
        self.hollow.build(self.files, [Path.cwd()], self.server.view_at)
        self.link, theirs = socket.socketpair()
        with theirs:
            out, outs = self.hollow.pipe()
            err, errs = self.hollow.pipe()
            self.server.fork_into(self.hollow, theirs.fileno(), outs, errs)
        self.hollow.lent.close()
        self.link.setblocking(False)
        self.pipes = {out: "stdout", err: "stderr"}
        for each in self.pipes:
            os.set_blocking(each, False)

    def _send(self, source: str, *, silent: bool = False) -> None:
        message = pack(("run", source, silent))
        self.came = bytearray()
        self.decoders = {each: _decoder() for each in (*STREAMS, *self.pipes)}
        self.link.settimeout(STOPPING)
        with contextlib.suppress(OSError):  # it is dead, and will be seen to be
            self.link.sendall(PREFIX.pack(len(message)) + message)
        self.link.setblocking(False)

    def _watch(self, request: None, ran: Ran, seconds: float) -> None:
        deadline, told, self.size = time.monotonic() + seconds, False, 0
        while not self._heard(ran, deadline):
            if ran.fate == "flooded":
                return
            if not self.alive():
                if not self._heard(ran, 0.0):
                    ran.fate, ran.why = "died", "the kernel died"
                    return
                break
            if time.monotonic() >= deadline:
                if told:
                    ran.fate, ran.why = "stuck", f"still running after {seconds:g} s"
                    return
                self.hollow.signal(signal.SIGINT)
                told, deadline = True, time.monotonic() + STOPPING
        if told:
            ran.fate, ran.why = "slow", f"stopped after {seconds:g} seconds"

    def _heard(self, ran: Ran, deadline: float) -> bool:
        """Take in what comes until there is a lull; return whether the cell is over."""
        left = max(deadline - time.monotonic(), 0.0)
        watched = [self.link, self.hollow.process_inside, *self.pipes]
        ready = select.select(watched, [], [], left)[0]
        for (
            pipe
        ) in self.pipes:  # also if they were filled only since they were looked at
            self._printed(ran, pipe)
        over = self.link in ready and any(
            self._noted(message, ran) for message in self._messages(ran)
        )
        if over:
            for pipe in self.pipes:
                self._printed(ran, pipe)
        return over

    def _printed(self, ran: Ran, pipe: int) -> None:
        """Take in what was written past Python."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(pipe, PIECE):
                if self._too_much(len(data), ran):
                    return
                self._text(ran, pipe, self.pipes[pipe], data)

    def _messages(self, ran: Ran) -> Iterator[Any]:
        """Yield the messages that have come in whole."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while data := self.link.recv(PIECE):
                if self._too_much(len(data), ran):
                    return
                self.came += data
                while len(self.came) >= PREFIX.size:
                    end = PREFIX.size + PREFIX.unpack_from(self.came)[0]
                    if len(self.came) < end:
                        break
                    message = bytes(self.came[PREFIX.size : end])
                    del self.came[:end]
                    if self._too_much(EACH, ran):
                        return
                    with contextlib.suppress(WireError):
                        yield unpack(message)

    def _too_much(self, more: int, ran: Ran) -> bool:
        self.size += more
        if self.size > MOST_BYTES:
            ran.fate, ran.why = "flooded", "it showed more than 4 MB"
        return ran.fate == "flooded"

    def _noted(self, message: Any, ran: Ran) -> bool:
        """Write a message into `ran`; return whether it was the last one."""
        match message:
            case ("done",):
                return True
            case ("flood",):
                ran.fate, ran.why = "flooded", "it showed more than 4 MB"
            case ("clear",):
                ran.outputs.clear()
            case ("text", "stdout" | "stderr" as name, bytes() as data):
                self._text(ran, name, name, data)
            case ("show" | "result" as kind, dict() as data):
                output = "display_data" if kind == "show" else "execute_result"
                append(ran.outputs, displayed(output, data))
            case ("error", str() as name, str() as words, list() as lines):
                append(ran.outputs, raised(name, words, lines))
                ran.fate = "error"
        return False

    def _text(self, ran: Ran, source: str | int, name: str, data: bytes) -> None:
        text = self.decoders[source].decode(data)
        append(ran.outputs, printed(name, text))


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="replace")
