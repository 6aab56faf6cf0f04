"""The tables that `attn-course report` prints."""

from collections import Counter

from rich.markup import escape
from rich.table import Table

from attn_course.classroom.course import Course
from attn_course.classroom.report.results import Result, main_slips


def scores_table(course: Course, assignment: str, found: list[Result]) -> Table:
    """Return the points of each student by exercise, as a table to print."""
    exercises = course.exercises(assignment)
    table = Table(title=f"{assignment}: points", title_justify="left")
    table.add_column("student")
    for ex in exercises:
        table.add_column(f"{ex.path.stem[:3]}", justify="right")
    table.add_column("total", justify="right", style="bold")
    table.add_column("slips named", justify="right")
    for result in found:
        if not result.points:
            gaps = [""] * (len(exercises) + 1)
            table.add_row(escape(result.student), *gaps, "not graded, see below")
            continue
        named = len(main_slips(result.slips))
        table.add_row(
            escape(result.student),
            *(f"{result.points[ex.name]:g}" for ex in exercises),
            f"{result.total:g}",
            str(named or ""),
        )
    best = [ex.points for ex in exercises]
    table.add_section()
    table.add_row("possible", *map(str, best), str(sum(best)), "")
    return table


def slips_table(assignment: str, found: list[Result]) -> Table:
    """Return which misconceptions were seen, and in how many students, to print."""
    table = Table(title=f"{assignment}: misconceptions seen", title_justify="left")
    table.add_column("exercise")
    table.add_column("misconception × students")
    counts = Counter(
        (slip.exercise, slip.name)
        for result in found
        for slip in main_slips(result.slips).values()
        if slip.kind == "misconception"
    )
    seen: dict[str, list[str]] = {}
    for (exercise, name), number in counts.most_common():
        words = escape(name.replace("_", " "))
        seen.setdefault(exercise, []).append(f"{words} × {number}")
    for exercise, named in sorted(seen.items()):
        table.add_row(exercise, ", ".join(named))
    return table
