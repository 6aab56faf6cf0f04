"""The demonstration class: graded by nbgrader exactly as the modules predict.

The prediction runs the checks on the functions, in this process. The grading runs
notebooks in sandboxed kernels, through files and a database. They share the checks'
source and the seeds of their inputs, and nothing else.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from attn_course.classroom.course import Course
from attn_course.classroom.demo import demonstration, hand_in
from attn_course.classroom.grade import grade
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.release import release
from attn_course.classroom.report import results

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = Course(ROOT).assignments


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(request, tmp_path_factory):
    """Return exercises, the class as handed in, and the results by student."""
    course = place_for(request.param, tmp_path_factory)
    release(course, request.param)
    handed_in = hand_in(course, request.param)
    problems = [done.problem for done in grade(course, request.param) if done.problem]
    assert problems == []
    found = {r.student: r for r in results(course, request.param)}
    seeds = {name: seeds_of(course, request.param, name) for name in found}
    return course.exercises(request.param), handed_in, found, seeds


def seeds_of(course: Course, assignment: str, student: str) -> dict[str, int]:
    """Return the seed of each check, from the record of the grading."""
    path = provenance_path(course.root, assignment, student)
    kept = json.loads(path.read_text("utf8"))["checks"]
    return {check["name"]: int(check["seed"], 16) for check in kept}


def place_for(assignment: str, tmp_path_factory) -> Course:
    """Return a course of its own; in a clean clone, the one that was just graded.

    There, `make course` has graded the same class minutes ago, with the same code.
    """
    if os.environ.get("CI"):
        return Course(ROOT)
    root = tmp_path_factory.mktemp("class")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = Path("solutions") / assignment
    built = shutil.ignore_patterns("*.ipynb", "*.json")
    shutil.copytree(ROOT / folder, root / folder, ignore=built)
    return Course(root)


def test_there_are_at_least_twelve_submissions_of_every_kind(graded):
    _, handed_in, by_student, _ = graded
    names = {submission.student for submission in handed_in}
    assert len(names) == len(handed_in) >= 12
    assert names == set(by_student)
    kinds = {"answers", "alternatives", "untouched", "crash", "endless-loop"}
    assert kinds | {"kernel-killer", "prints-and-warns", "all-slips-01"} <= names


def test_every_score_is_the_predicted_one(graded):
    exercises, handed_in, by_student, seeds = graded
    predicted = {
        s.student: {ex.name: s.points(ex, seeds[s.student]) for ex in exercises}
        for s in handed_in
    }
    scored = {name: result.points for name, result in by_student.items()}
    assert scored == predicted


def test_right_work_has_full_marks_and_untouched_work_none(graded):
    exercises, _, by_student, _ = graded
    everything = sum(ex.points for ex in exercises)
    for student in ("answers", "alternatives", "prints-and-warns"):
        assert by_student[student].total == everything
    assert by_student["untouched"].total < everything / 4
    for student in ("crash", "endless-loop", "kernel-killer"):
        assert by_student[student].total == everything - exercises[0].points


def test_every_predicted_misconception_is_named(graded):
    exercises, handed_in, by_student, _ = graded
    missed = [
        (submission.student, name, wrong.name)
        for submission in handed_in
        for name, wrong in submission.slips(exercises).items()
        if (name, wrong.caught_by, wrong.name)
        not in {
            (slip.exercise, slip.check, slip.name)
            for slip in by_student[submission.student].slips
        }
    ]
    assert missed == []


def test_right_work_is_accused_of_nothing(graded):
    _, _, by_student, _ = graded
    for student in ("answers", "alternatives", "prints-and-warns"):
        assert by_student[student].slips == []


def test_the_class_does_not_depend_on_chance(graded):
    exercises, handed_in, _, _ = graded
    again = demonstration(exercises)
    assert [s.sources for s in again] == [s.sources for s in handed_in]


def test_everybody_has_inputs_of_their_own(graded):
    *_, seeds = graded
    every = [seed for by_check in seeds.values() for seed in by_check.values()]
    assert len(set(every)) == len(every)
