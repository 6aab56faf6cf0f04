"""The author's commands: new, check, release."""

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

new = typer.Typer(help="Start a chapter or an exercise.", no_args_is_help=True)


@new.command("chapter")
def new_chapter_(
    name: Annotated[str, typer.Argument(help="chNN_name, such as ch03_scores.")],
    title: Annotated[str | None, typer.Option(help="The page's heading.")] = None,
) -> None:
    """Write the page of a new chapter, list it, and make its exercise folder."""
    from attn_course.authoring.skeleton import new_chapter

    with said_plainly():
        _say_written(new_chapter(Path.cwd(), name, title))


@new.command("exercise")
def new_exercise_(
    chapter: Annotated[str, typer.Argument(help="The chapter it belongs to.")],
    name: Annotated[str, typer.Argument(help="The function that students write.")],
) -> None:
    """Write the skeleton of an exercise and put it on the chapter's page."""
    from attn_course.authoring.skeleton import new_exercise

    with said_plainly():
        written = new_exercise(Path.cwd(), chapter, name)
        _say_written(written)
        path = written[0].relative_to(Path.cwd())
        console.print(f"Next: edit {path}, then run: attn-course check {path}")


def _say_written(paths: list[Path]) -> None:
    for path in paths:
        console.print(f"wrote {path.relative_to(Path.cwd())}", highlight=False)


def check(
    paths: Annotated[
        list[Path], typer.Argument(help="Exercise modules, or chapters' folders.")
    ],
) -> None:
    """Hold exercises against every rule of the gate; takes seconds."""
    from attn_course.authoring import load
    from attn_course.authoring.gate import inspect, print_report

    with said_plainly():
        files = [
            file
            for path in paths
            for file in (sorted(path.glob("e[0-9]*.py")) if path.is_dir() else [path])
        ]
        if not files:
            raise FileNotFoundError(f"no exercise in {', '.join(map(str, paths))}")
        sound = True
        for file in files:
            report = inspect(load(file))
            print_report(report, console)
            sound = sound and report.ok
    raise typer.Exit(0 if sound else 1)


def release(assignments: Assignments = None) -> None:
    """Build the instructor notebooks and, from them, what students get."""
    from attn_course.classroom.release import release as release_one

    with said_plainly():
        course = course_here()
        with course.alone():
            for name in chosen(course, assignments):
                new = release_one(course, name, tell)
                what = "released" if new else "unchanged"
                console.print(f"{what:>10}  notebooks/{name}", highlight=False)
