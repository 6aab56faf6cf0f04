"""The gate lets a good exercise pass, and each of its rules bites.

One sabotage per rule: the good sample with one thing changed, of which exactly that
rule must complain, at the right line.
"""

import io

import numpy as np
import pytest
from rich.console import Console

from attn_course.authoring import gate, load, rules

from .conftest import SAMPLE
from .sabotage import ALSO, BATCH_DRAW, LAST_HINT, SABOTAGE, UNSHIFTED


def broken(report: gate.Report) -> set[str]:
    return {rule for rule, problems in report.problems.items() if problems}


def shown(report: gate.Report) -> str:
    out = io.StringIO()
    gate.print_report(report, Console(file=out, width=60))
    return out.getvalue()


def test_a_good_exercise_keeps_every_rule(edited):
    report = gate.inspect(edited())
    assert report.ok, report.problems


def test_an_answer_may_be_a_class():
    report = gate.inspect(load(SAMPLE.with_name("e02_running_total.py")))
    assert report.ok, report.problems
    assert report.killed > 0


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_sabotage_breaks_its_rule_and_no_other(edited, name):
    rule, names, *replacements = SABOTAGE[name]
    report = gate.inspect(edited(*replacements))
    assert broken(report) == {rule} | ALSO.get(name, set()), report.problems
    assert any(names in problem for problem in report.problems[rule])
    assert not report.ok


def test_a_problem_begins_with_file_and_line(edited):
    ex = edited((BATCH_DRAW, BATCH_DRAW.replace("7", "5")))
    problem = gate.inspect(ex).problems["axis_sizes_differ"][0]
    path, line, _ = problem.split(":", 2)
    assert path == str(ex.path)
    assert "def in_batches" in ex.path.read_text("utf8").splitlines()[int(line) - 1]


def test_a_check_that_accepts_everything_is_named(edited):
    ex = edited(("close(shares(scores), powers / powers", "shares(powers / powers"))
    report = gate.inspect(ex)
    (problem,) = report.problems["every_check_rejects_something"]
    assert "in_batches rejects nothing but crashes" in problem


def test_a_slow_check_is_named(edited, monkeypatch):
    """The limit moves, not the check: a slow check would make a slow test."""
    monkeypatch.setattr(rules, "SECONDS", 1e-9)
    assert broken(gate.inspect(edited())) == {"checks_are_quick"}


def test_a_wrong_starter_is_welcome(edited):
    _, _, marks, text = SABOTAGE["a starter that is right"]
    wrong = (text[0], text[1].replace("sum(-1,", "sum(-2,"))
    report = gate.inspect(edited(marks, wrong))
    assert report.ok, report.problems


def test_saturated_inputs_are_fine_where_they_are_meant(edited):
    _, _, *replacements = SABOTAGE["scores so large that one share is everything"]
    meant = ("points=2, hidden=True", "points=2, hidden=True, extreme=True")
    assert gate.inspect(edited(*replacements, meant)).ok


def test_an_answer_that_never_notices_scale_is_not_called_saturated(edited):
    """Only the order of the scores counts: no input could show their scale."""
    ex = edited(
        (UNSHIFTED, "exps = 1.0 + scores.argsort(axis=-1).argsort(axis=-1)"),
    )
    assert not gate.inspect(ex).problems["inputs_are_not_saturated"]


def test_the_kill_matrix_has_a_row_for_each_check_and_no_equivalent_column(edited):
    report = gate.inspect(edited())
    kills = report.kills
    wrong = len(report.ex.misconceptions) + len(report.mutants) - len(report.equivalent)
    assert kills.caught.shape == (2, wrong) == (len(kills.checks), len(kills.wrong))
    assert kills.rows == ["on paper (1)", "in batches (2, hidden)"]
    assert kills.columns[-1] == "axis from the front"
    alone = kills.caught[:, kills.misconceptions - 1]
    np.testing.assert_array_equal(alone, [False, True])  # right for a table


def test_survivors_have_an_empty_column(edited):
    _, _, replacement = SABOTAGE["inputs that promise more than any check looks at"]
    report = gate.inspect(edited(replacement))
    missed = np.flatnonzero(~report.kills.caught.any(axis=0))
    assert [report.kills.wrong[i] for i in missed] == list(map(str, report.survivors))
    assert report.killed + missed.size + len(report.equivalent) == len(report.mutants)


def test_a_report_is_one_line_and_the_equivalents_when_all_is_well(edited):
    report = gate.inspect(edited())
    first, *others = shown(report).splitlines()
    assert first.startswith("✓ shares: 2 checks, 3 misconceptions,")
    assert "none left" in first
    assert len(others) == len(report.equivalent) > 0
    for line, mutant in zip(others, report.equivalent, strict=True):
        assert f"line {mutant.line}, behaves the same" in line
        assert mutant.after in line


def test_a_report_shows_each_problem_unbroken(edited):
    """File and line must stay clickable: no wrapping, no markup taken for style."""
    report = gate.inspect(edited((LAST_HINT, f"First {UNSHIFTED}")))
    text = shown(report)
    assert text.startswith("✗ shares")
    assert report.problems["nothing_given_away"][0] in text
