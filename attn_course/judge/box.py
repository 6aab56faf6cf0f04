"""One kernel's process, in a sandbox or in none, from its start to its end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attn_course.judge import cgroup, launch, sandbox, syscalls, usage, view
from attn_course.judge.limits import Limits
from attn_course.judge.place import Place
from attn_course.judge.watchdog import Watchdog, too_much_memory, too_much_time

CHANNELS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
ENTER = 'echo 0 >"$0" && exec "$@"'  # join a control group, then be the command
ENDING = 5.0  # seconds for killed processes to be gone
MOST_SAID = 2000  # bytes of what is said before the kernel runs


class Box:
    """The processes of one kernel. Start it in a thread that outlives it.

    The system ends a sandbox with the thread that started it, so that nothing is left
    of it when the whole process is killed.
    """

    def __init__(self, place: Place, limits: Limits, *, sandboxed: bool = True):
        self.place, self.limits, self.sandboxed = place, limits, sandboxed
        self.stopped = False  # from outside

    def start(self, files: dict[str, bytes], hidden: list[Path], arguments: list[str]):
        """Start a kernel with `files` in its folder and `hidden` out of sight."""
        place, memory = self.place, self.limits.memory
        self.group = cgroup.make(place.number, memory, place.group)
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as kept:
            self.said, said = _pipe(kept, stack)
            self.info, info = _pipe(kept, stack)
            sockets = {
                f"ipc://{path}": stack.enter_context(_listening(path))
                for path in map(self.channel, CHANNELS.values())
            }
            refused = stack.enter_context(_refused_syscalls())
            if self.sandboxed:
                around = sandbox.command(
                    place, self.limits, files, hidden, info, refused
                )
                at = {"cwd": "/", "env": {}}
            else:
                around, at = [], sandbox.plain_surroundings(place, files)
            launcher = view.launcher(sandboxed=self.sandboxed)
            plan = self._plan(sockets, arguments)
            self.process = subprocess.Popen(
                [*self._entering(), *around, sys.executable, launcher, plan],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[*sockets.values(), info, refused],
                start_new_session=True,
                **at,
            )
            self.kept = kept.pop_all()
        self.watchdog = Watchdog(self.process.pid, self.limits, self.kill)
        self.watchdog.start()

    def channel(self, number: int) -> Path:
        """Return the socket of a channel."""
        return self.place.private / f"k-{number}"

    def kill(self) -> None:
        """End every process at once, and return when they are gone."""
        if self.process.poll() is not None:
            return
        self.stopped = True
        for pid in self._first_inside() if self.sandboxed else self._all():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING)
        self.process.kill()
        self.process.wait()

    def why(self) -> str | None:
        """Say which limit ended it, or why it did not start; None if neither."""
        if self.watchdog.verdict or self.stopped or self.process.poll() is None:
            return self.watchdog.verdict
        killed = self.process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        if killed and self.group and self.group.killed():
            return too_much_memory(self.limits)
        if self.watchdog.used > self.limits.cpu_seconds - 1:
            return too_much_time(self.limits)
        words = _read(self.said)
        return (
            None if launch.STARTED in words else f"it did not start: {words.decode()}"
        )

    def close(self) -> None:
        """End it and let go of all but its place."""
        self.kill()
        self.watchdog.stop()
        self.kept.close()

    def _entering(self) -> list[str]:
        return ["/bin/sh", "-c", ENTER, str(self.group.procs)] if self.group else []

    def _plan(self, sockets: dict[str, int], arguments: list[str]) -> str:
        """Return what the launcher is told."""
        limits = self.limits.by_name(for_one_user=self.sandboxed)
        plan = {
            "first": self.sandboxed,
            "limits": limits,
            "user": self.place.user if self.sandboxed else None,
            "sockets": sockets,
            "arguments": ["-f", str(self.place.connection), *arguments],
        }
        return json.dumps(plan)

    def _first_inside(self) -> list[int]:
        """Return the process whose end is the end of all that are in the sandbox."""
        facts = _read(self.info)
        return [json.loads(facts)["child-pid"]] if facts else [self.process.pid]

    def _all(self) -> set[int]:
        """Return the processes of a kernel in no sandbox, as far as they are known."""
        below = {each.pid for each in usage.tree(self.process.pid)}
        return below | set(self.group.members() if self.group else [])


def _pipe(ours: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, int]:
    """Return the ends of a pipe, to be closed with what they belong to."""
    out_of, into = os.pipe()
    ours.callback(os.close, out_of)
    theirs.callback(os.close, into)
    return out_of, into


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[int]:
    """Open a socket that the kernel will answer on; whoever connects now can wait."""
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))
        opened.listen(16)
        opened.setblocking(False)
        yield opened.fileno()


@contextlib.contextmanager
def _refused_syscalls() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(syscalls.program())
        file.seek(0)
        yield file.fileno()


def _read(pipe: int) -> bytes:
    """Return what lies in a pipe, without waiting for more."""
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(pipe, MOST_SAID)
    return b""
