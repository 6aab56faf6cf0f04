"""What one student's kernel may use, all its processes together; and what a check."""

import os
import platform
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

MB, GB = 10**6, 10**9


@dataclass(frozen=True)
class Limits:
    """Bytes, seconds and counts; beyond them comes an exception, or the end."""

    address_space: int = 8 * GB  # of one process; torch asks for far more than it uses
    memory: int = 2 * GB  # really in use
    processes: int = 64  # threads among them; a kernel has about ten
    file_size: int = 64 * MB
    open_files: int = 256
    cpu_seconds: int = 300
    scratch: int = 64 * MB  # in each folder that can be written to

    def by_name(self, *, for_one_user: bool) -> dict[str, int]:
        """Return what the system is to limit, by its names.

        Processes are counted by user, so they are limited only if the kernel has a
        user, or a user namespace, of its own.
        """
        limits = {
            "AS": self.address_space,
            "FSIZE": self.file_size,
            "NOFILE": self.open_files,
            "CPU": self.cpu_seconds,
            "CORE": 0,
        }
        if for_one_user:
            limits["NPROC"] = self.processes + _counted_beside()
        return limits


COUNTS_BY_NAMESPACE = (5, 14)  # the first Linux to count a user's processes so


def _counted_beside() -> int:
    """Return how many processes and threads count that are in no sandbox of ours."""
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if os.getuid() == 0 or release >= COUNTS_BY_NAMESPACE:
        return 0
    return sum(
        each.info["num_threads"] or 0
        for each in psutil.process_iter(["uids", "num_threads"])
        if each.info["uids"] and each.info["uids"].real == os.getuid()
    )


@contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process take `more` bytes at most in the block, then MemoryError."""
    if platform.system() != "Linux":  # others do not count address space so
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + more
    most = most if soft == resource.RLIM_INFINITY else min(soft, most)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
