"""What people did is not lost, and nobody is graded for what is not theirs."""

import json

import pytest

from attn_course.classroom.course import Busy, Course, UnknownStudent
from attn_course.classroom.demo import RealClass, hand_in
from attn_course.classroom.grade import grade
from attn_course.classroom.gradebook import ReleaseError
from attn_course.classroom.release import release
from attn_course.classroom.report import results

from .conftest import NAME, make_course, solved, submit

FULL = 6.0


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in a folder with a space in its name, with one graded submission."""
    course = make_course(tmp_path_factory.mktemp("my course"))
    submit(course, "right", json.dumps(solved(course)))
    list(grade(course, NAME))
    return course


def totals(course):
    return {r.student: r.total for r in results(course, NAME)}


def reword(course, old, new):
    path = course.root / "solutions" / NAME / "e01_doubled.py"
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, new))


def test_work_in_a_released_notebook_is_put_aside_when_a_new_one_comes(course):
    released = course.released(NAME)
    mine = json.dumps(solved(course))
    released.write_text(mine)
    (released.parent / "my notes.txt").write_text("axis -1!")
    assert not release(course, NAME)  # nothing is new: nothing is touched
    assert released.read_text() == mine
    reword(course, "which multiplies", "which now multiplies")
    told = []
    assert release(course, NAME, told.append)
    assert "now multiplies" in released.read_text()
    aside = released.with_suffix(".yours-1.ipynb")
    assert aside.read_text() == mine
    assert aside.name in told[0]
    assert (released.parent / "my notes.txt").read_text() == "axis -1!"


def test_answers_typed_into_the_released_notebook_are_nobodys_answers(course):
    empty = solved(course)
    empty.cells = [
        c for c in empty.cells if not c.metadata.get("nbgrader", {}).get("solution")
    ]
    submit(course, "without-answers", json.dumps(empty))
    course.released(NAME).write_text(json.dumps(solved(course)))
    list(grade(course, NAME, students=["without-answers"]))
    assert totals(course)["without-answers"] == 0


def test_a_spoilt_second_version_leaves_the_first_score_and_says_so(course):
    submit(course, "twice", json.dumps(solved(course)))
    list(grade(course, NAME, students=["twice"]))
    submit(course, "twice", "half a no")
    [done] = grade(course, NAME, students=["twice"])
    assert "The score of what was handed in before stands" in done.problem
    assert totals(course)["twice"] == FULL


def test_a_mended_message_reaches_the_feedback(course):
    wrong = solved(course, doubled="def doubled(x):\n    return 2.0 * abs(x)")
    submit(course, "signless", json.dumps(wrong))
    list(grade(course, NAME, students=["signless"]))
    reword(course, "lost its sign on the way", "lost its sign underway")
    [done] = grade(course, NAME, students=["signless"])
    assert done.fresh
    page = course.step("feedback", "signless", NAME) / f"{NAME}.html"
    assert "lost its sign underway" in page.read_text("utf8")


@pytest.mark.parametrize("name", ["rihgt", "../../solutions", "."])
def test_a_student_who_handed_in_nothing_is_refused_and_nothing_touched(course, name):
    before = sorted(course.root.rglob("*"))
    with pytest.raises(UnknownStudent, match="has handed in nothing"):
        list(grade(course, NAME, students=[name], force=True))
    assert sorted(course.root.rglob("*")) == before


def test_a_file_too_large_to_read_is_refused_unread(course):
    path = submit(course, "huge", "")
    with path.open("r+b") as file:
        file.truncate(20 * 2**30)  # a hole: it takes no room
    [done] = grade(course, NAME, students=["huge"])
    assert "at most 20 are read" in done.problem
    path.unlink()


def test_the_demonstration_is_not_mixed_with_real_people(course):
    with pytest.raises(RealClass, match="has submissions of"):
        hand_in(course, NAME)
    assert "answers" not in course.students(NAME)


def test_two_runs_do_not_work_in_one_course(course):
    with course.alone(), pytest.raises(Busy, match="another run"):
        with Course(course.root).alone():
            pass
    with course.alone():
        pass


def test_what_lies_in_the_wrong_place_is_named(course):
    stray = course.root / "_grading" / "submitted" / "emil" / "ch1_sample"
    stray.mkdir(parents=True)
    [said] = course.misplaced()
    assert str(stray) in said
    assert f"emil/{NAME}/" in said
    stray.rmdir()


def test_a_notebook_left_behind_is_not_given_to_students(course):
    left = course.root / "solutions" / NAME / "ch00_old_name.ipynb"
    left.write_text("{}")
    with pytest.raises(ReleaseError, match=r"ch00_old_name\.ipynb does not belong"):
        release(course, NAME)
    left.unlink()


@pytest.mark.parametrize("content", ["[]", "{half", "\xff"])
def test_a_damaged_journal_costs_time_and_nothing_else(course, content):
    journal = course.root / "_grading" / "journal.json"
    journal.write_bytes(content.encode("latin1"))
    [done] = grade(course, NAME, students=["right"])
    assert done.fresh
    assert totals(course)["right"] == FULL
