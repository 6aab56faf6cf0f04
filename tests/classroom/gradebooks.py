"""Gradebooks filled by hand: nothing is run, nothing is released."""

import csv
import io
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

from nbgrader.api import Gradebook
from sqlalchemy import text

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened

from .conftest import ROOT

FIRST, SECOND, THIRD = "ch01_sample", "ch02_other", "ch03_later"
CELLS = {
    FIRST: {"doubled-on_paper": 1, "doubled-at_random": 2, "tripled-on_paper": 5},
    SECOND: {"masked-on_paper": 3, "written": 7},
    THIRD: {"later-on_paper": 11},
}


class Book:
    """A gradebook that is filled with a few words."""

    def __init__(self, gradebook: Gradebook):
        self.gradebook = gradebook

    def student(self, name: str, **facts) -> None:
        self.gradebook.add_student(name, **facts)

    def work(self, student: str, assignment: str = FIRST, **facts) -> None:
        """Hand in, with no points given yet."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's, about its own session
            self.gradebook.add_submission(assignment, student, **facts)

    def give(self, student: str, cell: str, assignment: str = FIRST, **points) -> None:
        """Give points to one cell: auto_score, manual_score, extra_credit."""
        grade = self.gradebook.find_grade(cell, assignment, assignment, student)
        for name, value in {"needs_manual_grade": False, **points}.items():
            setattr(grade, name, value)

    def graded(self, student: str, *points: float, assignment: str = FIRST) -> None:
        """Hand in, with what the checks gave, cell by cell."""
        self.work(student, assignment)
        for cell, value in zip(CELLS[assignment], points, strict=True):
            self.give(student, cell, assignment, auto_score=value)

    def late(self, student: str, penalty: float, assignment: str = FIRST) -> None:
        where = assignment, assignment, student
        notebook = self.gradebook.find_submission_notebook(*where)
        notebook.late_submission_penalty = penalty


def make_course(root: Path) -> Course:
    """Return a course of three assignments that nobody has handed in."""
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for name in CELLS:
        write_whole(root / "solutions" / name / "e01_some.py", "")
    (root / "_grading").mkdir()
    (root / "_grading" / "gradebook.db").write_bytes(_nobody())
    return Course(root)


@cache
def _nobody() -> bytes:
    """Return a gradebook of the assignments, without students."""
    version = mock.patch("nbgrader.api.get_alembic_version", return_value="untold")
    with tempfile.TemporaryDirectory() as place, version:  # it asks another program
        path = Path(place) / "gradebook.db"
        with Gradebook(f"sqlite:///{path}", "attention") as gradebook:
            for name, points in CELLS.items():
                gradebook.add_assignment(name, course_id="attention")
                gradebook.add_notebook(name, name)
                for cell, most in points.items():
                    kind = {"max_score": most, "cell_type": "code"}
                    gradebook.add_grade_cell(cell, name, name, **kind)
        return path.read_bytes()


@contextmanager
def filling(course: Course) -> Iterator[Book]:
    with opened(course) as gradebook:
        gradebook.db.execute(text("PRAGMA synchronous = OFF"))  # nobody pulls a plug
        yield Book(gradebook)
        gradebook.db.commit()


def counted(course: Course, assignment: str, student: str) -> float:
    """Return the score that counts, found as nbgrader's own exporter finds it."""
    with opened(course) as gradebook:
        found = gradebook.find_submission(assignment, student)
        return max(0.0, found.score - found.late_submission_penalty)


def rows(page: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page, newline=""), strict=True))


def by(page: str, column: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table by what they have in `column`."""
    header, *rest = rows(page)
    table = [dict(zip(header, row, strict=True)) for row in rest]
    found = {row[column]: row for row in table}
    assert len(found) == len(table)
    return found
