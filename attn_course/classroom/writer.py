"""The one process that writes into the gradebook, in one transaction a submission.

What it stores is what nbgrader's own SaveAutoGrades and AssignLatePenalties store, each
of which opens the gradebook anew and commits for every cell. Files are written
before the commit, so that what the gradebook says is never ahead of them.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
)
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.orm import undefer
from tornado.log import app_log
from traitlets import import_item

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.provenance import provenance_path, write_provenance
from attn_course.engine.packing import packed, unpacked
from attn_course.engine.result import Result

ELSEWHERE = {  # steps of nbgrader's autograde that were done before or are done below
    "Judged",
    "Execute",
    "SaveAutoGrades",
    "AssignLatePenalties",
    "CheckCellMetadata",  # the skeleton's metadata were checked when it was released
}


@dataclass(frozen=True)
class Folded:
    """What the gradebook now has of a submission, for its feedback page."""

    notebook: str  # with scores and comments in it
    facts: dict[str, Any]


class OneTransaction(Gradebook):
    """A gradebook that commits when it is told, and not after each thing it does."""

    def __init__(self, *where: str):
        super().__init__(*where)
        self.db.commit = self.db.flush  # of the session for everybody who calls it

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block, or leave no trace of it."""
        session = self.db()
        try:
            with _quietly():
                yield
                session.commit()
        except InvalidEntry as error:  # in whose stead nbgrader raises that
            raise error.__context__ or error from None
        finally:
            session.rollback()  # of what was not committed
            session.expunge_all()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep nbgrader from warning of its tables, and from logging what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, app_log.disabled = app_log.disabled, True
        try:
            yield
        finally:
            app_log.disabled = before


