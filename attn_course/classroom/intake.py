"""Take a submission in: read it, or say in one line what is wrong with it.

The released notebook is the skeleton. From the submission come the sources of the
answer cells, of other unlocked code cells, and the cells a student added; tags,
kernels, outputs, duplicates and deletions count for nothing.
"""

import os
import re
import stat
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

MOST_BYTES = 20_000_000  # with many figures; a notebook of text has a thousandth
TAG = re.compile(r"<(?=[A-Za-z/!?])")  # what a browser would take for HTML
MOST_CELLS = 500


class UnreadableSubmission(ValueError):
    """A submission that cannot be graded; names the file, the fault, the remedy."""


def read(path: Path, released: NotebookNode) -> NotebookNode:
    """Return the submitted notebook at `path` on the skeleton of the released one.

    Raises
    ------
    UnreadableSubmission
        If the file is missing, empty, too large, no notebook, or another one.
    """
    path = Path(path)
    again = "Ask for the notebook to be handed in again."

    def refuse(fault: str, remedy: str = again):
        return UnreadableSubmission(f"{path}: {fault}. {remedy}")

    student = path.parent.parent.name
    if student != student.strip() or set(student) & set("[]*?"):
        raise refuse(f"{student!r} is no name that nbgrader can use", "Rename it.")
    if not os.path.lexists(path):
        others = sorted(p.name for p in path.parent.glob("*.ipynb"))
        lying = f"; found {', '.join(others)} instead" if others else ""
        remedy = f"Rename it to {path.name}." if others else again
        raise refuse(f"there is no notebook of this name{lying}", remedy)
    try:
        facts = path.lstat()
    except OSError as error:
        raise refuse(f"the file cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(facts.st_mode):
        raise refuse("this is no file of its own but a link, a folder or a device")
    size = facts.st_size
    if size == 0:
        raise refuse("the file is empty")
    if size > MOST_BYTES:
        raise refuse(
            f"the file has {size / 1e6:.1f} MB; at most {MOST_BYTES // 10**6} are read",
            "Ask for it again with all outputs cleared.",
        )
    try:
        submitted = _parsed(path)
    except Exception as error:  # nbformat raises what its readers and JSON raise
        reason = str(error).strip().partition("\n")[0][:120]
        raise refuse(f"this is not a Jupyter notebook ({reason})") from error
    if len(submitted.cells) > MOST_CELLS:
        raise refuse(f"{len(submitted.cells)} cells, at most {MOST_CELLS} are read")
    if not graded_names(submitted) & graded_names(released):
        raise refuse(f"none of the exercises of {path.stem} is in this notebook")
    return canonical(submitted, released)


def _parsed(path: Path) -> NotebookNode:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # duplicate ids and the like are repaired below
        notebook = nbformat.reads(path.read_text("utf8"), as_version=4)
    for cell in notebook.cells:
        if not isinstance(cell.source, str) or not isinstance(cell.metadata, dict):
            raise ValueError("a cell without source or metadata")
    return notebook


def canonical(submitted: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Return `released` with the student's sources put in by name."""
    theirs = _by_name(submitted)
    extras = _extras(submitted, [_name(cell) for cell in released.cells])
    cells = list(extras.get(None, []))
    for cell in released.cells:
        name = _name(cell)
        cells += [*_filled(cell, theirs.get(name, [])), *extras.get(name, [])]
    notebook = nbformat.from_dict({**released, "cells": cells})
    for index, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"added-{index}")
    return notebook


def graded_names(notebook: NotebookNode) -> set[str]:
    """Return the grade ids of a notebook."""
    return {name for cell in notebook.cells if (name := _grade_id(cell))}


def _filled(cell: NotebookNode, copies: list[NotebookNode]) -> list[NotebookNode]:
    """Return the released cell with what was worked on in it.

    Where there are several worked-on copies (JupyterLab makes them when a cell is
    split), the last one fills the cell, and the others come before it as they did.
    """
    filled = nbformat.from_dict(cell)
    locked = cell.metadata.get("nbgrader", {}).get("locked", False)
    worked_on = [copy for copy in copies if copy.source.strip() != cell.source.strip()]
    if cell.cell_type != "code" or not worked_on or locked:
        return [filled]
    filled.source = worked_on[-1].source
    parts = [nbformat.v4.new_code_cell(copy.source) for copy in worked_on[:-1]]
    for number, part in enumerate(parts, 1):
        part.id = re.sub(r"[^\w-]", "-", f"{_name(cell)}-part-{number}")[-64:]
    return [*parts, filled]


def _extras(notebook: NotebookNode, known: list[str]) -> dict[str | None, list]:
    """Map each known cell to the cells that a student added after it.

    What stands where a cell was deleted comes after that cell, which is put back
    empty: whoever retypes an answer in a new cell means that one.
    """
    added: dict[str | None, list] = {}
    present = {_name(cell) for cell in notebook.cells}
    last = None
    for cell in notebook.cells:
        name = _name(cell)
        if name in known:
            last = name
            for following in known[known.index(name) + 1 :]:
                if following in present:
                    break
                last = following
        elif cell.cell_type in ("code", "markdown"):
            number = sum(map(len, added.values()))
            added.setdefault(last, []).append(_added(cell, f"added-{number}"))
    return added


def _added(cell: NotebookNode, name: str) -> NotebookNode:
    """Return a cell of the student's own; of its text, nothing that a browser runs."""
    if cell.cell_type == "code":
        return nbformat.v4.new_code_cell(cell.source, id=name)
    return nbformat.v4.new_markdown_cell(TAG.sub("&lt;", cell.source), id=name)


def _by_name(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    found: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        found.setdefault(_name(cell), []).append(cell)
    return found


def _name(cell: NotebookNode) -> str:
    """Return what a cell is known by: its grade id, else its cell id."""
    return _grade_id(cell) or f"cell {cell.get('id', '')}"


def _grade_id(cell: NotebookNode) -> str | None:
    facts = cell.metadata.get("nbgrader", {})
    name = facts.get("grade_id") if isinstance(facts, dict) else None
    return (
        name if isinstance(name, str) and re.fullmatch(r"[\w-]{1,200}", name) else None
    )


class Canonicalise(NbGraderPreprocessor):
    """The same, as the first thing that nbgrader's autograde does."""

    def preprocess(self, nb, resources):
        facts = resources["nbgrader"]
        folder = Path(self.parent.parent.coursedir.root, "_grading", "released")
        path = folder / f"{facts['notebook']}.ipynb"
        return canonical(nb, nbformat.read(path, as_version=4)), resources
