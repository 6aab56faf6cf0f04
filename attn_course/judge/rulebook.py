"""The checks of one chapter as the judge needs them: by grade id, with what they know.

What takes time to find out (which outputs the known mistakes have, how long our own
answer takes on this machine) is found out at first use and kept.
"""

import hashlib
import time
from functools import cache
from pathlib import Path

from attn_course.authoring.bank import known
from attn_course.authoring.exercise import Check, Exercise
from attn_course.authoring.loading import load_chapter
from attn_course.authoring.notebook import grade_id
from attn_course.grading.run import SECONDS, attempt

TIMES = 100  # the time of our own answer that a student's may take
PATIENCE = 120.0  # seconds for our own answer, which is known to end


class Rulebook:
    """The exercises of one chapter; `checks` finds a check by its grade id."""

    def __init__(self, exercises: list[Exercise], digest: str = ""):
        self.digest = digest
        self.public: dict[str, dict] = {}  # what lies beside the students' notebooks
        self.named: dict[str, list] = {}  # mistakes that an instructor has named
        self.checks: dict[str, tuple[Exercise, Check]] = {
            grade_id(ex, check): (ex, check) for ex in exercises for check in ex.checks
        }
        self.known = cache(self._known)
        self.allowance = cache(self._allowance)

    def _known(self, name: str) -> dict:
        """Return what the known mistakes look like on the public inputs of a check."""
        ex, check = self.checks[name]
        found = self.public.get(ex.name, {}).get("checks", {})
        return found.get(check.name) or known(ex, check)

    def mistakes(self, name: str) -> dict:
        """Return the known mistakes of a check and those named since."""
        bank = self.known(name)
        named = self.named.get(name, [])
        return {**bank, "mistakes": [*bank["mistakes"], *named]} if named else bank

    def _allowance(self, name: str) -> float:
        """Return how many seconds an answer may take, by the time ours takes here."""
        ex, check = self.checks[name]
        start = time.monotonic()
        attempt(check.thing, ex.answer.thing, seconds=PATIENCE)
        return round(max(SECONDS, TIMES * (time.monotonic() - start)), 1)


def rulebook(folder: Path) -> Rulebook:
    """Return the rulebook of the chapter in `folder` as it is written now."""
    texts = (path.read_bytes() for path in sorted(folder.glob("e*.py")))
    return _rulebook(folder, hashlib.sha256(b"\0".join(texts)).hexdigest())


@cache
def _rulebook(folder: Path, digest: str) -> Rulebook:
    return Rulebook(load_chapter(folder), digest)
