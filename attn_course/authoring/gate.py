"""The gate on exercises: an exercise is released when it keeps every rule.

`inspect` gathers the evidence and asks each rule; `print_report` says what it found.
"""

from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from attn_course.authoring import rules, rules_inputs, rules_source
from attn_course.authoring.evidence import Evidence, KillMatrix
from attn_course.authoring.exercise import Exercise
from attn_course.authoring.mutants import Mutant

RULES = (
    rules.right_answers_pass,
    rules.drawn_inputs_are_answered,
    rules.misconceptions_are_caught,
    rules.every_check_rejects_something,
    rules.no_mutant_survives,
    rules.untouched_earns_nothing,
    rules_inputs.axis_sizes_differ,
    rules_inputs.inputs_are_not_saturated,
    rules_inputs.other_inputs_decide_the_same,
    rules.misconceptions_are_told_apart,
    rules.public_and_hidden_checks,
    rules_source.nothing_given_away,
    rules_source.package_stays_hidden,
    rules_source.names_exist_for_students,
    rules.checks_are_quick,
)


@dataclass(frozen=True)
class Report:
    """What the gate found: the problems of each rule, and what the checks rejected."""

    ex: Exercise
    problems: dict[str, list[str]]
    mutants: list[Mutant]
    equivalent: list[Mutant]
    survivors: list[Mutant]
    kills: KillMatrix

    @property
    def ok(self) -> bool:
        return not any(self.problems.values())

    @property
    def killed(self) -> int:
        return len(self.mutants) - len(self.equivalent) - len(self.survivors)


def inspect(ex: Exercise) -> Report:
    """Ask every rule about `ex`; each problem begins with file and line."""
    seen = Evidence(ex)
    return Report(
        ex=ex,
        problems={
            rule.__name__: [f"{ex.path}:{line}: {says}" for line, says in rule(seen)]
            for rule in RULES
        },
        mutants=seen.mutants,
        equivalent=seen.equivalent,
        survivors=seen.survivors,
        kills=seen.kills,
    )


def print_report(report: Report, console: Console) -> None:
    """Print one line if all is well, else each broken rule and its problems."""
    mark = "[green]✓[/]" if report.ok else "[red]✗[/]"
    name = escape(report.ex.name)
    console.print(f"{mark} [bold]{name}[/]: {_count(report)}", soft_wrap=True)
    for mutant in report.equivalent:
        console.print(
            f"  [dim]line {mutant.line}, behaves the same on every drawn input: "
            f"{escape(str(mutant))}[/]",
            highlight=False,
            soft_wrap=True,
        )
    for rule, problems in report.problems.items():
        if problems:
            console.print(f"  [red]{rule.replace('_', ' ')}[/]")
        for problem in problems:
            console.print(f"    {escape(problem)}", highlight=False, soft_wrap=True)


def _count(report: Report) -> str:
    left = len(report.survivors)
    return (
        f"{len(report.kills.checks)} checks, {report.kills.misconceptions} "
        f"misconceptions, {len(report.mutants)} mutants "
        f"({report.killed} rejected, {len(report.equivalent)} equivalent, "
        f"{left or 'none'} left)"
    )
