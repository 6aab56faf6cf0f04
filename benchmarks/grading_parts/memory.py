"""The memory of a run's processes: what each has for itself, and what it shares.

Pages of files (programs, libraries) are there once for all processes. What is not of a
file belongs to a worker: to its own process, to its fork server, and to the students'
processes split off from that, which share with it what they have not changed.
"""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

MIB_OF_KB = 1 / 1024
WORKER, SERVER = "attn_course.engine.hand", "forkserver"  # in what started them
ALL = "worker, all its processes"
JUDGE = "of these, the judge's process"
SPLIT = "of these, the fork server and what it split off"
ALONE = "a student's process, beyond its fork server"


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
            for worker in _named(psutil.Process().children(recursive=True), WORKER):
                for name, held in _of(worker).items():
                    self.most[name] = max(self.most.get(name, 0.0), held)

    def stop(self) -> dict[str, float]:
        """Return the most MiB that was seen, by kind of process."""
        self.over.set()
        self.join()
        return self.most


def _of(worker: psutil.Process) -> dict[str, float]:
    """Return the MiB of a worker's processes just now.

    Of a student's process these are the pages that nobody else has.
    """
    try:
        below, servers = worker.children(recursive=True), worker.children()
        shells = [each for one in _named(servers, SERVER) for each in one.children()]
    except psutil.Error:
        return {}  # it is gone
    found, judge = {}, _rollup(worker).get("Pss_Anon", 0.0)
    rest = sum(_rollup(each).get("Pss_Anon", 0.0) for each in below)
    found[ALL], found[JUDGE], found[SPLIT] = judge + rest, judge, rest
    for facts in filter(None, map(_rollup, shells)):
        found[ALONE] = facts["Private_Clean"] + facts["Private_Dirty"]
    return found


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
