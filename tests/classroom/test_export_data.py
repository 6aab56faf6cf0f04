"""The tables and lines to analyse: every student, assignment and exercise is there."""

import json
from datetime import datetime

import nbformat.v4 as nb
import pytest

from attn_course.authoring.files import write_whole
from attn_course.authoring.notebook import graded_cell
from attn_course.classroom.export import export
from attn_course.classroom.journal import Journal
from attn_course.classroom.provenance import provenance_path
from attn_course.grading.show import KEY

from .gradebooks import CELLS, FIRST, SECOND, counted, filling, make_course, rows

SLIP = {"kind": "misconception", "name": "adds", "says": "You added."}
HINT = {"kind": "relation", "name": "negated", "says": "It is the negative."}


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


@pytest.fixture
def mixed(course):
    """Graded, to be reviewed, not graded, unreadable, not handed in."""
    with filling(course) as book:
        for student in ("ada", "bob", "eve", "zoe"):
            book.student(student)
        when = datetime(2026, 3, 5, 7, 11)  # UTC, as nbgrader keeps it
        book.work("ada", timestamp=when)
        for cell, points in zip(CELLS[FIRST], (1, 0.5, 5), strict=True):
            book.give("ada", cell, auto_score=points)
        book.give("ada", "tripled-on_paper", auto_score=5.0, extra_credit=1.5)
        book.late("ada", 0.25)
        book.work("bob")
        book.give("bob", "doubled-on_paper", auto_score=1.0)
        book.give("bob", "doubled-at_random", auto_score=0.0)
        book.work("eve")
    journal = Journal(course.root / "_grading" / "journal.json")
    journal.write(FIRST, "ada", "digest-of-ada")
    journal.write(FIRST, "kim", "digest-of-kim", "kim: not a Jupyter notebook.")
    for student in ("ada", "kim"):
        write_whole(course.submission(student, FIRST), "handed in")
    return course


def table(course, **options) -> list[dict[str, str]]:
    header, *rest = rows(export(course, "csv", [FIRST], **options).text)
    return [dict(zip(header, row, strict=True)) for row in rest]


def lines(course) -> list[dict]:
    text = export(course, "jsonl", [FIRST]).text
    return [json.loads(line) for line in text.splitlines()]


def test_every_student_has_a_state_and_no_score_is_made_up(mixed):
    found = {row["student"]: row for row in table(mixed)}
    assert {who: (row["state"], row["score"]) for who, row in found.items()} == {
        "ada": ("graded", "7.75"),
        "bob": ("needs_manual_grade", "1"),
        "eve": ("not_graded", ""),
        "kim": ("unreadable", ""),
        "zoe": ("not_handed_in", ""),
    }
    assert float(found["ada"]["score"]) == counted(mixed, FIRST, "ada")
    assert found["ada"]["raw_score"] == "8"
    assert found["ada"]["late_penalty"] == "0.25"
    assert found["ada"]["submitted"] == "2026-03-05T07:11:00"
    assert {row["maximum"] for row in found.values()} == {"8"}
    waits = {who for who, row in found.items() if row["needs_manual_grade"] == "true"}
    assert waits == {"bob", "eve"}


def test_points_of_questions_add_up_to_those_of_assignments(mixed):
    questions = table(mixed, questions=True)
    assert len(questions) == 5 * 2
    for whole in table(mixed):
        mine = [row for row in questions if row["student"] == whole["student"]]
        for column, total in (("score", "raw_score"), ("maximum", "maximum")):
            points = sum(float(row[column] or 0) for row in mine)
            assert points == float(whole[total] or 0)


def test_a_question_says_its_own_state_and_extra_credit(mixed):
    found = {(r["student"], r["exercise"]): r for r in table(mixed, questions=True)}
    assert found["bob", "doubled"]["state"] == "graded"
    assert found["bob", "tripled"]["state"] == "not_graded"
    assert found["ada", "tripled"]["score"] == "6.5"
    assert found["ada", "tripled"]["extra_credit"] == "1.5"


def test_a_line_is_written_for_every_student_and_exercise(mixed):
    found = [
        (line["student"], line["exercise"], line["score"]) for line in lines(mixed)
    ]
    assert found == [
        ("ada", "doubled", 1.5),
        ("ada", "tripled", 6.5),
        ("bob", "doubled", 1.0),
        ("bob", "tripled", None),
        ("eve", "doubled", None),
        ("eve", "tripled", None),
        ("kim", "doubled", None),
        ("kim", "tripled", None),
        ("zoe", "doubled", None),
        ("zoe", "tripled", None),
    ]


