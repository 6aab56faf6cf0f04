"""What Canvas and Moodle insist on, as their importers read a file."""

import pytest

from attn_course.classroom.export import export

from .gradebooks import FIRST, SECOND, by, counted, filling, make_course, rows


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


def test_canvas_finds_the_columns_its_importer_insists_on(course):
    with filling(course) as book:
        book.student("ada", first_name="Ada", last_name="Lovelace")
        book.graded("ada", 1, 2, 5)
        book.graded("ada", 3, 6.5, assignment=SECOND)
    header, possible, ada = rows(export(course, "canvas").text)
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert header[5:] == [FIRST, SECOND]
    assert "Points Possible" in possible[0]
    assert possible[1:] == ["", "", "", "", "8", "10"]
    assert ada == ["Lovelace, Ada", "", "", "ada", "", "8", "9.5"]


@pytest.mark.parametrize(
    ("lms_user_id", "columns"),
    [("40217", ["40217", ""]), ("s40217", ["", "s40217"]), ("12b", ["", "12b"])],
)
def test_only_a_number_is_taken_for_canvas_s_own_id(course, lms_user_id, columns):
    with filling(course) as book:
        book.student("ada", lms_user_id=lms_user_id)
        book.graded("ada", 1, 2, 5)
    row = by(export(course, "canvas").text, "SIS Login ID")["ada"]
    assert [row["ID"], row["SIS User ID"]] == columns


def test_columns_of_exercises_add_up_to_the_score(course):
    with filling(course) as book:
        for student, penalty in (("ada", 2.25), ("bob", 9.0), ("eve", None)):
            book.student(student)
            book.graded(student, 1, 0.5, 4)
            if penalty:
                book.late(student, penalty)
    text = export(course, "canvas", questions=True).text
    titles = [f"{FIRST} doubled", f"{FIRST} tripled", f"{FIRST} late penalty"]
    header, possible, *_ = rows(text)
    assert header[5:] == titles
    assert possible[5:] == ["3", "5", "0"]
    found = by(text, "SIS Login ID")
    for student in ("ada", "bob", "eve"):
        points = [float(found[student][title] or 0) for title in titles]
        assert sum(points) == counted(course, FIRST, student)
    assert found["bob"][titles[2]] == "-5.5"


def test_an_exercise_that_is_graded_counts_where_another_is_not(course):
    with filling(course) as book:
        book.student("ada")
        book.work("ada", SECOND)
        book.give("ada", "masked-on_paper", SECOND, auto_score=3.0)
    row = by(export(course, "canvas", questions=True).text, "SIS Login ID")["ada"]
    assert (row[f"{SECOND} masked"], row[f"{SECOND} written"]) == ("3", "")


def test_moodle_gets_no_id_that_not_everybody_has(course):
    """Its importer would give such a row to the student of the row before."""
    with filling(course) as book:
        book.student("ada", email="ada@example.org", lms_user_id="3")
        book.student("bob", email=" ", lms_user_id="5")
        book.student("eve", lms_user_id=None)  # has no row, so does not count
        for student in ("ada", "bob"):
            book.graded(student, 1, 2, 5)
    done = export(course, "moodle")
    header = rows(done.text)[0]
    assert header == ["First name", "Last name", "Username", "ID number", FIRST]
    assert done.notes == [
        "no column 'Email address': not everybody has one in the gradebook"
    ]


def test_moodle_is_told_of_scores_it_does_not_take_by_itself(course):
    with filling(course) as book:
        book.student("ada", email="ada@example.org", lms_user_id="3")
        book.graded("ada", 1, 2, 5)
        book.give("ada", "tripled-on_paper", auto_score=5.0, extra_credit=1.0)
    [note] = export(course, "moodle").notes
    assert "unlimitedgrades" in note
    assert note.endswith("ada")


def test_feedback_for_moodle_has_points_beside_it_and_a_line_for_each_exercise(course):
    with filling(course) as book:
        book.student("ada")
        book.student("bob")
        book.graded("ada", 1, 0.5, 5)
        book.late("ada", 2)
        book.graded("bob", 3, 7, assignment=SECOND)
    found = by(export(course, "moodle", feedback=True).text, "Username")
    assert found["ada"][FIRST] == "4.5"
    assert found["ada"][f"Feedback: {FIRST}"].splitlines() == [
        "doubled: 1.5 of 3.",
        "tripled: 5 of 5.",
        "Handed in late: 2 taken off.",
    ]
    assert found["ada"][f"Feedback: {SECOND}"] == ""
    assert found["ada"][SECOND] == "-"
