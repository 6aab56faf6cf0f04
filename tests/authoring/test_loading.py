"""Reading an exercise module: what is incomplete is named with file and line."""

import re

import numpy as np
import pytest

from attn_course.authoring import ExerciseError, load, load_chapter

GOOD = '''r"""### Sum of a table

Write `total(x)`.
"""

import numpy as np

from attn_course.authoring import answer, check, exercise, inputs, misconception
from attn_course.grading import close

exercise(level="core", minutes=5, hints=("one", "two", "three"))


@answer
def total(x):
    """The sum.

    x        (rows, columns)  float
    returns  ()  float
    """
    ### BEGIN SOLUTION
    return x.sum()
    ### END SOLUTION


@inputs
def draw(rng):
    return (rng.normal(size=(2, 3)),)


@check(points=1)
def on_paper(total):
    """A sum you can work out."""
    close(total(np.arange(6.0).reshape(2, 3)), 15.0)


@check(points=2, hidden=True)
def at_random(total, rng):
    """A random table."""
    close(total(rng.normal(size=(2, 3)) * 0), 0.0)


@misconception(caught_by=on_paper)
def mean(x):
    """You took the mean."""
    return x.mean()


@misconception(caught_by=at_random)
def one_more(x):
    """One too many."""
    return x.sum() + 1
'''


@pytest.fixture
def written(tmp_path):
    def write(text, name="e01_total.py"):
        path = tmp_path / "ch01_sums" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf8")
        return path

    return write


def test_a_complete_module_is_read_in_order(written):
    ex = load(written(GOOD))
    assert (ex.name, ex.title) == ("total", "Sum of a table")
    assert (ex.level, ex.minutes, ex.points, ex.hidden_points) == ("core", 5, 3, 2)
    assert ex.imports == "import numpy as np"
    assert [c.name for c in ex.checks] == ["on_paper", "at_random"]
    assert [m.caught_by for m in ex.misconceptions] == ["on_paper", "at_random"]
    assert ex.axes == {"x": ("rows", "columns"), "returns": ()}
    assert ex.answer.source.startswith("def total(x):")
    assert ex.answer.source.endswith("### END SOLUTION")
    assert ex.answer.thing(np.ones((2, 3))) == 6


def test_a_starter_shares_the_name_of_the_answer(written):
    starter = "\n\n@starter\ndef total(x):\n    return x.max()\n"
    text = GOOD.replace("inputs, misc", "inputs, starter, misc") + starter
    ex = load(written(text))
    assert ex.starter.source == "def total(x):\n    return x.max()"
    assert "x.sum()" in ex.answer.source
    assert ex.starter.thing(np.ones((2, 3))) == 1


BREAKAGES = {
    "no answer": ("@answer\n", "", "nothing is marked @answer"),
    "two answers": (
        "@inputs\n",
        "@answer\ndef other(x):\n    return x\n\n\n@inputs\n",
        "two things are marked @answer: total (line 15), other",
    ),
    "no inputs": ("@inputs\n", "", "nothing is marked @inputs"),
    "no about": (
        'exercise(level="core", minutes=5, hints=("one", "two", "three"))',
        "",
        "no exercise(level=",
    ),
    "unknown level": ('"core"', '"easy"', "level 'easy' is none of"),
    "no time": ("minutes=5", "minutes=0", "minutes must be positive"),
    "two hints": (', "three"', "", "wanted 3 hints, got 2"),
    "no title": ("### Sum", "Sum", "must open with ### Title"),
    "no solution marks": ("### BEGIN SOLUTION", "#", "has no ### BEGIN SOLUTION"),
    "a check that catches nothing": (
        "caught_by=at_random",
        "caught_by=on_paper",
        "check at_random catches nothing",
    ),
    "caught by no check": ("caught_by=at_random", "caught_by=draw", "is not a check"),
    "duplicate name": ("def one_more(x)", "def mean(x)", "mean is defined twice"),
    "a check without words": (
        '"""A sum you can work out."""',
        "pass",
        "on_paper has no docstring",
    ),
    "a silent misconception": ('"""You took the mean."""', "pass", "tells nothing"),
    "a worthless check": ("points=1", "points=0", "worth a point"),
    "a check of something else": (
        "def on_paper(total)",
        "def on_paper(answer)",
        "must take total first",
    ),
    "marked inside an if": (
        "@inputs\ndef draw(rng):\n    return",
        "if True:\n    @inputs\n    def draw(rng):\n        return",
        "@inputs must decorate a def or class at top level, got draw",
    ),
    "a marked lambda": (
        "@inputs\ndef draw(rng):\n    return (rng.normal(size=(2, 3)),)",
        "draw = inputs(lambda rng: ())",
        "@inputs must decorate a def or class at top level, got <lambda>",
    ),
    "a marked thing of others": (
        "@inputs\n",
        "inputs(np.sum)\n\n\n",
        "@inputs must decorate a def or class at top level, got sum",
    ),
    "two marks on one function": (
        "@check(points=1)\n",
        "@inputs\n@check(points=1)\n",
        "on_paper has two marks: @check and @inputs",
    ),
    "points in words": ("points=1", 'points="1"', "whole number of points, got '1'"),
    "points as truth": ("points=1", "points=True", "number of points, got True"),
    "minutes in words": ("minutes=5", 'minutes="5"', "a whole number, got '5'"),
    "hidden in words": ("hidden=True", 'hidden="no"', "True or False, got 'no'"),
    "level as a list": ('"core"', '["core"]', "level ['core'] is none of"),
    "hints in one string": ('("one", "two", "three")', '"abc"', "got 'abc'"),
    "a hint that is a number": ('"two"', "2", "hint 2 must be text, got 2"),
    "an empty hint": ('"two"', '" "', "hint 2 must be text, got ' '"),
    "end before begin": (
        "### BEGIN SOLUTION\n    return x.sum()\n    ### END SOLUTION",
        "### END SOLUTION\n    return x.sum()\n    ### BEGIN SOLUTION",
        "### END SOLUTION stands where ### BEGIN SOLUTION is due",
    ),
    "begin twice": (
        "    ### BEGIN SOLUTION\n",
        "    ### BEGIN SOLUTION\n" * 2,
        "### BEGIN SOLUTION stands where ### END SOLUTION is due",
    ),
    "a second solution without end": (
        "    ### END SOLUTION\n",
        "    ### END SOLUTION\n    ### BEGIN SOLUTION\n",
        "### BEGIN SOLUTION has no ### END SOLUTION",
    ),
    "a bound outside the answer": (
        "    return x.mean()",
        "    ### BEGIN SOLUTION\n    return x.mean()",
        "### BEGIN SOLUTION stands outside the answer",
    ),
    "a bound with other words": (
        "### BEGIN SOLUTION",
        "# BEGIN SOLUTION",
        "wanted ### BEGIN SOLUTION on a line of its own",
    ),
    "a check of two things": (
        "(total, rng)",
        "(total, other)",
        "(total) or (total, rng), takes (total, other)",
    ),
    "a check of three things": ("(total, rng)", "(total, rng, n)", "(total, rng, n)"),
    "a generator by name only": ("(total, rng)", "(total, *rng)", "(total, *rng)"),
    "a check of nothing": ("on_paper(total)", "on_paper()", "total first, takes None"),
    "leaving on import": ("import numpy as np\n", "raise SystemExit\n", "SystemExit"),
    "return at top level": ("import numpy as np\n", "return\n", "outside function"),
    "a NUL byte": ("import numpy as np", "import numpy as np\0", "a NUL byte"),
    "a syntax error": ("return x.sum()", "return x.sum(", "was never closed"),
    "an error on import": ("import numpy as np\n", "import nunpy\n", "No module named"),
}


