"""One assignment as its page shows it: numbers worked out, words left to the page."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from attn_course.authoring.exercise import Exercise
from attn_course.classroom.report.hands import hands
from attn_course.classroom.report.measures import (
    FEW,
    Discrimination,
    Spread,
    bins,
    discrimination,
    spread,
)
from attn_course.classroom.report.work import ClassWork, Work

FATES = {  # what became of an exercise in one student's hands
    "right": "every check passed",
    "misconception": "the answer does what a misconception does that the course knows",
    "relation": "the answer is related to the right one: its negative, another shape",
    "unexplained": "wrong in a way that has no name yet",
    "no output": "nothing came of it: missing, an exception, out of time",
}


@dataclass(frozen=True)
class Item:
    """One exercise: how it went, and how well it tells students apart."""

    label: str
    name: str
    title: str
    best: int
    share: float | None  # of the points, on average
    full: int
    part: int
    none: int
    tells: Discrimination


@dataclass(frozen=True)
class Mistake:
    """A known mistake: how many made it, and what they are told."""

    kind: str
    name: str
    says: str
    checks: list[str]
    students: list[str]


@dataclass(frozen=True)
class Time:
    """Wall-clock seconds that the checks of one exercise took, over students."""

    label: str
    title: str
    spread: Spread
    slowest: str
    ran_out: list[str]


def assignment_view(work: ClassWork) -> dict[str, Any]:
    """Return what the page of one assignment is filled with."""
    totals = [each.total for each in work.graded]
    return {
        "work": work,
        "hands": hands(work),
        "spread": spread(totals),
        "bins": bins(totals, work.possible),
        "few": FEW,
        "items": [_item(work, ex) for ex in work.exercises],
        "late": any(each.penalty for each in work.works),
        "fates": FATES,
        "fated": [(label(ex), ex.title, _fated(work, ex)) for ex in work.exercises],
        "mistakes": [
            (label(ex), ex.title, found)
            for ex in work.exercises
            if (found := _mistakes(work, ex))
        ],
        "shared": [each for each in work.clusters if len(each.students) > 1],
        "single": [each for each in work.clusters if len(each.students) == 1],
        "times": [time for ex in work.exercises if (time := _time(work, ex))],
    }


def label(ex: Exercise) -> str:
    """Return the number that an exercise goes by, such as e01."""
    return ex.path.stem.partition("_")[0]


def _item(work: ClassWork, ex: Exercise) -> Item:
    points = [each.points[ex.name] for each in work.graded]
    rest = [sum(each.points.values()) - each.points[ex.name] for each in work.graded]
    full = sum(p >= ex.points for p in points)
    none = sum(p <= 0 for p in points)
    return Item(
        label(ex),
        ex.name,
        ex.title,
        ex.points,
        sum(points) / len(points) / ex.points if points and ex.points else None,
        full,
        len(points) - full - none,
        none,
        discrimination(points, rest, ex.points),
    )


def _fated(work: ClassWork, ex: Exercise) -> dict[str, list[str]]:
    """Return who met which fate; whom no record tells of meets none."""
    unexplained = {
        student
        for cluster in work.clusters
        if cluster.exercise == ex.name
        for student in cluster.students
    }
    found: dict[str, list[str]] = {fate: [] for fate in FATES}
    for each in work.works:
        if ex.name in each.checks:
            found[_fate(each, ex, each.student in unexplained)].append(each.student)
    return found


def _fate(each: Work, ex: Exercise, unexplained: bool) -> str:
    if all(kept["kind"] == "passed" for kept in each.checks[ex.name]):
        return "right"
    if ex.name in each.slips:
        return each.slips[ex.name].kind
    return "unexplained" if unexplained else "no output"


def _mistakes(work: ClassWork, ex: Exercise) -> list[Mistake]:
    """Return the mistakes named in one exercise, the most frequent first."""
    slips = [(e.student, e.slips[ex.name]) for e in work.works if ex.name in e.slips]
    counts = Counter((slip.kind, slip.name) for _, slip in slips)
    found = []
    for (kind, name), _ in sorted(counts.items(), key=lambda c: (-c[1], c[0])):
        same = [(who, s) for who, s in slips if (s.kind, s.name) == (kind, name)]
        says = same[0][1].says.strip().partition("\n")[0]
        checks = sorted({slip.check for _, slip in same})
        found.append(Mistake(kind, name, says, checks, [who for who, _ in same]))
    return found


def _time(work: ClassWork, ex: Exercise) -> Time | None:
    taken = {
        each.student: sum(kept["seconds"] for kept in each.checks[ex.name])
        for each in work.works
        if ex.name in each.checks
    }
    if not taken:
        return None
    slow = [
        each.student
        for each in work.works
        if any(kept["kind"] == "slow" for kept in each.checks.get(ex.name, []))
    ]
    slowest = max(taken, key=taken.__getitem__)
    return Time(label(ex), ex.title, spread(list(taken.values())), slowest, slow)
