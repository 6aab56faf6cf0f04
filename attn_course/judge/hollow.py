"""A sandbox that stands empty, until a process walks into it."""

import contextlib
import os
import resource
import select
import signal
from pathlib import Path

from attn_course.judge import sandbox
from attn_course.judge.walls import Walls, read

READY = 10.0  # seconds for bubblewrap to be done
# Whose user is the same may look into a process only if that can do no more. In a user
# namespace this one can do nothing with it.
MORE_THAN_STUDENTS = ("CAP_WAKE_ALARM",)
HOLD = "echo; read end"  # say that all is there, and hold it until the end comes


class Hollow(Walls):
    """Walls with nothing in them but the process that holds them up."""

    process_inside: int | None = None  # a pidfd of who walked in

    def build(self, files: dict[str, bytes], hidden: list[Path], at: Path) -> None:
        """Put up the walls, with `files` in the working folder and `hidden` unseen.

        Raises
        ------
        OSError
            If bubblewrap cannot; says why.
        """
        standing, stands = self.pipe()
        _, until = self.pipe(inwards=True)
        command = sandbox.command(
            self.place,
            self.limits,
            files,
            hidden,
            self.informing,
            refused := self.refused(),
            at=at,
            capabilities=() if self.place.user else MORE_THAN_STUDENTS,
        )
        how = {"stdin": until, "stdout": stands, "cwd": "/", "env": {}}
        self.begin([*command, "/bin/sh", "-c", HOLD], [refused], **how)
        if not (_readable(standing) and read(standing)):
            self.kill()
            raise OSError(f"the sandbox does not stand: {read(self.said).decode()}")
        for name, most in self.limits.by_name(for_one_user=True).items():
            kind = getattr(resource, f"RLIMIT_{name}")
            resource.prlimit(self.first_inside()[0], kind, (most, most))

    def walked_in(self, pid: int, process: int) -> None:
        """Note who has walked in: a process, and a pidfd of it."""
        self.process_inside = process
        self.kept.callback(os.close, process)
        self.watchdog.pids.append(pid)

    def signal(self, which: int) -> None:
        """Send a signal to who walked in, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.process_inside, which)

    def ended(self) -> bool:
        inside = self.process_inside
        return super().ended() or (inside is not None and _readable(inside, 0.0))


def _readable(file: int, seconds: float = READY) -> bool:
    return bool(select.select([file], [], [], seconds)[0])
