"""What the pages say is what the gradebook and the records say, and of nobody else."""

import re
from datetime import UTC, datetime

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from attn_course.classroom.gradebook import opened
from attn_course.classroom.report import results, write_report
from attn_course.cli import app

from .graded_class import FIRST, SECOND, GradedClass

WORK = {  # who makes what of the two exercises
    "ada": ("right", "right"),
    "bob": ("cubed", "right"),
    "cyd": ("cubed", "adds"),
    "dan": ("loses_the_sign", "fault"),
    "eve": ("missing", "slow"),
    "fay": ("adds", "adds"),
}
THEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class of six, of whom five are also graded in the second assignment."""
    made = GradedClass(tmp_path_factory.mktemp("class"))
    for student, (doubled, tripled) in WORK.items():
        made.hands_in(student, doubled=doubled, tripled=tripled)
        if student != "fay":
            made.hands_in(student, assignment=SECOND)
    made.waits("gus")
    made.students("hal", first_name="Hal", last_name="Absent")
    write_report(made.course, THEN)
    return made


def soup(made, page: str) -> BeautifulSoup:
    path = made.course.root / "_grading" / "report" / page
    return BeautifulSoup(path.read_text("utf8"), "html.parser")


def table(page: BeautifulSoup, label: str) -> list[list[str]]:
    """Return the words in each row of the table under a heading."""
    region = page.find("div", {"aria-labelledby": label})
    rows = region.find("tbody").parent.select("tbody tr")
    return [
        [cell.get_text(" ", strip=True) for cell in row] for row in map(cells, rows)
    ]


def cells(row):
    return row.find_all(["th", "td"])


def section(page: BeautifulSoup, label: str) -> str:
    text = page.find("section", {"aria-labelledby": label}).get_text(" ", strip=True)
    return " ".join(text.split())


def test_the_matrix_is_the_gradebook(made):
    rows = {row[0]: row[1:] for row in table(soup(made, f"{FIRST}.html"), "matrix")}
    assert list(rows) == [*WORK, "gus"]
    assert rows.pop("gus") == ["not graded", "–"]
    scored = {r.student: r for r in results(made.course, FIRST) if r.points}
    for student, row in rows.items():
        points = [*scored[student].points.values(), scored[student].total]
        assert [float(cell) for cell in row] == points


def test_each_exercise_has_every_student_at_one_fate(made):
    rows = table(soup(made, f"{FIRST}.html"), "misconceptions")
    names = ["right", "misconception", "relation", "unexplained", "no output"]
    doubled, tripled = (
        dict(zip(names, map(int, row[1:]), strict=True)) for row in rows
    )
    assert sum(doubled.values()) == sum(tripled.values()) == len(WORK)
    assert (doubled["right"], doubled["misconception"]) == (1, 2)
    assert (doubled["unexplained"], doubled["no output"]) == (2, 1)
    assert (tripled["right"], tripled["misconception"]) == (2, 2)
    assert (tripled["unexplained"], tripled["no output"]) == (0, 2)


def test_mistakes_stand_with_their_message_and_number(made):
    rows = table(soup(made, f"{FIRST}.html"), "named")
    counts = {row[0]: int(row[1]) for row in rows[1:3]}
    assert counts == {"adds": 1, "loses the sign": 1}
    assert rows[4][:2] == ["adds", "2"]
    assert rows[4][2] == "You added where you should have multiplied."


def test_a_cluster_shows_who_is_in_it_and_one_answer(made):
    page = soup(made, f"{FIRST}.html")
    [cluster] = page.select(".cluster")
    assert cluster.select_one(".who").get_text(strip=True) == "bob,cyd"
    assert cluster.pre.get_text() == "pass"


def test_the_spread_is_named_in_words(made):
    caption = soup(made, f"{FIRST}.html").figcaption.get_text()
    totals = [r.total for r in results(made.course, FIRST) if r.points]
    assert f"The median is {np.median(totals):g}" in caption
    low, high = np.percentile(totals, [25, 75])
    assert f"between {low:g} and {high:g}" in caption
    bars = soup(made, f"{FIRST}.html").select(".bars li .aside")
    assert sum(int(re.search(r": (\d+) student", b.text)[1]) for b in bars) == 6


def test_time_is_what_the_records_say_and_said_to_be_wall_clock(made):
    page = soup(made, f"{FIRST}.html")
    rows = table(page, "time")
    assert rows[0][1:4] == ["0.25", "0.50", "eve"]
    assert rows[1][4] == "eve"
    assert "wall-clock" in section(page, "time")


def test_who_has_not_handed_in_is_named(made):
    assert "Hal Absent hal" in section(soup(made, f"{FIRST}.html"), "absent")
    absent = section(soup(made, f"{SECOND}.html"), "absent")
    assert all(name in absent for name in ("fay", "gus", "Hal Absent"))
    assert "Hal Absent" in section(soup(made, "index.html"), "nothing")


def test_what_the_gradebook_was_told_by_hand_counts(made, tmp_path):
    made = GradedClass(tmp_path, (FIRST,))
    made.hands_in("ada", doubled="adds")
    with opened(made.course) as gradebook:
        notebook = gradebook.find_submission_notebook(FIRST, FIRST, "ada")
        notebook.late_submission_penalty = 1.5
        grade = gradebook.find_grade("doubled-at_random", FIRST, FIRST, "ada")
        grade.manual_score, grade.extra_credit = 1.5, 0.25
        gradebook.db.commit()
    write_report(made.course)
    [row] = table(soup(made, f"{FIRST}.html"), "matrix")
    assert row == ["ada", "1.75", "3", "−1.5", "3.25"]
    assert "3.25 of 6 points, after 1.5 taken" in soup(made, "students/ada.html").text


def test_a_students_page_names_nobody_else_and_no_place_of_this_machine(made):
    others = {"Hal", "Absent", *WORK, "gus", "hal"}
    for student in (*WORK, "gus", "hal"):
        page = soup(made, f"students/{student}.html")
        found = set(re.findall(r"[\w-]+", page.get_text(" ")))
        own = {"hal": {"hal", "Hal", "Absent"}}.get(student, {student})
        assert found & others == own
        assert not page.find_all("a")
        assert str(made.course.root) not in str(page)


def test_a_students_page_has_their_points_and_the_median(made):
    page = soup(made, "students/dan.html")
    totals = [r.total for r in results(made.course, FIRST) if r.points]
    row = ["Sample", "1", "6", "17 %", f"{np.median(totals):g}"]
    assert table(page, "all")[0] == row
    text = page.get_text(" ")
    assert "A negative number lost its sign on the way." in text
    assert "waits" in section(soup(made, "students/gus.html"), "all")


def test_a_students_page_says_no_more_of_a_check_than_the_feedback(made):
    for student in WORK:
        place = made.course.step("autograded", student, FIRST) / f"{FIRST}.ipynb"
        cells = nbformat.read(place, as_version=4).cells
        shown = str([cell.outputs for cell in cells])
        for said in soup(made, f"students/{student}.html").select(".exercise li"):
            for words in said.get_text("|").removeprefix("Not yet: ").split("|"):
                assert words.strip().replace("'", "\\'") in shown.replace("`", "")


def test_what_a_notebook_says_of_itself_is_no_mistake_unless_it_is_one(tmp_path):
    made = GradedClass(tmp_path, (FIRST,))
    made.hands_in("ada", doubled="adds")
    place = made.course.step("autograded", "ada", FIRST) / f"{FIRST}.ipynb"
    text = place.read_text("utf8")
    assert '"kind": "misconception"' in text
    place.write_text(text.replace('"kind": "misconception"', '"kind": ["odd"]'))
    write_report(made.course)
    assert soup(made, f"{FIRST}.html").find(id="named") is None


def test_the_command_prints_its_tables_and_writes_the_pages(made, monkeypatch):
    monkeypatch.chdir(made.course.root)
    done = CliRunner().invoke(app, ["report", FIRST])
    assert done.exit_code == 0
    assert f"{FIRST}: points" in done.output
    assert "_grading/report/index.html" in done.output
