"""kill -9 of any process at any moment: a second run completes to the same scores.

The processes are the one that grades, those that work for it, and those of the sandbox
and the kernel in it.
"""

import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade
from attn_course.classroom.report import results

from .conftest import NAME, make_course, solved, submit

MOMENTS = 50
AT_ONCE = 2

# Starting Python takes longer than grading; so one process forks all that grade.
SERVER = """
import os, sys
from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        for _ in grade(Course(line.strip()), {name!r}, workers=1):
            pass
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Server:
    """A process that grades a course each time it is given a folder."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER.format(name=NAME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, root: Path) -> psutil.Process | None:
        self.process.stdin.write(f"{root}\n")
        self.process.stdin.flush()
        pid = int(self.process.stdout.readline())
        try:
            return psutil.Process(pid)
        except psutil.NoSuchProcess:
            return None

    def end(self) -> int:
        """Wait until it is over; return how the process ended."""
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A course in which two have handed in, and the scores they should have."""
    course = make_course(tmp_path_factory.mktemp("pristine"))
    wrong = "def doubled(x):\n    return 2.0 + x"
    deadly = "def tripled(x):\n    import os\n\n    os._exit(1)"
    for student, sources in (
        ("right", {}),
        ("wrong", {"doubled": wrong, "tripled": deadly}),
    ):
        submit(course, student, nbformat.writes(solved(course, **sources)))
    untouched = tmp_path_factory.mktemp("untouched") / "course"
    shutil.copytree(course.root, untouched)
    start = time.monotonic()
    assert [done.problem for done in grade(course, NAME)] == [None] * 2
    return untouched, scores(course), time.monotonic() - start


def scores(course: Course) -> dict[str, dict[str, float]]:
    return {result.student: result.points for result in results(course, NAME)}


def test_a_second_run_completes_what_a_kill_broke_off(pristine, tmp_path):
    untouched, wanted, seconds = pristine
    assert wanted["right"] == {"doubled": 3.0, "tripled": 3.0}
    assert wanted["wrong"] == {"doubled": 0.0, "tripled": 0.0}
    luck = random.Random(1)
    plan = [(luck.uniform(0.0, seconds), luck.random()) for _ in range(MOMENTS)]

    def worker(number: int) -> list[str]:
        server = Server()
        try:
            return [
                killed_and_completed(
                    server, tmp_path / f"{i}", untouched, wanted, *plan[i]
                )
                for i in range(number, MOMENTS, AT_ONCE)
            ]
        finally:
            server.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        victims = [name for names in pool.map(worker, range(AT_ONCE)) for name in names]
    assert len({*victims} - {"nobody"}) > 1  # not always the same kind of process
    assert victims.count("nobody") < MOMENTS / 2


def killed_and_completed(server, root, untouched, wanted, delay, choice) -> str:
    """Grade, kill one process after `delay` seconds, grade again, compare."""
    shutil.copytree(untouched, root)
    grading = server.start(root)
    time.sleep(delay)
    victim = kill_one(grading, choice)
    ended = server.end()
    assert ended == (9 if victim == "grading" else 0)
    server.start(root)
    assert server.end() == 0
    assert scores(Course(root)) == wanted, (delay, victim)
    shutil.rmtree(root)
    return victim


def kill_one(grading: psutil.Process | None, choice: float) -> str:
    """Kill one of the processes of a grading; say which kind it was."""
    try:
        family = [grading, *grading.children(recursive=True)]
        victim = family[int(choice * len(family))]
        name = "grading" if victim is grading else victim.name()
        victim.kill()
    except (psutil.NoSuchProcess, AttributeError):
        return "nobody"
    return name
