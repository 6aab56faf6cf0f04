"""Exercises in, notebooks out: the instructor's, and from it the students'."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions

from attn_course.authoring.bank import companion
from attn_course.authoring.files import write_whole
from attn_course.authoring.notebook import build, companion_path
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
    exercises = course.exercises(assignment)
    for ex in exercises:
        require_sound(ex)  # or nothing is written
    source = course.source(assignment)
    _refuse_leftovers(source)
    notebook = build(assignment, exercises)
    text = nbformat.writes(notebook) + "\n"
    facts = _readable(companion(exercises))
    stamp = json.dumps(hashlib.sha256(f"{text}\0{facts}".encode()).hexdigest())
    if _up_to_date(course, assignment, stamp):
        return False
    write_whole(companion_path(source.parent), facts)
    write_whole(source, text)
    folder = course.released(assignment).parent
    with kept_on_failure(folder, database(course)) as before:
        forget_scores(course, assignment, graded_names(notebook))
        _generate(course, assignment)
        _put_work_aside(course, assignment, before, tell)
    released = course.released(assignment).read_text("utf8")
    write_whole(course.pristine(assignment), released)
    write_whole(_stamp(course, assignment), stamp)  # last: now it is done
    return True


def _stamp(course: Course, assignment: str) -> Path:
    return course.pristine(assignment).with_suffix(".stamp")


def _up_to_date(course: Course, assignment: str, stamp: str) -> bool:
    files = (course.released(assignment), course.pristine(assignment))
    kept = _stamp(course, assignment)
    return (
        all(path.exists() for path in (*files, course.source(assignment), kept))
        and kept.read_text("utf8") == stamp
        and in_gradebook(course, assignment)
    )


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
