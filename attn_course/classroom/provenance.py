"""Where each point comes from: kept beside the gradebook, one file a submission.

A file names the submission, the checks and the environment by hash, and for each
check its seed and the time used: what it takes to find the same verdict again.
"""

import json
from pathlib import Path

from attn_course.authoring.files import write_whole
from attn_course.engine.result import Result


def provenance_path(root: Path, assignment: str, student: str) -> Path:
    return root / "_grading" / "verdicts" / assignment / f"{student}.json"


def write_provenance(path: Path, result: Result) -> None:
    """Write what a result rests on, whole or not at all."""
    kept = {**result.about, "result": result.key, "checks": result.checks}
    if result.doubts:
        kept["doubts"] = result.doubts
    write_whole(path, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
