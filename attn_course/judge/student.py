"""A student's kernel: run cells in it, ask it things, and survive what it does.

What the kernel sends is counted and bounded, and a message of no known form is left
out. A cell ends in one of six fates; after the last three the kernel is of no use:

    ok, error       it ran to its end, or to an exception
    slow            it was still running when its time was over, and stopped when told
    stuck           it did not stop when told
    flooded         it showed more than anybody reads
    died            the kernel ended with it
"""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_core.utils import run_sync
from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg

from attn_course.judge.kernel import SandboxedKernelManager
from attn_course.judge.link import Broken, Link, listening

READY = 60.0  # seconds for a kernel to start
STOPPING = 2.0  # seconds for a cell to stop once it is told to
MOST_BYTES = 4_000_000  # of all that one cell shows
MOST_AT_ONCE = 32_000_000  # bytes of one message; what sends more is cut off
MOST_QUEUED = 16  # messages of the kernel waiting to be read
KEPT = ("text/plain", "image/png", "image/jpeg")  # nothing that a browser would run
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
GONE = ("stuck", "flooded", "died")
# The agent is loaded before a student's cell can put something else in its place.
PREPARE = (
    "get_ipython().attn_serve = "
    "__import__('attn_course.grading.agent', fromlist=['serve']).serve"
)
SERVE = "get_ipython().attn_serve(get_ipython().user_ns)"


class NoKernel(RuntimeError):
    """No kernel can be started on this machine, whoever's notebook it is; says why."""


@dataclass
class Ran:
    """What came of one cell."""

    fate: str = "ok"
    why: str = ""
    outputs: list[NotebookNode] = field(default_factory=list)


class StudentKernel:
    """One kernel, from its start to its end, which a `with` block is.

    Raises NoKernel if it does not start: before a student's cell has run, nothing that
    goes wrong is a student's.
    """

    def __init__(self, files: dict, *, sandboxed: bool = True):
        self.manager = SandboxedKernelManager(files=files, sandboxed=sandboxed)

    def __enter__(self):
        try:
            run_sync(self.manager.start_kernel)()
            self.listener = listening(self.manager.private / "judge.sock")
            self.client = self._connected()
            self._until_ready()
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if client := getattr(self, "client", None):
            client.stop_channels()
            client.context.destroy(linger=0)
        if listener := getattr(self, "listener", None):
            listener.close()
        run_sync(self.manager.shutdown_kernel)(now=True)
        run_sync(self.manager.cleanup_resources)()

    def alive(self) -> bool:
        return run_sync(self.manager.is_alive)()

    def run(self, source: str, seconds: float) -> Ran:
        """Run one cell and say what came of it."""
        ran = Ran()
        self._watch(self._send(source), ran, seconds)
        if ran.fate == "died":
            ran.why = self.manager.why_died() or ran.why
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

    def _connected(self) -> BlockingKernelClient:
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MOST_AT_ONCE)
        context.setsockopt(zmq.RCVHWM, MOST_QUEUED)
        facts = self.manager.get_connection_info(session=True)
        client = BlockingKernelClient(context=context, **facts)
        client.start_channels(stdin=False, hb=False, control=False)
        return client

    def _until_ready(self) -> None:
        """Wait until the kernel answers on both channels."""
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            if not self.alive():
                raise NoKernel(self.manager.why_died() or "the kernel did not start")
            request = self.client.kernel_info()
            heard = set()
            until = time.monotonic() + 1.0
            while time.monotonic() < until and len(heard) < 2:
                for channel, message, _ in self._messages(until):
                    if _parent(message) == request:
                        heard.add(channel)
                    break
            if len(heard) == 2:
                return
        raise NoKernel("the kernel did not start in time")

    def _prepare(self) -> None:
        """Load the agent."""
        ran = Ran()
        self._watch(self._send(PREPARE, silent=True), ran, READY)
        if ran.fate != "ok":
            raise NoKernel(f"the agent could not be loaded ({ran.why or ran.outputs})")

    def _send(self, source: str, *, silent: bool = False) -> str:
        return self.client.execute(
            source, silent=silent, allow_stdin=False, stop_on_error=False
        )

    def _watch(self, request: str, ran: Ran, seconds: float) -> None:
        """Gather what `request` gives until it is over, into `ran`."""
        deadline, told, size = time.monotonic() + seconds, False, 0
        over: set[str] = set()
        while len(over) < 2:
            for channel, message, length in self._messages(deadline):
                size += length
                if size > MOST_BYTES:
                    ran.fate, ran.why = "flooded", "it showed more than 4 MB"
                    return
                if _parent(message) == request:
                    over |= _noted(channel, message, ran)
                if len(over) == 2:
                    break
            if len(over) < 2 and not self.alive():
                ran.fate, ran.why = "died", "the kernel died"
                return
            if len(over) < 2 and time.monotonic() >= deadline:
                if told:
                    ran.fate, ran.why = "stuck", f"still running after {seconds:g} s"
                    return
                run_sync(self.manager.interrupt_kernel)()
                told, deadline = True, time.monotonic() + STOPPING
        if told:
            ran.fate, ran.why = "slow", f"stopped after {seconds:g} seconds"

    def _messages(self, deadline: float) -> Iterator[tuple[str, dict, int]]:
        """Yield what comes in within a moment: channel, message, bytes."""
        sockets = {
            self.client.shell_channel.socket: "shell",
            self.client.iopub_channel.socket: "iopub",
        }
        poller = zmq.Poller()
        for each in sockets:
            poller.register(each, zmq.POLLIN)
        left = min(max(deadline - time.monotonic(), 0.0), 0.1)
        for each, _ in poller.poll(1000 * left):
            frames = each.recv_multipart()
            length = sum(map(len, frames))
            yield sockets[each], _read(self.client.session, frames), length


