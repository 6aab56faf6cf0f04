"""Where each point comes from: kept beside the gradebook, one file a submission.

A file names the submission, the checks and the environment by hash, and for each
check its seed and the time used: what it takes to find the same verdict again.
"""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from attn_course.authoring.files import write_whole
from attn_course.classroom.journal import package_digest
from attn_course.judge.rulebook import Rulebook
from attn_course.judge.ruling import Ruling


def content_digest(nb: NotebookNode) -> str:
    """Return a hash of the sources of a notebook, which are all that is graded."""
    sources = [[cell.cell_type, cell.source] for cell in nb.cells]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


@cache
def environment_digest() -> str:
    """Return a hash of this Python, its packages, and the parts of ours that grade."""
    names = sorted({f"{d.name}=={d.version}" for d in distributions()})
    facts = [platform.python_version(), platform.machine(), package_digest(), *names]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def provenance_path(root: Path, assignment: str, student: str) -> Path:
    return root / "_grading" / "verdicts" / assignment / f"{student}.json"


def write_provenance(path: Path, about: dict[str, Any], rulings: list[Ruling]) -> None:
    """Write what `rulings` rest on, whole or not at all."""
    kept = {**about, "checks": [_of(ruling) for ruling in rulings]}
    write_whole(path, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def about(
    nb: NotebookNode, book: Rulebook, assignment: str, student: str, sandboxed: bool
) -> dict[str, Any]:
    """Return what identifies one grading of one submission."""
    return {
        "assignment": assignment,
        "student": student,
        "submission": content_digest(nb),
        "modules": book.digest,
        "environment": environment_digest(),
        "sandboxed": sandboxed,
    }


def _of(ruling: Ruling) -> dict[str, Any]:
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
        "allowed": ruling.allowed,
    }
