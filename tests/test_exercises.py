"""Every exercise keeps every rule: the failing list reads as a diagnosis."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from attn_course.authoring import load
from attn_course.authoring.gate import RULES, Report, inspect
from attn_course.grading import attempt

ROOT = Path(__file__).parents[1]
EXERCISES = sorted(ROOT.glob("solutions/ch*/e[0-9]*.py"))


@cache
def report(path: Path) -> Report:
    """Gather the evidence once for all rules."""
    return inspect(load(path))


def test_there_are_exercises():
    assert EXERCISES


each_exercise = pytest.mark.parametrize(
    "path", EXERCISES, ids=lambda p: f"{p.parent.name}/{p.stem}"
)


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
@each_exercise
def test_exercise_keeps_rule(path, rule):
    problems = report(path).problems[rule]
    assert not problems, "\n".join(problems)


# Whose statement asks for differences that float32 cannot tell from rounding.
NEEDS_FLOAT64 = {"find_leaks"}


@each_exercise
@pytest.mark.parametrize("out", [np.float32, np.float64])
def test_computing_in_float32_costs_nothing(path, out):
    ex = load(path)

    def in_float32(*args):
        return _cast(ex.answer.thing(*_cast(args, np.float32)), out)

    outcomes = [attempt(check.thing, in_float32) for check in ex.checks]
    # An exercise may ask for a dtype of its own.
    lost = [o.message for o in outcomes if not o.passed and o.kind != "dtype"]
    assert bool(lost) == (ex.name in NEEDS_FLOAT64), "\n".join(lost)


def _cast(value, dtype):
    """Return `value` with its floats as `dtype`; what is no float stays."""
    if isinstance(value, tuple):
        return tuple(_cast(item, dtype) for item in value)
    try:
        array = np.asarray(value)
    except ValueError:  # rows of several lengths
        return value
    return array.astype(dtype) if array.dtype.kind == "f" and array.ndim else value
