"""Grade the corpus as one class, and see what each attack got and what it touched."""

import contextlib
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .attack import POINTS, REFUSED, Attack, Points
from .columns import Column, notebook
from .stage import MARK, WITNESSES, Stage, changed, hand_in, scene

STOPS, HANGS, NOT_RUN = "stops the class", "hangs the class", "not run"
NOT_GRADED = "not graded"
NO_GRADE = re.compile("could not grade this|could not be graded")
SCORES = """
    select base_cell.name,
        coalesce(manual_score, auto_score, 0) + coalesce(extra_credit, 0)
    from grade
    join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment
        on submitted_assignment.id = submitted_notebook.assignment_id
    where student_id = ?"""


@dataclass
class Outcome:
    """What one way of grading made of the class.

    `got` maps each attack to its points, or to words: why there are none. `reasons`
    are the grader's own words for what it refused.
    """

    got: dict[str, Points | str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    witnesses: dict[str, Points | str] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)
    left_running: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    memory: int = 0  # bytes that the grader itself had at most


def run_class(
    stage: Stage,
    column: Column,
    attacks: list[Attack],
    *,
    harmful: bool,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Let `column` grade `attacks` as one class, between honest witnesses.

    What could harm this machine is run only if `harmful`.
    """
    outcome = Outcome(got={attack.name: NOT_RUN for attack in attacks})
    place = scene(stage, notebook(column), column.places)
    run = [attack for attack in attacks if harmful or not attack.harmful_unsandboxed]
    for student in WITNESSES:
        hand_in(place.submitted, student, place.notebook())
    for attack in run:
        hand_in(place.submitted, attack.name, attack.make(place))
    before = stage.surroundings(column.course_files)
    stage.heard.clear()
    stopped = _graded(column, outcome, tell)
    for student in (*WITNESSES, *(attack.name for attack in run)):
        points = stopped.get(student) or _points(place.gradebook, student)
        (outcome.witnesses if student in WITNESSES else outcome.got)[student] = points
    outcome.heard = sorted(set(stage.heard))
    outcome.left_running += _end_what_is_left()
    outcome.touched = changed(before, stage.surroundings(column.course_files))
    return outcome


def _graded(column: Column, outcome: Outcome, tell) -> dict[str, str]:
    """Grade until nobody is left; return who has no points, in words.

    Who stops the grader is put aside with those it was done with, and it starts again.
    """
    words: dict[str, str] = {}
    submitted, aside = column.places["submitted"], column.root / "aside"
    aside.mkdir()
    everybody = {path.name for path in submitted.iterdir()}
    begun: set[str] = set()
    while True:
        run = _Process(column, tell)
        run.until_its_end()
        outcome.seconds |= run.seconds
        outcome.memory = max(outcome.memory, run.memory)
        for student, reason in column.refused(run.lines):
            outcome.reasons[student] = reason
            words[student] = NOT_GRADED if NO_GRADE.search(reason) else REFUSED
        if run.how and run.at:
            words[run.at] = run.how
            tell(f"{column.name}: {run.at} {run.how}")
            outcome.left_running += _end_what_is_left()  # or the next are stopped too
        new, begun = run.begun - begun, begun | run.begun
        if begun == everybody or not run.how or not new:
            break
        for student in new - {*WITNESSES}:
            with contextlib.suppress(FileNotFoundError):
                shutil.move(submitted / student, aside)
    for path in aside.iterdir():
        shutil.move(path, submitted)
    return dict.fromkeys(everybody - begun, NOT_GRADED) | words


class _Process:
    """One run of the grader: whom it was at last, and how it ended, if not well."""

    def __init__(self, column: Column, tell):
        self.column, self.tell = column, tell
        self.at: str | None = None
        self.how: str | None = None
        self.lines: list[str] = []
        self.seconds: dict[str, float] = {}
        self.memory = 0
        self.since = time.monotonic()

    @property
    def begun(self) -> set[str]:
        return {student for line in self.lines if (student := self.column.at(line))}

    def until_its_end(self) -> None:
        log = self.column.root / "log.txt"
        with log.open("w") as written, log.open(errors="replace") as read:
            process = subprocess.Popen(
                self.column.command,
                cwd=self.column.root,
                env=self.column.environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            while process.poll() is None and self.how is None:
                time.sleep(0.1)
                self._hear(read)
                with contextlib.suppress(psutil.NoSuchProcess):
                    rss = psutil.Process(process.pid).memory_info().rss
                    self.memory = max(self.memory, rss)
                if time.monotonic() - self.since > self.column.patience:
                    self.how = HANGS
                    _end(psutil.Process(process.pid))
            process.wait()
            self._hear(read)
        if self.how is None and not self.column.ended_well(process, self.lines):
            self.how = STOPS

    def _hear(self, log) -> None:
        for line in log.read(10_000_000).splitlines():
            self.lines.append(line[:2000])
            if student := self.column.at(line):
                self.seconds[student] = 0.0
                self.at, self.since = student, time.monotonic()
                self.tell(f"{self.column.name}: {student}")
        if self.at:
            self.seconds[self.at] = round(time.monotonic() - self.since, 1)


def _points(gradebook: Path, student: str) -> Points | str:
    """Return the points by exercise, as the gradebook has them."""
    with contextlib.closing(sqlite3.connect(gradebook)) as book:
        rows = book.execute(SCORES, (student,)).fetchall()
    if not rows:
        return NOT_GRADED
    points = dict.fromkeys(POINTS, 0)
    for check, score in rows:
        points[check.partition("-")[0]] += int(score)
    return points


def _end(process: psutil.Process) -> None:
    """End a process of ours and all that it has started."""
    everything = [*process.children(recursive=True), process]
    for each in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(everything, timeout=5)


def _end_what_is_left() -> list[str]:
    """End the processes that bear the mark of an attack; return their names."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, IndexError):
            name = process.cmdline()[0]
            if name.startswith(MARK):
                found.append(name)
                process.kill()
    return sorted(found)
