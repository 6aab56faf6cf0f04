"""Our end of the fork server: start it once, and have it split off processes."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path

from attn_course.judge import sandbox, syscalls, view
from attn_course.judge.hollow import Hollow
from attn_course.judge.place import Place
from attn_course.judge.within import forkserver

LENT = "ATTN_COURSE_FORKS"  # in the environment of who was lent one: its folder
WARMING = 120.0  # seconds for all imports, on a machine that is busy
FORKING = 20.0  # seconds for one fork
LEAVING = 1.0  # seconds to go by itself, once nobody asks
# A fork copies one entry for each page. The C library gets its memory in huge ones
# where the system has them, which leaves a third of the entries; others ignore this.
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
START = (
    "import sys; sys.path[:1] = [sys.argv[1]]; from {0}.forkserver import main; "
    "del sys.path[0]; main(int(sys.argv[2]))"
)


class CannotFork(RuntimeError):
    """The fork server does not work here; says why."""


class SplitOff:
    """A process that the fork server split off, as `subprocess.Popen` shows one."""

    def __init__(self, pid: int, held: int):
        self.pid, self.held = pid, held
        weakref.finalize(self, os.close, held)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.held, signal.SIGKILL)

    def wait(self, seconds: float | None = None) -> None:
        if not self.ended(seconds):
            raise subprocess.TimeoutExpired(str(self.pid), seconds)

    def ended(self, seconds: float | None = 0.0) -> bool:
        """Whether it has ended, or does so within that time."""
        return bool(select.select([self.held], [], [], seconds)[0])

    def end(self) -> None:
        """End it, at first by waiting until it goes by itself."""
        if not self.ended(LEAVING):
            self.kill()
            self.wait()


class ForkServer:
    """A process that splits off others: from `start` to `close`, or lent by another.

    It is started with the first fork if nobody has done so before, and whenever it is
    found to have ended. It ends with the thread that started it.
    """

    def __init__(self):
        self.channel: socket.socket | None = None
        self.process: subprocess.Popen | None = None
        self.lock = threading.Lock()

    @classmethod
    def lent(cls, channel: int, folder: Path) -> "ForkServer":
        """Return one that somebody else started, whose `folder` it is.

        If it is gone, one of our own is started.
        """
        server = cls()
        server.channel, server.folder = socket.socket(fileno=channel), folder
        server.patience = WARMING
        return server

    @property
    def view_at(self) -> Path:
        """Where the student's view of the package is, here and in each sandbox."""
        self.start()
        return self.folder

    def start(self) -> None:
        """Start it, unless it runs; it imports while others go on.

        Raises
        ------
        CannotFork
            If this system has not what it takes.
        """
        if not hasattr(os, "pidfd_open"):
            raise CannotFork("this system cannot hold on to a process")
        if self.channel and (self.process is None or self.process.poll() is None):
            return
        self.close()
        place = Place.claim()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = _started(place, theirs.fileno())
        self.place, self.folder = place, place.folder
        self.channel, self.patience = ours, WARMING

    def fork_into(self, hollow: Hollow, link: int, out: int, err: int) -> None:
        """Split off a process that walks into a sandbox, with three open files.

        Raises
        ------
        CannotFork
            If it does not.
        """
        self.start()
        holder = os.pidfd_open(hollow.first_inside()[0])
        try:
            answer, held = self._asked(self._order(hollow), [holder, link, out, err])
        finally:
            os.close(holder)
        hollow.walked_in(answer["pid"], *held)

    def start_worker(self, came: int, answers: int) -> SplitOff:
        """Split off a process of ours, with its input and its output.

        It has to read first what `within.worker` says, and can have this lent: by the
        open file `worker.LINK`.

        Raises
        ------
        CannotFork
            If there is none.
        """
        self.start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            files = [came, answers, ours.fileno(), theirs.fileno()]
            answer, held = self._asked({"worker": True}, files)
            return SplitOff(answer["pid"], *held)

    def new_client(self) -> socket.socket:
        """Return what somebody else can be lent it by.

        Raises
        ------
        CannotFork
            If there is none.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._asked({"client": True}, [theirs.fileno()])
        return ours

    def kill(self) -> None:
        """End it at once, if it is ours; who waits for its answer hears so."""
        if self.process is not None:
            self.process.kill()

    def close(self) -> None:
        """End it, if it is ours."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self.process is not None:
            if self.patience == FORKING:  # it may have children to bury
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(LEAVING)
            self.process.kill()
            self.process.wait()
            self.process = None
            self.place.release()

    def _order(self, hollow: Hollow) -> dict:
        place, limits = hollow.place, hollow.limits
        env = sandbox.environment(place, sandbox.HOME, sandbox.TMP, self.folder)
        return {
            "group": str(hollow.group.joining) if hollow.group else None,
            "user": place.user,
            "limits": limits.by_name(for_one_user=True),
            "refused": syscalls.program().hex(),
            "environment": env,
        }

    def _asked(self, order: dict, files: list[int]) -> tuple[dict, list[int]]:
        """Have something done; return the answer, and the open files with it."""
        with self.lock:
            with contextlib.suppress(ConnectionError):
                socket.send_fds(self.channel, [json.dumps(order).encode()], files)
            answer, held = self._answer()
        if "fault" in answer:
            raise CannotFork(answer["fault"])
        return answer, held

    def _answer(self) -> tuple[dict, list[int]]:
        """Return what it answers, and the open files that came with that."""
        words, files = b"", []
        if select.select([self.channel], [], [], self.patience)[0]:
            with contextlib.suppress(ConnectionError):
                words, files, *_ = socket.recv_fds(self.channel, forkserver.MOST, 1)
        if not words:
            self.close()
            raise CannotFork("the fork server does not answer")
        self.patience = FORKING
        return json.loads(words), files


def _started(place: Place, channel: int) -> subprocess.Popen:
    """Start the process, with what a student's has: the same view, no more."""
    home = place.folder / "home"
    home.mkdir()
    view.put_together(place.folder / "view")
    env = sandbox.environment(place, home, home, place.folder)
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
        env=env | HUGE_PAGES,
        start_new_session=True,  # Ctrl-C is for whoever gave it the work
    )
