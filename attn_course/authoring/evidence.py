"""What is seen when the checks of an exercise meet right and wrong answers.

Everything the rules of the gate judge by running is run here, once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from attn_course.authoring.bank import known
from attn_course.authoring.behaviour import (
    SECONDS,
    behaviour,
    draws,
    equivalent,
)
from attn_course.authoring.exercise import Check, Exercise, Part
from attn_course.authoring.mutants import Mutant, compiled, mutants, regions
from attn_course.grading.outcome import Outcome
from attn_course.grading.run import attempt


@dataclass(frozen=True)
class KillMatrix:
    """caught[i, j]: check i rejects wrong answer j; misconceptions come first."""

    caught: np.ndarray
    checks: list[str]
    points: list[int]
    hidden: list[bool]
    wrong: list[str]
    misconceptions: int

    @property
    def rows(self) -> list[str]:
        """A label for each check: its name, its points, whether it is hidden."""
        facts = zip(self.checks, self.points, self.hidden, strict=True)
        return [
            f"{name.replace('_', ' ')} ({points}{', hidden' if hidden else ''})"
            for name, points, hidden in facts
        ]

    @property
    def columns(self) -> list[str]:
        """A label for each misconception."""
        return [name.replace("_", " ") for name in self.wrong[: self.misconceptions]]


@dataclass
class Evidence:
    """Outcomes and behaviours of one exercise, each computed when first asked for."""

    ex: Exercise
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def right(self) -> dict[tuple[str, str], list[Outcome]]:
        """Two outcomes of each right answer on each check."""
        return {
            (part.name, check.name): [self._timed(part, check) for _ in range(2)]
            for part in (self.ex.answer, *self.ex.alternatives)
            for check in self.ex.checks
        }

    @cached_property
    def mistaken(self) -> dict[tuple[str, str], Outcome]:
        """The outcome of each misconception on each check, diagnosed."""
        banks = {check.name: known(self.ex, check) for check in self.ex.checks}
        return {
            (wrong.name, check.name): attempt(
                check.thing, wrong.thing, known=banks[check.name]
            )
            for wrong in self.ex.misconceptions
            for check in self.ex.checks
        }

    @cached_property
    def untouched(self) -> dict[str, Outcome]:
        """The outcome of what students are given, on each check."""
        return {
            check.name: attempt(check.thing, self.given) for check in self.ex.checks
        }

    @cached_property
    def given(self) -> Callable:
        """What students are given: the starter, or an answer not written yet."""
        if self.ex.starter:
            return self.ex.starter.thing
        return compiled(self.ex, blanked(self.ex.answer.source))

    @cached_property
    def mutants(self) -> list[Mutant]:
        return mutants(self.ex)

    @cached_property
    def fates(self) -> np.ndarray:
        """Checks × mutants: the kind of each outcome, "passed" if accepted."""
        fates = [
            [attempt(check.thing, m.thing, seconds=SECONDS).kind for m in self.mutants]
            for check in self.ex.checks
        ]
        return np.array(fates, str).reshape(len(self.ex.checks), len(self.mutants))

    @property
    def rejected(self) -> np.ndarray:
        """Checks × mutants: which check rejects which mutant."""
        return self.fates != "passed"

    @cached_property
    def inputs(self) -> list[tuple]:
        return draws(self.ex)

    @cached_property
    def wanted(self) -> list:
        """What the answer does on each of the drawn inputs."""
        return [behaviour(self.ex.answer.thing, args) for args in self.inputs]

    @cached_property
    def equivalent(self) -> list[Mutant]:
        """Mutants that no check rejects and that behave like the answer."""
        return [mutant for mutant in self._missed if self.in_disguise(mutant.thing)]

    @cached_property
    def survivors(self) -> list[Mutant]:
        """Mutants that no check rejects although they behave otherwise."""
        return [mutant for mutant in self._missed if mutant not in self.equivalent]

    @cached_property
    def kills(self) -> KillMatrix:
        checks, wrong = self.ex.checks, self.ex.misconceptions
        kept = [i for i, m in enumerate(self.mutants) if m not in self.equivalent]
        first = [
            [not self.mistaken[w.name, c.name].passed for w in wrong] for c in checks
        ]
        return KillMatrix(
            caught=np.hstack(
                [
                    np.array(first, dtype=bool).reshape(len(checks), len(wrong)),
                    self.rejected[:, kept],
                ]
            ),
            checks=[check.name for check in checks],
            points=[check.points for check in checks],
            hidden=[check.hidden for check in checks],
            wrong=[w.name for w in wrong] + [str(self.mutants[i]) for i in kept],
            misconceptions=len(wrong),
        )

    def in_disguise(self, thing: Callable) -> bool:
        """Whether `thing` behaves like the answer on every drawn input."""
        return equivalent(self.wanted, thing, self.inputs)

    @property
    def _missed(self) -> list[Mutant]:
        return [
            mutant
            for mutant, column in zip(self.mutants, self.rejected.T, strict=True)
            if not column.any()
        ]

    def _timed(self, part: Part, check: Check) -> Outcome:
        """Note the least processor time of the answer: load elsewhere adds nothing."""
        start = time.thread_time()
        outcome = attempt(check.thing, part.thing)
        spent = time.thread_time() - start
        if part is self.ex.answer:
            before = self.seconds.get(check.name, spent)
            self.seconds[check.name] = min(before, spent)
        return outcome


def blanked(source: str) -> str:
    """Return the answer as students get it: each solution replaced by an error."""
    lines = source.splitlines()
    for first, last in reversed(regions(source)):
        marker = lines[first - 2]
        indent = marker[: len(marker) - len(marker.lstrip())]
        lines[first - 2 : last + 1] = [f"{indent}raise NotImplementedError()"]
    return "\n".join(lines)
