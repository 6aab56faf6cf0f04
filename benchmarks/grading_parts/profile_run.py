"""Grade in one process with a clock around each stage, and tell where the time went.

A run of its own: nothing here is timed against anything else. What students' processes
do is seen from the judge's side, as waiting; how much of it is their code, the limit
says.
"""

import sys
import time
from concurrent.futures import Future
from pathlib import Path

from grading_parts.processes import seconds_of_tree, tell
from grading_parts.stages import Stages

from attn_course.classroom import grade as grading
from attn_course.classroom import grader, units, writer
from attn_course.classroom.attempts import Attempts
from attn_course.classroom.course import Course
from attn_course.classroom.journal import Journal
from attn_course.classroom.pages import Pages
from attn_course.engine import page, store, unit, work
from attn_course.engine.hand import Hands
from attn_course.engine.here import Here
from attn_course.engine.jobs import Failed
from attn_course.judge import forked, link, supply
from attn_course.judge.sitting import Sitting

PREPARING = "prepare: release, gradebook, checks"
STARTING = "start a fork server"
ONCE = (PREPARING, STARTING)  # for a run, or for a worker of it
LOADING = "checks: find their modules"
FORKING = "sandbox and fork, and their end"
CELLS = "student's cells"
TALKING = "checks: begin and end a conversation"
ASKING = "checks: wait for the student's process"
RULING = "checks: ours, with diagnosis and card"
CARRYING = "canonicalise, hash, pack"
FOLDING = "fold into files and gradebook"
KEEPING = "results, journal, attempts"
SHOWING = "feedback page"
WATCHED = (
    (grading, "release", PREPARING),
    (grading, "Template", PREPARING),
    (grading, "Writer", PREPARING),
    (grading, "Grader", PREPARING),
    (work, "rulebook", LOADING),
    (supply, "fork_server", STARTING),
    (forked.ForkedShell, "__enter__", FORKING),
    (forked.ForkedShell, "__exit__", FORKING),
    (forked.ForkedShell, "run", CELLS),
    (link.Link, "describe", ASKING),
    (link.Link, "call", ASKING),
    (link.Link, "probe", ASKING),
    (work, "rule", RULING),
    (work, "written", RULING),
    (grader, "read", CARRYING),
    (units.Template, "unit", CARRYING),
    (unit.Unit, "to_json", CARRYING),
    (unit.Unit, "from_json", CARRYING),
    (work, "work", CARRYING),
    (writer.Writer, "fold", FOLDING),
    (Attempts, "note", KEEPING),
    (store.Store, "get", KEEPING),
    (store.Store, "keep", KEEPING),
    (Journal, "write", KEEPING),
    (Journal, "flush", KEEPING),
    (Pages, "write", SHOWING),
    (page, "page", SHOWING),
)


class Clocked(Here):
    """Does each job at once, in this process; notes how long each took."""

    def __init__(self):
        self.seconds: dict[str, list[float]] = {"work": [], "page": []}

    def submit(self, kind: str, text: str) -> Future:
        start = time.perf_counter()
        future = super().submit(kind, text)
        self.seconds[kind].append(time.perf_counter() - start)
        return future


def main(out: str, root: str, chapter: str) -> None:
    course = Course(Path(root))
    hand = _seconds_to_start_a_hand()
    stages = Stages()
    stages.whole |= set(ONCE)
    for owner, name, stage in WATCHED:
        stages.watch(owner, name, stage)
    stages.watch_ends(Sitting, "conversation", TALKING)
    first, second, *others = course.students(chapter)
    list(grading.grade(course, chapter, students=[first, second], crew=Clocked()))
    once, crew = stages.start_afresh(), Clocked()
    here, all_of_it = time.process_time(), seconds_of_tree()
    list(grading.grade(course, chapter, students=others, crew=crew))
    here, all_of_it = time.process_time() - here, seconds_of_tree() - all_of_it
    once = {"start a worker": hand} | {stage: once[stage] for stage in ONCE}
    each = {k: s for k, s in stages.start_afresh().items() if k not in ONCE}
    found = {"once": once, "stages": each, "jobs": crew.seconds}
    used = {"here": here, "below": all_of_it - here, "count": len(others)}
    tell(out, found | used)


def _seconds_to_start_a_hand() -> float:
    """Start a worker, have it import all that its work needs, and end it."""
    start = time.perf_counter()
    hands = Hands()
    try:
        hands.do("work", "{}")  # it looks at what it is to do when it has all it needs
    except Failed:
        pass
    took = time.perf_counter() - start
    hands.close()
    return took


if __name__ == "__main__":
    main(*sys.argv[1:])
