"""The demonstration class, graded for real: nbgrader's own export agrees with ours."""

import json

import pytest
from nbgrader.plugins import CsvExportPlugin

from attn_course.classroom.course import Course
from attn_course.classroom.demo import hand_in
from attn_course.classroom.export import export
from attn_course.classroom.grade import grade
from attn_course.classroom.gradebook import opened
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.report import results

from .conftest import NAME, make_course
from .gradebooks import by

GRADED = ["answers", "one-slip-01", "untouched"]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """The class has handed in, and some of it is graded."""
    course = make_course(tmp_path_factory.mktemp("class"))
    hand_in(course, NAME)
    done = list(grade(course, NAME, students=GRADED))
    assert [each.problem for each in done] == [None] * len(GRADED)
    return course


def test_nbgraders_export_still_works_and_agrees(course, tmp_path):
    path = tmp_path / "theirs.csv"
    with opened(course) as gradebook:
        CsvExportPlugin(to=str(path)).export(gradebook)
    theirs = by(path.read_text("utf8"), "student_id")
    ours = by(export(course, "csv").text, "student")
    assert set(theirs) == set(GRADED)
    for student in GRADED:
        for column in ("score", "raw_score", "max_score"):
            mine = ours[student]["maximum" if column == "max_score" else column]
            assert float(mine) == float(theirs[student][column])
    assert ours["answers"]["score"] == ours["answers"]["maximum"]
    assert ours["untouched"]["score"] == "0"


def test_who_waits_to_be_graded_is_in_the_table_without_a_score(course):
    found = by(export(course, "csv").text, "student")
    waiting = {who for who, row in found.items() if row["state"] == "not_graded"}
    assert waiting == set(course.students(NAME)) - set(GRADED)
    assert {found[who]["score"] for who in waiting} == {""}
    assert set(by(export(course, "moodle").text, "Username")) == set(GRADED)


def test_points_and_mistakes_by_exercise_are_those_of_the_report(course):
    reported = {result.student: result for result in results(course, NAME)}
    lines = [json.loads(x) for x in export(course, "jsonl").text.splitlines()]
    for line in lines:
        result = reported[line["student"]]
        assert line["score"] == result.points.get(line["exercise"])
        named = {s.name for s in result.slips if s.exercise == line["exercise"]}
        assert (line["misconception"] or {}).get("name") in (named or {None})
    assert any(line["misconception"] for line in lines)


def test_seeds_and_hashes_are_those_of_the_verdict(course):
    path = provenance_path(course.root, NAME, "one-slip-01")
    kept = json.loads(path.read_text("utf8"))
    lines = [json.loads(x) for x in export(course, "jsonl").text.splitlines()]
    mine = [line for line in lines if line["student"] == "one-slip-01"]
    checks = [check for line in mine for check in line["checks"]]
    assert [c["name"] for c in checks] == [c["name"] for c in kept["checks"]]
    assert [c["seed"] for c in checks] == [c["seed"] for c in kept["checks"]]
    for line in mine:
        for name in ("submission", "modules", "environment"):
            assert line["hashes"][name] == kept[name]
        assert len(line["hashes"]["graded_from"]) == 64
