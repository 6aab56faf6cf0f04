"""The rules of the report: what is worth a look, what is told to whom, what is kept."""

import json
import re
import stat
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.classroom.gradebook import opened
from attn_course.classroom.report import write_report
from attn_course.classroom.report.hands import hands
from attn_course.classroom.report.measures import discrimination
from attn_course.classroom.report.names import page_names
from attn_course.classroom.report.reading import whole_class
from attn_course.classroom.report.student import FEWEST

from .graded_class import FIRST, GradedClass

THEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_the_correlation_is_the_item_rest_one():
    rng = np.random.default_rng(0)
    item, rest = rng.integers(0, 4, 23).tolist(), rng.normal(size=23).tolist()
    found = discrimination(item, rest, 3)
    assert found.r == pytest.approx(np.corrcoef(item, rest)[0, 1])
    assert found.low < found.r < found.high
    assert discrimination([3] * 9, rest[:9], 3).why_none == "all have it right"
    assert discrimination([0] * 9, rest[:9], 3).why_none == "all have it wrong"
    assert discrimination([1, 2, 3], [2] * 3, 3).why_none
    assert discrimination([1, 2], [1, 2], 3).why_none


def test_a_weak_exercise_of_a_small_class_is_called_so_with_care():
    noise = [1, 0, 0, 1, 1, 0, 1, 0]
    assert discrimination(noise, [4, 3, 5, 6, 2, 7, 1, 8], 1).verdict == (
        "low, may be chance"
    )
    assert discrimination(noise * 20, [-v for v in noise] * 19 + noise, 1).verdict == (
        "low"
    )


@given(st.lists(st.text(min_size=1), unique=True))
def test_every_student_has_a_page_of_their_own_in_the_folder(students):
    students = [each.encode("utf8", "ignore").decode() or "x" for each in students]
    pages = page_names(dict.fromkeys(students))
    assert len({page.casefold() for page in pages.values()}) == len(pages)
    for page in pages.values():
        assert re.fullmatch(r"\w[\w@+.-]*\.html", page)
        assert len(page.encode()) < 255


def found_hands(made) -> dict[str, list[str]]:
    work = whole_class(made.course).assignments[0]
    return {hand.kind: hand.students for hand in hands(work)}


def test_all_that_needs_a_hand_is_named(tmp_path):
    made = GradedClass(tmp_path, (FIRST,))
    made.hands_in("ada", "bob", "cyd", "dan")
    made.hands_in("eve", doubled="fault")
    made.waits("fay")
    with opened(made.course) as gradebook:
        facts = ("doubled-on_paper", FIRST, FIRST)
        gradebook.find_grade(*facts, "ada").needs_manual_grade = True
        gradebook.find_grade(*facts, "bob").auto_score = 0.0
        gradebook.db.commit()
    verdicts = made.course.root / "_grading" / "verdicts" / FIRST
    (verdicts / "cyd.json").unlink()
    text = (verdicts / "dan.json").read_text("utf8")
    text = text.replace('"seconds": 0.125', '"seconds": 3.5', 1)
    (verdicts / "dan.json").write_text(text.replace("true", "false"))
    kept = json.loads((verdicts / "eve.json").read_text("utf8"))
    kept["doubts"] = {"doubled-on_paper": "2 of 2 at the first run, 0 at the second"}
    (verdicts / "eve.json").write_text(json.dumps(kept))
    assert found_hands(made) == {
        "flaky": ["eve"],
        "not graded": ["fay"],
        "fault": ["eve"],
        "by hand": ["ada"],
        "differs": ["bob"],
        "no record": ["cyd"],
        "near the limit": ["dan"],
        "no sandbox": ["dan"],
    }
    path = next((made.course.root / "solutions" / FIRST).glob("e01*"))
    path.write_text(path.read_text("utf8") + "\n# changed\n")
    assert found_hands(made)["older checks"] == ["ada", "bob", "dan", "eve"]


def test_a_second_run_changes_nothing_and_takes_away_who_left(tmp_path):
    made = GradedClass(tmp_path, (FIRST,))
    made.hands_in("ada")
    first = write_report(made.course, THEN)
    before = {p: p.read_bytes() for p in first.parent.rglob("*.html")}
    gone = first.parent / "students" / "gone.html"
    gone.write_text("")
    write_report(made.course, THEN)
    assert {p: p.read_bytes() for p in first.parent.rglob("*.html")} == before
    assert not stat.S_IMODE(first.stat().st_mode) & 0o077  # others may not read it


def test_no_median_is_told_of_fewer_than_five(tmp_path):
    made = GradedClass(tmp_path, (FIRST,))
    told = []
    for number in range(FEWEST):
        made.hands_in(f"s{number}")
        page = write_report(made.course).parent / "students" / "s0.html"
        told.append("median is 6" in page.read_text("utf8"))
    assert told == [False] * (FEWEST - 1) + [True]
