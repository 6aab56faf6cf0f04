"""Find a verdict again: the same notebook, the same checks, the same inputs."""

import json
from dataclasses import dataclass

import nbformat

from attn_course.authoring.notebook import companion_path
from attn_course.classroom.course import Course
from attn_course.classroom.judged import judge
from attn_course.classroom.provenance import (
    content_digest,
    environment_digest,
    provenance_path,
)
from attn_course.judge.rulebook import rulebook
from attn_course.judge.sitting import Sitting
from attn_course.judge.supply import supply

SECONDS = 20.0  # for one of the student's cells


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
    source = course.root / "solutions" / assignment
    book, companion = rulebook(source), companion_path(source)
    seeds = {kept["name"]: int(kept["seed"], 16) for kept in record["checks"]}

    files = {companion.name: companion.read_bytes()}
    with Sitting(supply(files, sandboxed=sandboxed), SECONDS) as sitting:
        now = judge(notebook, book, sitting, lambda name: seeds.get(name, 0))
    then = {kept["name"]: kept["points"] for kept in record["checks"]}
    found = [
        Replayed(
            name=ruling.name,
            of=ruling.of,
            seed=f"{ruling.seed:032x}",
            then=then[ruling.name],
            now=ruling.points,
            says=ruling.outcome.message.partition("\n")[0],
        )
        for ruling in now
        if ruling.name in then
    ]
    return found, _changes(record, content_digest(notebook), book.digest)


def _record(course: Course, assignment: str, student: str) -> dict:
    path = provenance_path(course.root, course.known(assignment), student)
    try:
        return json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        raise NothingToReplay(
            f"{student} has no graded work for {assignment} ({path} is missing)"
        ) from None


def _changes(record: dict, submission: str, modules: str) -> list[str]:
    """Say what is not as it was when the verdict was found."""
    now = {
        "submission": (submission, "the notebook is not the one that was graded"),
        "modules": (modules, "the exercise modules have changed since"),
        "environment": (
            environment_digest(),
            "packages or our code have changed since",
        ),
    }
    return [says for key, (value, says) in now.items() if record[key] != value]