def test_a_line_holds_what_the_gradebook_and_the_journal_hold(mixed):
    found = {(line["student"], line["exercise"]): line for line in lines(mixed)}
    ada = found["ada", "tripled"]
    assert (ada["late_penalty"], ada["maximum"]) == (0.25, 5.0)
    assert ada["hashes"]["graded_from"] == "digest-of-ada"
    [check] = ada["checks"]
    assert check["auto_score"] == 5.0
    assert check["extra_credit"] == 1.5
    assert check["manual_score"] is None
    assert found["bob", "tripled"]["needs_manual_grade"] is True
    assert found["kim", "doubled"]["problem"] == "kim: not a Jupyter notebook."
    assert found["kim", "doubled"]["state"] == "unreadable"
    assert found["zoe", "doubled"]["checks"] == []


def test_a_line_holds_the_verdict_and_what_it_rests_on(mixed):
    kept = {"submission": "s", "modules": "m", "environment": "e", "sandboxed": True}
    facts = {"kind": "failed", "message": "wanted 2", "seed": "00ff", "seconds": 0.5}
    check = {"name": "doubled-at_random", "allowed": 3.0, "diagnosis": None, **facts}
    path = provenance_path(mixed.root, FIRST, "ada")
    write_whole(path, json.dumps({**kept, "checks": [check]}))
    named = {"doubled-on_paper": HINT, "doubled-at_random": SLIP}
    write_graded(mixed, "ada", named)
    line = lines(mixed)[0]
    hashes = {"submission": "s", "modules": "m", "environment": "e"}
    assert line["hashes"] == {**hashes, "graded_from": "digest-of-ada"}
    assert line["sandboxed"] is True
    assert line["misconception"] == SLIP  # before a mere relation
    [found] = [c for c in line["checks"] if c["name"] == "doubled-at_random"]
    assert {name: found[name] for name in facts} == facts
    assert found["diagnosis"] == SLIP  # named after it was graded
    assert lines(mixed)[1]["misconception"] is None
    assert table(mixed, questions=True)[0]["misconception"] == "adds"


def write_graded(course, student: str, named: dict[str, dict]) -> None:
    """Write a graded notebook whose checks found the mistakes `named`."""
    cells = []
    for name, diagnosis in named.items():
        exercise, _, check = name.partition("-")
        cell = graded_cell("", name, grade=True, points=1)
        facts = {"exercise": exercise, "check": check, "kind": "failed"}
        facts |= {"diagnosis": diagnosis, "outputs": [], "sizes": []}
        cell.outputs = [nb.new_output("display_data", metadata={KEY: facts})]
        cells.append(cell)
    path = course.step("autograded", student, FIRST) / f"{FIRST}.ipynb"
    write_whole(path, nb.writes(nb.new_notebook(cells=cells)))


def test_exercises_come_in_the_order_of_the_notebook(mixed):
    cells = [graded_cell("", name, grade=True, points=1) for name in CELLS[FIRST]]
    notebook = nb.new_notebook(cells=cells[::-1])
    write_whole(mixed.pristine(FIRST), nb.writes(notebook))
    found = [row["exercise"] for row in table(mixed, questions=True)]
    assert found[:2] == ["tripled", "doubled"]


def test_comments_come_along(mixed):
    with filling(mixed) as book:
        where = FIRST, FIRST
        book.gradebook.add_solution_cell("tripled", *where)
        book.student("may")
        book.graded("may", 1, 2, 5)
        comment = book.gradebook.find_comment("tripled", *where, "may")
        comment.manual_comment = "Très „gut“,\nreally."
    found = {(x["student"], x["exercise"]): x["comment"] for x in lines(mixed)}
    assert found["may", "tripled"] == "Très „gut“,\nreally."
    assert found["may", "doubled"] is None


def test_students_without_a_submission_of_one_assignment_keep_the_other(mixed):
    with filling(mixed) as book:
        book.graded("zoe", 3, 7, assignment=SECOND)
    header, *rest = rows(export(mixed, "csv").text)
    at = [header.index(name) for name in ("student", "assignment", "score")]
    zoe = [[row[i] for i in at] for row in rest if row[0] == "zoe"]
    assert zoe == [["zoe", FIRST, ""], ["zoe", SECOND, "10"]]
