"""What is done for one submission, from the file that was handed in to its feedback."""

import contextlib
import hashlib
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from attn_course.authoring.files import write_whole
from attn_course.classroom.attempts import Attempts
from attn_course.classroom.course import Course
from attn_course.classroom.faults import Ungraded, about
from attn_course.classroom.intake import MOST_BYTES, UnreadableSubmission, read
from attn_course.classroom.journal import Journal
from attn_course.classroom.lookup import Lookup
from attn_course.classroom.pages import Pages
from attn_course.classroom.units import Template
from attn_course.classroom.writer import Writer
from attn_course.engine.flow import Job
from attn_course.engine.identity import package_digest
from attn_course.engine.packing import packed
from attn_course.engine.result import Result

CONFIG = "nbgrader_config.py"
LONGEST_TIME = 100  # bytes of the file in which nbgrader notes when it was handed in
AGAIN = "to be tried again"
PERIOD = (
    1.0  # seconds between two writings of the journal: what is lost, is folded again
)


@dataclass(frozen=True)
class Graded:
    """What became of one submission.

    `problem` says why it was not graded; `doubts` which of its checks a second look
    gave other points: they have those of the first, and wait for a human.
    """

    student: str
    fresh: bool
    problem: str | None = None
    doubts: tuple[str, ...] = ()


class Grader:
    """All that the tasks of one assignment share."""

    def __init__(
        self, course: Course, template: Template, writer: Writer, *, force: bool
    ):
        self.course, self.template, self.writer = course, template, writer
        self.force, self.assignment = force, template.assignment
        self.journal = Journal(course.root / "_grading" / "journal.json", period=PERIOD)
        self.results = Lookup(course, self.journal, force=force)
        self.attempts = Attempts(course, self.assignment)
        self.pages = Pages(course, self.assignment)
        self.scored = writer.scored()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # then the next run folds some once more
            self.journal.flush()

    def submission(self, student: str) -> Path:
        return self.course.submission(student, self.assignment)

    def is_done(self, student: str) -> bool:
        """Whether this very submission was graded by this very grader."""
        problem = self.journal.problem(self.assignment, student)
        known = problem is not None or student in self.scored
        what = self._digest(student)
        done = self.journal.done(self.assignment, student, what)
        return known and done and not self.force

    def nothing(self, student: str) -> Generator[list[Job], list[str], Graded]:
        """The task of what is done."""
        problem = self.journal.problem(self.assignment, student)
        return Graded(student, False, problem, self._doubts(student))
        yield

    def task(self, student: str) -> Generator[list[Job], list[str], Graded]:
        """Grade one submission.

        Raises
        ------
        CannotGoOn
            If what went wrong would go wrong with everybody else too.
        """
        what, counting, problem = self._digest(student), None, None
        try:
            counting = yield from self._graded(student)
        except UnreadableSubmission as error:
            problem = str(error)
        except Exception as error:
            meant = about(self.course, student, error)
            if not isinstance(meant, Ungraded):
                raise meant from error
            problem, what = str(meant), AGAIN
        if problem and student in self.scored:
            problem = f"{problem} The score of what was handed in before stands."
        self._note(student, what, problem, counting)
        doubts = tuple(counting.doubts) if counting else ()
        return Graded(student, True, problem, doubts)

    def judged(self, student: str):
        """Return the result that counts, its notebook, and when that was handed in.

        A task's part, which writes nothing but results.
        """
        path, stamp = self.submission(student), self._stamp(student)
        notebook = read(path, self.template.released)
        others = self.attempts.others(student, path.read_bytes())
        stamps, notebooks = zip(*others, (stamp, notebook), strict=True)
        units = [self.template.unit(student, nb) for nb in notebooks]
        found = yield from self.results.of(units)
        counting = self._best(student, [result for result, _ in found], stamps)
        return *found[counting], stamps[counting]

    def _graded(self, student: str):
        """Take one submission through everything; return the result that counts."""
        path, stamp = self.submission(student), self._stamp(student)
        notebook = read(path, self.template.released)
        self._lay_out(student, notebook, stamp)
        self.attempts.note(student, path.read_bytes(), notebook, stamp)
        result, executed, stamp = yield from self.judged(student)
        folded = self.writer.fold(student, result, executed, stamp)
        [html] = yield [self.pages.job(folded)]
        self.pages.write(student, html, stamp)
        return result

    def _best(self, student: str, results: list[Result], stamps) -> int:
        """Return which attempt counts: the best, and of equal ones the first."""
        if len(results) == 1:
            return 0
        nets = [
            self.writer.net(student, result.points, stamp)
            for result, stamp in zip(results, stamps, strict=True)
        ]
        return nets.index(max(nets))

    def _lay_out(self, student: str, notebook: NotebookNode, stamp) -> None:
        """Write what counts of a submission, and nothing else of it."""
        folder = self.course.step("canonical", student, self.assignment)
        shutil.rmtree(folder, ignore_errors=True)
        write_whole(folder / f"{self.assignment}.ipynb", packed(notebook))
        if stamp is not None:
            write_whole(folder / "timestamp.txt", stamp)

    def _stamp(self, student: str) -> str | None:
        """Return when it was handed in, as nbgrader notes that, if it does."""
        folder = self.course.step("submitted", student, self.assignment)
        path = folder / "timestamp.txt"
        if path.is_file() and path.stat().st_size <= LONGEST_TIME:
            return path.read_text("utf8", "replace")
        return None

    def _note(self, student: str, what: str, problem, counting: Result | None) -> None:
        key = counting and counting.key
        doubts = counting and list(counting.doubts)
        who = (self.assignment, student)
        try:
            self.journal.write(*who, what, problem, result=key, doubts=doubts)
        except OSError as error:
            raise about(self.course, student, error) from error
        self.scored |= {student} if counting else set()

    def _doubts(self, student: str) -> tuple[str, ...]:
        return tuple(self.journal.doubts(self.assignment, student))

    @cached_property
    def _common(self) -> bytes:
        """A hash of what all submissions are graded by."""
        folder = self.course.source(self.assignment).parent
        paths = [self.course.source(self.assignment), self.course.root / CONFIG]
        total = hashlib.sha256(package_digest().encode())
        for path in (*paths, *sorted(folder.glob("e*.py"))):
            total.update(path.read_bytes() if path.is_file() else b"missing")
        return total.digest()

    def _digest(self, student: str) -> str:
        """Return a hash of a submission, when it was handed in, and all it needs."""
        path = self.submission(student)
        try:
            small = path.stat().st_size <= MOST_BYTES
        except OSError:
            small = False
        raw = path.read_bytes() if small and path.is_file() else b"missing"
        stamp = (self._stamp(student) or "").encode()
        return hashlib.sha256(b"\0".join([self._common, raw, stamp])).hexdigest()