class Writer:
    """The gradebook of a course, open for one assignment while a `with` block runs."""

    def __init__(self, course: Course, assignment: str):
        self.course, self.assignment = course, assignment
        coursedir = course.nbgrader.coursedir
        self.book = OneTransaction(coursedir.db_url, coursedir.course_id)
        self.penalties = AssignLatePenalties(parent=course.nbgrader)
        self.penalties.init_plugin()
        self.steps = list(_steps(course))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.book.close()

    def scored(self) -> set[str]:
        """Return the students of whom the gradebook holds this assignment."""
        with self.book.transaction():
            there = self.book.assignment_submissions(self.assignment)
            return {each.student_id for each in there}

    def fold(
        self, student: str, result: Result, notebook: str, stamp: str | None
    ) -> Folded:
        """Take a result into the files and the gradebook; twice does what once does.

        `stamp` says when it was handed in, as nbgrader's timestamp.txt does.
        """
        nb = self._finished(student, unpacked(notebook))
        self._lay_down(student, result, nb, stamp)
        when = _time(stamp)
        with self.book.transaction():
            facts = self._entered(student, nb, result.doubts, when)
        return Folded(packed(nb), facts)

    def graded(self, student: str) -> Folded:
        """Return what files and gradebook have of a submission that was graded."""
        folder = self.course.step("autograded", student, self.assignment)
        nb = nbformat.read(folder / f"{self.assignment}.ipynb", as_version=4)
        with self.book.transaction():
            facts = self._shown(student, nb)
        return Folded(packed(nb), facts)

    def by_hand(self, student: str) -> bool:
        """Whether somebody gave scores of this submission by hand, which stay."""
        with self.book.transaction(), contextlib.suppress(MissingEntry):
            name = self.assignment
            graded = self.book.find_submission_notebook(name, name, student)
            return any(grade.manual_score is not None for grade in graded.grades)
        return False

    def net(self, student: str, points: float, stamp: str | None) -> float:
        """Return what would be left of points for what was handed in then."""
        with self.book.transaction():
            due = self.book.find_assignment(self.assignment).duedate
            with contextlib.suppress(MissingEntry):
                due = self.book.find_submission(self.assignment, student).duedate
        when = _time(stamp)
        late = (when - due).total_seconds() if when and due else 0.0
        return points - (self._off(student, points, late) or 0)

    def _off(self, student: str, score: float, late: float) -> float | None:
        """Return what the course's own policy takes off for handing in late."""
        policy = self.penalties.plugin_inst
        return (
            policy.late_submission_penalty(student, score, late) if late > 0 else None
        )

    def _finished(self, student: str, nb: NotebookNode) -> NotebookNode:
        facts = {"student": student, "assignment": self.assignment}
        facts |= {"notebook": self.assignment, "db_url": ""}
        for step in self.steps:
            nb, _ = step(nb, {"nbgrader": facts})
        return nb

    def _lay_down(self, student: str, result: Result, nb, stamp: str | None) -> None:
        """Write the graded notebook, and where each point comes from."""
        path = provenance_path(self.course.root, self.assignment, student)
        write_provenance(path, result)
        folder = self.course.step("autograded", student, self.assignment)
        graded = packed(nb)
        write_whole(folder / f"{self.assignment}.ipynb", graded, mode=0o444)
        if stamp is not None:
            write_whole(folder / "timestamp.txt", stamp, mode=0o444)

    def _entered(
        self, student: str, nb: NotebookNode, doubts: dict, when: datetime | None
    ) -> dict[str, Any]:
        """Enter scores, comments and penalty; return what the page says of them."""
        book, name = self.book, self.assignment
        book.update_or_create_student(student)
        known = {"timestamp": when} if when else {}
        submission = book.update_or_create_submission(name, student, **known)
        graded = book.find_submission_notebook(name, name, student)
        grades, comments = (self._rows(kind, graded.id) for kind in (Grade, Comment))
        for cell in nb.cells:
            if utils.is_grade(cell):
                _enter_score(cell, grades[_name(cell)], _name(cell) in doubts)
            if utils.is_solution(cell):
                _enter_comment(cell, comments[_name(cell)])
        book.db.flush()
        self._enter_penalty(student, submission, graded)
        book.db.flush()
        book.db().expire_all()
        return self._shown(student, nb)

    def _shown(self, student: str, nb: NotebookNode) -> dict[str, Any]:
        """Put scores and comments into `nb`, as nbgrader's GetGrades does."""
        name = self.assignment
        graded = self.book.find_submission_notebook(name, name, student)
        grades = self._rows(Grade, graded.id, undefer(Grade.max_score))
        comments = self._rows(Comment, graded.id)
        for cell in nb.cells:
            if utils.is_solution(cell):
                cell.metadata.nbgrader["comment"] = comments[_name(cell)].comment
            if utils.is_grade(cell):
                grade = grades[_name(cell)]
                cell.metadata.nbgrader["score"] = grade.score
                cell.metadata.nbgrader["points"] = grade.max_score
        penalty = graded.late_submission_penalty or 0
        return {
            "student": student,
            "assignment": name,
            "notebook": name,
            "score": graded.score - penalty,
            "max_score": graded.max_score,
            "late_penalty": penalty,
        }

    def _rows(self, kind: type, notebook: str, *at_once) -> dict[str, Any]:
        """Return the grades or comments of a submitted notebook by the cell's name.

        `at_once` are options for what would be asked for row by row when it is used.
        """
        wanted = select(BaseCell.name, kind).join(kind, kind.cell_id == BaseCell.id)
        wanted = wanted.where(kind.notebook_id == notebook)
        return dict(map(tuple, self.book.db.execute(wanted.options(*at_once))))

    def _enter_penalty(self, student: str, submission, graded) -> None:
        """Do what AssignLatePenalties does, by its plugin and its own limits."""
        found = self._off(student, graded.score, submission.total_seconds_late)
        if found is not None:
            found = self.penalties._check_late_penalty(graded, found)
        graded.late_submission_penalty = found


def _steps(course: Course) -> Iterator[Callable]:
    """Yield the steps of this course's autograde that only look at the notebook."""
    app = Autograde(coursedir=course.nbgrader.coursedir, parent=course.nbgrader)
    for step in app.autograde_preprocessors:
        kind = import_item(step) if isinstance(step, str) else step
        if kind.__name__ not in ELSEWHERE:
            yield kind(parent=app)


def _enter_score(cell: NotebookNode, grade: Grade, doubtful: bool) -> None:
    grade.auto_score, _ = utils.determine_grade(cell)
    by_hand = grade.manual_score is not None or grade.auto_score is None
    grade.needs_manual_grade = by_hand or doubtful


def _enter_comment(cell: NotebookNode, comment: Comment) -> None:
    untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    comment.auto_comment = "No response." if untouched else None


def _time(stamp: str | None) -> datetime | None:
    """Return the time that nbgrader's timestamp.txt notes, if it notes one."""
    try:
        return utils.parse_utc(stamp.strip()) if stamp and stamp.strip() else None
    except (ValueError, OverflowError) as error:
        raise ValueError(f"timestamp.txt says {stamp.strip()!r}: no time") from error


def _name(cell: NotebookNode) -> str:
    return cell.metadata.nbgrader["grade_id"]
