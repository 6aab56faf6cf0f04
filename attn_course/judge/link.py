"""Ask the agent in a student's kernel, and believe only the form of what it says.

A `Link` is one conversation, held while one check runs. What comes back is plain data
of bounded size, and each field is looked at before it is used: the other side may be
anything.
"""

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attn_course.grading.outcome import PRINTED
from attn_course.grading.wire import MOST_BYTES, WireError, pack, receive, send, unpack

PATIENCE = 5.0  # seconds for what needs no student code: connecting, a description
MOST_CALLBACKS = 100_000  # in one call
MOST_RECEIVED = 200_000_000  # bytes in one conversation, as a check keeps what it got
WARNINGS, LONGEST_WARNING = 20, 500  # told of one call, as the agent tells them
NAME = re.compile(r"[^\W\d]\w{0,59}")


class Broken(Exception):
    """The kernel cannot be spoken with any more; says why."""


class Link:
    """The judge's end of a conversation with one kernel."""

    def __init__(self, listener: socket.socket, alive: Callable[[], bool]):
        self.alive = alive
        self.broken: str | None = None
        self.left = MOST_RECEIVED
        self.waiting = False  # a request is out and its reply is not in
        self.deadline = time.monotonic() + PATIENCE
        self.socket = self._connected(listener)

    def describe(self, name: str) -> dict[str, Any]:
        """Return what kind of thing the answer `name` is."""
        reply = self._ask(("describe", name), time.monotonic() + PATIENCE)
        if not isinstance(reply.get("there"), bool):
            raise self._failed("a description without facts")
        return reply

    def call(self, name: str, args: tuple, kwargs: dict, seconds: float) -> dict:
        """Call the answer; return a reply with every field of the promised type."""
        return self._run(("call", name), args, kwargs, seconds)

    def probe(self, name: str, code: str, probe: str, args, kwargs, seconds) -> dict:
        """Run a probe on the answer; return what `call` returns."""
        return self._run(("probe", name, code, probe), args, kwargs, seconds)

    def end(self) -> None:
        """Let the notebook go on."""
        if self.waiting and self.broken is None:
            self.broken = "the kernel did not stop in time"
        if self.broken is None:
            try:
                self.socket.settimeout(PATIENCE)
                send(self.socket, pack(("end",)))
            except OSError:
                self.broken = "the kernel stopped listening"
        self.socket.close()

    def _connected(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(0.05)
        while time.monotonic() < self.deadline:
            try:
                return listener.accept()[0]
            except TimeoutError:
                if not self.alive():
                    raise self._failed("the kernel died") from None
        raise self._failed("the kernel does not answer")

    def _run(self, what: tuple, args: tuple, kwargs: dict, seconds: float) -> dict:
        callbacks: list[Callable] = []
        try:
            request = pack((*what, args, kwargs, seconds), callbacks=callbacks)
        except WireError as error:  # a check that asks too much: ours to mend
            raise ValueError(f"a check's arguments cannot be sent: {error}") from error
        deadline = (
            time.monotonic() + seconds + 1.0
        )  # the agent stops by itself, if honest
        reply = self._ask(request, deadline, callbacks)
        return _checked(reply) or self._give_up("a reply of no known form")

    def _ask(self, request, deadline: float, callbacks: list | None = None) -> dict:
        """Send a request, serve what it calls back, and return the reply."""
        if self.broken:
            raise Broken(self.broken)
        request = request if isinstance(request, bytes) else pack(request)
        self.waiting = True
        try:
            self._send(request, deadline)
            for _ in range(MOST_CALLBACKS):
                reply = unpack(self._receive(deadline))
                if isinstance(reply, dict):
                    self.waiting = False
                    return reply
                self._send(pack(_called_back(reply, callbacks or [])), deadline)
        except TimeoutError:
            why = "does not answer" if self.alive() else "died"
            raise self._failed(f"the kernel {why}") from None
        except (WireError, ValueError, TypeError) as error:
            raise self._failed(
                f"the kernel sent what cannot be read ({error})"
            ) from error
        except (OSError, EOFError):
            raise self._failed("the kernel died") from None
        raise self._failed(f"more than {MOST_CALLBACKS} calls back")

    def _send(self, message: bytes, deadline: float) -> None:
        self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
        send(self.socket, message)

    def _receive(self, deadline: float) -> bytes:
        self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
        message = receive(self.socket, most=min(MOST_BYTES, self.left))
        self.left -= len(message)
        return message

    def _failed(self, why: str) -> Broken:
        self.broken = why
        return Broken(why)

    def _give_up(self, why: str):
        raise self._failed(f"the kernel sent {why}")


def _called_back(request: Any, callbacks: list[Callable]) -> dict[str, Any]:
    """Call the function of the check that the answer asks for."""
    word, number, args = request
    if word != "back" or type(number) is not int or not 0 <= number < len(callbacks):
        raise ValueError("a call back to nothing")
    try:
        return {"result": callbacks[number](*args)}
    except Exception as error:  # what the answer handed over did not suit
        return {"raised": f"{type(error).__name__}: {error}"}


def _checked(reply: dict[str, Any]) -> dict[str, Any] | None:
    """Return the reply with its fields of the right type, or None if one is not."""
    raised = reply.get("raised")
    if raised is not None and not _texts(raised, ("name", "text", "where")):
        return None
    if raised is not None and not NAME.fullmatch(raised["name"]):
        return None
    warned, printed = reply.get("warnings", []), reply.get("printed", "")
    changed = reply.get("changed", {})
    if not (isinstance(printed, str) and isinstance(changed, dict)):
        return None
    if not (isinstance(warned, list) and all(isinstance(w, str) for w in warned)):
        return None
    if not ("result" in reply or raised or reply.get("slow") is True):
        return None
    return {
        **reply,
        "printed": printed[: PRINTED + 1],
        "warnings": [text[:LONGEST_WARNING] for text in warned[:WARNINGS]],
        "changed": changed,
    }


def _texts(value: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(k), str) for k in keys)


def listening(place: Path) -> socket.socket:
    """Return a socket that listens at `place`, for whoever may enter its folder."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    place.chmod(0o666)
    listener.listen(1)
    return listener
