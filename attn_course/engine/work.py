"""Do a unit of work: run the student's cells in the sandbox, the checks outside it.

This is the one place that runs students' code for a grade. It needs no gradebook and no
course folder. What is found in doubt (too slow, which may be the machine's fault) is
looked at once more, in a kernel of its own; where the two do not agree, the result says
so, and whoever folds it into a gradebook asks a human.
"""

import json
import os
import tempfile
from collections.abc import Callable, Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from attn_course.authoring.files import write_whole
from attn_course.authoring.notebook import companion_path
from attn_course.engine.identity import environment_digest
from attn_course.engine.packing import packed, unpacked
from attn_course.engine.result import Result, digest, disagreement
from attn_course.engine.unit import Bundle, Unit
from attn_course.engine.worker import PLACE
from attn_course.judge.rulebook import Rulebook, rulebook
from attn_course.judge.ruling import Ruling, rule
from attn_course.judge.sitting import Sitting
from attn_course.judge.student import Student
from attn_course.judge.supply import supply
from attn_course.judge.verdict import written

DOUBTFUL = ("slow",)  # kinds of failure that may be the machine's


class OtherEnvironment(RuntimeError):
    """This machine would judge by other code or packages; says what to do."""


def work(unit: Unit) -> tuple[Result, str]:
    """Return the result of a unit and the executed notebook, as JSON.

    Raises
    ------
    OtherEnvironment
        If this Python, its packages or this package are not those of the unit.
    NoKernel
        If no student's code can be run on this machine.
    """
    if unit.environment != environment_digest():
        raise OtherEnvironment(
            "a worker has another Python, other packages or another version of "
            "attn_course: install there what is installed here"
        )
    nb = unpacked(unit.notebook)
    book = _book(unit.bundle)
    book.named = unit.named
    found = _sat(unit, nb, book, book.checks.keys() - unit.known.keys())
    doubtful = [each for each in found if each.outcome.kind in DOUBTFUL]
    doubts = _looked_at_again(unit, book, doubtful) if doubtful else {}
    for name, known in unit.known.items():
        _cell(nb, name).outputs = nbformat.from_dict(known["outputs"])
    records = {each.name: record(each) for each in found}
    records |= {name: known["record"] for name, known in unit.known.items()}
    text = packed(nb)
    checks = [
        {**records[name], "key": unit.check_key(name)}
        for name in book.checks
        if name in records
    ]
    return Result(unit.key, unit.about, checks, doubts, digest(text)), text


def kernels(files: dict[str, bytes], sandboxed: bool) -> Callable[[], Student]:
    """Return what starts a kernel for a student's cells, with `files` beside it."""
    return supply(files, sandboxed=sandboxed)


def judge(
    nb: NotebookNode, book: Rulebook, sitting: Sitting, seed_of, names: Collection[str]
) -> list[Ruling]:
    """Run the notebook's cells and those checks in their order; write outputs in."""
    rulings = []
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in names:
            ruling = rule(book, name, sitting, seed_of(name))
            cell.outputs = written(ruling)
            ruling.outcome.forget()
            rulings.append(ruling)
        elif name in book.checks:
            continue
        elif cell.cell_type == "code" and cell.source.strip():
            cell.outputs = sitting.run(cell.source).outputs
    return rulings


def record(ruling: Ruling) -> dict[str, Any]:
    """Return what is kept of a ruling: where the points of one check come from."""
    outcome = ruling.outcome
    diagnosis = outcome.diagnosis
    return {
        "name": ruling.name,
        "points": ruling.points,
        "of": ruling.of,
        "kind": outcome.kind,
        "message": outcome.message,
        "diagnosis": diagnosis and diagnosis.as_dict(),
        "seed": f"{ruling.seed:032x}",
        "seconds": round(ruling.seconds, 3),
        "allowed": float(ruling.allowed),
    }


def _sat(unit: Unit, nb: NotebookNode, book: Rulebook, names) -> list[Ruling]:
    name = companion_path(Path(unit.bundle.assignment)).name
    new_kernel = kernels({name: unit.bundle.companion.encode()}, unit.sandboxed)
    with Sitting(new_kernel, unit.seconds) as sitting:
        return judge(nb, book, sitting, lambda each: int(unit.seeds[each], 16), names)


def _looked_at_again(unit: Unit, book: Rulebook, doubtful) -> dict[str, str]:
    """Judge again what may be the machine's fault; say where the points differ."""
    nb = unpacked(unit.notebook)
    again = _sat(unit, nb, book, {each.name for each in doubtful})
    second = {each.name: each for each in again}
    return {
        first.name: disagreement(first.points, second[first.name].points, first.of)
        for first in doubtful
        if first.points != second[first.name].points
    }


def _cell(nb: NotebookNode, name: str) -> NotebookNode:
    cells = (c for c in nb.cells if "nbgrader" in c.metadata)
    return next(c for c in cells if c.metadata.nbgrader.get("grade_id") == name)


def _book(bundle: Bundle) -> Rulebook:
    """Return the rulebook of a bundle, whose modules are laid out as in a course."""
    folder = _place() / bundle.digest / bundle.assignment
    for name, text in bundle.modules.items():
        write_whole(folder / name, text)
    book = rulebook(folder)
    book.public = _read(bundle.companion)
    return book


@lru_cache(1)
def _read(companion: str) -> dict[str, Any]:
    """Return what is known of the checks whose inputs students see."""
    return json.loads(companion)


@cache
def _place() -> Path:
    """Return a folder of this process's own, which goes when the process ends."""
    if given := os.environ.get(PLACE):
        return Path(given)
    _place.kept = tempfile.TemporaryDirectory(prefix="attn-course-checks-")
    return Path(_place.kept.name)
