"""A class and its work, as the pages need to know them."""

from dataclasses import dataclass, field
from typing import Any

from attn_course.authoring.exercise import Exercise
from attn_course.classroom.clusters import Cluster
from attn_course.classroom.report.results import Slip


@dataclass
class Work:
    """One student's work on one assignment; `points` is empty until it is graded.

    `checks` holds, by exercise, what the judge's record says of its checks; `differing`
    names the exercises of which gradebook and record disagree, `by_hand` those that
    somebody has to grade.
    """

    student: str
    points: dict[str, float] = field(default_factory=dict)
    penalty: float = 0.0
    problem: str | None = None
    by_hand: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    record: dict[str, Any] | None = None
    checks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    slips: dict[str, Slip] = field(default_factory=dict)

    @property
    def graded(self) -> bool:
        return bool(self.points)

    @property
    def total(self) -> float:
        return max(0.0, sum(self.points.values()) - self.penalty)


@dataclass
class ClassWork:
    """What a class made of one assignment. `absent` have handed nothing in."""

    assignment: str
    title: str
    exercises: list[Exercise]
    works: list[Work]
    absent: list[str]
    clusters: list[Cluster]
    digest: str  # of the exercise modules, as the records of the grading have it

    @property
    def graded(self) -> list[Work]:
        return [work for work in self.works if work.graded]

    @property
    def possible(self) -> int:
        return sum(ex.points for ex in self.exercises)


@dataclass
class WholeClass:
    """All assignments of a course, and who is in it: names by student id."""

    name: str
    names: dict[str, str]
    assignments: list[ClassWork]
    misplaced: list[str]
