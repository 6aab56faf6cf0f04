"""The writer stores what nbgrader's own steps store: every field, every page."""

import re
import shutil
import warnings

import nbformat
import pytest
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.utils import parse_utc

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade
from attn_course.classroom.gradebook import opened

from ..classroom.conftest import NAME, make_course, solved, submit
from .tables import tables

LATE = "2026-03-02 12:00:00.000000 UTC"
POLICY = "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
TIMES = re.compile(r'"seconds": [\d.]+')


@pytest.fixture(scope="module")
def both(tmp_path_factory, crew):
    """The same class twice: graded by the engine, and by nbgrader's own commands."""
    course = make_course(tmp_path_factory.mktemp("ours"))
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + POLICY)
    hand_in(course)
    with opened(course) as book:
        book.find_assignment(NAME).duedate = parse_utc("2026-03-01 12:00 UTC")
        book.db.commit()
    other = tmp_path_factory.mktemp("theirs") / "course"
    theirs = Course(shutil.copytree(course.root, other))
    course = Course(course.root)  # with the policy
    assert [each.problem for each in grade(course, NAME, crew=crew)] == [None] * 5
    shutil.copy(course.root / "_grading" / "secret", theirs.root / "_grading")
    for student in course.students(NAME):
        by_nbgrader(theirs, student)
    return course, theirs


def hand_in(course: Course) -> None:
    submit(course, "right", nbformat.writes(solved(course)))
    wrong = solved(course, doubled="def doubled(x):\n    return 2.0 + x")
    submit(course, "wrong", nbformat.writes(wrong))
    loud = "def doubled(x):\n    print('x\\n' * 3000)\n    return 2.0 * x\ndoubled(1)"
    submit(course, "loud", nbformat.writes(solved(course, doubled=loud)))
    untouched = nbformat.read(course.released(NAME), as_version=4)
    untouched.cells.insert(3, nbformat.v4.new_markdown_cell("What is $x^2$?"))
    submit(course, "untouched", nbformat.writes(untouched))
    late = submit(course, "late", nbformat.writes(solved(course)))
    (late.parent / "timestamp.txt").write_text(LATE)


def by_nbgrader(course: Course, student: str) -> None:
    """Take one submission through nbgrader's autograde and generate_feedback."""
    api = course.nbgrader
    api.coursedir.assignment_id, api.coursedir.student_id = NAME, student
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, about its tables
        for step in (Autograde, GenerateFeedback):
            step(coursedir=api.coursedir, parent=api).start()


def test_every_field_of_the_gradebook_is_the_same(both):
    ours, theirs = both
    assert tables(ours) == tables(theirs)
    found = tables(ours)
    assert len(found["submitted_assignment"]) == 5
    assert len(found["grade"]) == 5 * 4
    assert any(row["auto_comment"] == "No response." for row in found["comment"])
    [penalty] = [
        row["late_submission_penalty"]
        for row in found["submitted_notebook"]
        if row["late_submission_penalty"]
    ]
    assert penalty == 6.0


def test_the_graded_notebooks_are_the_same(both):
    ours, _ = both
    for student in ours.students(NAME):
        one, other = (
            nbformat.read(c.step("autograded", student, NAME) / f"{NAME}.ipynb", 4)
            for c in both
        )
        assert without_times(one) == without_times(other)
        nbformat.validate(one)
        when = [c.step("autograded", student, NAME) / "timestamp.txt" for c in both]
        assert when[0].exists() == when[1].exists() == (student == "late")


def without_times(nb) -> str:
    return re.sub(TIMES, "", nbformat.writes(nb))


def test_the_feedback_pages_are_the_same(both):
    for student in both[0].students(NAME):
        one, other = (
            (c.step("feedback", student, NAME) / f"{NAME}.html").read_text("utf8")
            for c in both
        )
        assert one == other


def test_folding_twice_does_what_folding_once_does(both, crew):
    ours, _ = both
    before = tables(ours)
    (ours.root / "_grading" / "journal.json").unlink()
    again = list(grade(ours, NAME, crew=crew))
    assert all(each.fresh for each in again)
    assert tables(ours) == before
