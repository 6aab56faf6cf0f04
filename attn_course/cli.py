"""The `attn-course` command.

Exit codes: 0 done, 1 something was found wrong, 2 the command could not be carried
out. Heavy imports stay inside the commands, so that help comes at once.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )
except ModuleNotFoundError as missing:
    sys.exit(f"attn-course needs {missing.name}: pip install 'attn-course[author]'")

app = typer.Typer(
    help="Write, check, release and grade the exercises of the attention course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
new = typer.Typer(help="Start a chapter or an exercise.", no_args_is_help=True)
app.add_typer(new, name="new")

console = Console()
errors = Console(stderr=True)

Assignments = Annotated[
    list[str] | None,
    typer.Argument(help="Assignments such as ch02_soft_lookup. Default: all of them."),
]


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn what we raise on purpose into one message and exit code 2."""
    try:
        yield
    except KeyboardInterrupt:
        errors.print("\nStopped. What was done is kept; run it again to go on.")
        raise typer.Exit(130) from None
    except Exception as error:
        text = error.args[0] if isinstance(error, LookupError) else error
        if type(error).__module__.startswith("sqlalchemy"):
            text = f"_grading/gradebook.db cannot be used: {str(error).splitlines()[0]}"
        elif not (_ours(error) or isinstance(error, OSError)):
            raise
        errors.print(f"attn-course: {text}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


@contextmanager
def heeding_ctrl_c() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed and lost.

    Python drops an exception raised inside a finalizer or a weak reference's callback,
    KeyboardInterrupt too, and libraries catch more than they should. So that it is
    pressed is remembered as well as raised.
    """
    pressed = False

    def remember(number: int, frame) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def stop_if_pressed() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # as a job in the background is started
        signal.signal(signal.SIGINT, remember)
    try:
        yield stop_if_pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _ours(error: Exception) -> bool:
    return type(error).__module__.startswith("attn_course.")


def _course():
    from attn_course.classroom.course import Course

    return Course(Path.cwd())


def _chosen(course, names: list[str] | None) -> list[str]:
    return [course.known(name) for name in names] if names else course.assignments


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


@app.command()
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


@app.command()
def release(assignments: Assignments = None) -> None:
    """Build the instructor notebooks and, from them, what students get."""
    from attn_course.classroom.release import release as release_one

    with said_plainly():
        course = _course()
        with course.alone():
            for name in _chosen(course, assignments):
                new = release_one(course, name, _tell)
                what = "released" if new else "unchanged"
                console.print(f"{what:>10}  notebooks/{name}", highlight=False)


@app.command()
def demo(assignments: Assignments = None) -> None:
    """Hand in a demonstration class, made from the exercise modules."""
    from attn_course.classroom.demo import RealClass, hand_in

    with said_plainly():
        course = _course()
        with course.alone():
            for name in _chosen(course, assignments):
                try:
                    count = len(hand_in(course, name))
                except RealClass as error:
                    _tell(f"{error}, so nothing was handed in")
                    continue
                line = f"{count:>3} submissions handed in for {name}"
                console.print(line, highlight=False)


@app.command()
def grade(
    assignments: Assignments = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be repeated.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Grade again what was graded before.")
    ] = False,
) -> None:
    """Grade what was handed in, with nbgrader, and write feedback.

    What was graded before and has not changed is left alone. A submission that
    cannot be read is reported, the others are graded, and the exit code is 1.
    """
    from attn_course.classroom.grade import grade as grade_each

    problems: list[str] = []
    with said_plainly(), heeding_ctrl_c() as stop_if_pressed:
        course = _course()
        with course.alone():
            for name in _chosen(course, assignments):
                who = _who(course, name, student, bool(assignments))
                with _progress(name, len(who)) as advance:
                    for done in grade_each(course, name, students=who, force=force):
                        stop_if_pressed()
                        advance()
                        if done.problem:
                            problems.append(done.problem)
        for text in course.misplaced():
            _tell(text)
    for problem in problems:
        _tell(f"not graded: {problem}")
    raise typer.Exit(1 if problems else 0)


def _who(course, assignment: str, names: list[str] | None, asked: bool) -> list[str]:
    """Return whose work on `assignment` is to be graded.

    Where no assignment was asked for, a named student need not be in every one.
    """
    there = course.students(assignment)
    if not names or not (asked or set(names) & set(there)):
        return [] if names else there
    return course.handed_in_by(names, assignment)


def _tell(text: str) -> None:
    errors.print(text, style="yellow", markup=False, soft_wrap=True)


@contextmanager
def _progress(name: str, total: int) -> Iterator[Callable[[], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"grading {name}", total=total)
        yield lambda: progress.advance(task)


@app.command()
def report(assignments: Assignments = None) -> None:
    """Say who scored what, and which misconceptions were seen."""
    from attn_course.classroom import report as reporting

    with said_plainly():
        course = _course()
        for name in _chosen(course, assignments):
            found = reporting.results(course, name)
            if not found:
                console.print(f"{name}: nobody has handed in yet.")
                continue
            console.print(reporting.scores_table(course, name, found))
            console.print(reporting.slips_table(name, found))
            for result in found:
                if result.problem:
                    console.print(result.problem, markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(app())
