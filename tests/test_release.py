"""What is committed for students is what the exercises give, and gives nothing away."""

import ast
import json
import shutil
from pathlib import Path

import nbformat
import pytest

from attn_course.authoring import ExerciseError
from attn_course.authoring.bank import companion
from attn_course.classroom.course import Course
from attn_course.classroom.release import SECRETS, release
from attn_course.grading.fingerprint import same

ROOT = Path(__file__).parents[1]
ASSIGNMENTS = Course(ROOT).assignments

each_assignment = pytest.mark.parametrize("name", ASSIGNMENTS)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """Return a course in a new folder, released from the same exercises."""
    root = tmp_path_factory.mktemp("release")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    skip = shutil.ignore_patterns("*.ipynb", "*.json", "__pycache__")
    shutil.copytree(ROOT / "solutions", root / "solutions", ignore=skip)
    course = Course(root)
    for name in ASSIGNMENTS:
        release(course, name)
    return course


def test_every_chapter_with_exercises_is_released():
    assert ASSIGNMENTS
    folders = sorted(path.name for path in (ROOT / "notebooks").iterdir())
    assert [name for name in folders if name.startswith("ch")] == ASSIGNMENTS


@each_assignment
def test_the_committed_notebook_is_the_built_one_byte_for_byte(rebuilt, name):
    committed = ROOT / "notebooks" / name / f"{name}.ipynb"
    assert committed.read_bytes() == rebuilt.released(name).read_bytes()


@each_assignment
def test_the_committed_companion_is_the_built_one_up_to_rounding(rebuilt, name):
    # Sums of floats may differ in their last digit from one processor to another.
    mine, theirs = (
        json.loads((root / "notebooks" / name / f"{name}.json").read_text("utf8"))
        for root in (ROOT, rebuilt.root)
    )
    assert _without_calls(mine) == _without_calls(theirs)
    for one, other in zip(_calls(mine), _calls(theirs), strict=True):
        assert len(one) == len(other)
        assert all(map(same, one, other))


@each_assignment
def test_students_get_the_notebook_and_its_companion_and_nothing_else(rebuilt, name):
    for root in (ROOT, rebuilt.root):
        found = {path.name for path in (root / "notebooks" / name).iterdir()}
        assert found - {".ipynb_checkpoints"} == {f"{name}.ipynb", f"{name}.json"}


@each_assignment
def test_nothing_that_students_get_holds_a_solution(name):
    texts = {
        path.name: path.read_text("utf8")
        for path in (ROOT / "notebooks" / name).glob("ch*")
    }
    for text in texts.values():
        for secret in SECRETS:
            assert secret not in text
    code = "\n".join(
        cell.source
        for cell in nbformat.reads(texts[f"{name}.ipynb"], as_version=4).cells
        if cell.cell_type == "code"
    )
    for ex in Course(ROOT).exercises(name):
        for part in (ex.answer, *ex.alternatives, *ex.misconceptions):
            own = ast.unparse(ast.parse(part.source).body[0].body[-1])
            shown = ex.starter and own in ast.unparse(ast.parse(ex.starter.source))
            assert shown or own not in code, (ex.name, part.name)
        for check in ex.checks:
            assert check.hidden != (f"def {check.name}(" in code), check.name


@each_assignment
def test_the_companion_is_what_the_exercises_say_today(name):
    exercises = Course(ROOT).exercises(name)
    kept = json.loads((ROOT / "notebooks" / name / f"{name}.json").read_text("utf8"))
    assert _without_calls(kept) == _without_calls(companion(exercises))


def test_a_broken_module_is_named_and_nothing_is_written(tmp_path, rebuilt):
    [name, *_] = ASSIGNMENTS
    shutil.copytree(rebuilt.root, tmp_path, dirs_exist_ok=True)
    broken = sorted((tmp_path / "solutions" / name).glob("e*.py"))[-1]
    broken.write_text(broken.read_text("utf8").replace("@answer\n", ""))
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(ExerciseError, match=rf"{broken.name}:\d+: "):
        release(Course(tmp_path), name)
    after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert {p for p in after if p.suffix != ".pyc"} == {
        p for p in before if p.suffix != ".pyc"
    }
    assert all(after[path] == before[path] for path in before)


def test_a_second_release_changes_nothing(rebuilt):
    for name in ASSIGNMENTS:
        before = rebuilt.released(name).stat().st_mtime_ns
        assert not release(rebuilt, name)
        assert rebuilt.released(name).stat().st_mtime_ns == before


def _without_calls(facts):
    if isinstance(facts, dict):
        return {
            key: _without_calls(value)
            for key, value in facts.items()
            if key not in ("calls", "answer")
        }
    return (
        [_without_calls(item) for item in facts] if isinstance(facts, list) else facts
    )


def _calls(facts):
    for exercise in facts.values():
        for check in exercise["checks"].values():
            yield check["answer"]
            for mistake in check["mistakes"]:
                yield mistake["calls"]
