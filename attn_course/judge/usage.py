"""How much memory and time a process and all below it have used."""

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """Return the process and all below it; none if it is gone."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def trees(pids: list[int]) -> list[psutil.Process]:
    """Return these processes and all below them, each once."""
    return [*dict.fromkeys(each for pid in pids for each in tree(pid))]


def memory(processes: list[psutil.Process]) -> int:
    """Return the bytes in use; what several processes share counts for each."""
    return sum(_asked(lambda each: each.memory_info().rss, processes))


def memory_shared_out(processes: list[psutil.Process]) -> int:
    """Return the bytes in use; what n processes share counts for each as its nth."""
    return sum(_asked(_proportional, processes))


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the time used, also by those that have ended and been waited for."""
    return sum(_asked(lambda each: sum(each.cpu_times()[:4]), processes))


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return process.memory_info().rss


def _asked(question, processes):
    for each in processes:
        try:
            yield question(each)
        except psutil.NoSuchProcess:
            continue