def _read(session, frames: list[bytes]) -> dict[str, Any]:
    """Return the message in `frames`, or an empty one if there is none."""
    try:
        message = session.deserialize(session.feed_identities(frames)[1], content=True)
    except Exception:  # whatever a forged message makes the reader raise
        return {}
    return message if isinstance(message.get("content"), dict) else {}


def _parent(message: dict[str, Any]) -> str | None:
    header = message.get("parent_header")
    return header.get("msg_id") if isinstance(header, dict) else None


def _noted(channel: str, message: dict[str, Any], ran: Ran) -> set[str]:
    """Write a message into `ran`; return the channel if it was its last word."""
    content, kind = message["content"], message.get("msg_type")
    if channel == "shell":
        return {"shell"}
    if kind == "status":
        return {"iopub"} if content.get("execution_state") == "idle" else set()
    if kind == "clear_output":
        ran.outputs.clear()
    elif kind in ("stream", "display_data", "execute_result", "error"):
        with contextlib.suppress(Exception):  # whatever a forged message brings about
            _append(ran.outputs, _shown(output_from_msg(message)))
        if kind == "error":
            ran.fate = "error"
    return set()


def _append(outputs: list[NotebookNode], new: NotebookNode) -> None:
    """Add an output; text goes on where the last one of its stream stopped."""
    last = outputs[-1] if outputs else {}
    if new.output_type == "stream" and last.get("name") == new.name:
        last["text"] += new.text
    else:
        outputs.append(new)


def _shown(output: NotebookNode) -> NotebookNode:
    """Return an output with nothing in it that a browser would run."""
    match output.output_type:
        case "stream":
            name = "stderr" if output.name == "stderr" else "stdout"
            return new_output("stream", name=name, text=_text(output.text))
        case "error":
            lines = [_text(line) for line in output.traceback]
            words = {"ename": _text(output.ename), "evalue": _text(output.evalue)}
            return new_output("error", **words, traceback=lines)
        case kind:
            data = {m: _text(output.data[m]) for m in KEPT if m in output.data}
            broken = [m for m in data if m[:5] == "image" and not _is_base64(data[m])]
            return new_output(kind, {m: data[m] for m in data if m not in broken})


def _text(words: Any) -> str:
    """Return words as text that every file can take: no half of a surrogate pair."""
    return str(words).encode(errors="replace").decode()


def _is_base64(text: str) -> bool:
    return BASE64.fullmatch(text) is not None
