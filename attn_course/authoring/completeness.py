"""What an exercise must have and be before anything is made of it.

Each lack is an ExerciseError that opens with file and line.
"""

import inspect
from itertools import cycle
from pathlib import Path

from attn_course.authoring.exercise import Check, Exercise, ExerciseError, Part
from attn_course.authoring.marks import LEVELS

BOUNDS = ("BEGIN SOLUTION", "END SOLUTION")


def require(holds, path: Path, line: int, message: str) -> None:
    """Raise ExerciseError at `path`:`line` unless `holds`."""
    if not holds:
        raise ExerciseError(f"{path}:{line}: {message}")


def only(parts: list[Part], path: Path, role: str) -> Part:
    """Return the one part with this role; raise ExerciseError if it is not one."""
    require(parts, path, 1, f"nothing is marked @{role}")
    names = ", ".join(f"{part.name} (line {part.line})" for part in parts)
    message = f"two things are marked @{role}: {names}"
    require(len(parts) == 1, path, parts[-1].line, message)
    return parts[0]


def require_complete(made: Exercise, about_line: int, lines: list[str]) -> None:
    """Raise at the first thing that an exercise lacks.

    `about_line` is where exercise(…) stands; `lines` are those of the module.

    Raises
    ------
    ExerciseError
        If a part is missing, empty, or not of the kind that is wanted.
    """
    opens = made.statement.startswith("### ")
    require(opens, made.path, 1, "the docstring must open with ### Title")
    _require_about(made, about_line)
    _require_bounds(made, lines)
    require(made.checks, made.path, 1, "no function is marked @check")
    for check in made.checks:
        _require_check(made, check)
    for wrong in made.misconceptions:
        message = f"misconception {wrong.name} tells nothing"
        require(wrong.says, made.path, wrong.line, message)


def _require_about(made: Exercise, line: int) -> None:
    """Level, minutes and hints have the types that exercise() asks for."""

    def need(holds, message):
        require(holds, made.path, line, message)

    level, minutes, hints = made.level, made.minutes, made.hints
    known = isinstance(level, str) and level in LEVELS
    need(known, f"level {level!r} is none of {', '.join(LEVELS)}")
    need(type(minutes) is int, f"minutes must be a whole number, got {minutes!r}")
    need(minutes > 0, f"minutes must be positive, got {minutes}")
    need(isinstance(hints, tuple), f"hints must be a tuple of 3, got {hints!r}")
    need(len(hints) == 3, f"wanted 3 hints, got {len(hints)}")
    for number, hint in enumerate(hints, 1):
        words = isinstance(hint, str) and hint.strip()
        need(words, f"hint {number} must be text, got {hint!r}")


def _require_bounds(made: Exercise, lines: list[str]) -> None:
    """BEGIN and END take turns, in the answer and nowhere else."""

    def need(holds, line, message):
        require(holds, made.path, line, message)

    first = made.answer.line
    last = first + made.answer.source.count("\n")
    found = [(n, b) for n, text in enumerate(lines, 1) for b in BOUNDS if b in text]
    for number, bound in found:
        inside = first <= number <= last
        need(inside, number, f"### {bound} stands outside the answer")
        alone = lines[number - 1].strip() == f"### {bound}"
        need(alone, number, f"wanted ### {bound} on a line of its own")
    lacking = "the answer has no ### BEGIN SOLUTION … ### END SOLUTION"
    need({bound for _, bound in found} == set(BOUNDS), first, lacking)
    for (number, bound), due in zip(found, cycle(BOUNDS), strict=False):
        need(bound == due, number, f"### {bound} stands where ### {due} is due")
    number, bound = found[-1]
    need(bound == BOUNDS[1], number, f"### {bound} has no ### {BOUNDS[1]}")


def _require_check(made: Exercise, check: Check) -> None:
    """A check says what it asks, is worth something, and can be called."""

    def need(holds, message):
        require(holds, made.path, check.line, f"check {check.name} {message}")

    need(check.says, "has no docstring to show")
    whole = type(check.points) is int
    need(whole, f"wants a whole number of points, got {check.points!r}")
    need(check.points > 0, "must be worth a point")
    for fact in ("hidden", "extreme"):
        value = getattr(check, fact)
        need(type(value) is bool, f"wants {fact}=True or False, got {value!r}")
    caught = {wrong.caught_by for wrong in made.misconceptions}
    need(check.name in caught, "catches nothing: no misconception names it")
    takes = [str(p) for p in inspect.signature(check.thing).parameters.values()]
    first = takes[0] if takes else None
    need(first == made.name, f"must take {made.name} first, takes {first}")
    message = f"may take ({made.name}) or ({made.name}, rng), takes"
    need(takes[1:] in ([], ["rng"]), f"{message} ({', '.join(takes)})")
