"""A demonstration class: submissions whose scores are known beforehand.

Each is made from the exercise modules: from the answers, the alternatives and the
misconceptions, and from what else befalls notebooks. What nbgrader should make of
them follows by running the checks on the same functions, here, without notebooks.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat

from attn_course.authoring.exercise import Exercise, Misconception, Part
from attn_course.authoring.files import write_whole
from attn_course.authoring.notebook import grade_id
from attn_course.classroom.course import Course
from attn_course.classroom.release import release
from attn_course.grading.run import attempt

NOISE = """import sys
import warnings

{source}

_quiet = {name}


def {name}(*args):
    print("working on it")
    print("and talking to stderr", file=sys.stderr)
    warnings.warn("this is not an error")
    return _quiet(*args)"""
RIGHT = "right_{}"  # the answer, where a wrong one is made from it


class RealClass(RuntimeError):
    """There are submissions that are not of the demonstration."""


@dataclass(frozen=True)
class Submission:
    """One student's work: a source and a stand-in for each exercise.

    `work` maps an exercise to what it was answered with; None where nothing that
    passes a check can come of the source.
    """

    student: str
    sources: dict[str, str]
    work: dict[str, Part | None]

    def points(self, ex: Exercise, seeds: dict[str, int]) -> int:
        """Return the points that the checks give to the work on `ex`.

        `seeds` maps the grade ids of the checks to the seeds of their inputs.
        """
        part = self.work[ex.name]
        return sum(
            check.points
            for check in ex.checks
            if part
            and attempt(check.thing, part.thing, seed=seeds[grade_id(ex, check)]).passed
        )

    def slips(self, exercises: list[Exercise]) -> dict[str, Misconception]:
        """Return the misconceptions that should be named, by exercise."""
        return {
            ex.name: part
            for ex in exercises
            if isinstance(part := self.work[ex.name], Misconception)
        }


def demonstration(exercises: list[Exercise]) -> list[Submission]:
    """Return the class of one assignment: at least a dozen, whatever the exercises."""
    return list(_submissions(exercises))


def _submissions(exercises: list[Exercise]) -> Iterator[Submission]:
    answers = {ex.name: ex.answer for ex in exercises}
    others = {ex.name: (ex.alternatives or (ex.answer,))[0] for ex in exercises}
    yield _written("answers", exercises, answers)
    yield _written("alternatives", exercises, others)
    for k in range(max(len(ex.misconceptions) for ex in exercises)):
        wrong = {
            ex.name: ex.misconceptions[k % len(ex.misconceptions)] for ex in exercises
        }
        yield _written(f"all-slips-{k + 1:02}", exercises, wrong)
    for number, ex in enumerate(exercises, 1):
        one = {**answers, ex.name: ex.misconceptions[-1]}
        yield _written(f"one-slip-{number:02}", exercises, one)
    untouched = dict.fromkeys(answers)
    starters = {ex.name: ex.starter for ex in exercises}
    yield Submission("untouched", {}, {**untouched, **starters})
    yield from _accidents(exercises, answers)


def _accidents(exercises: list[Exercise], answers: dict) -> Iterator[Submission]:
    """Yield the submissions in which the first exercise, or the kernel, goes wrong."""
    right = _written("", exercises, answers).sources
    first = exercises[0].name
    crash = 'raise RuntimeError("this cell never worked")'
    forever = f"def {first}(*args):\n    while True:\n        pass"
    deadly = f"def {first}(*args):\n    import os\n\n    os._exit(1)"
    for student, source in (
        ("crash", crash),
        ("endless-loop", forever),
        ("kernel-killer", deadly),
    ):
        yield Submission(student, {**right, first: source}, {**answers, first: None})
    noisy = {
        name: NOISE.format(source=source, name=name) for name, source in right.items()
    }
    yield Submission("prints-and-warns", noisy, answers)


def _written(student: str, exercises: list[Exercise], work: dict) -> Submission:
    sources = {
        ex.name: as_submitted(work[ex.name], ex.name, _around(ex)) for ex in exercises
    }
    return Submission(student, sources, work)


def _around(ex: Exercise) -> dict[str, str]:
    """Return what a wrong answer may refer to in its module, by name, as source."""
    body = ast.parse(ex.path.read_text("utf8")).body
    constants = {
        target.id: ast.unparse(node)
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    right = RIGHT.format(ex.name)
    others = {part.thing.__name__: part.source for part in ex.misconceptions}
    return {**constants, **others, **ex.helpers, right: _named(ex.answer.source, right)}


def as_submitted(part: Part, name: str, helpers: dict[str, str] | None = None) -> str:
    """Return the source of `part` as a student would have written it.

    It goes by the name of the answer, has no docstring, and brings along what it needs
    of its module; if that is the answer itself, by another name.
    """
    [node] = ast.parse(part.source).body
    if node.name != name:
        node = _Renamed({name: RIGHT.format(name)}).visit(node)
    node.name = name
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    written = ast.unparse(node)
    needed = _called(written, helpers or {})
    return "\n\n\n".join([*needed, written])


def _named(source: str, name: str) -> str:
    """Return a definition under another name."""
    [node] = ast.parse(source).body
    node = _Renamed({node.name: name}).visit(node)
    node.name = name
    return ast.unparse(node)


class _Renamed(ast.NodeTransformer):
    """Says other names for some names."""

    def __init__(self, names: dict[str, str]):
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def _called(source: str, helpers: dict[str, str]) -> list[str]:
    """Return the helpers that `source` names, and those that they name in turn."""
    names = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
    found = {helper: text for helper, text in helpers.items() if helper in names}
    rest = {helper: text for helper, text in helpers.items() if helper not in found}
    deeper = [text for each in found.values() for text in _called(each, rest)]
    return list(dict.fromkeys([*deeper, *found.values()]))


def hand_in(course: Course, assignment: str) -> list[Submission]:
    """Write the demonstration class of `assignment` where nbgrader collects."""
    submissions = demonstration(course.exercises(assignment))
    others = sorted(set(course.students(assignment)) - {s.student for s in submissions})
    if others:
        raise RealClass(
            f"{assignment} has submissions of {', '.join(others[:3])}"
            f"{' and others' if len(others) > 3 else ''}; the demonstration class is "
            f"not mixed with them"
        )
    release(course, assignment)  # does nothing if it is up to date
    for student, text in notebooks(course, assignment).items():
        write_whole(course.submission(student, assignment), text)
    return submissions


def notebooks(course: Course, assignment: str) -> dict[str, str]:
    """Return the text of each notebook of the demonstration class, by student."""
    released = nbformat.read(course.pristine(assignment), as_version=4)
    return {
        submission.student: _filled(released, submission.sources)
        for submission in demonstration(course.exercises(assignment))
    }


def _filled(released: nbformat.NotebookNode, sources: dict[str, str]) -> str:
    """Return the released notebook with `sources` in its answer cells."""
    notebook = nbformat.from_dict(released)
    for cell in notebook.cells:
        facts = cell.metadata.get("nbgrader", {})
        if facts.get("solution") and facts["grade_id"] in sources:
            cell.source = sources[facts["grade_id"]]
    return nbformat.writes(notebook) + "\n"
