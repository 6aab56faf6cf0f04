"""The instructor's commands, from a demonstration class to a named misconception."""

from enum import StrEnum
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
from attn_course.cli.progress import progress


class Unsandboxed(StrEnum):
    """What may run without a sandbox where there is none."""

    never = "never"
    demonstration = "demonstration"
    everything = "everything"


def demo(assignments: Assignments = None) -> None:
    """Hand in a demonstration class, made from the exercise modules."""
    from attn_course.classroom.demo import RealClass, hand_in

    with said_plainly():
        course = course_here()
        with course.alone():
            for name in chosen(course, assignments):
                try:
                    count = len(hand_in(course, name))
                except RealClass as error:
                    tell(f"{error}, so nothing was handed in")
                    continue
                line = f"{count:>3} submissions handed in for {name}"
                console.print(line, highlight=False)


def grade(
    assignments: Assignments = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be repeated.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Grade again what was graded before.")
    ] = False,
    unsandboxed: Annotated[
        Unsandboxed,
        typer.Option(help="What to grade where this machine has no sandbox."),
    ] = Unsandboxed.never,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Grade what was handed in, many at a time, and write feedback.

    What was graded before and has not changed is left alone. A submission that
    cannot be read is reported, the others are graded, and the exit code is 1. So it is
    if checks gave other points when they were looked at again: those are named, and
    wait for a human in the gradebook. Students' code runs in a sandbox; what cannot be
    had sandboxed is not run, unless you say so: the demonstration class is harmless,
    everything is not.
    """
    from attn_course.engine.crew import crew_of

    said: list[str] = []
    with (
        said_plainly(),
        heeding_ctrl_c() as stop_if_pressed,
        crew_of(workers, scheduler) as crew,  # first, as it takes longest to start
    ):
        from attn_course.classroom.grade import grade as grade_each

        course = course_here()
        options = {"force": force, "unsandboxed": unsandboxed.value, "crew": crew}
        with course.alone():
            for name in chosen(course, assignments):
                who = _who(course, name, student, bool(assignments))
                with progress(name, len(who)) as count:
                    for done in grade_each(course, name, students=who, **options):
                        stop_if_pressed()
                        count(done.fresh)
                        said += _remarks(done)
        for text in course.misplaced():
            tell(text)
    for remark in said:
        tell(remark)
    raise typer.Exit(1 if said else 0)


def _remarks(done) -> list[str]:
    """Say what a human should know of one submission, if anything."""
    doubts = ", ".join(done.doubts)
    unsure = f"in doubt: {done.student}: {doubts}: a second run gave other points"
    problem = [f"not graded: {done.problem}"] if done.problem else []
    return problem + ([unsure] if doubts else [])


def _who(course, assignment: str, names: list[str] | None, asked: bool) -> list[str]:
    """Return whose work on `assignment` is to be graded.

    Where no assignment was asked for, a named student need not be in every one.
    """
    there = course.students(assignment)
    if not names or not (asked or set(names) & set(there)):
        return [] if names else there
    return course.handed_in_by(names, assignment)


def replay(
    assignment: Annotated[str, typer.Argument(help="Such as ch02_soft_lookup.")],
    student: Annotated[str, typer.Argument(help="Whose verdict to find again.")],
) -> None:
    """Judge a graded notebook again, on the same inputs, and write nothing."""
    from attn_course.classroom.replay import replay as replay_one

    with said_plainly():
        found, changes = replay_one(course_here(), assignment, student)
    table = Table("check", "seed", "then", "now", "of", "now it says")
    for each in found:
        points = (f"{each.then}", f"{each.now}", f"{each.of}")
        mark = "" if each.same else "[red]"
        row = (each.name, each.seed[:8], *points, each.says)
        table.add_row(*(f"{mark}{escape(cell)}" for cell in row))
    console.print(table)
    for change in changes:
        tell(f"note: {change}")
    same = all(each.same for each in found)
    console.print("The same verdict." if same else "Another verdict.")
    raise typer.Exit(0 if same else 1)


def clusters(assignments: Assignments = None) -> None:
    """Show wrong answers that several gave and that no known mistake explains."""
    from attn_course.classroom.clusters import clusters as found_in

    with said_plainly():
        course = course_here()
        for name in chosen(course, assignments):
            for each in found_in(course, name):
                who = ", ".join(each.students)
                console.print(f"[bold]{escape(each.name)}[/] ({escape(who)})")
                console.print(f"  {each.says}", markup=False, highlight=False)
                console.print(each.source, markup=False, highlight=False)
                console.print()


def name_misconception(
    assignment: Annotated[str, typer.Argument(help="Such as ch02_soft_lookup.")],
    cluster: Annotated[str, typer.Argument(help="As `attn-course clusters` names it.")],
    name: Annotated[str, typer.Argument(help="A name for the mistake: some_words.")],
    says: Annotated[str, typer.Argument(help="What those who made it are told.")],
) -> None:
    """Name a cluster: all in it get the message, and all who join it later."""
    from attn_course.classroom.clusters import name_cluster
    from attn_course.classroom.grade import write_feedback

    with said_plainly():
        course = course_here()
        with course.alone():
            students = name_cluster(
                course, course.known(assignment), cluster, name, says
            )
            for student in students:
                write_feedback(course, assignment, student)
    console.print(f"{name}: {', '.join(students)}", highlight=False)


def report(assignments: Assignments = None) -> None:
    """Say who scored what and how it went wrong; write pages to _grading/report."""
    from attn_course.classroom import report as reporting

    with said_plainly():
        course = course_here()
        for name in chosen(course, assignments):
            found = reporting.results(course, name)
            if not found:
                console.print(f"{name}: nobody has handed in yet.")
                continue
            console.print(reporting.scores_table(course, name, found))
            console.print(reporting.slips_table(name, found))
            for result in found:
                if result.problem:
                    console.print(result.problem, markup=False, soft_wrap=True)
        page = reporting.write_report(course).relative_to(course.root)
    console.print(f"All of it, to read in a browser: {page}", highlight=False)


COMMANDS = (demo, grade, report, replay, clusters, name_misconception)
