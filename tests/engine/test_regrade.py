"""New checks: who goes up or down is shown first, and done when that is approved."""

import json

import pytest
from typer.testing import CliRunner

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.regrade import differences
from attn_course.cli import app

from ..classroom.conftest import NAME
from .conftest import ADDS, hand_in
from .tables import tables

FLAT = "def doubled(x):\n    return 2.0 * x if x.ndim == 2 else x"


@pytest.fixture
def graded(course, crew) -> Course:
    hand_in(course, ["ada"])
    hand_in(course, ["blaise"], doubled=FLAT)
    hand_in(course, ["carl"], doubled=ADDS)
    assert {each.problem for each in grade(course, NAME, crew=crew)} == {None}
    change(course, "@check(points=1)", "@check(points=3)")
    change(course, "rng.normal(size=(3, 4))", "rng.normal(size=(2, 3, 4))")
    return course


def source(course):
    return course.root / "solutions" / NAME / "e01_doubled.py"


def change(course, old: str, new: str) -> None:
    text = source(course).read_text("utf8")
    assert old in text
    source(course).write_text(text.replace(old, new))


def records(course, student: str) -> dict:
    path = provenance_path(course.root, NAME, student)
    return {each["name"]: each for each in json.loads(path.read_text("utf8"))["checks"]}


def seen(course) -> dict:
    """Return what somebody sees of the course: all but what was found out."""
    return {
        path: path.read_bytes()
        for path in course.root.rglob("*")
        if path.is_file() and "results" not in path.parts
    }


def test_who_goes_up_and_who_down_is_shown_and_why_and_nothing_changes(graded, crew):
    before, rows = seen(graded), tables(graded)
    found = {each.student: each for each in differences(graded, NAME, crew=crew)}
    assert {name: (each.before, each.after) for name, each in found.items()} == {
        "ada": (6, 8),
        "blaise": (6, 6),
        "carl": (3, 3),
    }
    [up] = found["ada"].changes
    assert (up.check, up.before, up.after) == ("doubled-on_paper", 1, 3)
    assert up.why == "worth 3, and was worth 1"
    _, down = found["blaise"].changes
    assert (down.check, down.before, down.after) == ("doubled-at_random", 2, 0)
    assert "table" in down.why
    assert found["carl"].changes == ()
    assert tables(graded) == rows
    assert seen(graded) == before


def test_what_was_approved_runs_nobody_again_and_untouched_checks_never_ran(
    graded, request, crew
):
    before = records(graded, "ada")
    list(differences(graded, NAME, crew=crew))
    request.getfixturevalue("nobody_runs")
    assert all(each.fresh for each in grade(graded, NAME, crew=crew))
    after = records(graded, "ada")
    for name in ("tripled-on_paper", "tripled-at_random"):
        assert after[name] == before[name]  # its time as well: it is the same run
    for name in ("doubled-on_paper", "doubled-at_random"):
        assert after[name]["key"] != before[name]["key"]
        assert after[name]["seed"] == before[name]["seed"]
    scores = [row["auto_score"] for row in tables(graded)["grade"]]
    assert sum(scores) == 8 + 6 + 3


def test_the_command_asks_and_does_nothing_without_a_yes(graded, monkeypatch):
    monkeypatch.chdir(graded.root)
    rows = tables(graded)
    done = CliRunner().invoke(app, ["regrade", NAME], input="n\n")
    assert done.exit_code == 1, done.output
    assert "1 up, 0 down, 2 stay" in done.output
    assert "worth 3" in " ".join(done.output.split())
    assert tables(graded) == rows
    done = CliRunner().invoke(app, ["regrade", NAME, "--yes"])
    assert done.exit_code == 0, done.output
    scores = [row["auto_score"] for row in tables(graded)["grade"]]
    assert sum(scores) == 8 + 6 + 3
