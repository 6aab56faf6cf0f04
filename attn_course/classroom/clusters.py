"""Answers that are wrong in the same way and in no way that the course knows.

Two answers belong together if they fail the same checks of an exercise and give the
same outputs on the inputs that everybody has. An instructor who gives such a cluster
a name gives everybody in it the message, and everybody who comes later.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.grading.diagnose import Diagnosis
from attn_course.grading.fingerprint import same
from attn_course.grading.show import KEY, with_diagnosis
from attn_course.judge.verdict import verdict


class UnknownCluster(LookupError):
    """No cluster of that name; says which there are."""


@dataclass
class Cluster:
    """Wrong answers to one exercise that do the same; `failed` maps checks to outputs.

    `source` is what one of them looks like, `says` what its first check complained of.
    """

    exercise: str
    failed: dict[str, list]
    source: str
    says: str
    students: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """A short name: the exercise and some letters of a hash of the outputs."""
        text = json.dumps(_rough(self.failed), sort_keys=True)
        return f"{self.exercise}-{hashlib.sha256(text.encode()).hexdigest()[:5]}"

    def holds(self, exercise: str, failed: dict[str, list]) -> bool:
        return (
            self.exercise == exercise
            and self.failed.keys() == failed.keys()
            and all(_agree(self.failed[check], failed[check]) for check in failed)
        )


def clusters(course: Course, assignment: str) -> list[Cluster]:
    """Return the clusters of one assignment, the largest first."""
    found: list[Cluster] = []
    for student in course.students(assignment, "autograded"):
        notebook = nbformat.read(_graded(course, assignment, student), as_version=4)
        for exercise, failed, says in _unexplained(notebook):
            home = next((c for c in found if c.holds(exercise, failed)), None)
            if home is None:
                home = Cluster(exercise, failed, _source(notebook, exercise), says)
                found.append(home)
            home.students.append(student)
    return sorted(found, key=lambda cluster: (-len(cluster.students), cluster.name))


def name_cluster(
    course: Course, assignment: str, cluster: str, name: str, says: str
) -> list[str]:
    """Give a cluster a name and a message; return the students who now have it.

    Nobody is run again: what their answers did is on record.

    Raises
    ------
    UnknownCluster
        If there is no such cluster now.
    """
    there = clusters(course, assignment)
    chosen = next((each for each in there if each.name == cluster), None)
    if chosen is None:
        names = ", ".join(each.name for each in there) or "none"
        raise UnknownCluster(
            f"there is no cluster {cluster!r} in {assignment}; there are: {names}"
        )
    mistakes = named_mistakes(course.root, assignment)
    for check, calls in chosen.failed.items():
        mistake = {"kind": "misconception", "name": name, "says": says, "calls": calls}
        mistakes.setdefault(f"{chosen.exercise}-{check}", []).append(mistake)
    _keep(course.root, assignment, mistakes)
    for student in chosen.students:
        path = _graded(course, assignment, student)
        notebook = nbformat.read(path, as_version=4)
        _tell(notebook, chosen, Diagnosis("misconception", name, says))
        write_whole(path, nbformat.writes(notebook) + "\n")
    return chosen.students


def named_mistakes(root: Path, assignment: str) -> dict[str, list[dict[str, Any]]]:
    """Return the mistakes that were given names here, by the grade id of the check."""
    try:
        return json.loads(_place(root, assignment).read_text("utf8"))
    except FileNotFoundError:
        return {}


def _keep(root: Path, assignment: str, mistakes: dict) -> None:
    write_whole(_place(root, assignment), json.dumps(mistakes, indent=1) + "\n")


def _place(root: Path, assignment: str) -> Path:
    return root / "_grading" / "named" / f"{assignment}.json"


def _graded(course: Course, assignment: str, student: str) -> Path:
    return course.step("autograded", student, assignment) / f"{assignment}.ipynb"


def _unexplained(notebook: NotebookNode) -> Iterator[tuple[str, dict[str, list], str]]:
    """Yield each exercise whose failures nothing explains: outputs, first complaint."""
    by_exercise: dict[str, list[dict]] = {}
    for facts in filter(None, map(verdict, filter(is_grade, notebook.cells))):
        if facts["kind"] != "passed":
            by_exercise.setdefault(facts["exercise"], []).append(facts)
    for exercise, failures in by_exercise.items():
        failed = {f["check"]: f["outputs"] for f in failures if any(f["outputs"])}
        if failed and not any(facts["diagnosis"] for facts in failures):
            yield exercise, failed, failures[0]["message"]


def _tell(notebook: NotebookNode, cluster: Cluster, diagnosis: Diagnosis) -> None:
    """Put the diagnosis into the cards of the cluster's checks."""
    for cell in filter(is_grade, notebook.cells):
        facts = verdict(cell)
        if not facts or facts["exercise"] != cluster.exercise:
            continue
        if facts["check"] in cluster.failed:
            facts["diagnosis"] = diagnosis.as_dict()
            for output in cell.outputs:
                if KEY in output.get("metadata", {}):
                    output["data"] = with_diagnosis(output["data"], diagnosis)


def _source(notebook: NotebookNode, exercise: str) -> str:
    """Return the answer cell of an exercise."""
    return next(
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise
    )


def _agree(one: list, other: list) -> bool:
    return len(one) == len(other) and all(
        same(a, b, up_to_dtype=False) for a, b in zip(one, other, strict=True)
    )


def _rough(value: Any) -> Any:
    """Return the same with numbers cut to three digits, so that a hash holds still."""
    if isinstance(value, dict):
        return {key: _rough(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rough(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value
