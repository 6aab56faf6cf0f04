"""A bar that says how many are done, how fast that goes, and how long it will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from attn_course.cli.common import console


class RateColumn(ProgressColumn):
    """How many a second; below one, how many seconds each."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(rate(speed) if speed else "", style="progress.data.speed")


def rate(speed: float) -> str:
    """Say a speed, given in submissions a second.

    >>> rate(4.0), rate(0.25)
    ('4.0/s', '4.0 s each')
    """
    return f"{speed:.1f}/s" if speed >= 1 else f"{1 / speed:.1f} s each"


@contextmanager
def progress(
    name: str, total: int, doing: str = "grading"
) -> Iterator[Callable[[bool], None]]:
    """Show a bar for the block; yield what counts one, and whether it took any work.

    What was done before takes no time, so it counts for the bar and not for the rate.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        RateColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as shown:
        task = shown.add_task(f"{doing} {name}", total=total)
        left = total

        def count(fresh: bool) -> None:
            nonlocal left
            left -= 1
            if fresh:
                shown.advance(task)
            else:  # jump there, and forget how fast that was
                shown.reset(task, completed=total - left, total=total)

        yield count
