"""The `attn-course` command.

Exit codes: 0 done, 1 something was found wrong, 2 the command could not be carried
out. Heavy imports stay inside the commands, so that help comes at once.
"""

import sys

from attn_course.engine import lean

lean.leave_out()

try:
    import typer

    from attn_course.cli import authoring, exporting, grading, regrading
except ModuleNotFoundError as missing:
    sys.exit(f"attn-course needs {missing.name}: pip install 'attn-course[author]'")

app = typer.Typer(
    help="Write, check, release and grade the exercises of the attention course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(authoring.new, name="new")
for command in (
    authoring.check,
    authoring.release,
    *grading.COMMANDS,
    exporting.export,
    regrading.regrade,
):
    app.command()(command)
