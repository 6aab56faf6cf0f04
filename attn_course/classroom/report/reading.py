"""What is known of a class: scores from the gradebook, the rest from the verdicts.

The gradebook decides about points, since hands may have changed them there. How a
check failed and how long it took is in `_grading/verdicts`; a mistake that was named
after the grading is in the graded notebook only.
"""

import json
from collections.abc import Iterable

from nbgrader.api import Grade, Gradebook

from attn_course.authoring.exercise import Exercise
from attn_course.authoring.notebook import grade_id
from attn_course.classroom.clusters import clusters
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened
from attn_course.classroom.journal import Journal
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.report.results import Slip, main_slips, slips
from attn_course.classroom.report.work import ClassWork, WholeClass, Work
from attn_course.judge.rulebook import rulebook


def whole_class(course: Course) -> WholeClass:
    """Read everything that the pages tell."""
    journal = Journal(course.root / "_grading" / "journal.json")
    assignments = course.assignments
    with opened(course) as gradebook:
        names = {s.id: _full_name(s) for s in gradebook.students}
        for assignment in assignments:
            names = dict.fromkeys(course.students(assignment), "") | names
        names = dict(sorted(names.items()))
        read = [_read(course, gradebook, journal, a, names) for a in assignments]
    name = course.nbgrader.coursedir.course_id
    return WholeClass(name, names, read, course.misplaced())


def _full_name(student) -> str:
    return " ".join(filter(None, (student.first_name, student.last_name)))


def _read(
    course: Course,
    gradebook: Gradebook,
    journal: Journal,
    assignment: str,
    roster: Iterable[str],
) -> ClassWork:
    exercises = course.exercises(assignment)
    grades = _grades(gradebook, assignment)
    works = []
    for student in sorted({*course.students(assignment), *grades}):
        work = Work(student, problem=journal.problem(assignment, student))
        _add_verdicts(work, course, assignment, exercises)
        _add_grades(work, *grades.get(student, ({}, 0.0)), exercises)
        works.append(work)
    there = {work.student for work in works}
    return ClassWork(
        assignment,
        _title(course, assignment),
        exercises,
        works,
        [student for student in roster if student not in there],
        clusters(course, assignment),
        rulebook(course.root / "solutions" / assignment).digest,
    )


def _grades(
    gradebook: Gradebook, assignment: str
) -> dict[str, tuple[dict[str, Grade], float]]:
    """Return, by student, the grades by cell and the penalty for being late."""
    found = {}
    for submission in gradebook.assignment_submissions(assignment):
        grades = {g.name: g for nb in submission.notebooks for g in nb.grades}
        late = sum(nb.late_submission_penalty or 0.0 for nb in submission.notebooks)
        found[submission.student_id] = (grades, late)
    return found


def _add_grades(
    work: Work, grades: dict[str, Grade], penalty: float, exercises: list[Exercise]
) -> None:
    """Put the points in, unless a check has none yet: half a result is none."""
    by_exercise = {
        ex.name: [grades.get(grade_id(ex, check)) for check in ex.checks]
        for ex in exercises
    }
    every = [grade for of_one in by_exercise.values() for grade in of_one]
    if None in every or all(_unscored(grade) for grade in every):
        return
    work.penalty = penalty
    for name, of_one in by_exercise.items():
        work.points[name] = sum(grade.score for grade in of_one)
        if any(grade.needs_manual_grade for grade in of_one):
            work.by_hand.append(name)
        kept = {each["name"]: each["points"] for each in work.checks.get(name, [])}
        if any(kept.get(g.name, g.auto_score) != g.auto_score for g in of_one):
            work.differing.append(name)


def _unscored(grade: Grade) -> bool:
    return grade.auto_score is None and grade.manual_score is None


def _add_verdicts(
    work: Work, course: Course, assignment: str, exercises: list[Exercise]
) -> None:
    path = provenance_path(course.root, assignment, work.student)
    try:
        work.record = json.loads(path.read_text("utf8"))
    except (OSError, ValueError):
        return  # was graded by something else, or not at all
    homes = {
        grade_id(ex, check): (ex, check) for ex in exercises for check in ex.checks
    }
    named = []
    for kept in work.record["checks"]:
        if kept["name"] not in homes:
            continue  # the check was renamed or taken out since
        ex, check = homes[kept["name"]]
        work.checks.setdefault(ex.name, []).append(kept)
        if kept["diagnosis"]:
            named.append(Slip(ex.name, check.name, **kept["diagnosis"]))
    try:
        named = slips(course, assignment, work.student)
    except (OSError, ValueError):
        pass  # there is no graded notebook to ask
    work.slips = main_slips(named)


def _title(course: Course, assignment: str) -> str:
    """Return the heading of the chapter's page, or what its name says."""
    plain = assignment.partition("_")[2].replace("_", " ").capitalize() or assignment
    try:
        lines = (course.root / "book" / f"{assignment}.md").read_text("utf8")
    except OSError:
        return plain
    heads = (line[2:].strip() for line in lines.splitlines() if line.startswith("# "))
    return next(heads, plain)
