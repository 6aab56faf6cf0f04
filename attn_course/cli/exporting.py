"""The command that writes grades for elsewhere."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attn_course.cli.common import (
    Assignments,
    chosen,
    console,
    course_here,
    said_plainly,
    tell,
)


class Format(StrEnum):
    """Where the grades go."""

    canvas = "canvas"
    moodle = "moodle"
    csv = "csv"
    jsonl = "jsonl"


def export(
    to: Annotated[Format, typer.Option(help="Where the grades go.")],
    assignments: Assignments = None,
    out: Annotated[
        str, typer.Option(metavar="FOLDER", help="Where to write; - for the screen.")
    ] = "_grading/exports",
    questions: Annotated[
        bool, typer.Option("--questions", help="By exercise; for canvas and csv.")
    ] = False,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Columns of feedback; for moodle.")
    ] = False,
) -> None:
    """Write the gradebook's scores for Canvas, Moodle, a spreadsheet or a program.

    Points given by hand, extra credit and late penalties count. What nobody has graded
    is left empty, not zero.
    """
    from attn_course.authoring.files import write_whole
    from attn_course.classroom.export import exporting
    from attn_course.classroom.export.spreadsheet import BOM

    if questions and to not in exporting.BY_QUESTION:
        raise typer.BadParameter("--questions goes with --to canvas and --to csv")
    if feedback and to != Format.moodle:
        raise typer.BadParameter("--feedback goes with --to moodle")
    with said_plainly():
        course = course_here()
        names = chosen(course, assignments) if assignments else None
        options = {"questions": questions, "feedback": feedback}
        with course.alone():  # while somebody is graded, half of the points are old
            done = exporting.export(course, to.value, names, **options)
        if out == "-":
            sys.stdout.buffer.write(done.text.encode())
            sys.stdout.flush()
        else:
            path = Path(out) / done.file
            write_whole(path, BOM * done.spreadsheet + done.text, mode=0o600)
            console.print(str(path), markup=False, highlight=False, soft_wrap=True)
    for note in done.notes:
        tell(note)
