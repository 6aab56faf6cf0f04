"""A long run: its speed and its memory at the beginning and at the end."""

from collections.abc import Iterator
from typing import NamedTuple

from grading_parts.lesson import Lesson, author
from grading_parts.memory import ALL
from grading_parts.processes import told
from grading_parts.scores import by_exercise, differing, scores, seeds
from timing import Row

from attn_course.classroom.course import Course

AS_FAST = 0.9  # of the first submissions' speed, at the end
AS_LARGE = 1.05  # the grader's memory at the end, by that after the first submissions
MIB = 150.0  # for a worker, above what all share


class Grown(NamedTuple):
    """A run of `many`. A stretch is `few` of them, in which all kinds of work are."""

    few: int
    many: int
    done: list[float]  # when each was done
    peaks: list[float]  # of the grader's memory, in MiB
    most: dict[str, float]  # MiB by kind of process
    differ: int  # scores, from what is predicted

    def speed(self, end: int) -> float:
        """Return submissions a second in the `few` before `end`."""
        return (self.few - 1) / (self.done[end - 1] - self.done[end - self.few])


def grown(lesson: Lesson, few: int, many: int, workers: int) -> Grown:
    """Grade `many` in one run."""
    course = lesson.handed_in("long", many)
    found = told("long_run", str(course.root), lesson.chapter, str(workers))
    return Grown(few, many, differ=_differing(lesson, course), **found)


def rows(run: Grown) -> Iterator[Row]:
    few, many, done, peaks = run.few, run.many, run.done, run.peaks
    which = f"{few} to {many}"
    yield Row("ours, with its start: s for each", str(few), done[few - 1] / few)
    yield Row("ours, with its start: s for each", str(many), done[-1] / many)
    yield Row("submissions a second, at the end", str(many), run.speed(many))
    held = run.speed(many) / run.speed(2 * few)
    yield Row("submissions a second, end by beginning", which, held, least=AS_FAST)
    yield Row("grader: peak MiB", str(few), peaks[few - 1])
    yield Row("grader: peak MiB", str(many), peaks[-1])
    growth = peaks[-1] / peaks[few - 1]
    yield Row("grader: growth of its peak", which, growth, most=AS_LARGE)
    for what, mib in run.most.items():
        bound = MIB if what == ALL else None
        yield Row(f"{what}: MiB", str(many), mib, most=bound)
    what = "scores that differ, the long run with prediction"
    yield Row(what, str(many), run.differ, most=0)


def _differing(lesson: Lesson, course: Course) -> int:
    """Compare scores with what is predicted for the first who handed in that work.

    Everybody has other inputs, and what is right or wrong does not depend on them.
    """
    students = course.students(lesson.chapter)
    firsts = {author(student): student for student in reversed(students)}
    known = seeds(course, lesson.chapter, list(firsts.values()))
    points = lesson.predicted(known)
    predicted = {
        (student, exercise): points[firsts[author(student)], exercise]
        for student in students
        for exercise in {exercise for _, exercise in points}
    }
    judged = by_exercise(scores(course.root / "_grading" / "gradebook.db"))
    return differing(judged, predicted)
