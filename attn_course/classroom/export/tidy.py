"""Tables to analyse: one row for a student and an assignment, or an exercise of it.

An empty score is no score. Points that were never given are not zero points.
"""

from attn_course.classroom.export.evidence import Evidence, mistake
from attn_course.classroom.export.gather import Grades
from attn_course.classroom.export.spreadsheet import Cell

ASSIGNMENTS = (
    "student last_name first_name email lms_user_id assignment state submitted "
    "raw_score late_penalty score maximum needs_manual_grade"
).split()
QUESTIONS = (
    "student assignment exercise state score extra_credit maximum "
    "needs_manual_grade misconception"
).split()


def assignments(grades: Grades) -> list[list[Cell]]:
    """Return a row for each student and assignment."""
    rows: list[list[Cell]] = [list(ASSIGNMENTS)]
    for person in grades.people:
        who = [person.id, person.last_name, person.first_name]
        who += [person.email, person.lms_user_id]
        for assignment in grades.assignments:
            work = assignment.work(person.id)
            submitted = work.submitted and work.submitted.isoformat()
            penalty = None if work.score is None else work.penalty
            points = [work.raw(), penalty, work.score, assignment.maximum()]
            which = [*who, assignment.name, work.state(), submitted]
            rows.append([*which, *points, _yes(work.waits())])
    return rows


def questions(
    grades: Grades, known: dict[tuple[str, str], Evidence]
) -> list[list[Cell]]:
    """Return a row for each student and exercise."""
    rows: list[list[Cell]] = [list(QUESTIONS)]
    for person in grades.people:
        for assignment in grades.assignments:
            work = assignment.work(person.id)
            said = known.get((assignment.name, person.id), Evidence())
            for exercise in assignment.exercises:
                score = work.raw(exercise)
                extras = sum(mark.extra or 0.0 for mark in work.of(exercise))
                extra = None if score is None else extras
                points = [score, extra, assignment.maximum(exercise)]
                found = mistake(said, exercise)
                named = found["name"] if found else None
                which = [person.id, assignment.name, exercise, work.state(exercise)]
                rows.append([*which, *points, _yes(work.waits(exercise)), named])
    return rows


def _yes(truth: bool) -> str:
    return "true" if truth else "false"
