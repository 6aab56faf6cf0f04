"""Turn the exercises of one chapter into the notebook that nbgrader reads.

Cell ids and metadata follow from names alone, so that the same exercises always
give the same bytes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode
from nbformat import v4 as nb

from attn_course.authoring.exercise import Check, Exercise, Part

INTRO = """# Exercises: {title}

Run the cells from top to bottom. Write each answer where it says so, then run the
cells below it: each is a check, worth the points it names. A check that fails says
what was wanted, what came, and which known slip it looks like, if any.

A red answer cell means that Python could not read it: the checks then still see the
version before. Where your work is graded, the course's own solutions in
`attn_course.functional` and `attn_course.nn` are not installed: write answers without.

Stuck? After running an exercise's first cell, `hint(1)`, `hint(2)` and `hint(3)` in
a new cell say more each time."""

SETUP = """from attn_course.grading import open_chapter

_chapter = open_chapter("{name}")
hint = _chapter.hint"""

# What formulas of the book may use, by _config.yml, and JupyterLab cannot read.
MACROS = {r"\softmax": r"\operatorname{softmax}"}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def build(name: str, exercises: list[Exercise]) -> NotebookNode:
    """Return the instructor notebook of the chapter called `name`."""
    title = name.partition("_")[2].replace("_", " ")
    cells = [
        nb.new_markdown_cell(INTRO.format(title=title), id="intro"),
        nb.new_code_cell(SETUP.format(name=name), id="setup"),
    ]
    for ex in exercises:
        cells += exercise_cells(ex)
    return nb.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNEL)})


def exercise_cells(ex: Exercise) -> Iterator[NotebookNode]:
    """Yield statement, imports, answer and checks, with ids that never change."""
    statement = f"{spelt_out(ex.statement)}\n\n*{summary(ex)}*"
    yield nb.new_markdown_cell(statement, id=_id(ex.name))
    begin = f'{ex.imports}\n\n_chapter.begin("{ex.name}")'
    yield nb.new_code_cell(begin, id=_id(f"{ex.name}-begin"))
    cell = graded_cell(ex.answer.source, ex.name, solution=True)
    if ex.starter:
        cell.metadata["attn_course"] = {"starter": ex.starter.source}
    yield cell
    for check in ex.checks:
        yield graded_cell(
            check_code(ex, check),
            grade_id(ex, check),
            grade=True,
            locked=True,
            points=check.points,
        )


def spelt_out(statement: str) -> str:
    """Return a statement in which no formula uses a macro of the book."""
    for macro, meaning in MACROS.items():
        word = rf"{re.escape(macro)}(?![A-Za-z])"
        statement = re.sub(word, meaning.replace("\\", "\\\\"), statement)
    return statement


def summary(ex: Exercise) -> str:
    """Return the line that says how hard, how long and how many points."""
    line = f"{ex.level} · {ex.minutes} minutes · {_points(ex.points)}"
    hidden = sum(check.hidden for check in ex.checks)
    if hidden:
        which = "a check that runs" if hidden == 1 else f"{hidden} checks that run"
        line += f", {ex.hidden_points} of them for {which} after you hand in"
    return line


def check_code(ex: Exercise, check: Check) -> str:
    """Return the cell that defines `check` and runs it on the student's answer.

    It brings its own imports: a student may have used their names for something else.
    """
    probes = [text for name, text in ex.probes.items() if name in check.source]
    tools = "close, probe" if probes else "close"
    imports = f"{ex.imports}\n\nfrom attn_course.grading import {tools}"
    marked = [f"@probe\n{text}" for text in probes]
    call = f"_chapter.run({check.name}, {ex.name})"
    code = "\n\n\n".join([imports, *marked, check.source, call])
    if not check.hidden:
        return f"# {_points(check.points)}\n{code}"
    return (
        f"# {_points(check.points)}, runs after you hand in: {_sentence(check)}\n"
        f"### BEGIN HIDDEN TESTS\n{code}\n### END HIDDEN TESTS"
    )


def grade_id(ex: Exercise, check: Check) -> str:
    """Return the name under which nbgrader keeps the points of `check`."""
    return f"{ex.name}-{check.name}"


def graded_cell(code: str, name: str, **facts) -> NotebookNode:
    """Return a code cell with the metadata of nbgrader's schema 3."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    meta = {**flags, "schema_version": 3, "grade_id": name, **facts}
    cell_id = _id(f"{name}-cell")
    return nb.new_code_cell(code, id=cell_id, metadata={"nbgrader": meta})


def companion_path(folder: Path) -> Path:
    """Return the file with hints and known mistakes that lies beside a notebook."""
    return folder / f"{folder.name}.json"


def _id(name: str) -> str:
    return name.replace("_", "-")[-64:].lstrip("-")


def _points(number: int) -> str:
    return f"{number} point" if number == 1 else f"{number} points"


def _sentence(part: Part) -> str:
    return part.says.partition("\n")[0]
