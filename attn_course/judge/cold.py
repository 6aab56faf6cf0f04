"""A student's notebook in a Jupyter kernel, watched through its two channels."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_core.utils import run_sync
from nbformat.v4 import output_from_msg

from attn_course.judge.kernel import SandboxedKernelManager
from attn_course.judge.link import listening
from attn_course.judge.outputs import append, shown
from attn_course.judge.student import MOST_BYTES, STOPPING, NoKernel, Ran, Student

READY = 60.0  # seconds for a kernel to start
MOST_AT_ONCE = 32_000_000  # bytes of one message; what sends more is cut off
MOST_QUEUED = 16  # messages of the kernel waiting to be read
# The agent is loaded before a student's cell can put something else in its place.
PREPARE = (
    "get_ipython().attn_serve = "
    "__import__('attn_course.grading.agent', fromlist=['serve']).serve"
)


class StudentKernel(Student):
    """A kernel of Jupyter's own, started cold; slow to start, and sure to be one."""

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

    def why_died(self) -> str | None:
        return self.manager.why_died()

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
            append(ran.outputs, shown(output_from_msg(message)))
        if kind == "error":
            ran.fate = "error"
    return set()
