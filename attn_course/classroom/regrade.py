"""Who would go up and who down if everybody were graded by the checks as they are now.

The checks are released in a folder of their own, and what they say is kept among the
results. Nothing that anybody sees changes; to grade afterwards runs no student's code
again, and folds what was found.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attn_course.classroom.course import Course
from attn_course.classroom.faults import Ungraded, about
from attn_course.classroom.grade import NEVER, allowed, writing
from attn_course.classroom.grader import CONFIG, Grader
from attn_course.classroom.intake import UnreadableSubmission
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.release import release
from attn_course.classroom.units import Template
from attn_course.engine.crew import Crew, crew_of
from attn_course.engine.flow import Job, flow
from attn_course.engine.result import Result


@dataclass(frozen=True)
class Change:
    """One check that would give other points; None where there is no such check."""

    check: str
    before: int | None
    after: int | None
    why: str


@dataclass(frozen=True)
class Difference:
    """What would become of one submission."""

    student: str
    before: int
    after: int
    changes: tuple[Change, ...] = ()
    doubts: tuple[str, ...] = ()
    by_hand: bool = False  # somebody gave scores by hand, and those stay
    problem: str | None = None  # it could not be judged now


def differences(
    course: Course,
    assignment: str,
    *,
    unsandboxed: str = NEVER,
    workers: int | None = None,
    scheduler: str | None = None,
    crew: Crew | None = None,
) -> Iterator[Difference]:
    """Judge all graded submissions by the checks as written now; yield what differs.

    Yields every submission that was graded, as it is done.

    Raises
    ------
    CannotGoOn, CannotSandbox, UnknownAssignment
        As `grade` does.
    """
    may_run = allowed(course, course.known(assignment), unsandboxed, scheduler)
    with contextlib.ExitStack() as stack:
        draft = stack.enter_context(drafted(course, assignment))
        template = Template(
            draft, assignment, sandboxed=may_run.sandboxed, home=course.root
        )
        if crew is None:
            crew = stack.enter_context(crew_of(workers, scheduler))
        writer = stack.enter_context(writing(course, assignment))
        grader = Grader(course, template, writer, force=False)
        tasks = _tasks(grader, course, assignment, may_run)
        yield from flow(tasks, crew)


@contextlib.contextmanager
def drafted(course: Course, assignment: str) -> Iterator[Course]:
    """Release the checks as they are written now into a course of their own."""
    with tempfile.TemporaryDirectory(prefix="attn-course-draft-") as place:
        root = Path(place).resolve()
        shutil.copy(course.root / CONFIG, root)
        folder = Path("solutions") / assignment
        (root / folder).mkdir(parents=True)
        for path in (course.root / folder).glob("e*.py"):
            shutil.copy(path, root / folder)
        draft = Course(root)
        gradebook = f"sqlite:///{root / '_grading' / 'gradebook.db'}"
        draft.nbgrader.coursedir.db_url = gradebook  # whatever else is configured
        release(draft, assignment)
        yield draft


def _tasks(grader: Grader, course: Course, assignment: str, may_run) -> Iterator:
    for student in course.students(assignment):
        record = _record(course, assignment, student)
        if record is not None:
            may_run.require(student, grader.submission(student))
            yield _compared(grader, student, record)


def _record(course: Course, assignment: str, student: str) -> dict[str, Any] | None:
    """Return what was kept of the verdict that counts now."""
    path = provenance_path(course.root, assignment, student)
    with contextlib.suppress(FileNotFoundError, ValueError):
        return json.loads(path.read_text("utf8"))
    return None


def _compared(
    grader: Grader, student: str, record: dict[str, Any]
) -> Generator[list[Job], list[str], Difference]:
    """The task of one submission."""
    before = sum(check["points"] for check in record["checks"])
    try:
        result, *_ = yield from grader.judged(student)
    except UnreadableSubmission as error:
        return Difference(student, before, before, problem=str(error))
    except Exception as error:
        meant = about(grader.course, student, error)
        if isinstance(meant, Ungraded):
            return Difference(student, before, before, problem=str(meant))
        raise meant from error
    return Difference(
        student,
        before,
        result.points,
        tuple(_changes(record["checks"], result)),
        tuple(result.doubts),
        grader.writer.by_hand(student),
    )


def _changes(then: list[dict[str, Any]], result: Result) -> Iterator[Change]:
    """Yield what differs between the checks then and now, in the order of now."""
    old = {check["name"]: check for check in then}
    new = {check["name"]: check for check in result.checks}
    for name in [*new, *(old.keys() - new.keys())]:
        first, second = old.get(name), new.get(name)
        points = [each and each["points"] for each in (first, second)]
        if first is None or second is None or points[0] != points[1]:
            yield Change(name, *points, _why(first, second))


def _why(first: dict[str, Any] | None, second: dict[str, Any] | None) -> str:
    """Say in a line why a check gives other points now."""
    if second is None:
        return "there is no such check any more"
    says = second["message"].partition("\n")[0]
    if first is None:
        return f"a new check: {says or 'passed'}"
    if first["kind"] == second["kind"] == "passed":
        return f"worth {second['of']}, and was worth {first['of']}"
    if second["kind"] != "passed":
        return says
    return f"passes now; said before: {first['message'].partition(chr(10))[0]}"
