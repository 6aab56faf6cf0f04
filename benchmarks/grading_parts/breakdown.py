"""Where the time of a submission goes, by stage, in a run apart from the timed one."""

from collections.abc import Iterator
from typing import Any

from grading_parts.lesson import Lesson
from grading_parts.processes import told
from timing import Row

MS = 1000.0
WARM = 2  # submissions that the fork server starts with, and whose time is not counted


def profiled(lesson: Lesson, count: int) -> dict[str, Any]:
    """Return what `profile_run` tells of `count` submissions."""
    course = lesson.handed_in("profiled", count + WARM)
    return told("profile_run", str(course.root), lesson.chapter)


def rows(found: dict[str, Any], limit: float) -> Iterator[Row]:
    """Milliseconds for a submission; `limit` are seconds for one at the limit."""
    count, stages = found["count"], found["stages"]
    n = str(count)
    for what, seconds in found["once"].items():
        yield Row(f"once: {what}, s", "1", seconds)
    for stage, seconds in sorted(stages.items(), key=lambda each: -each[1]):
        yield Row(f"where: {stage}, ms", n, MS * seconds / count)
    yield Row("where: all of it, ms", n, MS * sum(stages.values()) / count)
    yield Row("where: the same code at the limit, ms", n, MS * limit)
    yield Row("CPU of judge and writer, ms", n, MS * found["here"] / count)
    yield Row("CPU of students' processes, ms", n, MS * found["below"] / count)
