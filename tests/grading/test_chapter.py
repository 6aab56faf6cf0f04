"""open_chapter: hints and known mistakes from the file, and life without it."""

import json

import numpy as np
import pytest

from attn_course.grading import CheckFailed, close, open_chapter


def halved(x):
    return x / 2


def one_half(halved):
    """Two becomes one."""
    close(halved(np.array([2.0, 4.0])), [1.0, 2.0])


@pytest.fixture
def chapter(tmp_path):
    exercises = {
        "doubled": {"title": "Doubling", "hints": ["n", "m", "a"], "checks": {}},
        "halved": {"title": "Halving", "hints": ["nudge", "more", "all"], "checks": {}},
    }
    (tmp_path / "ch01_x.json").write_text(json.dumps(exercises))
    return open_chapter("ch01_x", tmp_path)


def test_a_hint_belongs_to_the_exercise_last_begun_or_run(chapter, capsys):
    chapter.hint(1)
    chapter.begin("halved")
    chapter.hint(2)
    chapter.begin("doubled")
    chapter.run(one_half, halved)
    chapter.hint(3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Doubling, hint 1 of 3: n"
    assert lines[1] == "Halving, hint 2 of 3: more"
    assert lines[-1] == "Halving, hint 3 of 3: all"


@pytest.mark.parametrize("number", [0, 4, "one", 1.5, True])
def test_there_are_three_hints(chapter, number, capsys):
    chapter.hint(number)
    assert capsys.readouterr().out.startswith("There are three hints: hint(1)")


@pytest.mark.parametrize("content", [None, "{half a fi", "\xff"])
def test_checks_run_without_the_file_and_its_loss_is_said(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "ch01_x.json").write_bytes(content.encode("latin1"))
    chapter = open_chapter("ch01_x", tmp_path)
    chapter.hint(1)
    chapter.run(one_half, halved)
    with pytest.raises(CheckFailed):
        chapter.run(one_half, lambda x: x)
    said = capsys.readouterr().out
    assert "ch01_x.json" in said
    assert "No hints here" in said
    assert "passed" in said
