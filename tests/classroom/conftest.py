"""Small courses in temporary folders, made from two exercises written here."""

from pathlib import Path

import nbformat
import pytest

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.release import release

ROOT = Path(__file__).parents[2]
NAME = "ch01_sample"

EXERCISE = """r'''### {title}

Write `{name}(x)`, which multiplies a table by {factor}: $y = {factor} x$.
'''

import numpy as np

from attn_course.authoring import (
    alternative, answer, check, exercise, inputs, misconception
)
from attn_course.grading import close

exercise(level="core", minutes=5, hints=("Look.", "Look at the number.", "Times it."))


@answer
def {name}(x):
    '''A table, multiplied.

    x        (rows, columns)  float
    returns  (rows, columns)  float
    '''
    ### BEGIN SOLUTION
    return {factor} * x
    ### END SOLUTION


@inputs
def draw(rng):
    return (rng.normal(size=(2, 3)),)


@alternative
def by_division(x):
    return x / (1 / {factor})


@check(points=1)
def on_paper({name}):
    '''A table you can work out.'''
    table = np.arange(6.0).reshape(2, 3)
    close({name}(table), {factor} * table, "table")


@check(points=2, hidden=True)
def at_random({name}, rng):
    '''A random table.'''
    table = rng.normal(size=(3, 4))
    close({name}(table), {factor} * table, "table")


@misconception(caught_by=on_paper)
def adds(x):
    '''You added where you should have multiplied.'''
    return {factor} + x


@misconception(caught_by=at_random)
def loses_the_sign(x):
    '''A negative number lost its sign on the way.'''
    return {factor} * abs(x)
"""


def make_course(root: Path, settings: str = "") -> Course:
    """Write a course of one chapter with two exercises, and release it."""
    config = (ROOT / "nbgrader_config.py").read_text("utf8")
    write_whole(root / "nbgrader_config.py", config + settings)
    for number, (name, factor) in enumerate([("doubled", 2.0), ("tripled", 3.0)], 1):
        text = EXERCISE.format(name=name, factor=factor, title=name.capitalize())
        path = root / "solutions" / NAME / f"e{number:02}_{name}.py"
        write_whole(path, text)
    course = Course(root)
    release(course, NAME)
    return course


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


def submit(course: Course, student: str, text: str, name: str = NAME) -> Path:
    """Hand in `text` as the notebook of `student`; return where it went."""
    path = course.step("submitted", student, NAME) / f"{name}.ipynb"
    write_whole(path, text)
    return path


def solved(course: Course, **sources: str) -> nbformat.NotebookNode:
    """Return the released notebook with right answers, or those given by name."""
    right = {
        "doubled": "def doubled(x):\n    return 2.0 * x",
        "tripled": "def tripled(x):\n    return 3.0 * x",
    } | sources
    notebook = nbformat.read(course.released(NAME), as_version=4)
    for cell in notebook.cells:
        facts = cell.metadata.get("nbgrader", {})
        if facts.get("solution"):
            cell.source = right[facts["grade_id"]]
    return notebook
