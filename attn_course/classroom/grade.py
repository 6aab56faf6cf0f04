"""Grade the submissions of one assignment with nbgrader, one after another.

Each submission is read first; what cannot be read is reported and left ungraded,
and the others go on. A submission counts as done once its scores are in the
gradebook and its feedback is written, so a run that was cut off is completed by the
next one.
"""

import errno
import logging
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.utils import temp_attrs
from tornado.log import app_log

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.demo import notebooks
from attn_course.classroom.gradebook import opened, scored_students
from attn_course.classroom.intake import MOST_BYTES, UnreadableSubmission, read
from attn_course.classroom.journal import Journal, digest
from attn_course.classroom.release import release
from attn_course.judge import sandbox
from attn_course.judge.student import NoKernel

CONFIG = "nbgrader_config.py"
LONGEST_TIME = 100  # bytes of the file in which nbgrader notes when it was handed in
NEVER, DEMONSTRATION, EVERYTHING = "never", "demonstration", "everything"


class CannotGoOn(RuntimeError):
    """Something that no further submission can get round; says what to do."""


class Ungraded(RuntimeError):
    """nbgrader failed on a submission that looked sound; the next run tries again."""


@dataclass(frozen=True)
class Graded:
    """What became of one submission. `problem` says why it was not graded."""

    student: str
    fresh: bool
    problem: str | None = None


def grade(
    course: Course,
    assignment: str,
    *,
    students: list[str] | None = None,
    force: bool = False,
    unsandboxed: str = NEVER,
) -> Iterator[Graded]:
    """Grade, yielding each submission as it is done.

    Where this machine has no sandbox, `unsandboxed` says what is graded all the same:
    never anything, the demonstration class as it was handed in, or everything.

    Raises
    ------
    CannotSandbox
        If there is no sandbox and nobody said to do without.
    UnknownAssignment
        If there is no such assignment.
    CannotGoOn
        If the disk is full or the gradebook cannot be used.
    """
    sandboxed = _sandboxed(unsandboxed)
    _prepare(course, assignment)
    ours = {} if sandboxed else notebooks(course, assignment)
    released = nbformat.read(course.pristine(assignment), as_version=4)
    scored = scored_students(course, assignment)
    journal = Journal(course.root / "_grading" / "journal.json")
    checks = sorted(course.source(assignment).parent.glob("e*.py"))
    chosen = course.students(assignment) if students is None else students
    for student in course.handed_in_by(chosen, assignment):
        what = _digest(course, assignment, student, checks)
        problem = journal.problem(assignment, student)
        kept = problem is not None or student in scored
        if kept and journal.done(assignment, student, what) and not force:
            yield Graded(student, False, problem)
            continue
        if not sandboxed and unsandboxed != EVERYTHING:
            _require_ours(course.submission(student, assignment), ours.get(student))
        course.nbgrader.config.Judged.sandboxed = sandboxed
        problem = _grade_one(course, assignment, student, released)
        if isinstance(problem, Ungraded):
            what = "to be tried again"
        elif problem and student in scored:
            problem = f"{problem} The score of what was handed in before stands."
        problem = problem and str(problem)
        journal.write(assignment, student, what, problem)
        yield Graded(student, True, problem)


def _sandboxed(unsandboxed: str) -> bool:
    """Whether there is a sandbox; raise if there is none and there should be."""
    try:
        sandbox.require()
    except sandbox.CannotSandbox:
        if unsandboxed == NEVER:
            raise
        return False
    return True


def _require_ours(path: Path, text: str | None) -> None:
    """Raise unless the submission is the demonstration's own, byte for byte."""
    if text is None or not path.exists() or path.read_bytes() != text.encode():
        sandbox.require()


def _digest(course: Course, assignment: str, student: str, checks: list[Path]) -> str:
    path = course.submission(student, assignment)
    try:
        small = path.stat().st_size <= MOST_BYTES
    except OSError:
        small = False
    submitted = [path] if small else []  # what is too large is refused unread
    return digest(*submitted, course.source(assignment), course.root / CONFIG, *checks)


def _grade_one(course: Course, assignment: str, student: str, released):
    """Grade one submission; return None, or the exception that says why not."""
    try:
        notebook = read(course.submission(student, assignment), released)
    except UnreadableSubmission as error:
        return error
    try:
        _put_on_skeleton(course, assignment, student, notebook)
        _run_nbgrader(course, assignment, student, Autograde, GenerateFeedback)
    except Ungraded as error:
        _forget(course, assignment, student)  # half a result is none
        return error
    except OSError as error:
        raise CannotGoOn(_about_disk(error, student)) from error
    return None


