"""The marks an exercise module is written with.

A mark only notes what a function is for; `attn_course.authoring.load` reads the
notes. Nothing here runs, wraps or changes what it marks.
"""

import inspect
from collections.abc import Callable

LEVELS = ("warm-up", "core", "stretch")


def exercise(
    *,
    level: str,
    minutes: int,
    hints: tuple[str, str, str],
    shows_inputs: bool = True,
) -> None:
    """Say how hard the exercise is, how long it takes, and three hints.

    `level` is one of LEVELS; the hints go from nudge to almost the answer. With
    `shows_inputs` false, feedback keeps to itself what a failed answer was given.
    """
    caller = inspect.currentframe().f_back
    caller.f_globals["__about__"] = {
        "level": level,
        "minutes": minutes,
        "hints": tuple(hints) if isinstance(hints, list) else hints,
        "shows_inputs": shows_inputs,
        "line": caller.f_lineno,
    }


def answer(thing: Callable) -> Callable:
    """Mark what students write; `### BEGIN SOLUTION` bounds what they do not see."""
    return _note(thing, "answer")


def starter(thing: Callable) -> Callable:
    """Mark the wrong version that students are given to mend."""
    return _note(thing, "starter")


def inputs(draw: Callable) -> Callable:
    """Mark the function that draws, from `rng`, one valid tuple of arguments."""
    return _note(draw, "inputs")


def alternative(thing: Callable) -> Callable:
    """Mark another right answer, which every check must let pass."""
    return _note(thing, "alternative")


def check(*, points: int, hidden: bool = False, extreme: bool = False) -> Callable:
    """Mark a function that takes an answer and raises AssertionError if it is wrong.

    A hidden check runs after handing in. An extreme one saturates its inputs on
    purpose, so that scaling them need not change the answer.
    """

    def mark(function: Callable) -> Callable:
        return _note(function, "check", points=points, hidden=hidden, extreme=extreme)

    return mark


def misconception(*, caught_by: Callable) -> Callable:
    """Mark a wrong answer; its docstring is what a student who gives it is told."""

    def mark(thing: Callable) -> Callable:
        return _note(thing, "misconception", caught_by=caught_by)

    return mark


def _note(thing: Callable, role: str, **facts) -> Callable:
    """Note in the marking module what `thing` is for, and the line that says so."""
    frame = inspect.currentframe()
    while frame.f_globals is globals():
        frame = frame.f_back
    notes = frame.f_globals.setdefault("__parts__", [])
    notes.append((thing, role, facts, frame.f_lineno))
    return thing
