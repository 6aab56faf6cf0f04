"""A sandbox's processes from their start to their end, whatever runs in it."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile

from attn_course.judge import cgroup, syscalls, usage
from attn_course.judge.limits import Limits
from attn_course.judge.place import Place
from attn_course.judge.watchdog import Watchdog, too_much_memory, too_much_time

ENTER = 'echo 0 >"$0" && exec "$@"'  # join a control group, then be the command
ENDING = 5.0  # seconds for killed processes to be gone
MOST_SAID = 2000  # bytes of what is said at the start


class Walls:
    """The processes of one sandbox. Start it in a thread that outlives it.

    The system ends a sandbox with the thread that started it, so that nothing is left
    of it when the whole process is killed.
    """

    def __init__(self, place: Place, limits: Limits, *, sandboxed: bool = True):
        self.place, self.limits, self.sandboxed = place, limits, sandboxed
        self.stopped = False  # from outside
        self.first: int | None = None  # process inside
        self.group = cgroup.make(place.number, limits.memory, place.group)
        self.process: subprocess.Popen | None = None
        self.kept, self.lent = contextlib.ExitStack(), contextlib.ExitStack()
        self.said, self.saying = self.pipe()
        self.info, self.informing = self.pipe()

    def begin(self, command: list[str], pass_fds: list[int], **how) -> None:
        """Start the command; what was opened for it is closed here."""
        with self.lent:
            self.process = subprocess.Popen(
                [*self._entering(), *command],
                stderr=self.saying,
                pass_fds=[*pass_fds, self.informing],
                start_new_session=True,
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **how},
            )
        self.watchdog = Watchdog([self.process.pid], self.limits, self.kill)
        self.watchdog.start()

    def kill(self) -> None:
        """End every process at once, and return when they are gone."""
        if self.process.poll() is not None:
            return
        self.stopped = True
        for pid in self.first_inside() if self.sandboxed else self._all():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING)
        self.process.kill()
        self.process.wait()

    def why(self) -> str | None:
        """Say which limit ended it, or why it did not start; None if neither."""
        if self.process is None:
            return None
        if self.watchdog.verdict or self.stopped or not self.ended():
            return self.watchdog.verdict
        if self.group and self.group.killed():
            return too_much_memory(self.limits)
        if self.watchdog.used > self.limits.cpu_seconds - 1:
            return too_much_time(self.limits)
        return None

    def ended(self) -> bool:
        """Whether what runs in it has come to an end."""
        return self.process.poll() is not None

    def close(self) -> None:
        """End it and let go of all but its place."""
        if self.process is not None:
            self.kill()
            self.watchdog.stop()
        self.lent.close()
        self.kept.close()

    def refused(self) -> int:
        """Return an open file with what the system is to refuse."""
        file = self.lent.enter_context(tempfile.TemporaryFile())
        file.write(syscalls.program())
        file.seek(0)
        return file.fileno()

    def first_inside(self) -> list[int]:
        """Return the process whose end is the end of all that are in the sandbox."""
        if self.first is None and (facts := read(self.info)):
            self.first = json.loads(facts)["child-pid"]
        return [self.first or self.process.pid]

    def pipe(self, *, inwards: bool = False) -> tuple[int, int]:
        """Return our end of a pipe and the end that is lent, which is closed sooner."""
        out_of, into = os.pipe()
        ours, theirs = (into, out_of) if inwards else (out_of, into)
        self.kept.callback(os.close, ours)
        self.lent.callback(os.close, theirs)
        return ours, theirs

    def _entering(self) -> list[str]:
        return ["/bin/sh", "-c", ENTER, str(self.group.joining)] if self.group else []

    def _all(self) -> set[int]:
        """Return the processes in no sandbox, as far as they are known."""
        below = {each.pid for each in usage.tree(self.process.pid)}
        return below | set(self.group.members() if self.group else [])


def read(pipe: int) -> bytes:
    """Return what lies in a pipe, without waiting for more."""
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(pipe, MOST_SAID)
    return b""
