"""What has been graded, and from what: so that a second run does the rest only."""

import hashlib
import json
from functools import cache
from pathlib import Path

import attn_course
from attn_course.authoring.files import write_whole


class Journal:
    """The file `_grading/journal.json`: for each submission a digest and a problem."""

    def __init__(self, path: Path):
        self.path = Path(path)
        try:
            read = json.loads(self.path.read_text("utf8"))
        except (FileNotFoundError, ValueError):
            read = None
        # If it is lost, all is graded once more: that costs time and loses nothing.
        self.entries = read if isinstance(read, dict) else {}

    def done(self, assignment: str, student: str, digest: str) -> bool:
        """Whether this very submission was graded by this very grader."""
        return self.entries.get(assignment, {}).get(student, {}).get("of") == digest

    def problem(self, assignment: str, student: str) -> str | None:
        return self.entries.get(assignment, {}).get(student, {}).get("problem")

    def write(self, assignment: str, student: str, digest: str, problem=None) -> None:
        """Note that a submission is done, or why it could not be."""
        entry = {"of": digest} | ({"problem": problem} if problem else {})
        self.entries.setdefault(assignment, {})[student] = entry
        write_whole(self.path, json.dumps(self.entries, indent=1, sort_keys=True))


def digest(*paths: Path) -> str:
    """Return a hash of the contents of `paths` and of the code that grades."""
    total = hashlib.sha256(package_digest().encode())
    for path in paths:
        total.update(path.read_bytes() if path.is_file() else b"missing")
    return total.hexdigest()


@cache
def package_digest() -> str:
    """Return a hash of the parts of the package that scores and feedback depend on."""
    total = hashlib.sha256()
    root = Path(attn_course.__file__).parent
    for part in ("authoring", "classroom", "functional", "grading", "judge"):
        for path in sorted((root / part).glob("*.py")):
            total.update(path.read_bytes())
    return total.hexdigest()
