"""Run code in a sandboxed kernel and read what it shows, for the tests."""

import contextlib
import time
from pathlib import Path
from queue import Empty

from jupyter_core.utils import run_sync

from attn_course.judge import usage
from attn_course.judge.forked import ForkedShell
from attn_course.judge.kernel import SandboxedKernelManager
from attn_course.judge.supply import fork_server
from attn_course.judge.walls import Walls

ROOT = Path(__file__).parents[2]
KINDS = ("cold", "forked")  # a kernel of its own, a shell off the fork server


class Inside:
    """A kernel, and a way to run code in it; `died` says whether it is gone."""

    def __init__(self, manager: SandboxedKernelManager):
        self.manager = manager
        self.client = manager.blocking_client()
        self.client.start_channels(stdin=False, hb=False, control=False)
        self.died = False
        until = time.monotonic() + 30
        while self.run("print('ready')", seconds=0.5, patient=False) != "ready\n":
            if self.died or time.monotonic() > until:
                raise RuntimeError(manager.why_died() or "not ready in 30 s")

    def run(self, code: str, seconds: float = 20, *, patient: bool = True) -> str:
        """Return what `code` prints, and the name and words of what it raises."""
        request, shown = self.client.execute(code, stop_on_error=False), []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                message = self.client.get_iopub_msg(timeout=0.05)
            except Empty:
                if not run_sync(self.manager.is_alive)():
                    self.died = True
                    return "".join(shown)
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    shown.append(content["text"])
                case "error":
                    shown.append(f"{content['ename']}: {content['evalue']}")
                case "display_data" | "execute_result":
                    shown.append(" ".join(content["data"]))
                case "status" if content["execution_state"] == "idle":
                    return "".join(shown)
        if patient:
            raise TimeoutError("".join(shown))
        return ""

    def close(self) -> None:
        """Let go of the connection; the kernel goes on."""
        self.client.stop_channels()
        self.client.context.destroy(linger=0)

    def why_died(self) -> str | None:
        return self.manager.why_died()

    @property
    def private(self) -> Path:
        return self.manager.private

    @property
    def walls(self) -> Walls:
        return self.manager.provisioner.box

    def pids(self) -> set[int]:
        """Return the processes on this machine that are the kernel or about it."""
        return {each.pid for each in usage.trees(self.walls.watchdog.pids)}


class InsideShell:
    """A forked shell, and a way to run code in it; `died` says whether it is gone."""

    def __init__(self, shell: ForkedShell):
        self.shell, self.why_died, self.died = shell, shell.why_died, False
        self.private, self.walls = shell.place.private, shell.hollow

    def run(self, code: str, seconds: float = 20) -> str:
        """Return what `code` prints, and the name and words of what it raises."""
        ran = self.shell.run(code, seconds)
        self.died = ran.fate == "died"
        if ran.fate in ("slow", "stuck"):
            raise TimeoutError(ran.why)
        return "".join(_words(each) for each in ran.outputs)

    pids = Inside.pids


def _words(output) -> str:
    match output.output_type:
        case "stream":
            return output.text
        case "error":
            return f"{output.ename}: {output.evalue}"
    return " ".join(output.data)


@contextlib.contextmanager
def started(kind: str = "cold", **settings):
    """Start a kernel, or a forked shell, for the block."""
    if kind == "forked":
        limits = settings.get("limits")
        with ForkedShell(settings.get("files", {}), fork_server(), limits) as shell:
            yield InsideShell(shell)
        return
    manager = SandboxedKernelManager(**settings)
    inside = None
    try:
        run_sync(manager.start_kernel)()
        inside = Inside(manager)
        yield inside
    finally:
        if inside:
            inside.close()
        run_sync(manager.shutdown_kernel)(now=True)