def _put_on_skeleton(course: Course, assignment: str, student: str, notebook) -> None:
    """Lay out for nbgrader what counts of a submission, and nothing else of it."""
    folder = course.step("canonical", student, assignment)
    shutil.rmtree(folder, ignore_errors=True)
    write_whole(folder / f"{assignment}.ipynb", nbformat.writes(notebook) + "\n")
    handed_in = course.step("submitted", student, assignment) / "timestamp.txt"
    if handed_in.is_file() and handed_in.stat().st_size <= LONGEST_TIME:
        write_whole(folder / handed_in.name, handed_in.read_text("utf8", "replace"))


def _prepare(course: Course, assignment: str) -> None:
    """Make sure that the checks as they are written now are those that grade."""
    course.known(assignment)
    try:
        release(course, assignment)
    except Exception as error:
        if _is_database(error):
            raise CannotGoOn(_about_gradebook(course, error)) from error
        raise


def write_feedback(course: Course, assignment: str, student: str) -> None:
    """Write the feedback page of a graded submission anew."""
    _run_nbgrader(course, assignment, student, GenerateFeedback)


def _run_nbgrader(course: Course, assignment: str, student: str, *steps) -> None:
    """Take one submission through the steps of nbgrader."""
    api = course.nbgrader
    what = {"assignment_id": assignment, "student_id": student}
    with temp_attrs(api.coursedir, **what, submitted_directory="_grading/canonical"):
        for step in steps:
            app = step(coursedir=api.coursedir, parent=api)
            app.force = True
            with _listening(app.log, app_log) as heard, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # nbgrader's own, about its tables
                try:
                    app.start()
                except Exception as error:
                    raise _unpacked(course, student, error, heard) from error


def _unpacked(course: Course, student: str, error: Exception, heard) -> Exception:
    """Return what really went wrong: nbgrader logs it and raises something else.

    Told by the exceptions themselves, as words in a log may be a student's.
    """
    faults = [*heard.faults, error]
    for fault in faults:
        if isinstance(fault, NoKernel):
            return CannotGoOn(f"students' code cannot be run: {str(fault).strip()}")
    if any(map(_is_full, faults)):
        return OSError(errno.ENOSPC, "No space left on device")
    if any(map(_is_database, faults)):
        return CannotGoOn(_about_gradebook(course, heard.reason or error))
    reason = heard.reason or f"{type(error).__name__}: {error}"
    return Ungraded(f"{student}: nbgrader could not grade this: {reason}")


def _forget(course: Course, assignment: str, student: str) -> None:
    """Remove what a grading that failed has left behind."""
    shutil.rmtree(course.step("autograded", student, assignment), ignore_errors=True)
    shutil.rmtree(course.step("feedback", student, assignment), ignore_errors=True)
    with opened(course) as gradebook:
        try:
            gradebook.remove_submission(assignment, student)
        except MissingEntry:
            return


def _is_database(error: BaseException) -> bool:
    return type(error).__module__.startswith(("sqlalchemy", "sqlite3"))


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return _is_database(error) and "disk is full" in str(getattr(error, "orig", error))


def _about_disk(error: OSError, student: str) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"the disk is full; {student} and those after it are not graded. Free some "
            f"space and run the same command again: it goes on from here."
        )
    return f"{student}: {error.strerror}: {error.filename}. Mend that and run it again."


def _about_gradebook(course: Course, error) -> str:
    where = course.nbgrader.coursedir.db_url
    return (
        f"the gradebook at {where} cannot be used ({str(error).splitlines()[0]}). "
        f"Close what else uses it; if it is damaged, put it aside and grade again."
    )


class _listening(logging.Handler):
    """Keep what nbgrader and its gradebook log, quietly, while the block runs."""

    def __init__(self, *logs: logging.Logger):
        super().__init__()
        self.logs, self.lines = logs, []
        self.faults: list[BaseException] = []  # what was being handled meanwhile

    @property
    def reason(self) -> str | None:
        """The last line of the last traceback that was logged."""
        traces = [line for line in self.lines if line.startswith("Traceback")]
        return traces[-1].strip().splitlines()[-1] if traces else None

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if fault := sys.exc_info()[1]:
            self.faults.append(fault)

    def __enter__(self):
        self.before = [(log.handlers[:], log.propagate) for log in self.logs]
        for log in self.logs:
            log.handlers[:], log.propagate = [self], False
        return self

    def __exit__(self, *_):
        for log, (handlers, propagate) in zip(self.logs, self.before, strict=True):
            log.handlers[:], log.propagate = handlers, propagate
