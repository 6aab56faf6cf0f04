"""What stands in gradebooks, and where two of them differ."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from attn_course.classroom.course import Course
from attn_course.classroom.provenance import provenance_path

Scores = Mapping[tuple[str, str], float]  # by student, and check or exercise
UNGRADED = -1.0
QUERY = f"""
    select student_id, base_cell.name, coalesce(auto_score, {UNGRADED})
    from grade
    join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment
        on submitted_assignment.id = submitted_notebook.assignment_id"""


def scores(gradebook: Path) -> Scores:
    """Return the points of each student for each check."""
    with closing(sqlite3.connect(gradebook)) as book:
        return {
            (student, check): score for student, check, score in book.execute(QUERY)
        }


def by_exercise(found: Scores) -> Scores:
    """Return the points of each student in each exercise."""
    total: dict[tuple[str, str], float] = {}
    for (student, check), score in found.items():
        key = (student, check.partition("-")[0])
        total[key] = total.get(key, 0.0) + score
    return total


def differing(one: Scores, other: Scores) -> int:
    """Return how many are not the same in both, or there in one only."""
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def seeds(course: Course, chapter: str, students: list[str]) -> dict[str, dict]:
    """Return the seeds by which these students' checks were graded."""
    found = {}
    for student in students:
        path = provenance_path(course.root, chapter, student)
        kept = json.loads(path.read_text("utf8"))["checks"]
        found[student] = {check["name"]: int(check["seed"], 16) for check in kept}
    return found
