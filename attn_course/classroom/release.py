"""Exercises in, notebooks out: the instructor's, and from it the students'."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import ClearSolutions

from attn_course.authoring.bank import companion
from attn_course.authoring.exercise import Exercise
from attn_course.authoring.files import write_whole
from attn_course.authoring.notebook import build, companion_path, grade_id
from attn_course.authoring.soundness import require_sound
from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import (
    ReleaseError,
    database,
    forget_scores,
    in_gradebook,
    kept_on_failure,
)
from attn_course.classroom.intake import graded_names
from attn_course.engine.identity import environment_digest, package_digest

SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "misconception(")


class GiveStarter(ClearSolutions):
    """Replace a solution by the exercise's starter, where it has one."""

    def preprocess_cell(self, cell, resources, cell_index):
        starter = cell.metadata.pop("attn_course", {}).get("starter")
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if starter is not None:
            cell.source = starter
        return cell, resources


def release(
    course: Course, assignment: str, tell: Callable[[str], None] = lambda _: None
) -> bool:
    """Build and release one assignment; return whether anything was new.

    Work that somebody did in the released notebook is put aside under another name,
    and `tell` is told. Where nothing is new, nothing is touched.

    Raises
    ------
    ExerciseError
        If an exercise is incomplete or contradicts itself. Nothing is written.
    ReleaseError
        If nbgrader refuses, or scores given by hand stand in the way. What was
        released before stays.
    """
    source = course.source(assignment)
    _refuse_leftovers(source)
    origin, before = _origin(course, assignment), _stamp(course, assignment)
    there = _is_there(course, assignment)
    if there and before["origin"] == origin:
        return False
    exercises = course.exercises(assignment)
    for ex in exercises:
        require_sound(ex)  # or nothing is written
    notebook = build(assignment, exercises)
    text = nbformat.writes(notebook) + "\n"
    facts = _readable(companion(exercises))
    built = hashlib.sha256(f"{text}\0{facts}".encode()).hexdigest()
    fresh = not (there and before["built"] == built)
    if fresh:
        write_whole(companion_path(source.parent), facts)
        write_whole(source, text)
        _release(course, assignment, graded_names(notebook), tell)
    stamp = {"origin": origin, "built": built, "homes": _homes(exercises)}
    write_whole(_stamp_path(course, assignment), json.dumps(stamp))  # last: it is done
    return fresh


def homes(course: Course, assignment: str) -> dict[str, str]:
    """Return the module of each check as it is written now, by grade id."""
    stamp = _stamp(course, assignment)
    if stamp["origin"] == _origin(course, assignment):
        return stamp["homes"]
    return _homes(course.exercises(assignment))


def _homes(exercises: list[Exercise]) -> dict[str, str]:
    return {
        grade_id(ex, check): ex.path.name for ex in exercises for check in ex.checks
    }


def _origin(course: Course, assignment: str) -> str:
    """Return a hash of all that a notebook is built from."""
    total = hashlib.sha256(f"{environment_digest()}{package_digest()}".encode())
    for path in sorted(course.source(assignment).parent.glob("*.py")):
        total.update(f"\0{path.name}\0{path.read_text('utf8')}".encode())
    return total.hexdigest()


def _stamp_path(course: Course, assignment: str) -> Path:
    return course.pristine(assignment).with_suffix(".stamp")


def _stamp(course: Course, assignment: str) -> dict[str, Any]:
    """Return what was noted when it was released, of nothing if it was not."""
    found = None
    with contextlib.suppress(FileNotFoundError, ValueError):
        found = json.loads(_stamp_path(course, assignment).read_text("utf8"))
    return {"origin": None, "built": None, "homes": {}} | (
        found if isinstance(found, dict) else {}
    )


def _is_there(course: Course, assignment: str) -> bool:
    files = (course.released(assignment), course.pristine(assignment))
    source = course.source(assignment)
    needed = (*files, source, companion_path(source.parent))
    return all(path.exists() for path in needed) and in_gradebook(course, assignment)


def _release(course: Course, assignment: str, names: set[str], tell) -> None:
    """Have nbgrader make the students' notebook, or leave all as it was."""
    folder = course.released(assignment).parent
    with kept_on_failure(folder, database(course)) as before:
        forget_scores(course, assignment, names)
        _generate(course, assignment)
        _put_work_aside(course, assignment, before, tell)
    released = course.released(assignment).read_text("utf8")
    write_whole(course.pristine(assignment), released)


def _refuse_leftovers(source: Path) -> None:
    """Raise if there is a notebook or JSON file that students would get by mistake."""
    ours = {source.name, companion_path(source.parent).name}
    for path in source.parent.iterdir():
        if path.suffix in (".ipynb", ".json") and path.name not in ours:
            raise ReleaseError(f"{path} does not belong here: move it or delete it")


def _generate(course: Course, assignment: str) -> None:
    result = course.nbgrader.generate_assignment(assignment, force=True, create=True)
    if not result["success"]:
        raise ReleaseError(f"{assignment}: {result.get('log') or result['error']}")
    for path in course.released(assignment).parent.iterdir():
        found = [word for word in SECRETS if word in path.read_text("utf8")]
        if found:
            raise ReleaseError(f"{path} would give away {found}; nothing was released")


def _put_work_aside(course: Course, assignment: str, before: Path, tell) -> None:
    """Keep what somebody else put, or did, where the notebook is released."""
    released = course.released(assignment)
    for path in sorted(before.glob("*")):
        target = released.parent / path.name
        if not target.exists():  # notes, pictures, an earlier copy
            shutil.move(path, target)
    old = before / released.name
    if not old.exists() or old.read_bytes() == released.read_bytes():
        return
    pristine = course.pristine(assignment)
    if pristine.exists():
        touched = old.read_bytes() != pristine.read_bytes()
    else:
        touched = '"output_type"' in old.read_text("utf8")  # somebody ran it
    if touched:
        numbers = (n for n in range(1, 1000))
        names = (released.with_suffix(f".yours-{n}.ipynb") for n in numbers)
        aside = next(path for path in names if not path.exists())
        shutil.move(old, aside)
        tell(f"{released.name} is new; what was done in it is now in {aside.name}")


def _readable(facts: dict) -> str:
    """Return JSON with a line break where a mistake begins: for diffs, not for eyes."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return text.replace('{"kind":', '\n{"kind":') + "\n"
