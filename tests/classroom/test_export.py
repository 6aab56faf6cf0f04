"""Exports give the gradebook's scores, whoever gave them, to whoever they belong."""

import pytest

from attn_course.classroom.export import NothingToExport, export
from attn_course.classroom.export.spreadsheet import harmless

from .gradebooks import (
    FIRST,
    SECOND,
    THIRD,
    by,
    counted,
    filling,
    make_course,
    rows,
)

ODD = {
    "comma": ("Grace, Rear Admiral", "Hopper"),
    "quotes": ('Ada "the first"', "O'Lovelace"),
    "newline": ("Evelyn\nBoyd", "Granville\r\nCollins"),
    "umlauts": ("Jörg", "Größe-Łukasiewicz 李"),
    "=formula": ('=HYPERLINK("https://example.org","here")', "@SUM(A1:A9)"),
    "+plus": ("-Minus", "x;=1+1"),
    "nameless": (None, None),
}
SCORE = {"canvas": FIRST, "moodle": FIRST, "csv": "score"}
WHO = {"canvas": "SIS Login ID", "moodle": "Username", "csv": "student"}
TABLES = list(WHO)


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


@pytest.fixture(scope="module")
def odd_class(tmp_path_factory):
    """A graded class whose names are made of what breaks files."""
    course = make_course(tmp_path_factory.mktemp("odd"))
    with filling(course) as book:
        for number, (student, (first, last)) in enumerate(ODD.items(), 1):
            book.student(student, first_name=first, last_name=last)
            book.graded(student, 1.0, number / 8, 0.1)
    return course


def table(course, to: str, names=(FIRST,), **options) -> dict[str, dict[str, str]]:
    """Return the rows of an export by student; without the row of the maxima."""
    found = by(export(course, to, list(names), **options).text, WHO[to])
    found.pop("", None)
    return found


@pytest.mark.parametrize("to", TABLES)
def test_every_odd_name_has_its_own_score(odd_class, to):
    found = table(odd_class, to)
    assert set(found) == {harmless(student) for student in ODD}
    for student in ODD:
        score = counted(odd_class, FIRST, student)
        assert float(found[harmless(student)][SCORE[to]]) == pytest.approx(score)


@pytest.mark.parametrize("to", TABLES)
def test_names_come_back_as_they_were_but_for_formulas(odd_class, to):
    found = table(odd_class, to)
    for student, (first, last) in ODD.items():
        row = found[harmless(student)]
        if to == "canvas":
            names = {"Student": f"{last}, {first}" if last else student}
        else:
            first_name = "First name" if to == "moodle" else "first_name"
            last_name = "Last name" if to == "moodle" else "last_name"
            names = {first_name: first or "", last_name: last or ""}
        assert {title: row[title] for title in names} == {
            title: harmless(name) for title, name in names.items()
        }


@pytest.mark.parametrize("to", ["canvas", "moodle"])
def test_whose_id_was_changed_is_said(odd_class, to):
    [note] = [n for n in export(odd_class, to, [FIRST]).notes if "apostrophe" in n]
    assert note.endswith("+plus, =formula")


@pytest.mark.parametrize("to", TABLES)
def test_points_given_by_hand_replace_those_of_the_checks(course, to):
    with filling(course) as book:
        book.student("ada")
        book.graded("ada", 1, 0, 0)
        book.give("ada", "tripled-on_paper", auto_score=0.0, manual_score=4.5)
    assert float(table(course, to)["ada"][SCORE[to]]) == 5.5


@pytest.mark.parametrize("to", TABLES)
def test_extra_credit_may_go_beyond_the_maximum(course, to):
    with filling(course) as book:
        book.student("ada")
        book.graded("ada", 1, 2, 5)
        book.give("ada", "tripled-on_paper", auto_score=5.0, extra_credit=2.5)
    assert float(table(course, to)["ada"][SCORE[to]]) == 10.5


@pytest.mark.parametrize("to", TABLES)
def test_a_late_penalty_is_taken_off_and_never_below_zero(course, to):
    with filling(course) as book:
        for student, penalty in (("ada", 2.25), ("bob", 9.0)):
            book.student(student)
            book.graded(student, 1, 2, 5)
            book.late(student, penalty)
    found = table(course, to)
    assert [float(found[who][SCORE[to]]) for who in ("ada", "bob")] == [5.75, 0]


@pytest.mark.parametrize("to", ["canvas", "moodle"])
def test_who_has_no_points_at_all_has_no_row_that_could_take_points_away(course, to):
    with filling(course) as book:
        for student in ("ada", "absent", "waiting"):
            book.student(student)
        book.graded("ada", 1, 2, 5)
        book.work("waiting")
    assert set(table(course, to)) == {"ada"}


@pytest.mark.parametrize(("to", "empty"), [("canvas", ""), ("moodle", "-")])
def test_points_that_are_still_to_be_given_are_left_empty_and_told(course, to, empty):
    with filling(course) as book:
        book.student("ada")
        book.graded("ada", 1, 2, 5)
        book.work("ada", SECOND)
        book.give("ada", "masked-on_paper", SECOND, auto_score=3.0)
    names = (FIRST, SECOND)
    assert table(course, to, names)["ada"][SECOND] == empty
    assert f"{SECOND}: no score yet, left empty: ada" in export(course, to).notes


def test_a_score_to_be_reviewed_is_given_and_told(course):
    with filling(course) as book:
        book.student("ada")
        book.graded("ada", 1, 2, 0)
        points = {"auto_score": 0.0, "manual_score": 4.0, "needs_manual_grade": True}
        book.give("ada", "tripled-on_paper", **points)
    done = export(course, "canvas")
    assert table(course, "canvas")["ada"][FIRST] == "7"
    assert done.notes == [f"{FIRST}: to be reviewed by hand: ada"]


def test_an_assignment_that_nobody_handed_in_is_left_out_and_told_if_asked_for(course):
    with filling(course) as book:
        book.student("ada")
        book.graded("ada", 1, 2, 5)
    assert THIRD not in rows(export(course, "canvas").text)[0]
    assert export(course, "canvas").notes == []
    asked = export(course, "canvas", [FIRST, THIRD]).notes
    assert asked == [f"left out, as nobody has handed in: {THIRD}"]


def test_where_there_are_no_grades_the_reason_is_said(course):
    with pytest.raises(NothingToExport, match="nobody has handed in"):
        export(course, "csv")
    (course.root / "_grading" / "gradebook.db").unlink()
    with pytest.raises(NothingToExport, match="grade something first"):
        export(course, "csv")
    assert not (course.root / "_grading" / "gradebook.db").exists()
