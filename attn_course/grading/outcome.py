"""What came of one check, and how it reads as plain text."""

from dataclasses import dataclass, field
from typing import Any

from attn_course.grading.diagnose import Diagnosis
from attn_course.grading.record import Call

PRINTED = 2000  # characters shown of what an answer prints
WARNINGS = 3  # shown; the others are counted
SLIP_TEXT = "  This looks like a known slip:"


@dataclass
class Outcome:
    """What came of one check. kind says how it failed, "passed" that it did not.

    The kinds: passed, missing, nothing, changed, exception, slow, type, shape,
    dtype, nan, values, claim (a plain assertion of the check).
    """

    exercise: str
    check: str
    says: str
    kind: str = "passed"
    message: str = ""
    got: Any = None
    wanted: Any = None
    calls: list[Call] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    printed: str = ""
    diagnosis: Diagnosis | None = None

    @property
    def passed(self) -> bool:
        return self.kind == "passed"

    def forget(self) -> None:
        """Let go of what was given and returned, which may be large; the words stay."""
        self.calls, self.got, self.wanted = [], None, None


def describe(outcome: Outcome) -> str:
    """Write an outcome as plain text, at most a line for each thing to know."""
    if outcome.passed:
        lines = [f"passed: {outcome.says}"]
    else:
        lines = [f"not yet: {outcome.says}", f"  {outcome.message}"]
    if outcome.diagnosis:
        lines.append(f"{SLIP_TEXT} {outcome.diagnosis.says}")
    lines += [f"  ({note})" for note in notes(outcome)]
    if outcome.printed:
        lines.append(f"  (your code printed: {printed(outcome)})")
    return "\n".join(lines)


def notes(outcome: Outcome) -> list[str]:
    """Return the warnings that came up, at most a few, as lines to show."""
    free = ", which costs nothing" if outcome.passed else ""
    shown = [f"on the way, a warning{free}: {w}" for w in outcome.warnings[:WARNINGS]]
    more = len(outcome.warnings) - WARNINGS
    return [*shown, f"and {more} more warnings"] if more > 0 else shown


def printed(outcome: Outcome) -> str:
    """Return what the answer printed, cut where nobody reads on."""
    text = outcome.printed.rstrip()
    return text if len(text) <= PRINTED else f"{text[:PRINTED]} …"
