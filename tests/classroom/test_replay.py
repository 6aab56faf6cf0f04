"""A verdict is found again from what was kept of it."""

import json

import nbformat
import pytest

from attn_course.classroom.grade import grade
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.replay import NothingToReplay, replay
from attn_course.classroom.report import results
from attn_course.engine.identity import content_digest
from attn_course.judge.seeds import course_secret, seed

from .conftest import NAME, make_course, solved, submit


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    wrong = solved(course, doubled="def doubled(x):\n    return 2 * abs(x)")
    submit(course, "ada", nbformat.writes(wrong))
    submit(course, "blaise", nbformat.writes(wrong))
    assert [done.problem for done in grade(course, NAME)] == [None] * 2
    return course


def record(course, student):
    return json.loads(provenance_path(course.root, NAME, student).read_text("utf8"))


def test_each_point_has_its_seed_and_the_hashes_it_rests_on(course):
    kept = record(course, "ada")
    notebook = nbformat.read(
        course.step("autograded", "ada", NAME) / f"{NAME}.ipynb", as_version=4
    )
    assert kept["submission"] == content_digest(notebook)
    assert kept["sandboxed"] is True
    secret = course_secret(course.root / "_grading")
    for check in kept["checks"]:
        names = (NAME, "ada", kept["submission"], check["name"])
        assert int(check["seed"], 16) == seed(secret, *names)
        assert 0 < check["seconds"] < check["allowed"] + 2
    [result, _] = results(course, NAME)
    assert sum(c["points"] for c in kept["checks"]) == result.total


def test_the_same_answer_of_two_students_is_asked_other_inputs(course):
    ada, blaise = (record(course, student)["checks"] for student in ("ada", "blaise"))
    assert not {c["seed"] for c in ada} & {c["seed"] for c in blaise}


def test_a_replay_finds_the_same_verdict_and_writes_nothing(course):
    before = {
        path: path.read_bytes()
        for path in (course.root / "_grading").rglob("*")
        if path.is_file()
    }
    found, changes = replay(course, NAME, "ada")
    assert changes == []
    assert all(each.same for each in found)
    assert {each.name: each.now for each in found} == {
        "doubled-on_paper": 1,
        "doubled-at_random": 0,
        "tripled-on_paper": 1,
        "tripled-at_random": 2,
    }
    assert {path: path.read_bytes() for path in before} == before


def test_what_has_changed_since_is_said(course):
    path = provenance_path(course.root, NAME, "blaise")
    kept = record(course, "blaise")
    path.write_text(json.dumps({**kept, "environment": "x", "modules": "y"}))
    _, changes = replay(course, NAME, "blaise")
    assert len(changes) == 2
    assert any("modules" in change for change in changes)


def test_who_was_not_graded_has_nothing_to_replay(course):
    with pytest.raises(NothingToReplay, match="nobody has no graded work"):
        replay(course, NAME, "nobody")
