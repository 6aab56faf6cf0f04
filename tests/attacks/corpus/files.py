"""Files that are no notebook, or barely one."""

import json

import nbformat

from ..attack import Kind
from ..scene import RIGHT, WRONG, cell_of, text

ATTACKS = Kind("files")


@ATTACKS("An empty file.", "refused")
def empty_file(scene):
    return b""


@ATTACKS("A file of blanks.", "refused")
def blank_file(scene):
    return b" \n" * 100


@ATTACKS("A letter to the instructor instead of a notebook.", "refused")
def a_letter(scene):
    return "Dear instructor, the dog ate my notebook."


@ATTACKS("A notebook of which the second half is missing.", "refused")
def half_a_notebook(scene):
    whole = text(scene.notebook())
    return whole[: len(whole) // 2]


@ATTACKS("Brackets, a hundred thousand deep.", "refused")
def brackets_without_end(scene):
    return "[" * 100_000 + "]" * 100_000


@ATTACKS("Right work, with metadata ten thousand levels deep.", "refused")
def metadata_without_end(scene):
    deep = '{"a":' * 10_000 + "1" + "}" * 10_000
    return text(scene.notebook()).replace(
        '"metadata": {"kern', f'"metadata": {{"deep": {deep}, "kern'
    )


@ATTACKS("A number of four million digits in the metadata.", "refused")
def a_number_without_end(scene):
    whole = text(scene.notebook())
    return whole.replace(
        '"metadata": {"kern', f'"metadata": {{"n": {"9" * 4_000_000}, "kern'
    )


@ATTACKS("Right work in the form that notebooks had before 2015.", "all")
def the_form_of_the_past(scene):
    return json.dumps(nbformat.convert(scene.notebook(), 3))


@ATTACKS("A notebook in the form of 2012, without any graded cell.", "refused")
def the_form_of_long_ago(scene):
    cells = [
        {"cell_type": "code", "input": "1 + 1", "outputs": [], "language": "python"}
    ]
    sheet = {"cells": cells}
    return json.dumps({"nbformat": 2, "metadata": {}, "worksheets": [sheet]})


@ATTACKS("A notebook in a form that is yet to come.", "refused")
def the_form_of_the_future(scene):
    return text({**scene.notebook(), "nbformat": 99})


@ATTACKS("Ten thousand cells.", "refused")
def ten_thousand_cells(scene):
    notebook = scene.notebook()
    notebook.cells += [nbformat.v4.new_markdown_cell("x") for _ in range(10_000)]
    return notebook


@ATTACKS("Forty megabytes of outputs.", "refused")
def outputs_of_forty_megabytes(scene):
    notebook = scene.notebook()
    said = nbformat.v4.new_output("stream", text="x" * 40_000_000)
    cell_of(notebook, "shares").outputs = [said]
    return notebook


@ATTACKS(
    "The answer cell has two sources; the last one, which counts, is wrong.",
    "all but shares",
)
def two_sources_in_one_cell(scene):
    whole = text(scene.notebook())
    right, other = json.dumps(RIGHT["shares"]), json.dumps(WRONG["shares"])
    return whole.replace(f'"source": {right}', f'"source": {right}, "source": {other}')


@ATTACKS("NaN and Infinity in the metadata of right work, which is no JSON.", "all")
def numbers_that_json_does_not_know(scene):
    notebook = scene.notebook()
    notebook.metadata["x"] = [float("nan"), float("inf"), -float("inf")]
    return text(notebook)


def broken(name: str, says: str, words: str, change) -> None:
    """Note a notebook with right answers after `change` was done to it."""

    def make(scene):
        notebook = json.loads(text(scene.notebook()))
        change(notebook)
        return json.dumps(notebook)

    ATTACKS.note(name.replace("_", "-"), says, words, make)


broken(
    "cells_as_an_object",
    "The cells are an object instead of a list.",
    "refused",
    lambda nb: nb.update(cells={"0": nb["cells"]}),
)
broken(
    "cells_as_text",
    "The cells are one long text.",
    "refused",
    lambda nb: nb.update(cells=json.dumps(nb["cells"])),
)
broken(
    "cells_that_are_null",
    "The cells are null.",
    "refused",
    lambda nb: nb.update(cells=None),
)
broken(
    "a_cell_that_is_a_number",
    "One of the cells is a number.",
    "refused",
    lambda nb: nb["cells"].append(7),
)
broken(
    "a_source_of_numbers",
    "The source of a cell is a list of numbers.",
    "refused",
    lambda nb: nb["cells"][0].update(source=[1, 2, 3]),
)
broken(
    "a_source_of_lines",
    "Sources are lists of lines, as on disk: right work.",
    "all",
    lambda nb: [c.update(source=c["source"].splitlines(True)) for c in nb["cells"]],
)
broken(
    "a_source_that_is_null",
    "The source of a cell is null.",
    "refused",
    lambda nb: nb["cells"][1].update(source=None),
)
broken(
    "a_cell_without_metadata",
    "A cell has no metadata; right work.",
    "all",
    lambda nb: nb["cells"][1].pop("metadata"),
)
broken(
    "outputs_of_the_wrong_type",
    "The outputs of right work are text.",
    "all",
    lambda nb: [c.update(outputs="none") for c in nb["cells"] if "outputs" in c],
)
broken(
    "no_metadata_of_the_notebook",
    "The notebook has no metadata.",
    "all",
    lambda nb: nb.pop("metadata"),
)


@ATTACKS("The notebook of another assignment.", "refused")
def another_assignment(scene):
    cell = nbformat.v4.new_code_cell("def other(x):\n    return x")
    cell.metadata["nbgrader"] = {
        "grade_id": "other",
        "grade": False,
        "solution": True,
        "locked": False,
        "schema_version": 3,
        "task": False,
        "cell_type": "code",
    }
    return nbformat.v4.new_notebook(cells=[cell])


@ATTACKS("Right work with a byte order mark, as some editors write it.", "all")
def a_byte_order_mark(scene):
    return text(scene.notebook()).encode("utf-8-sig")


@ATTACKS("A notebook in UTF-16.", "refused")
def utf_16(scene):
    return text(scene.notebook()).encode("utf-16")


@ATTACKS("Bytes that are no text among those of a notebook.", "refused")
def bytes_that_are_no_text(scene):
    return text(scene.notebook()).encode().replace(b"Shares", b"\xff\xfe\x80")
