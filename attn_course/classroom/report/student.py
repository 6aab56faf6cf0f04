"""One student's own page: all of their work, and of the others the median alone."""

from statistics import median
from typing import Any

from attn_course.authoring.exercise import Exercise
from attn_course.authoring.notebook import grade_id
from attn_course.classroom.report.assignment import label
from attn_course.classroom.report.work import ClassWork, WholeClass, Work

FEWEST = 5  # graded students; of fewer, a median tells on somebody


def student_view(whole: WholeClass, student: str) -> dict[str, Any]:
    """Return what the page of one student is filled with."""
    return {
        "student": student,
        "name": whole.names[student],
        "fewest": FEWEST,
        "assignments": [_assignment(work, student) for work in whole.assignments],
    }


def _assignment(work: ClassWork, student: str) -> dict[str, Any]:
    own = next((each for each in work.works if each.student == student), None)
    graded = own is not None and own.graded
    return {
        "title": work.title,
        "handed_in": own is not None,
        "own": own if graded else None,
        "possible": work.possible,
        "median": class_median([each.total for each in work.graded]),
        "exercises": [_exercise(work, ex, own) for ex in work.exercises if graded],
    }


def class_median(values: list[float]) -> float | None:
    """Return the median, None where so few are in it that it tells on somebody.

    Examples
    --------
    >>> class_median([1, 2, 3, 4, 9])
    3
    >>> class_median([1, 9]) is None
    True
    """
    return median(values) if len(values) >= FEWEST else None


def _exercise(work: ClassWork, ex: Exercise, own: Work) -> dict[str, Any]:
    """Return one exercise: no more about its checks than the feedback page shows."""
    kept = {each["name"]: each for each in own.checks.get(ex.name, [])}
    failed = [
        {"says": _first(check.says), "message": _first(kept[name]["message"])}
        for check in ex.checks
        if (name := grade_id(ex, check)) in kept and kept[name]["kind"] != "passed"
    ]
    slip = own.slips.get(ex.name)
    return {
        "label": label(ex),
        "title": ex.title,
        "points": own.points[ex.name],
        "best": ex.points,
        "median": class_median([each.points[ex.name] for each in work.graded]),
        "failed": failed,
        "slip": slip and slip.says,
        "by_hand": ex.name in own.by_hand,
    }


def _first(text: str) -> str:
    return text.strip().partition("\n")[0]
