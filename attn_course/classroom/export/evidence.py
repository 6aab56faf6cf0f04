"""What our own grader left beside the gradebook: verdicts, seeds, hashes.

Nothing of it is a score. Work that plain nbgrader graded has none of it.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbgrader.utils import is_grade

from attn_course.classroom.course import Course
from attn_course.classroom.export.gather import Grades
from attn_course.classroom.export.scores import exercise_of
from attn_course.classroom.journal import Journal
from attn_course.classroom.provenance import provenance_path
from attn_course.judge.verdict import verdict


@dataclass
class Evidence:
    """What is on record of one submission.

    `verdicts` are the facts in the graded notebook by grade id; mistakes that got
    their names later are among them. `record` is the file below `_grading/verdicts`.
    """

    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    graded_from: str | None = None  # the journal's digest

    def check(self, name: str) -> dict[str, Any]:
        """Return what the record says of one check; empty if it says nothing."""
        checks = self.record.get("checks", [])
        return next((check for check in checks if check["name"] == name), {})


def evidence(course: Course, grades: Grades) -> dict[tuple[str, str], Evidence]:
    """Return the evidence of every submission, by assignment and student."""
    journal = Journal(course.root / "_grading" / "journal.json")
    return {
        (assignment.name, student): Evidence(
            _verdicts(course, assignment.name, student),
            _record(course, assignment.name, student),
            journal.entries.get(assignment.name, {}).get(student, {}).get("of"),
        )
        for assignment in grades.assignments
        for student in assignment.works
    }


def mistake(known: Evidence, exercise: str) -> dict[str, str] | None:
    """Return the mistake recognised in an exercise: misconceptions come first."""
    named = [
        facts["diagnosis"]
        for name, facts in known.verdicts.items()
        if exercise_of(name) == exercise and facts["diagnosis"]
    ]
    return min(named, key=lambda each: each["kind"] != "misconception", default=None)


def _verdicts(course: Course, assignment: str, student: str) -> dict[str, dict]:
    path = course.step("autograded", student, assignment) / f"{assignment}.ipynb"
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text("utf8")))
    except FileNotFoundError:
        return {}
    found = {
        cell.metadata["nbgrader"]["grade_id"]: verdict(cell)
        for cell in filter(is_grade, notebook.cells)
    }
    return {name: facts for name, facts in found.items() if facts}


def _record(course: Course, assignment: str, student: str) -> dict[str, Any]:
    path = provenance_path(course.root, assignment, student)
    try:
        return json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        return {}
