"""What a verdict rests on besides the submission: by hash, and the same everywhere."""

import hashlib
import json
import platform
import sys
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

import attn_course

JUDGING = ("authoring", "data", "engine", "functional", "grading", "judge", "nn")
NOTES = ("*.dist-info", "*.egg-info")  # made by an installer: name-version
VENDORED = "_vendor"  # the folder of what setuptools carries
GRADING = (*JUDGING, "classroom")  # scores and feedback depend on that as well


def content_digest(nb: NotebookNode) -> str:
    """Return a hash of what runs in the student's kernel, in its order.

    The text of a check does not run there: if a check changes, its inputs and those
    of the others stay what they were.
    """
    sources = [cell.source for cell in nb.cells if runs(cell)]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def runs(cell: NotebookNode) -> bool:
    """Whether a cell runs in the student's kernel: code that is no locked check."""
    facts = cell.metadata.get("nbgrader", {})
    is_check = facts.get("grade") and facts.get("locked")
    return cell.cell_type == "code" and not is_check


@cache
def package_digest(parts: tuple[str, ...] = GRADING) -> str:
    """Return a hash of parts of this package, without what only reads their results.

    That is what lies in folders of their own below `classroom`: reports and exports.
    """
    total = hashlib.sha256()
    root = Path(attn_course.__file__).parent
    for part in parts:
        pattern = "*.py" if part == "classroom" else "**/*.py"
        for path in sorted((root / part).glob(pattern)):
            total.update(path.read_bytes())
    return total.hexdigest()


@cache
def environment_digest() -> str:
    """Return a hash of this Python, its packages, and the parts of ours that judge.

    A package's name and version are those of the folder in which an installer notes
    them. What setuptools carries for itself is not meant: it puts that on `sys.path`
    when it is imported, which some processes do and others do not.
    """
    folders = [Path(each) for each in sys.path if Path(each).name != VENDORED]
    noted = (path for each in folders for kind in NOTES for path in each.glob(kind))
    names = sorted({path.stem for path in noted})
    facts = [platform.python_version(), platform.machine(), package_digest(JUDGING)]
    return hashlib.sha256("\n".join([*facts, *names]).encode()).hexdigest()
