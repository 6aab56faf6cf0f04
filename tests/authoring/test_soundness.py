"""What no release may lack: right answers pass, checks catch what they are for."""

import re

import pytest

from attn_course.authoring import ExerciseError, load
from attn_course.authoring.soundness import require_sound

from .test_loading import GOOD


def broken(tmp_path, old: str, new: str):
    path = tmp_path / "e01_total.py"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    return load(path)


def test_a_sound_exercise_is_let_through(tmp_path):
    require_sound(broken(tmp_path, "x.sum()", "x.sum()"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return x.sum()", "return x.max()", "total is right, but on_paper rejects it"),
        (", 15.0)", ", total(np.arange(6.0).reshape(2, 3)))", "on_paper accepts mean"),
    ],
)
def test_a_contradiction_is_named_with_file_and_line(tmp_path, old, new, words):
    ex = broken(tmp_path, old, new)
    with pytest.raises(ExerciseError, match=re.escape(words)) as caught:
        require_sound(ex)
    assert re.match(rf"{re.escape(str(ex.path))}:\d+: ", str(caught.value))
