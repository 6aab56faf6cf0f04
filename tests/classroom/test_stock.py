"""The notebooks stay gradable by nbgrader as it comes, with the judge's scores.

Stock nbgrader runs the checks inside the student's kernel, on the inputs that everybody
has. For honest work and for known mistakes that makes no difference.
"""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from attn_course.classroom.course import Course
from attn_course.classroom.demo import hand_in
from attn_course.classroom.grade import grade
from attn_course.classroom.release import release
from attn_course.classroom.report import results

from .test_demonstration_class import place_for

NAME = "ch00_how_this_course_works"
STOCK_IS_WRONG = {"kernel-killer": "whatever kills the kernel is not graded at all"}
SCORES = """
    select student_id, base_cell.name, coalesce(auto_score, -1)
    from grade
    join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment
        on submitted_assignment.id = submitted_notebook.assignment_id"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    course = place_for(NAME, tmp_path_factory)
    release(course, NAME)
    hand_in(course, NAME)
    assert [done.problem for done in grade(course, NAME) if done.problem] == []
    return course


@pytest.fixture(scope="module")
def stock(course, tmp_path_factory) -> dict[str, dict[str, float]]:
    """Grade the same class by plain nbgrader; return points by student and exercise."""
    root = tmp_path_factory.mktemp("stock")
    source = root / "source" / NAME
    source.mkdir(parents=True)
    for path in (course.source(NAME), course.source(NAME).with_suffix(".json")):
        shutil.copy(path, source)
    nbgrader(root, "generate_assignment", NAME)
    for student in course.students(NAME):
        target = root / "submitted" / student / NAME
        target.mkdir(parents=True)
        shutil.copy(course.submission(student, NAME), target)
        shutil.copy(course.source(NAME).with_suffix(".json"), target)
    nbgrader(root, "autograde", NAME, "--Execute.timeout=20")
    found: dict[str, dict[str, float]] = {}
    with sqlite3.connect(root / "gradebook.db") as book:
        for student, check, score in book.execute(SCORES):
            points = found.setdefault(student, {})
            exercise = check.partition("-")[0]
            points[exercise] = points.get(exercise, 0.0) + score
    book.close()
    return found


def nbgrader(root: Path, *command: str) -> None:
    """Run plain nbgrader; it fails at the end if it could not grade everybody."""
    call = [sys.executable, "-m", "nbgrader", *command]
    subprocess.run(call, cwd=root, capture_output=True, check=False)


def test_honest_and_known_wrong_work_has_the_judges_scores(course, stock):
    judged = {result.student: result.points for result in results(course, NAME)}
    assert len(judged) >= 12
    differ = {name for name in judged if stock.get(name) != judged[name]}
    assert differ == set(STOCK_IS_WRONG)
