"""Grade the submissions of one assignment: many at a time, and one writer for all.

Each submission is read first; what cannot be read is reported and left ungraded, and
the others go on. Students' code is run by workers, and what comes of it kept by the
hash of its content; one process, this one, folds it into nbgrader's gradebook. A
submission counts as done once its scores are there and its feedback is written, so a
run that was cut off is completed by the next one.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from attn_course.classroom.course import Course
from attn_course.classroom.demo import notebooks
from attn_course.classroom.faults import CannotGoOn, about_gradebook, is_database
from attn_course.classroom.grader import Graded, Grader
from attn_course.classroom.pages import Pages
from attn_course.classroom.release import release
from attn_course.classroom.units import Template
from attn_course.classroom.writer import Writer
from attn_course.engine.crew import Crew, crew_of
from attn_course.engine.flow import flow
from attn_course.engine.page import page
from attn_course.judge import sandbox

NEVER, DEMONSTRATION, EVERYTHING = "never", "demonstration", "everything"


def grade(
    course: Course,
    assignment: str,
    *,
    students: list[str] | None = None,
    force: bool = False,
    unsandboxed: str = NEVER,
    workers: int | None = None,
    scheduler: str | None = None,
    crew: Crew | None = None,
) -> Iterator[Graded]:
    """Grade, yielding each submission as it is done, in whatever order that is.

    The work is done by as many processes as there are cores, or `workers`; or by the
    Dask cluster of the scheduler at that address; or by a crew that somebody has.

    Where this machine has no sandbox, `unsandboxed` says what is graded all the same:
    never anything, the demonstration class as it was handed in, or everything.

    Raises
    ------
    CannotSandbox
        If there is no sandbox and nobody said to do without.
    UnknownAssignment
        If there is no such assignment.
    CannotGoOn
        If the disk is full, the gradebook cannot be used, or no code can be run.
    """
    may_run = allowed(course, assignment, unsandboxed, scheduler)
    _prepare(course, assignment)
    chosen = course.students(assignment) if students is None else students
    chosen = course.handed_in_by(chosen, assignment)
    template = Template(course, assignment, sandboxed=may_run.sandboxed)
    with contextlib.ExitStack() as stack:
        if crew is None:
            crew = stack.enter_context(crew_of(workers, scheduler))
        writer = stack.enter_context(writing(course, assignment))
        grader = Grader(course, template, writer, force=force)
        stack.callback(grader.close)
        yield from flow(_tasks(grader, chosen, may_run), crew)


@dataclass(frozen=True)
class Allowed:
    """Whose code may run: in the sandbox everybody's, without one that of `ours`."""

    sandboxed: bool
    ours: Callable[[], dict[str, str]] | None = None

    def require(self, student: str, path: Path) -> None:
        """Raise unless it is the demonstration's own, byte for byte, if it must be."""
        if self.ours is None:
            return
        text = self.ours().get(student)
        if text is None or not path.exists() or path.read_bytes() != text.encode():
            sandbox.require()


def allowed(
    course: Course, assignment: str, unsandboxed: str, scheduler: str | None
) -> Allowed:
    """Return whose code may run here; raise if nobody's, and nobody said so."""
    try:
        if scheduler is None:  # its workers look for themselves
            sandbox.require()
    except sandbox.CannotSandbox:
        if unsandboxed == NEVER:
            raise
        ours = cache(lambda: notebooks(course, assignment))
        return Allowed(False, ours if unsandboxed == DEMONSTRATION else None)
    return Allowed(True)


def write_feedback(course: Course, assignment: str, student: str) -> None:
    """Write the feedback page of a graded submission anew."""
    pages = Pages(course, assignment)
    with writing(course, assignment) as writer:
        pages.write(student, page(**pages.wanted(writer.graded(student))))


def _tasks(grader: Grader, chosen: list[str], may_run: Allowed) -> Iterator:
    """Yield what is to be done; raise at what may not be run here."""
    for student in chosen:
        if grader.is_done(student):
            yield grader.nothing(student)
            continue
        may_run.require(student, grader.submission(student))
        yield grader.task(student)


def _prepare(course: Course, assignment: str) -> None:
    """Make sure that the checks as they are written now are those that grade."""
    course.known(assignment)
    with _gradebook_named(course):
        release(course, assignment)


@contextlib.contextmanager
def writing(course: Course, assignment: str) -> Iterator[Writer]:
    """Have the gradebook open for a block."""
    with _gradebook_named(course):
        writer = Writer(course, assignment)
    with writer:
        yield writer


@contextlib.contextmanager
def _gradebook_named(course: Course) -> Iterator[None]:
    """Say of which gradebook it is that it cannot be used."""
    try:
        yield
    except Exception as error:
        if is_database(error):
            raise CannotGoOn(about_gradebook(course, error)) from error
        raise
