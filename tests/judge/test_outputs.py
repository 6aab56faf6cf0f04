"""What a cell shows is of nbformat's form and holds text, whatever was sent."""

import json

import nbformat
import numpy as np
import pytest

from attn_course.judge.forked import ForkedShell
from attn_course.judge.outputs import append, displayed, printed, raised, shown
from attn_course.judge.student import Ran

HALF = "half \ud800 a letter"
SENT = {
    "a number": 5,
    "a long number": 10**5000,
    "a list of lines": ["a", "b"],
    "bytes": b"AA==",
    "nothing": None,
    "an array": np.zeros((2, 2)),
}


def is_whole(output) -> bool:
    """Whether nbformat takes it, and a file does."""
    nbformat.validate(output, ref=output.output_type, version=4)
    json.dumps(output, ensure_ascii=False).encode()
    return True


@pytest.mark.parametrize("kind", ["display_data", "execute_result"])
@pytest.mark.parametrize("what", SENT.values(), ids=SENT)
def test_what_is_no_text_is_left_out(kind, what):
    forms = {"text/plain": what, "image/png": what, "image/jpeg": "AA==", 3: what}
    made = displayed(kind, forms)
    assert is_whole(made)
    assert made.data == {"image/jpeg": "AA=="}


def test_nothing_that_a_browser_runs_is_kept():
    forms = {"text/html": "<script>", "image/svg+xml": "<svg>", "text/plain": HALF}
    made = displayed("display_data", {**forms, "image/png": '"><script>'})
    assert is_whole(made)
    assert made.data == {"text/plain": "half ? a letter"}


def test_of_a_traceback_the_lines_that_are_text_are_kept():
    made = raised("Odd", HALF, ["one", *SENT.values(), HALF])
    assert is_whole(made)
    assert made.traceback == ["one", "half ? a letter"]
    assert made.evalue == "half ? a letter"


def test_a_stream_is_one_of_two():
    made = [printed(name, HALF) for name in ("stdout", "stderr", "other")]
    assert all(map(is_whole, made))
    assert [each.name for each in made] == ["stdout", "stderr", "stdout"]


@pytest.mark.parametrize("kind", ["show", "result", "error"])
def test_a_message_of_no_known_form_ends_nothing(kind):
    forged = {"error": (HALF, HALF, list(SENT.values()))}.get(kind, (SENT,))
    ran = Ran()
    shell = ForkedShell({}, None)
    assert not shell._noted((kind, *forged), ran)
    assert not shell._noted((kind, {"text/plain": 10**5000}), ran)
    assert all(map(is_whole, ran.outputs))


def test_text_of_one_stream_is_one_output():
    outputs = []
    for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c")]:
        append(outputs, printed(name, text))
    assert [each.text for each in outputs] == ["ab", "c"]


def test_what_jupyter_made_is_shown_the_same_way():
    new = nbformat.v4.new_output
    for output in (
        new("stream", name="stderr", text="x"),
        new("display_data", {"text/plain": "x"}),
        new("execute_result", {"image/png": "AA=="}),
        new("error", ename="Odd", evalue="x", traceback=["x"]),
    ):
        assert shown(output) == output
