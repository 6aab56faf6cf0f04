"""The CSV that Canvas imports into its gradebook.

Canvas asks for the columns Student, ID, SIS User ID, SIS Login ID and Section, in
front of one column an assignment. Its importer insists that the first two and Section
are there; a student is found by ID (Canvas's own number), else by SIS User ID, else by
SIS Login ID, else by the name. Section may be empty. A column becomes the points of
the assignment of that title, or of a new one, worth what the row "Points Possible"
says. An empty cell takes a score away that Canvas has: so who has no points at all
has no row, and an assignment can be exported by itself.

References
----------
Canvas Instructor Guide, "How do I import grades in the Gradebook?",
https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
Canvas, lib/gradebook_importer.rb and lib/gradebook_exporter.rb,
https://github.com/instructure/canvas-lms/tree/master/lib
"""

from collections.abc import Iterator

from attn_course.classroom.export.gather import Grades
from attn_course.classroom.export.scores import Assignment, Person
from attn_course.classroom.export.spreadsheet import Cell

WHO = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POSSIBLE = "    Points Possible"  # as Canvas writes it itself

Column = tuple[str, float, dict[str, float | None]]  # title, possible, by student


def table(grades: Grades, *, questions: bool = False) -> list[list[Cell]]:
    """Return the rows; with `questions`, a column for each exercise instead.

    Exercises know no late penalty. Where there is one it has a column of its own, so
    that the columns of an assignment still add up to its score.
    """
    columns = [
        column
        for assignment in grades.assignments
        for column in (_questions if questions else _whole)(assignment)
    ]
    titles = [title for title, _, _ in columns]
    possible = [points for _, points, _ in columns]
    rows = [
        _who(person) + [of.get(person.id) for _, _, of in columns]
        for person in grades.people
    ]
    graded = [row for row in rows if any(c is not None for c in row[len(WHO) :])]
    blank: list[Cell] = [""] * (len(WHO) - 1)
    return [[*WHO, *titles], [POSSIBLE, *blank, *possible], *graded]


def _who(person: Person) -> list[Cell]:
    """Return the student's columns; an LMS id that is no number is not Canvas's own."""
    lms = person.lms_user_id
    ids = [lms, ""] if lms.isdecimal() else ["", lms]
    return [person.name, *ids, person.id, ""]


def _whole(assignment: Assignment) -> Iterator[Column]:
    scores = {
        student: work.score if work.complete() else None
        for student, work in assignment.works.items()
    }
    yield assignment.name, assignment.maximum(), scores


def _questions(assignment: Assignment) -> Iterator[Column]:
    works = assignment.works
    for exercise in assignment.exercises:
        title = f"{assignment.name} {exercise}"
        yield (
            title,
            assignment.maximum(exercise),
            {
                student: work.raw(exercise) if work.complete(exercise) else None
                for student, work in works.items()
            },
        )
    if any(work.penalty for work in works.values()):
        taken = {
            student: work.score - work.raw()
            for student, work in works.items()
            if work.penalty and work.complete()
        }
        yield f"{assignment.name} late penalty", 0.0, taken
