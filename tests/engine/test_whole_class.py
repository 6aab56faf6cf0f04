"""Whatever befalls a run, nothing is lost, nothing counts twice, the next goes on."""

import contextlib
import json
import resource
import sqlite3
from collections import Counter
from dataclasses import replace

import pytest
from nbgrader.utils import parse_utc

from attn_course.classroom.grade import CannotGoOn, grade
from attn_course.classroom.gradebook import opened
from attn_course.classroom.report import results
from attn_course.engine import work as working
from attn_course.engine.result import Result
from attn_course.engine.store import Store
from attn_course.engine.work import work
from attn_course.grading.outcome import Outcome
from attn_course.judge.ruling import Ruling

from ..classroom.conftest import NAME
from .conftest import ADDS, FULL, configured, hand_in, unit_of, workers
from .tables import tables

STUDENTS = [f"student-{number}" for number in range(6)]


@pytest.fixture
def handed_in(course):
    hand_in(course, STUDENTS)
    return course


def totals(course) -> dict[str, float]:
    return {each.student: each.total for each in results(course, NAME)}


def everything_is_there_once(course) -> bool:
    found = tables(course)
    rows = Counter(row["student_id"] for row in found["submitted_assignment"])
    pages = (course.root / "_grading" / "feedback").glob("*/*/*.html")
    return (
        totals(course) == dict.fromkeys(STUDENTS, FULL)
        and rows == Counter(STUDENTS)
        and len(found["grade"]) == 4 * len(STUDENTS)
        and sorted(page.parent.parent.name for page in pages) == STUDENTS
    )


def test_killed_workers_lose_nothing_and_cost_nobody_a_point(handed_in, crew):
    run = grade(handed_in, NAME, crew=crew)
    done = [next(run)]
    for process in workers():
        process.kill()
    done += run
    assert sorted(each.student for each in done) == STUDENTS
    assert {each.problem for each in done} == {None}
    assert everything_is_there_once(handed_in)


def test_a_locked_gradebook_stops_the_run_and_the_next_completes_it(handed_in, crew):
    config = handed_in.nbgrader.coursedir
    config.db_url += "?timeout=0.1"  # seconds that SQLite waits for a lock
    run = grade(handed_in, NAME, crew=crew)
    next(run)
    path = handed_in.root / "_grading" / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("begin immediate")
        with pytest.raises(CannotGoOn, match=r"(?s)locked.*Close what else uses it"):
            list(run)
        other.rollback()
    assert {each.problem for each in grade(handed_in, NAME, crew=crew)} == {None}
    assert everything_is_there_once(handed_in)


@pytest.mark.parametrize("room", [300, 30_000, 100_000])
def test_a_full_disk_stops_the_run_and_the_next_completes_it(handed_in, room, crew):
    run = grade(handed_in, NAME, crew=crew)
    next(run)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(CannotGoOn, match=r"disk is full|disk I/O error"):
            list(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {each.problem for each in grade(handed_in, NAME, crew=crew)} == {None}
    assert everything_is_there_once(handed_in)


def test_other_settings_or_a_time_of_handing_in_run_nobody_again(
    handed_in, request, crew
):
    list(grade(handed_in, NAME, crew=crew))
    request.getfixturevalue("nobody_runs")
    again = list(grade(handed_in, NAME, crew=crew))
    assert not any(each.fresh for each in again)
    (handed_in.root / "_grading" / "journal.json").unlink()
    assert all(each.fresh for each in grade(handed_in, NAME, crew=crew))
    folder = handed_in.step("submitted", STUDENTS[0], NAME)
    (folder / "timestamp.txt").write_text("2026-03-02 12:00 UTC")
    with opened(handed_in) as book:
        book.find_assignment(NAME).duedate = parse_utc("2026-03-01 12:00 UTC")
        book.db.commit()
    line = "c.LateSubmissionPlugin.penalty_method = 'zero'"
    late = configured(handed_in, line)
    assert all(each.fresh for each in grade(late, NAME, crew=crew))
    penalties = {
        row["late_submission_penalty"] for row in tables(late)["submitted_notebook"]
    }
    assert penalties == {None, FULL}
    assert everything_is_there_once(late)


def test_another_verdict_at_a_second_run_is_flagged_and_not_scored(course):
    hand_in(course, ["ada"])
    unit = unit_of(course, "ada")
    result, notebook = work(unit)
    first = [each | {"points": 0, "kind": "values"} for each in result.checks[:1]]
    lucky = replace(result, checks=first + result.checks[1:])
    Store(course.root / "_grading" / "results").keep(
        unit.key, lucky.to_json(), notebook
    )
    [done] = grade(course, NAME)
    assert done.doubts == ()
    [done] = grade(course, NAME, force=True)
    assert done.doubts == ("doubled-on_paper",)
    [again] = grade(course, NAME)
    assert (again.fresh, again.doubts) == (False, done.doubts)
    waiting = {
        row["cell_id"]: row["needs_manual_grade"] for row in tables(course)["grade"]
    }
    assert {name for name, waits in waiting.items() if waits} == set(done.doubts)


@pytest.mark.parametrize("second", [0, 1])
def test_what_was_too_slow_is_looked_at_again(course, monkeypatch, second):
    unit = unit_of(course, "ada")
    looks = []

    def sat(unit, nb, book, names):
        looks.append(set(names))
        slow = "slow" if len(looks) == 1 or second == 0 else "passed"
        kinds = {name: "passed" for name in names} | {"doubled-on_paper": slow}
        return [
            Ruling(name, Outcome("doubled", name, "", kinds[name]), 1, 7, 3.0)
            for name in names
        ]

    monkeypatch.setattr(working, "_sat", sat)
    result, _ = work(unit)
    assert isinstance(result, Result)
    assert looks == [set(unit.bundle.homes), {"doubled-on_paper"}]
    says = {"doubled-on_paper": "0 of 1 at the first run, 1 at the second"}
    assert result.doubts == (says if second else {})


def test_verdicts_known_already_are_not_found_again(course, monkeypatch):
    unit = unit_of(course, "ada", doubled=ADDS)
    plain, judged = working._sat, []

    def sat(unit, nb, book, names):
        judged.append(set(names))
        return plain(unit, nb, book, names)

    monkeypatch.setattr(working, "_sat", sat)
    result, notebook = work(unit)
    shown = json.loads(notebook)
    [card] = [
        cell["outputs"]
        for cell in shown["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "doubled-on_paper"
    ]
    record = result.checks[0] | {"message": "as it was found"}
    known = {"doubled-on_paper": {"record": record, "outputs": card}}
    again, renewed = work(replace(unit, known=known))
    assert again.checks[0] == record
    assert [each["points"] for each in again.checks] == [0, 0, 1, 2]
    every = set(unit.bundle.homes)
    assert judged == [every, every - {"doubled-on_paper"}]
    assert card in [cell.get("outputs") for cell in json.loads(renewed)["cells"]]
