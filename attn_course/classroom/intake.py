"""Take a submission in: read it, or say in one line what is wrong with it.

The released notebook is the skeleton. From the submission come the sources of the
answer cells, of other unlocked code cells, and the cells a student added; tags,
kernels, outputs, duplicates and deletions count for nothing.
"""

import json
import os
import re
import stat
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

MOST_BYTES = 20_000_000  # with many figures; a notebook of text has a thousandth
FOREIGN = (  # what would become HTML of its own, or a link that is a script
    (re.compile(r"<(?=[A-Za-z/!?])"), "&lt;"),
    (re.compile(r"\]\((?!https?://)"), "]&#40;"),
    (re.compile(r"\]:(?!\s*https?://)"), "]&#58;"),
    (re.compile(r"\\(?=href|mmlToken)"), ""),
)
MOST_CELLS = 500
LONGEST_CELL = 20_000  # characters: colouring some texts takes time that grows squared
MOST_TEXT = 200_000  # of all cells; the notebooks we hand out have an eighth of it


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
    if (size := facts.st_size) == 0:
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
    """Return the cells of a notebook: their types, sources, names, and no more."""
    text = path.read_text("utf-8-sig")
    raw = json.loads(text)
    if not (isinstance(raw, dict) and raw.get("nbformat") == 4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd is left out below
            raw = nbformat.reads(text, as_version=4)
    cells, room = [_plain(cell) for cell in raw["cells"]], MOST_TEXT
    for cell in cells:
        size = len(cell["source"])
        if size > min(LONGEST_CELL, room):
            most = f"{LONGEST_CELL:,} in a cell, {MOST_TEXT:,} in all"
            cell["source"] = f"# Left out: {size:,} characters; at most {most}."
        else:
            room -= size
    return nbformat.from_dict({"cells": cells})


def _plain(cell: Any) -> dict[str, Any]:
    """Return what counts of a cell; raise if it is none."""
    source, metadata = cell["source"], cell.get("metadata", {})
    source = "".join(source) if isinstance(source, list) else source
    if not isinstance(source, str) or not isinstance(metadata, dict):
        raise ValueError("a cell without source or metadata")
    if not isinstance(cell["cell_type"], str):
        raise ValueError("a cell of no type")
    source.encode()  # raises if there is half a surrogate pair in it
    facts = metadata.get("nbgrader", {})
    name = facts.get("grade_id") if isinstance(facts, dict) else None
    kept = {"nbgrader": {"grade_id": name}} if isinstance(name, str) else {}
    own = {"id": cell["id"]} if isinstance(cell.get("id"), str) else {}
    return {"cell_type": cell["cell_type"], "source": source, "metadata": kept, **own}


def canonical(submitted: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Return `released` with the student's sources put in by name."""
    theirs = _by_name(submitted)
    extras = _extras(submitted, [_name(cell) for cell in released.cells])
    cells = list(extras.get(None, []))
    for cell in released.cells:
        name = _name(cell)
        cells += [*_filled(cell, theirs.get(name, [])), *extras.get(name, [])]
    notebook = nbformat.from_dict({**released, "cells": []})
    notebook.cells = cells
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
    text = cell.source
    for pattern, plain in FOREIGN:
        text = pattern.sub(plain, text)
    return nbformat.v4.new_markdown_cell(text, id=name)


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
