"""The grades of a course, put together from its gradebook and its folders.

Scores are the gradebook's. The folders only say who handed in what the gradebook does
not have yet, and in which order a notebook has its exercises.
"""

from dataclasses import dataclass

import nbformat
from nbgrader.api import MissingEntry

from attn_course.classroom.course import Course
from attn_course.classroom.export.scores import Assignment, Person, Work, people, read
from attn_course.classroom.gradebook import database, opened
from attn_course.classroom.journal import Journal


class NothingToExport(LookupError):
    """There are no grades of what was asked for; says what to do first."""


@dataclass
class Grades:
    """The students and the assignments that are exported."""

    people: list[Person]
    assignments: list[Assignment]


def gather(course: Course, names: list[str]) -> Grades:
    """Return what is known of those of `names` in which somebody handed in.

    Raises
    ------
    NothingToExport
        If there is no gradebook, or nobody handed in any of them.
    """
    file = database(course)
    if file is not None and not file.exists():
        raise NothingToExport(f"{file} is missing: grade something first")
    with opened(course) as gradebook:
        known = {person.id: person for person in people(gradebook)}
        found = []
        for name in names:
            try:
                assignment = read(gradebook, name, _order(course, name))
            except MissingEntry:  # never released
                continue
            _add_ungraded(course, assignment)
            if assignment.works:
                found.append(assignment)
    if not found:
        raise NothingToExport(f"nobody has handed in yet: {', '.join(names)}")
    for assignment in found:
        known |= {who: Person(who) for who in assignment.works if who not in known}
    ordered = sorted(known.values(), key=lambda p: (p.last_name, p.first_name, p.id))
    return Grades(ordered, found)


def _order(course: Course, name: str) -> list[str]:
    """Return the ids of the graded cells as the released notebook has them."""
    try:
        notebook = nbformat.read(course.pristine(name), as_version=4)
    except FileNotFoundError:
        return []
    facts = (cell.metadata.get("nbgrader", {}) for cell in notebook.cells)
    return [each["grade_id"] for each in facts if each.get("grade")]


def _add_ungraded(course: Course, assignment: Assignment) -> None:
    """Add who handed in and is not in the gradebook, and why, if that is known."""
    journal = Journal(course.root / "_grading" / "journal.json")
    for student in course.students(assignment.name):
        work = assignment.works.setdefault(student, Work())
        work.problem = journal.problem(assignment.name, student)
