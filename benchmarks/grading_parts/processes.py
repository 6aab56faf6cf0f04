"""Run a command in a process of its own, and say what that took."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

BENCHMARKS = Path(__file__).parents[1]
SAID = 3000  # characters of what it said last, if it fails


class Spent(NamedTuple):
    """Seconds on the clock, and of all processors together."""

    wall: float
    cpu: float


def spent(cwd: Path, *arguments: str, out: Path | None = None) -> Spent:
    """Run this Python with `arguments`; its processor time counts all it waited for.

    What it prints goes to `out`, if there is one.

    Raises
    ------
    RuntimeError
        If it fails; with what it said.
    """
    with tempfile.TemporaryFile("w+") as said, open(out or os.devnull, "w") as printed:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=said,
            env=_surroundings(),
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{arguments} failed: {said.read()[-SAID:]}")
    return Spent(wall, used.ru_utime + used.ru_stime)


def told(module: str, *arguments: str) -> Any:
    """Run a module of this benchmark in a process of its own; return what it tells."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "told.json"
        spent(BENCHMARKS, "-m", f"grading_parts.{module}", str(path), *arguments)
        return json.loads(path.read_text("utf8"))


def tell(path: str, facts: Any) -> None:
    """Leave facts for whoever asked by `told`."""
    Path(path).write_text(json.dumps(facts), "utf8")


def seconds_of_tree() -> float:
    """Return the processor time of this process and all below it, dead ones included.

    Of the dead only those count that somebody has waited for.
    """
    total, this = 0.0, psutil.Process()
    for each in (this, *this.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.Error:  # it is gone, and counts with its parent's
            continue
        total += times.user + times.system
        total += times.children_user + times.children_system
    return total


def _surroundings() -> dict[str, str]:
    """Return an environment in which this Python's programs and ours are found."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join([own, os.environ.get("PATH", "")])
    ours = os.pathsep.join([str(BENCHMARKS.parent), str(BENCHMARKS)])
    return {**os.environ, "PATH": path, "PYTHONPATH": ours}
