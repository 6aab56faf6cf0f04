"""Classes that look graded: gradebook, records and notebooks, and no kernel was run.

What an answer does is found by running the checks on a function, here.
"""

import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import v4 as nb
from nbgrader.api import Gradebook
from sqlalchemy import text as sql

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened
from attn_course.classroom.provenance import provenance_path, write_provenance
from attn_course.engine.identity import content_digest, environment_digest
from attn_course.engine.result import Result
from attn_course.engine.work import record
from attn_course.grading.diagnose import diagnose_outputs, sizes
from attn_course.grading.fingerprint import fingerprint
from attn_course.grading.outcome import Outcome
from attn_course.grading.run import attempt
from attn_course.judge.rulebook import rulebook
from attn_course.judge.ruling import Ruling
from attn_course.judge.verdict import written

from .conftest import EXERCISE, ROOT

FIRST, SECOND = "ch01_sample", "ch02_other"
FACTORS = {FIRST: {"doubled": 2.0, "tripled": 3.0}, SECOND: {"halved": 0.5}}
CHECKS = {"on_paper": 1, "at_random": 2}
POSSIBLE = 3  # points of an exercise
FAULT = "The check could not be finished: the kernel died."
SPEECHLESS = {
    "missing": ("missing", "There is no such function in the notebook."),
    "slow": ("slow", "It takes more than 4 seconds."),
    "fault": ("exception", FAULT),
}


class GradedClass:
    """A course in `root`; its methods hand in and grade, one submission a call."""

    def __init__(self, root: Path, assignments=(FIRST, SECOND)):
        shutil.copy(ROOT / "nbgrader_config.py", root)
        for assignment in assignments:
            for number, (name, factor) in enumerate(FACTORS[assignment].items(), 1):
                words = {"name": name, "factor": factor, "title": f"Exercise: {name}"}
                path = root / "solutions" / assignment / f"e{number:02}_{name}.py"
                write_whole(path, EXERCISE.format(**words))
        (root / "_grading").mkdir()
        (root / "_grading" / "gradebook.db").write_bytes(nobody(assignments))
        self.course = Course(root)
        self.course.nbgrader  # noqa: B018 - it is made at first use
        self.grade = cache(self._grade)

    def book(self, assignment: str):
        return rulebook(self.course.root / "solutions" / assignment)

    def students(self, *names: str, **facts: str) -> None:
        """Put students into the gradebook who need not hand in."""
        with opened(self.course) as gradebook:
            for name in names:
                gradebook.update_or_create_student(name, **facts)

    def waits(self, student: str, assignment: str = FIRST) -> None:
        """Hand in, and leave it ungraded."""
        self.course.step("submitted", student, assignment).mkdir(parents=True)

    def hands_in(
        self, *students: str, assignment=FIRST, source="pass", **fates: str
    ) -> None:
        """Hand in answers of the fates given by exercise, right ones else; grade them.

        A fate is: right, adds, loses_the_sign, cubed, missing, slow or fault.
        """
        book = self.book(assignment)
        rulings = [
            self.grade(assignment, name, fates.get(ex.name, "right"))
            for name, (ex, _) in book.checks.items()
        ]
        notebook = _notebook(rulings, source)
        text = nbformat.writes(notebook)
        for student in students:
            self.waits(student, assignment)
            folder = self.course.step("autograded", student, assignment)
            write_whole(folder / f"{assignment}.ipynb", text)
            known = {
                "assignment": assignment,
                "student": student,
                "submission": content_digest(notebook),
                "modules": book.digest,
                "environment": environment_digest(),
                "sandboxed": True,
            }
            path = provenance_path(self.course.root, assignment, student)
            write_provenance(path, Result("", known, list(map(record, rulings))))
        with opened(self.course) as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's, about its own session
            gradebook.db.execute(sql("PRAGMA synchronous = OFF"))  # it is a test
            for student in students:
                _score(gradebook, student, assignment, rulings)

    def _grade(self, assignment: str, name: str, fate: str) -> Ruling:
        """Return the ruling on one check, as the judge would have it."""
        ex, check = self.book(assignment).checks[name]
        facts = {"name": name, "of": check.points, "seed": 7, "allowed": 4.0}
        if fate in SPEECHLESS:
            outcome = Outcome(ex.name, check.name, check.says, *SPEECHLESS[fate])
            return Ruling(outcome=outcome, seconds=0.25, **facts)
        mistakes = {each.name: each.thing for each in ex.misconceptions}
        does = {"right": ex.answer.thing, "cubed": lambda x: x**3} | mistakes
        outcome = attempt(check.thing, does[fate], seed=None)
        ruling = Ruling(outcome=outcome, seconds=0.125, **facts)
        if not outcome.passed:
            ruling.outputs = [fingerprint(call) for call in outcome.calls]
            ruling.sizes = [sizes(call) for call in outcome.calls]
            bank = self.book(assignment).mistakes(name)
            found = (bank, ruling.outputs, ruling.sizes)
            outcome.diagnosis = diagnose_outputs(*found)
        outcome.exercise = ex.name
        return ruling


def _score(gradebook, student: str, assignment: str, rulings: list[Ruling]) -> None:
    gradebook.update_or_create_student(student)
    gradebook.add_submission(assignment, student)
    points = {ruling.name: ruling.points for ruling in rulings}
    notebook = gradebook.find_submission_notebook(assignment, assignment, student)
    for grade in notebook.grades:
        grade.auto_score, grade.needs_manual_grade = points[grade.name], False
    gradebook.db.commit()


def _notebook(rulings: list[Ruling], source: str) -> nbformat.NotebookNode:
    """Return a graded notebook: an answer to each exercise, and its checks."""
    cells = []
    for name in dict.fromkeys(ruling.outcome.exercise for ruling in rulings):
        facts = {"grade_id": name, "grade": False, "solution": True}
        cells.append(nb.new_code_cell(source, id=name, metadata={"nbgrader": facts}))
    for ruling in rulings:
        facts = {"grade_id": ruling.name, "grade": True, "solution": False}
        cell = nb.new_code_cell("", id=ruling.name, metadata={"nbgrader": facts})
        cell.outputs = written(ruling)
        cells.append(cell)
    return nb.new_notebook(cells=cells)


@cache
def nobody(assignments: tuple[str, ...]) -> bytes:
    """Return a gradebook of these assignments in which there is nobody."""
    version = mock.patch("nbgrader.api.get_alembic_version", return_value="untold")
    with tempfile.TemporaryDirectory() as place, version:  # it asks another program
        path = Path(place) / "gradebook.db"
        with Gradebook(f"sqlite:///{path}", "attention") as gradebook:
            for assignment in assignments:
                gradebook.add_assignment(assignment, course_id="attention")
                gradebook.add_notebook(assignment, assignment)
                for name in FACTORS[assignment]:
                    for check, points in CHECKS.items():
                        kind = {"max_score": points, "cell_type": "code"}
                        cell = f"{name}-{check}"
                        gradebook.add_grade_cell(cell, assignment, assignment, **kind)
        return path.read_bytes()
