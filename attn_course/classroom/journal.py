"""What has been graded, and from what: so that a second run does the rest only."""

import json
import time
from pathlib import Path

from attn_course.authoring.files import write_whole

SHARE = 0.02  # of a run's time, at most, for writing the journal


class Journal:
    """The file `_grading/journal.json`: for each submission a digest and a problem.

    It is written at once; or, with a `period`, at most once in so many seconds, and
    less often when it has grown so long that this would take a notable share of them:
    then call `flush` at the end.
    """

    def __init__(self, path: Path, *, period: float = 0.0):
        self.path, self.period = Path(path), period
        try:
            read = json.loads(self.path.read_text("utf8"))
        except (FileNotFoundError, ValueError):
            read = None
        # If it is lost, all is graded once more: that costs time and loses nothing.
        self.entries = read if isinstance(read, dict) else {}
        self.dirty, self.due = False, 0.0

    def done(self, assignment: str, student: str, digest: str) -> bool:
        """Whether this very submission was graded by this very grader."""
        return self.entries.get(assignment, {}).get(student, {}).get("of") == digest

    def problem(self, assignment: str, student: str) -> str | None:
        return self.entries.get(assignment, {}).get(student, {}).get("problem")

    def key(self, assignment: str, student: str) -> str | None:
        """Return the key of the result that counts, if there is one."""
        return self.entries.get(assignment, {}).get(student, {}).get("result")

    def doubts(self, assignment: str, student: str) -> list[str]:
        """Return the checks on which that result is in doubt."""
        return self.entries.get(assignment, {}).get(student, {}).get("doubts", [])

    def write(
        self,
        assignment: str,
        student: str,
        digest: str,
        problem: str | None = None,
        *,
        result: str | None = None,
        doubts: list[str] | None = None,
    ) -> None:
        """Note that a submission is done, by which result, or why it could not be."""
        if result is None:
            result = self.key(assignment, student)
            doubts = self.doubts(assignment, student)
        entry = {"of": digest, "problem": problem, "result": result, "doubts": doubts}
        kept = {name: value for name, value in entry.items() if value}
        self.entries.setdefault(assignment, {})[student] = kept
        self.dirty = True
        if time.monotonic() >= self.due:
            self.flush()

    def flush(self) -> None:
        """Write what has been noted."""
        if self.dirty:
            begun = time.monotonic()
            write_whole(self.path, json.dumps(self.entries))
            self.dirty, ended = False, time.monotonic()
            if self.period:
                self.due = ended + max(self.period, (ended - begun) / SHARE)
