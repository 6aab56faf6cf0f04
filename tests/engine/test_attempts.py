"""Every attempt is kept; the last counts or the best, after what lateness takes off."""

import pytest
from nbgrader.utils import parse_utc

from attn_course.classroom.attempts import Attempts
from attn_course.classroom.grade import grade
from attn_course.classroom.gradebook import opened

from ..classroom.conftest import NAME
from .conftest import ADDS, FULL, configured, hand_in
from .tables import tables

BEST = "c.Attempts.counts = 'best'"
ZERO_IF_LATE = "c.LateSubmissionPlugin.penalty_method = 'zero'"
IN_TIME, LATE = "2026-03-01 11:00 UTC", "2026-03-01 13:00 UTC"


def at(course, when: str, **sources: str) -> None:
    """Hand in at that time, and have it graded."""
    hand_in(course, ["ada"], **sources)
    path = course.step("submitted", "ada", NAME) / "timestamp.txt"
    path.write_text(when)
    [done] = grade(course, NAME)
    assert (done.fresh, done.problem) == (True, None)


def score(course) -> float:
    return sum(row["auto_score"] for row in tables(course)["grade"])


@pytest.mark.parametrize(("line", "wanted"), [("", 3), (BEST, FULL)])
def test_the_last_attempt_counts_or_the_best(course, line, wanted):
    course = configured(course, line)
    at(course, IN_TIME)
    at(course, LATE, doubled=ADDS)
    assert score(course) == wanted
    assert len(Attempts(course, NAME).of("ada")) == 2
    [row] = tables(course)["submitted_assignment"]
    assert row["timestamp"] == parse_utc(IN_TIME if line else LATE)


def test_the_best_is_what_is_best_after_the_penalty(course):
    course = configured(course, f"{BEST}\n{ZERO_IF_LATE}")
    with opened(course) as book:
        book.find_assignment(NAME).duedate = parse_utc("2026-03-01 12:00 UTC")
        book.db.commit()
    at(course, IN_TIME, doubled=ADDS)
    at(course, LATE)
    assert score(course) == 3
    [row] = tables(course)["submitted_notebook"]
    assert row["late_submission_penalty"] is None


def test_to_count_otherwise_runs_nobody_again(course, request):
    at(course, IN_TIME)
    at(course, LATE, doubled=ADDS)
    assert score(course) == 3
    request.getfixturevalue("nobody_runs")
    course = configured(course, BEST)
    [done] = grade(course, NAME)
    assert done.fresh
    assert score(course) == FULL


def test_an_attempt_that_is_handed_in_again_is_one_and_the_last(course):
    at(course, IN_TIME)
    at(course, LATE, doubled=ADDS)
    at(course, LATE)
    kept = Attempts(course, NAME).of("ada")
    assert [each.stamp for each in kept] == [LATE, IN_TIME]
    assert score(course) == FULL
