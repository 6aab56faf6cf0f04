"""The CSV that Moodle imports into its gradebook.

On Moodle's page one column says who a row is about (*Map from*) and what it holds
(*Map to*: username, useridnumber or useremail); each other column is mapped to a grade
item, to the feedback of one, or ignored. Make the grade items first, with the maximum
that `attn-course report` prints: a new one is out of 100.

Moodle's importer takes a row without an id for the student of the row before. So a
column that not everybody has is left out. A dash means no grade. Where feedback is
imported, the points have to be imported with it, or they are lost.

References
----------
Moodle, "Grade import", https://docs.moodle.org/405/en/Grade_import
Moodle, grade/import/csv/classes/load_data.php, https://github.com/moodle/moodle
"""

from attn_course.classroom.export.evidence import Evidence, mistake
from attn_course.classroom.export.gather import Grades
from attn_course.classroom.export.scores import Assignment, Person, Work
from attn_course.classroom.export.spreadsheet import Cell, number

NO_GRADE = "-"  # an empty cell of a new grade item is an empty number to Moodle
IDS = {"ID number": "lms_user_id", "Email address": "email"}


def table(
    grades: Grades, said: dict[tuple[str, str], Evidence] | None = None
) -> list[list[Cell]]:
    """Return the rows, of who has points; with `said`, a column of feedback each."""
    there = [person for person in grades.people if has_points(grades, person)]
    ids = [title for title in IDS if known_of_all(there, title)]
    header: list[Cell] = ["First name", "Last name", "Username", *ids]
    for assignment in grades.assignments:
        header.append(assignment.name)
        if said is not None:
            header.append(f"Feedback: {assignment.name}")
    rows = [header]
    for person in there:
        row: list[Cell] = [person.first_name, person.last_name, person.id]
        row += [getattr(person, IDS[title]) for title in ids]
        for assignment in grades.assignments:
            work = assignment.work(person.id)
            row.append(work.score if work.complete() else None)
            if said is not None:
                known = said.get((assignment.name, person.id), Evidence())
                row.append(_feedback(assignment, work, known))
        rows.append(row)
    return rows


def has_points(grades: Grades, person: Person) -> bool:
    """Whether there is a final score of this student in any assignment."""
    return any(a.work(person.id).complete() for a in grades.assignments)


def known_of_all(people: list[Person], title: str) -> bool:
    """Whether every student has what stands in the column `title`."""
    return bool(people) and all(
        getattr(person, IDS[title]).strip() for person in people
    )


def _feedback(assignment: Assignment, work: Work, known: Evidence) -> str:
    """Return a line for each exercise: points, and the mistake that was recognised."""
    if not work.complete():
        return ""
    lines = []
    for exercise in assignment.exercises:
        points, of = work.raw(exercise) or 0.0, assignment.maximum(exercise)
        found = mistake(known, exercise)
        says = f" {found['says']}" if found else ""
        lines.append(f"{exercise}: {number(points)} of {number(of)}.{says}")
    if work.penalty:
        lines.append(f"Handed in late: {number(work.penalty)} taken off.")
    return "\n".join(lines)
