"""Who scored what, and which misconceptions were seen: read from what was graded."""

from collections import Counter
from dataclasses import dataclass, field

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.utils import is_grade
from rich.table import Table

from attn_course.authoring.exercise import Exercise
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened
from attn_course.classroom.journal import Journal
from attn_course.judge.verdict import verdict


@dataclass(frozen=True)
class Slip:
    """A known mistake that was recognised in a submission."""

    exercise: str
    check: str
    kind: str
    name: str
    says: str


@dataclass
class Result:
    """One student's result in one assignment, as the gradebook has it."""

    student: str
    points: dict[str, float] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list)
    problem: str | None = None

    @property
    def total(self) -> float:
        return sum(self.points.values())


def results(course: Course, assignment: str) -> list[Result]:
    """Return the result of every student who handed in."""
    journal = Journal(course.root / "_grading" / "journal.json")
    exercises = course.exercises(assignment)
    found = []
    with opened(course) as gradebook:
        for student in course.students(assignment):
            problem = journal.problem(assignment, student)
            result = Result(student, problem=problem)
            try:
                seen = slips(course, assignment, student)
                result.points = _points(gradebook, assignment, student, exercises)
                result.slips = seen
            except (MissingEntry, FileNotFoundError, KeyError):
                waits = f"{student}: handed in, waits to be graded"
                result.problem = problem or waits
            found.append(result)
    return found


def _points(gradebook, assignment, student, exercises: list[Exercise]) -> dict:
    notebook = gradebook.find_submission_notebook(assignment, assignment, student)
    grades = {grade.name: grade.score for grade in notebook.grades}
    return {
        ex.name: sum(grades[f"{ex.name}-{check.name}"] for check in ex.checks)
        for ex in exercises
    }


def slips(course: Course, assignment: str, student: str) -> list[Slip]:
    """Return the known mistakes named in one graded notebook."""
    folder = course.step("autograded", student, assignment)
    notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
    found = []
    for facts in filter(None, map(verdict, filter(is_grade, notebook.cells))):
        named = facts["diagnosis"]
        if named:
            found.append(Slip(facts["exercise"], facts["check"], **named))
    return found


def scores_table(course: Course, assignment: str, found: list[Result]) -> Table:
    """Return the points of each student by exercise, as a table to print."""
    exercises = course.exercises(assignment)
    table = Table(title=f"{assignment}: points", title_justify="left")
    table.add_column("student")
    for ex in exercises:
        table.add_column(f"{ex.path.stem[:3]}", justify="right")
    table.add_column("total", justify="right", style="bold")
    table.add_column("slips named", justify="right")
    for result in found:
        if not result.points:
            gaps = [""] * (len(exercises) + 1)
            table.add_row(result.student, *gaps, "not graded, see below")
            continue
        named = len(_main_slips(result))
        table.add_row(
            result.student,
            *(f"{result.points[ex.name]:g}" for ex in exercises),
            f"{result.total:g}",
            str(named or ""),
        )
    best = [ex.points for ex in exercises]
    table.add_section()
    table.add_row("possible", *map(str, best), str(sum(best)), "")
    return table


def slips_table(assignment: str, found: list[Result]) -> Table:
    """Return which misconceptions were seen, and in how many students, to print."""
    table = Table(title=f"{assignment}: misconceptions seen", title_justify="left")
    table.add_column("exercise")
    table.add_column("misconception × students")
    counts = Counter(
        (slip.exercise, slip.name)
        for result in found
        for slip in _main_slips(result)
        if slip.kind == "misconception"
    )
    seen: dict[str, list[str]] = {}
    for (exercise, name), number in counts.most_common():
        seen.setdefault(exercise, []).append(f"{name.replace('_', ' ')} × {number}")
    for exercise, named in sorted(seen.items()):
        table.add_row(exercise, ", ".join(named))
    return table


def _main_slips(result: Result) -> set[Slip]:
    """Return one slip for each exercise: misconceptions count before relations."""
    main: dict[str, Slip] = {}
    for slip in result.slips:
        held = main.get(slip.exercise)
        if held is None or (held.kind, slip.kind) == ("relation", "misconception"):
            main[slip.exercise] = slip
    return set(main.values())
