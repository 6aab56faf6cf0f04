"""One Dask worker and two, on the same submissions in one run."""

from collections.abc import Iterator

from grading_parts.lesson import Lesson
from grading_parts.processes import told
from timing import Row

from attn_course.engine.pool import cores

EFFICIENT = 0.9
WIDTHS = (1, 2)


def measured(lesson: Lesson, count: int, warm: int) -> list[dict[str, float]]:
    """Return what each width of cluster took for `count`, after `warm` of the same."""
    names = [f"cluster-{width}" for width in WIDTHS]
    roots = [str(lesson.handed_in(name, count + warm).root) for name in names]
    return told("cluster_run", lesson.chapter, str(warm), *roots)


def rows(found: list[dict[str, float]]) -> Iterator[Row]:
    """Efficiency by the clock where each worker can have a core, else by CPU time."""
    n = str(found[0]["count"])
    for width, each in zip(WIDTHS, found, strict=True):
        for name, what in (
            ("wall", "wall"),
            ("cpu", "CPU"),
            ("writer", "CPU of the writer"),
        ):
            took = each[name] / each["count"]
            yield Row(f"Dask, {width} of them: {what}, s for each", n, took)
    one, two = found
    on_two = cores() >= max(WIDTHS)
    for name, value, counts in (
        ("clock", one["wall"] / two["wall"] / 2, on_two),
        ("CPU", one["cpu"] / two["cpu"], not on_two),
    ):
        least = EFFICIENT if counts else None
        yield Row(f"Dask, efficiency of two by the {name}", n, value, least=least)