@pytest.mark.parametrize("what", BREAKAGES)
def test_what_is_missing_is_named_with_file_and_line(written, what):
    old, new, message = BREAKAGES[what]
    assert old in GOOD
    path = written(GOOD.replace(old, new, 1))
    with pytest.raises(ExerciseError, match=re.escape(message)) as caught:
        load(path)
    assert re.match(rf"{re.escape(str(path))}:\d+: ", str(caught.value))


def line_of(text, words):
    return text[: text.index(words)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("import numpy as np\n", "import numpy as np\0\n", "import numpy"),
        ("import numpy as np\n", "raise SystemExit\n", "raise SystemExit"),
        ("import numpy as np\n", "return\n", "return\n"),
        ("minutes=5", 'minutes="5"', "exercise(level"),
        ("points=1", 'points="1"', "def on_paper"),
        ("@check(points=1)", "@inputs\n@check(points=1)", "@inputs\n@check"),
        ("    return x.mean()", "    ### END SOLUTION", "### END SOLUTION\n\n\n@misc"),
    ],
)
def test_the_line_named_is_where_the_trouble_stands(written, old, new, at):
    text = GOOD.replace(old, new, 1)
    path = written(text)
    with pytest.raises(ExerciseError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:{line_of(text, at)}: ")


def test_a_file_that_is_not_utf8_is_named_with_the_line(written):
    path = written(GOOD)
    raw = path.read_bytes().replace(b"A sum you", b"\xc4 sum you")
    path.write_bytes(raw)
    line = line_of(GOOD, "A sum you")
    with pytest.raises(ExerciseError, match=rf":{line}: byte 0xc4 is not UTF-8"):
        load(path)


def test_two_solutions_in_one_answer_are_read(written):
    more = "### END SOLUTION\n    ### BEGIN SOLUTION\n    ### END SOLUTION"
    ex = load(written(GOOD.replace("### END SOLUTION", more, 1)))
    assert ex.answer.source.count("### BEGIN SOLUTION") == 2


def test_characters_that_only_some_count_as_line_ends_shift_nothing(written):
    text = GOOD.replace("Write `total(x)`.", "Write \f\x85\u2028`total(x)`.")
    ex = load(written(text))
    assert ex.answer.source.startswith("def total(x):")
    assert ex.answer.source.endswith("### END SOLUTION")


def test_a_file_with_the_line_ends_of_windows_is_read_alike(written):
    plain = load(written(GOOD))
    path = written("")
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())
    again = load(path)
    assert again.answer.source == plain.answer.source
    assert [c.source for c in again.checks] == [c.source for c in plain.checks]


def test_hints_may_be_a_list(written):
    text = GOOD.replace('("one", "two", "three")', '["one", "two", "three"]')
    assert load(written(text)).hints == ("one", "two", "three")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ExerciseError, match=r"e09_x\.py: No such file"):
        load(tmp_path / "e09_x.py")


def test_two_exercises_of_a_chapter_may_not_share_a_name(written):
    written(GOOD)
    path = written(GOOD, "e02_total.py")
    with pytest.raises(ExerciseError, match=r"called total, as in e01_total\.py"):
        load_chapter(path.parent)


def test_a_folder_without_exercises_is_named(tmp_path):
    with pytest.raises(ExerciseError, match="no exercise here"):
        load_chapter(tmp_path)
