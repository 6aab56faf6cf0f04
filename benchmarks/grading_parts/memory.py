"""The memory of a run's processes: what each has for itself, beyond what it shares.

Workers are split off from one parent, that and students' processes from one fork
server, and each shares every page that it has not changed since; programs and libraries
are there once for all. What a worker costs is what nobody else has: the pages of its
own process, and of the one student's process that it has at a time.
"""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from attn_course.engine import nursery, worker

MIB_OF_KB = 1 / 1024
PRIVATE = ("Private_Clean", "Private_Dirty")
SERVER = "forkserver"  # in what started it
ALL = "worker and its sandbox, unshared"
JUDGE = "of these, the worker's own"
ALONE = "of these, the student's"
SHARED = "the fork server, once for all"
PARENT = "the workers' parent, once for all"
KINDS = {worker.NAME: JUDGE, nursery.NAME: PARENT}


def peak() -> float:
    """Return the most memory, in MiB, that this process has had so far."""
    return _fields(Path("/proc/self/status"))["VmHWM"] * MIB_OF_KB


class Watch(threading.Thread):
    """Looks at the processes below this one, every `period` seconds."""

    def __init__(self, period: float):
        super().__init__(daemon=True)
        self.period, self.over, self.most = period, threading.Event(), {}

    def run(self) -> None:
        while not self.over.wait(self.period):
            for name, held in _seen():
                self.most[name] = max(self.most.get(name, 0.0), held)

    def stop(self) -> dict[str, float]:
        """Return the most MiB that was seen, by kind of process."""
        self.over.set()
        self.join()
        found = {ALL: self.most.get(JUDGE, 0.0) + self.most.get(ALONE, 0.0)}
        return found | self.most


def _seen() -> Iterator[tuple[str, float]]:
    """Yield the MiB of each process there is just now, by what it is."""
    for server in _named(psutil.Process().children(), SERVER):
        try:
            yield SHARED, _rollup(server).get("Pss_Anon", 0.0)
            for each in server.children(recursive=True):
                facts = _rollup(each)
                kind = KINDS.get(each.name(), ALONE)
                yield kind, sum(facts.get(page, 0.0) for page in PRIVATE)
        except psutil.Error:
            continue  # it is gone


def _named(processes: Iterable[psutil.Process], name: str) -> Iterator[psutil.Process]:
    for each in processes:
        try:
            if any(name in word for word in each.cmdline()):
                yield each
        except psutil.Error:
            continue  # it is gone


def _rollup(process: psutil.Process) -> dict[str, float]:
    """Return the sums over a process's memory, in MiB; nothing if it is gone."""
    try:
        fields = _fields(Path(f"/proc/{process.pid}/smaps_rollup"))
    except OSError:
        return {}
    return {name: size * MIB_OF_KB for name, size in fields.items()}


def _fields(path: Path) -> dict[str, int]:
    """Return the sizes, in kB, that a file in /proc names."""
    words = (line.split() for line in path.read_text().splitlines())
    return {w[0].rstrip(":"): int(w[1]) for w in words if len(w) == 3 and w[2] == "kB"}
