"""Our end of the fork server: start it once, and have it split off processes."""

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from attn_course.judge import sandbox, syscalls, view
from attn_course.judge.hollow import Hollow
from attn_course.judge.place import Place
from attn_course.judge.within import forkserver

WARMING = 120.0  # seconds for all imports, on a machine that is busy
FORKING = 20.0  # seconds for one fork
START = (
    "import sys; sys.path[:1] = [sys.argv[1]]; from {0}.forkserver import main; "
    "del sys.path[0]; main(int(sys.argv[2]))"
)


class CannotFork(RuntimeError):
    """The fork server does not work here; says why."""


class ForkServer:
    """A process that is started with the first fork and ends with this one."""

    def __init__(self):
        self.place: Place | None = None

    @property
    def view_at(self) -> Path:
        """Where the student's view of the package is, here and in each sandbox."""
        self._make_ready()
        return self.place.folder

    def fork_into(self, hollow: Hollow, link: int, out: int, err: int) -> None:
        """Split off a process that walks into a sandbox, with three open files.

        Raises
        ------
        CannotFork
            If it does not.
        """
        self._make_ready()
        order = json.dumps(self._order(hollow)).encode()
        holder = os.pidfd_open(hollow.first_inside()[0])
        try:
            socket.send_fds(self.channel, [order], [holder, link, out, err])
            answer, files = self._answer(FORKING)
        finally:
            os.close(holder)
        if "fault" in answer:
            raise CannotFork(answer["fault"])
        hollow.walked_in(answer["pid"], files[0])

    def close(self) -> None:
        """End it."""
        if self.place is not None:
            self.channel.close()
            self.process.kill()
            self.process.wait()
            self.place.release()
            self.place = None

    def _make_ready(self) -> None:
        if self.place is not None and self.process.poll() is None:
            return
        self.close()
        self.place = Place.claim()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.channel = ours
            self.process = self._started(theirs.fileno())
        try:
            self._answer(WARMING)
        except BaseException:
            self.close()
            raise

    def _started(self, channel: int) -> subprocess.Popen:
        """Start the process, with what a student's has: the same view, no more."""
        home = self.place.folder / "home"
        home.mkdir()
        view.put_together(self.place.folder / "view")
        env = sandbox.environment(self.place, home, home, self.place.folder)
        fonts = Path(env["MPLCONFIGDIR"])
        fonts.mkdir()
        for each in view.font_lists():
            shutil.copy(each, fonts)
        start = START.format(forkserver.__package__.rpartition(".")[2])
        within = Path(forkserver.__file__).parents[1]
        return subprocess.Popen(
            [sys.executable, "-c", start, str(within), str(channel)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[channel],
            cwd="/",
            env=env,
        )

    def _order(self, hollow: Hollow) -> dict:
        place, limits = hollow.place, hollow.limits
        env = sandbox.environment(place, sandbox.HOME, sandbox.TMP, self.place.folder)
        return {
            "group": str(hollow.group.procs) if hollow.group else None,
            "user": place.user,
            "limits": limits.by_name(for_one_user=True),
            "refused": syscalls.program().hex(),
            "environment": env,
        }

    def _answer(self, seconds: float) -> tuple[dict, list[int]]:
        """Return what it answers, and the open files that came with that."""
        words, files = b"", []
        if select.select([self.channel], [], [], seconds)[0]:
            with contextlib.suppress(ConnectionError):
                words, files, *_ = socket.recv_fds(self.channel, forkserver.MOST, 1)
        if not words:
            self.close()
            raise CannotFork("the fork server does not answer")
        return json.loads(words), files
