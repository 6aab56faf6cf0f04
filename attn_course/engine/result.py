"""What came of a unit: a record of each check, and the executed notebook."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from attn_course.engine.packing import unpacked

RECORD = {
    "name": str,
    "points": int,
    "of": int,
    "kind": str,
    "message": str,
    "diagnosis": dict | None,
    "seed": str,
    "seconds": float,
    "allowed": float,
    "key": str,
}


class NoResult(ValueError):
    """Text that is no whole result; says what is wrong with it."""


@dataclass(frozen=True)
class Result:
    """The verdicts of one unit. `doubts` are those that a second look did not find."""

    key: str
    about: dict[str, Any]
    checks: list[dict[str, Any]]
    doubts: dict[str, str] = field(default_factory=dict)
    digest: str = ""  # of the notebook

    @property
    def points(self) -> int:
        return sum(check["points"] for check in self.checks)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def digest(notebook: str) -> str:
    return hashlib.sha256(notebook.encode()).hexdigest()


def disagreement(first: int, second: int, of: int) -> str:
    """Say that two runs of one check gave different points."""
    return f"{first} of {of} at the first run, {second} at the second"


def read(text: str, notebook: str, key: str) -> Result:
    """Return the result that `text` and `notebook` are, whole and of that key.

    Raises
    ------
    NoResult
        If they are anything else.
    """
    try:
        content = json.loads(text)
        result = Result(**content)
    except (TypeError, ValueError) as error:
        raise NoResult(f"this is no result ({error})") from error
    if result.key != key:
        raise NoResult(f"wanted the result of {key}, got that of {result.key}")
    if digest(notebook) != result.digest:
        raise NoResult("the notebook is not the one that the result speaks of")
    if not (isinstance(result.checks, list) and all(map(_is_record, result.checks))):
        raise NoResult("a check without its facts")
    if not (isinstance(result.about, dict) and isinstance(result.doubts, dict)):
        raise NoResult("a result that does not say of what")
    return result


def _is_record(check: Any) -> bool:
    return (
        isinstance(check, dict)
        and check.keys() >= RECORD.keys()
        and all(isinstance(check[name], kind) for name, kind in RECORD.items())
        and 0 <= check["points"] <= check["of"]
    )


def outputs(notebook: str) -> dict[str, list]:
    """Return the outputs of each graded cell of an executed notebook, by grade id."""
    return {
        cell.metadata.nbgrader["grade_id"]: cell.outputs
        for cell in unpacked(notebook).cells
        if cell.cell_type == "code" and "nbgrader" in cell.metadata
    }
