"""What an exercise is: a statement, an answer, checks, and answers that are wrong."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROW = re.compile(r"^\s*(\w+)\s+\(([^)]*)\)\s", re.MULTILINE)


class ExerciseError(ValueError):
    """An exercise module that cannot be released; names file and line."""


@dataclass(frozen=True)
class Part:
    """One marked function or class, with its source as students would read it."""

    name: str
    thing: Callable
    source: str
    line: int
    says: str


@dataclass(frozen=True)
class Check(Part):
    points: int
    hidden: bool
    extreme: bool


@dataclass(frozen=True)
class Misconception(Part):
    caught_by: str


@dataclass(frozen=True)
class Exercise:
    """What one exercise module says, in the order a reader meets it.

    `helpers` are the sources of its unmarked functions, which wrong answers and
    alternatives may share. They never reach a student; `probes` do, with the checks
    that call them.
    """

    path: Path
    title: str
    statement: str
    level: str
    minutes: int
    hints: tuple[str, ...]
    shows_inputs: bool
    imports: str
    helpers: dict[str, str]
    probes: dict[str, str]
    answer: Part
    starter: Part | None
    inputs: Callable
    alternatives: tuple[Part, ...]
    checks: tuple[Check, ...]
    misconceptions: tuple[Misconception, ...]

    @property
    def name(self) -> str:
        return self.answer.name

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def hidden_points(self) -> int:
        return sum(check.points for check in self.checks if check.hidden)

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """Axis names of each argument, from the docstrings of answer and probes."""
        texts = [inspect.getdoc(self.answer.thing) or "", *self.probes.values()]
        rows = [row for text in texts for row in ROW.findall(text)]
        return {
            name: tuple(axis.strip() for axis in axes.split(",") if axis.strip())
            for name, axes in rows
        }

    def check(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)
