"""One kernel's process, in a sandbox or in none, from its start to its end."""

import contextlib
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from attn_course.judge import sandbox, view
from attn_course.judge.walls import Walls, read
from attn_course.judge.within import launch

CHANNELS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}


class Box(Walls):
    """Walls with an ipykernel in them that was started there, which takes seconds."""

    def start(self, files: dict[str, bytes], hidden: list[Path], arguments: list[str]):
        """Start a kernel with `files` in its folder and `hidden` out of sight."""
        sockets = {
            f"ipc://{path}": self.lent.enter_context(_listening(path))
            for path in map(self.channel, CHANNELS.values())
        }
        passed = [*sockets.values()]
        if self.sandboxed:
            passed.append(refused := self.refused())
            around = sandbox.command(
                self.place, self.limits, files, hidden, self.informing, refused
            )
            at = {"cwd": "/", "env": {}}
        else:
            around, at = [], sandbox.plain_surroundings(self.place, files)
        launcher = view.launcher(sandboxed=self.sandboxed)
        plan = self._plan(sockets, arguments)
        self.begin([*around, sys.executable, launcher, plan], passed, **at)

    def channel(self, number: int) -> Path:
        """Return the socket of a channel."""
        return self.place.private / f"k-{number}"

    def why(self) -> str | None:
        if (why := super().why()) or self.stopped or not self.ended():
            return why
        words = read(self.said)
        return (
            None if launch.STARTED in words else f"it did not start: {words.decode()}"
        )

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


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[int]:
    """Open a socket that the kernel will answer on; whoever connects now can wait."""
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))
        opened.listen(16)
        opened.setblocking(False)
        yield opened.fileno()
