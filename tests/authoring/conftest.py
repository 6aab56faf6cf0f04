"""Exercises to try the gate on: a good one, and edits of it."""

from pathlib import Path

import pytest

from attn_course.authoring import Exercise, load

SAMPLE = Path(__file__).parent / "sample" / "e01_shares.py"

SMALL = '''r"""### Made for one test"""

import numpy as np

from attn_course.authoring import (
    answer, check, exercise, inputs, misconception
)

exercise(level="core", minutes=1, hints=("one", "two", "three"))


@answer
def made({parameters}):
    """Return something."""
    before = 0
    ### BEGIN SOLUTION
    {body}
    ### END SOLUTION


@inputs
def draw(rng):
    return {drawn}


@check(points=1)
def some_check(made):
    """Look at nothing."""


@misconception(caught_by=some_check)
def wrong(*args):
    """Gives nothing."""
'''


@pytest.fixture
def edited(tmp_path):
    """Return the sample with texts replaced; each must stand there exactly once."""

    def edit(*replacements: tuple[str, str]) -> Exercise:
        text = SAMPLE.read_text("utf8")
        for old, new in replacements:
            assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        path = tmp_path / SAMPLE.name
        path.write_text(text, "utf8")
        return load(path)

    return edit


@pytest.fixture
def small(tmp_path):
    """Return the exercise whose solution is `body`, with nothing else to it."""

    def make(body: str, parameters: str = "x", drawn: str = "(rng.normal(),)"):
        path = tmp_path / "e01_made.py"
        indented = body.replace("\n", "\n    ")
        text = SMALL.format(body=indented, parameters=parameters, drawn=drawn)
        path.write_text(text, "utf8")
        return load(path)

    return make
