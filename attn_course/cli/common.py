"""What all commands share: how they speak, stop and fail."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()
errors = Console(stderr=True)

Assignments = Annotated[
    list[str] | None,
    typer.Argument(help="Assignments such as ch02_soft_lookup. Default: all of them."),
]

Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="How many at a time. Default: as many as there are cores."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A Dask cluster that does the work, by its scheduler: tcp://host:8786.",
    ),
]


def tell(text: str) -> None:
    """Say on stderr what somebody should know."""
    errors.print(text, style="yellow", markup=False, soft_wrap=True)


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


def course_here():
    """Return the course whose top folder this is."""
    from attn_course.classroom.course import Course

    return Course(Path.cwd())


def chosen(course, names: list[str] | None) -> list[str]:
    """Return the assignments that were asked for, all if none was."""
    return [course.known(name) for name in names] if names else course.assignments
