"""Memory counted by the system itself, where a control group can be made.

Version 1 and version 2 of control groups are known. Where none can be made, which is
the rule for ordinary users, the watchdog counts instead.
"""

import contextlib
import os
import signal
import time
from functools import cache
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
LEAVING = 1.0  # seconds for processes that have been killed to leave a group


class Group:
    """One control group; `joining` is the file that takes in who writes 0 to it.

    A process of one thread may join as a thread where that can be: then the system need
    not wait, for up to 20 ms, until no process on the machine is starting a thread.
    """

    def __init__(self, folder: Path):
        self.folder, self.procs = folder, folder / "cgroup.procs"

    @property
    def joining(self) -> Path:
        return self.folder / "tasks" if _is_first(self.folder) else self.procs

    def limit(self, memory: int) -> None:
        """Let the group use so many bytes and no swap beside."""
        if _is_first(self.folder):
            _write(self.folder / "memory.limit_in_bytes", memory)
            wishes = {"memory.memsw.limit_in_bytes": memory}
        else:
            _write(self.folder / "memory.max", memory)
            wishes = {"memory.swap.max": 0, "memory.oom.group": 1}
        for name, value in wishes.items():  # not in every kernel
            with contextlib.suppress(OSError):
                _write(self.folder / name, value)

    def members(self) -> list[int]:
        """Return the processes in it."""
        return [int(line) for line in self.procs.read_text().split()]

    def killed(self) -> bool:
        """Whether the system has killed something in the group for its memory."""
        for name in ("memory.oom_control", "memory.events"):
            with contextlib.suppress(OSError):
                lines = (self.folder / name).read_text().splitlines()
                facts = dict(map(str.split, lines))
                return int(facts.get("oom_kill", 0)) > 0
        return False


def make(number: int, memory: int, note: Path) -> Group | None:
    """Return a group for the sandbox of that number, None where there can be none.

    `note` becomes a link to it, by which whoever tidies up finds it.
    """
    path = folder(number)
    if path is None:
        return None
    note.symlink_to(path)
    group = Group(path)
    try:
        path.mkdir(exist_ok=True)
        group.limit(memory)
    except OSError:
        remove(note)
        return None
    return group if os.access(group.joining, os.W_OK) else None


def remove(note: Path) -> bool:
    """End and remove the group that `note` is a link to; return whether it is gone."""
    if not note.is_symlink():
        return True
    group = Group(note.readlink())
    until = time.monotonic() + LEAVING
    while group.folder.is_dir():
        with contextlib.suppress(OSError):
            for pid in group.members():
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            group.folder.rmdir()
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    note.unlink()
    return True


def folder(number: int) -> Path | None:
    """Return where the group of that number is or would be, if there can be one."""
    parent = _parent()
    return parent and parent / f"attn-course-{number}"


@cache
def _parent() -> Path | None:
    """Return the folder in which groups that count memory can be made."""
    try:
        lines = [line.split(":", 2) for line in OWN.read_text().splitlines()]
    except OSError:
        return None
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            root = MOUNTED / "memory"
            own = root / path.lstrip("/")
            return _if_writable(own if own.is_dir() else root)
    for _, controllers, path in lines:
        if not controllers:  # our own group has processes, so it can have no children
            return _if_writable((MOUNTED / path.lstrip("/")).parent)
    return None


def _if_writable(folder: Path) -> Path | None:
    if not (MOUNTED in folder.parents and os.access(folder, os.W_OK)):
        return None
    if _is_first(folder):
        return folder
    with contextlib.suppress(OSError):
        if "memory" in (folder / "cgroup.subtree_control").read_text().split():
            return folder
    return None


def _is_first(folder: Path) -> bool:
    return (folder / "memory.limit_in_bytes").exists()


def _write(path: Path, value: int) -> None:
    with path.open("w") as file:
        file.write(str(value))
