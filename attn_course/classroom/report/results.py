"""The result of each submission, and the known mistakes that were recognised in it."""

from dataclasses import dataclass, field

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.utils import is_grade

from attn_course.authoring.exercise import Exercise
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened
from attn_course.classroom.journal import Journal
from attn_course.judge.verdict import verdict

KINDS = ("misconception", "relation")


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
        words = {"exercise": facts["exercise"], "check": facts["check"]}
        named = facts["diagnosis"]
        if isinstance(named, dict) and _is_slip(words | named):
            found.append(Slip(**words, **named))
    return found


def _is_slip(words: dict) -> bool:
    """Whether these make a slip: without the judge, facts are what a notebook says."""
    wanted = Slip.__dataclass_fields__.keys()
    told = words.keys() == wanted and all(isinstance(w, str) for w in words.values())
    return told and words["kind"] in KINDS


def main_slips(found: list[Slip]) -> dict[str, Slip]:
    """Return one slip for each exercise: misconceptions count before relations."""
    main: dict[str, Slip] = {}
    for slip in found:
        held = main.get(slip.exercise)
        if held is None or (held.kind, slip.kind) == ("relation", "misconception"):
            main[slip.exercise] = slip
    return main
