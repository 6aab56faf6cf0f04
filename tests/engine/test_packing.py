"""What is packed comes out again, and is the notebook that nbformat would write."""

import json

import nbformat
import pytest

from attn_course.engine.packing import packed, unpacked

v4 = nbformat.v4
PRINTED = v4.new_output("stream", text="one\ntwo\n\x1b[31mGröße 🙂\u2028")
FIGURE = v4.new_output(
    "display_data",
    {"text/plain": "<Figure>\n", "text/html": "<b>\n</b>", "image/png": "AA==\n"},
    metadata={"seen": [1, None, {"deep": 0.1}]},
)
CELLS = [
    v4.new_markdown_cell("# A\n\n$x$\n", id="text"),
    v4.new_code_cell("x = 1\n\nx\r\n", id="code", outputs=[PRINTED, FIGURE]),
]
NOTEBOOK = v4.new_notebook(cells=CELLS, metadata={"title": "é"})


def test_what_is_packed_comes_out_again():
    again = unpacked(packed(NOTEBOOK))
    assert again == NOTEBOOK
    assert again.cells[1].outputs[1].metadata.seen[2].deep == 0.1
    nbformat.validate(again)


def test_it_is_one_line_of_what_nbformat_writes():
    assert len(packed(NOTEBOOK).split("\n")) == 1
    assert nbformat.reads(packed(NOTEBOOK), as_version=4) == NOTEBOOK
    assert unpacked(nbformat.writes(NOTEBOOK)) == NOTEBOOK


def test_half_a_file_is_no_notebook():
    with pytest.raises(json.JSONDecodeError):
        unpacked(packed(NOTEBOOK)[:-9])
