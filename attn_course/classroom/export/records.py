"""All that is known, one JSON object for each student, assignment and exercise.

For programs. The seeds give away the inputs of hidden checks: keep these lines as you
keep the gradebook. `late_penalty` and `submitted` are the assignment's, and the same
in all its lines. Nothing is escaped: this is no spreadsheet.
"""

import json
from typing import Any

from attn_course.classroom.export.evidence import Evidence, mistake
from attn_course.classroom.export.gather import Grades
from attn_course.classroom.export.scores import (
    Assignment,
    Mark,
    Person,
    Work,
    exercise_of,
)

SAID = ("kind", "message", "seed", "seconds", "allowed")
HASHES = ("submission", "modules", "environment")


def as_lines(grades: Grades, known: dict[tuple[str, str], Evidence]) -> str:
    """Return the objects, one a line."""
    lines = [
        json.dumps(_record(person, assignment, exercise, said), ensure_ascii=False)
        for person in grades.people
        for assignment in grades.assignments
        for said in [known.get((assignment.name, person.id), Evidence())]
        for exercise in assignment.exercises
    ]
    return "".join(f"{line}\n" for line in lines)


def _record(
    person: Person, assignment: Assignment, exercise: str, said: Evidence
) -> dict[str, Any]:
    work = assignment.work(person.id)
    score = work.raw(exercise)
    return {
        "student": person.id,
        "first_name": person.first_name or None,
        "last_name": person.last_name or None,
        "email": person.email or None,
        "lms_user_id": person.lms_user_id or None,
        "assignment": assignment.name,
        "exercise": exercise,
        "state": work.state(exercise),
        "problem": work.problem,
        "submitted": work.submitted and work.submitted.isoformat(),
        "score": score,
        "maximum": assignment.maximum(exercise),
        "late_penalty": None if work.score is None else work.penalty,
        "needs_manual_grade": work.waits(exercise),
        "misconception": mistake(said, exercise),
        "comment": _comment(work, exercise),
        "checks": [_check(mark, assignment, said) for mark in work.of(exercise)],
        "sandboxed": said.record.get("sandboxed"),
        "hashes": {
            **{name: said.record.get(name) for name in HASHES},
            "graded_from": said.graded_from,
        },
    }


def _comment(work: Work, exercise: str) -> str | None:
    """Return what nbgrader has as the comments on an exercise's cells."""
    texts = [
        text for cell, text in work.comments.items() if exercise_of(cell) == exercise
    ]
    return "\n".join(texts) or None


def _check(mark: Mark, assignment: Assignment, said: Evidence) -> dict[str, Any]:
    kept = said.check(mark.name)
    seen = said.verdicts.get(mark.name, kept)
    return {
        "name": mark.name,
        "score": mark.score if mark.scored else None,
        "maximum": assignment.maxima[mark.name],
        "auto_score": mark.auto,
        "manual_score": mark.manual,
        "extra_credit": mark.extra,
        "needs_manual_grade": mark.needs_manual_grade,
        **{name: kept.get(name) for name in SAID},
        "diagnosis": seen.get("diagnosis"),
    }
