"""Checks change after people handed in: scores follow, and nothing is lost."""

import json

import pytest

from attn_course.classroom.grade import grade
from attn_course.classroom.gradebook import ReleaseError, opened
from attn_course.classroom.release import release
from attn_course.classroom.report import results

from .conftest import NAME, solved, submit


@pytest.fixture
def graded(course):
    submit(course, "right", json.dumps(solved(course)))
    list(grade(course, NAME))
    return course


def rewrite(course, old: str, new: str) -> None:
    path = course.root / "solutions" / NAME / "e01_doubled.py"
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, new))


def totals(course):
    return {r.student: (r.problem, r.total) for r in results(course, NAME)}


def test_new_points_count_at_the_next_grading(graded):
    rewrite(graded, "@check(points=1)", "@check(points=4)")
    list(grade(graded, NAME))
    assert totals(graded) == {"right": (None, 9.0)}


def test_a_renamed_check_is_released_and_what_was_handed_in_graded_again(graded):
    rewrite(graded, "on_paper", "with_a_pencil")
    assert release(graded, NAME)
    assert "waits to be graded" in totals(graded)["right"][0]
    assert [done.fresh for done in grade(graded, NAME)] == [True]
    assert totals(graded) == {"right": (None, 6.0)}


def test_a_change_that_is_taken_back_leaves_nobody_without_scores(graded):
    rewrite(graded, "on_paper", "with_a_pencil")
    release(graded, NAME)
    rewrite(graded, "with_a_pencil", "on_paper")
    list(grade(graded, NAME))
    assert totals(graded) == {"right": (None, 6.0)}


def test_scores_given_by_hand_are_not_thrown_away(graded):
    with opened(graded) as gradebook:
        score = gradebook.find_grade("doubled-on_paper", NAME, NAME, "right")
        score.manual_score = 0.5
        gradebook.db.commit()
    before = graded.released(NAME).read_bytes()
    rewrite(graded, "on_paper", "with_a_pencil")
    for _ in range(2):  # the refusal does not wear off
        with pytest.raises(ReleaseError, match=r"given by hand for right\. Export"):
            release(graded, NAME)
    assert graded.released(NAME).read_bytes() == before
    with opened(graded) as gradebook:
        kept = gradebook.find_grade("doubled-on_paper", NAME, NAME, "right")
        assert kept.manual_score == 0.5


def test_a_release_that_fails_leaves_the_one_before(graded, monkeypatch):
    before = {p.name: p.read_bytes() for p in graded.released(NAME).parent.iterdir()}
    rewrite(graded, "which multiplies", "which simply multiplies")
    refusal = {"success": False, "error": "no", "log": "nbgrader says no"}
    with monkeypatch.context() as patch:
        patch.setattr(
            type(graded.nbgrader), "generate_assignment", lambda *_, **__: refusal
        )
        with pytest.raises(ReleaseError, match="nbgrader says no"):
            release(graded, NAME)
    after = {p.name: p.read_bytes() for p in graded.released(NAME).parent.iterdir()}
    assert after == before
    assert release(graded, NAME)
    assert b"which simply" in graded.released(NAME).read_bytes()
