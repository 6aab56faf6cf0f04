"""Find a verdict again: the same notebook, the same checks, the same inputs."""

import json
from dataclasses import dataclass, replace

import nbformat

from attn_course.classroom.course import Course
from attn_course.classroom.provenance import provenance_path
from attn_course.classroom.units import Template
from attn_course.engine.work import work


class NothingToReplay(LookupError):
    """There is no record of such a grading; says what is missing."""


@dataclass(frozen=True)
class Replayed:
    """One check, then and now."""

    name: str
    of: int
    seed: str
    then: int
    now: int
    says: str

    @property
    def same(self) -> bool:
        return self.then == self.now


def replay(
    course: Course, assignment: str, student: str, *, sandboxed: bool = True
) -> tuple[list[Replayed], list[str]]:
    """Judge again what was graded; return each check, and what is different now.

    Nothing is written: gradebook and feedback stay as they are.

    Raises
    ------
    NothingToReplay
        If this student's work on this assignment was not graded by the judge.
    """
    record = _record(course, assignment, student)
    folder = course.step("autograded", student, assignment)
    notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
    template = Template(course, assignment, sandboxed=sandboxed)
    unit = template.of(student, notebook)
    then = {kept["name"]: kept for kept in record["checks"]}
    seeds = unit.seeds | {name: kept["seed"] for name, kept in then.items()}
    now, _ = work(replace(unit, seeds=seeds))
    found = [
        Replayed(
            name=check["name"],
            of=check["of"],
            seed=check["seed"],
            then=then[check["name"]]["points"],
            now=check["points"],
            says=check["message"].partition("\n")[0],
        )
        for check in now.checks
        if check["name"] in then
    ]
    return found, _changes(record, now.about)


def _record(course: Course, assignment: str, student: str) -> dict:
    path = provenance_path(course.root, course.known(assignment), student)
    try:
        return json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        raise NothingToReplay(
            f"{student} has no graded work for {assignment} ({path} is missing)"
        ) from None


def _changes(record: dict, now: dict) -> list[str]:
    """Say what is not as it was when the verdict was found."""
    changes = {
        "submission": "the notebook is not the one that was graded",
        "modules": "the exercise modules have changed since",
        "environment": "packages or our code have changed since",
    }
    return [says for key, says in changes.items() if record[key] != now[key]]
