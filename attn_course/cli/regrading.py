"""The command that shows what new checks would do to scores, and does it if asked."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from attn_course.cli.common import (
    Assignments,
    Scheduler,
    Workers,
    chosen,
    console,
    course_here,
    heeding_ctrl_c,
    said_plainly,
    tell,
)
from attn_course.cli.grading import Unsandboxed
from attn_course.cli.progress import progress


def regrade(
    assignments: Assignments = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it without asking, once it is shown.")
    ] = False,
    unsandboxed: Annotated[
        Unsandboxed,
        typer.Option(help="What to run where this machine has no sandbox."),
    ] = Unsandboxed.never,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Show who goes up and who down by the checks as they are now; then grade so.

    Only what changed checks touch runs again. Until you say yes, the gradebook, the
    feedback and the released notebooks stay as they are; the exit code is then 1.
    """
    from attn_course.classroom.grade import grade as grade_each
    from attn_course.classroom.regrade import differences
    from attn_course.engine.crew import crew_of

    agreed = True
    with said_plainly(), heeding_ctrl_c() as stop_if_pressed:
        course = course_here()
        with course.alone(), crew_of(workers, scheduler) as crew:
            options = {"unsandboxed": unsandboxed.value, "crew": crew}
            for name in chosen(course, assignments):
                found = []
                with progress(name, len(course.students(name)), "judging") as count:
                    for each in differences(course, name, **options):
                        stop_if_pressed()
                        count(True)
                        found.append(each)
                if not found:
                    continue
                _show(name, sorted(found, key=lambda each: each.student))
                if not (yes or typer.confirm("Write these scores?")):
                    agreed = False
                    continue
                for done in grade_each(course, name, **options):
                    stop_if_pressed()
                    if done.problem:
                        tell(f"not graded: {done.problem}")
    raise typer.Exit(0 if agreed else 1)


def _show(assignment: str, found: list) -> None:
    """Print who would have other points, and why."""
    other = [each for each in found if each.changes]
    up = sum(each.after > each.before for each in other)
    down = sum(each.after < each.before for each in other)
    same = len(found) - up - down
    console.print(f"{assignment}: {up} up, {down} down, {same} stay", highlight=False)
    if other:
        table = Table("student", "then", "now", "check", "points", "why")
        for each in other:
            _rows(table, each)
        console.print(table)
    for each in found:
        if each.by_hand:
            tell(f"{each.student} has scores given by hand, and those stay")
        if each.doubts:
            tell(f"in doubt: {each.student}: {', '.join(each.doubts)}")
        if each.problem:
            tell(f"stays as it is: {each.problem}")


def _rows(table: Table, each) -> None:
    who = [each.student, str(each.before), str(each.after)]
    for change in each.changes:
        points = f"{_points(change.before)} → {_points(change.after)}"
        table.add_row(*map(escape, (*who, change.check, points, change.why)))
        who = ["", "", ""]


def _points(points: int | None) -> str:
    return "–" if points is None else str(points)
