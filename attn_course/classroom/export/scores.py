"""What nbgrader's gradebook holds of one assignment: marks, maxima, penalties.

A late penalty belongs to an assignment, not to an exercise, and is taken off as
`nbgrader export` does it: a score never falls below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)


@dataclass(frozen=True)
class Person:
    """A student, as the gradebook knows them; what it does not know is empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """Last name first, as lists are sorted; the id if there is no name."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.id


@dataclass(frozen=True)
class Mark:
    """The points of one graded cell; `score` includes hand-given points and extras."""

    name: str  # the grade id
    auto: float | None
    manual: float | None
    extra: float | None
    score: float
    needs_manual_grade: bool

    @property
    def scored(self) -> bool:
        """Whether anybody, machine or human, has given points."""
        return self.auto is not None or self.manual is not None


@dataclass
class Work:
    """One student's work on one assignment.

    `problem` says why what was handed in last could not be graded; marks that are
    there all the same are those of what was handed in before.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    submitted: datetime | None = None  # UTC
    handed_in: bool = True
    problem: str | None = None

    def state(self, exercise: str | None = None) -> str:
        """Say how far grading has come, of one exercise or of them all."""
        marks = self.of(exercise)
        if not any(mark.scored for mark in marks):
            if not self.handed_in:
                return "not_handed_in"
            return "unreadable" if self.problem else "not_graded"
        done = all(mark.scored and not mark.needs_manual_grade for mark in marks)
        return "graded" if done else "needs_manual_grade"

    def waits(self, exercise: str | None = None) -> bool:
        """Whether the gradebook has a cell of it that a person is to look at."""
        return any(mark.needs_manual_grade for mark in self.of(exercise))

    def of(self, exercise: str | None = None) -> list[Mark]:
        """Return the marks of one exercise, or of them all."""
        marks = self.marks.values()
        return [m for m in marks if exercise in (None, exercise_of(m.name))]

    def raw(self, exercise: str | None = None) -> float | None:
        """Return the points before any penalty; None where no point was given yet."""
        marks = self.of(exercise)
        scored = any(mark.scored for mark in marks)
        return sum(mark.score for mark in marks) if scored else None

    @property
    def score(self) -> float | None:
        """The points that count, all exercises together, the penalty taken off."""
        raw = self.raw()
        return None if raw is None else max(0.0, raw - self.penalty)

    def complete(self, exercise: str | None = None) -> bool:
        """Whether no cell waits for its first points."""
        marks = self.of(exercise)
        return bool(marks) and all(mark.scored for mark in marks)


NOTHING = Work(handed_in=False)


@dataclass
class Assignment:
    """One assignment: the points of its graded cells, and each student's work."""

    name: str
    maxima: dict[str, float]
    works: dict[str, Work] = field(default_factory=dict)

    @property
    def exercises(self) -> list[str]:
        return list(dict.fromkeys(map(exercise_of, self.maxima)))

    def maximum(self, exercise: str | None = None) -> float:
        return sum(
            points
            for name, points in self.maxima.items()
            if exercise in (None, exercise_of(name))
        )

    def work(self, student: str) -> Work:
        return self.works.get(student, NOTHING)


def exercise_of(name: str) -> str:
    """Return the exercise that a graded cell belongs to, from its grade id."""
    return name.partition("-")[0]


def people(gradebook: Gradebook) -> list[Person]:
    """Return all students of the gradebook."""
    keys = ("id", "first_name", "last_name", "email", "lms_user_id")
    return [
        Person(**{key: getattr(student, key) or "" for key in keys})
        for student in gradebook.students
    ]


def read(gradebook: Gradebook, name: str, order: Sequence[str] = ()) -> Assignment:
    """Read one assignment; cells named in `order` come first, in that order.

    Raises
    ------
    MissingEntry
        If the gradebook does not know it.
    """
    kept = gradebook.find_assignment(name)
    maxima = {
        cell.name: cell.max_score
        for notebook in kept.notebooks
        for cell in (*notebook.grade_cells, *notebook.task_cells)
    }
    place = {cell: number for number, cell in enumerate(order)}
    cells = sorted(maxima, key=lambda cell: (place.get(cell, len(place)), cell))
    found = Assignment(name, {cell: maxima[cell] for cell in cells})
    submitted, owner = SubmittedAssignment, SubmittedAssignment.student_id
    late = submitted.late_submission_penalty
    mine = submitted.assignment_id == kept.id
    rows = gradebook.db.query(owner, submitted.timestamp, late).filter(mine)
    for student, timestamp, penalty in rows:
        found.works[student] = Work(penalty=penalty or 0.0, submitted=timestamp)
    given = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.score)
    marks = {}
    for student, *values in _cells(
        gradebook, Grade, mine, *given, Grade.needs_manual_grade
    ):
        marks[student, values[0]] = Mark(*values)
    for student, work in found.works.items():
        there = [cell for cell in cells if (student, cell) in marks]
        work.marks = {cell: marks[student, cell] for cell in there}
    for student, cell, text in _cells(gradebook, Comment, mine, Comment.comment):
        if text:
            found.works[student].comments[cell] = text
    return found


def _cells(gradebook: Gradebook, table, mine, *columns):
    """Return student, cell and `columns` of what `table` holds of an assignment."""
    query = gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, *columns)
    query = query.select_from(table).join(BaseCell, table.cell_id == BaseCell.id)
    query = query.join(SubmittedNotebook, table.notebook_id == SubmittedNotebook.id)
    parent = SubmittedNotebook.assignment_id == SubmittedAssignment.id
    return query.join(SubmittedAssignment, parent).filter(mine)
