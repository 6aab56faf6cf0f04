"""Stock nbgrader, ours and the limit on the same submissions, score by score."""

from collections.abc import Iterator
from typing import NamedTuple

from grading_parts import ours, stock
from grading_parts.lesson import Lesson
from grading_parts.processes import Spent, told
from grading_parts.scores import Scores, by_exercise, differing, seeds
from timing import Row

WANTED = 12.0  # times as fast as stock on two cores; the goal is 20


class Compared(NamedTuple):
    """What each grader took, and the scores it gave."""

    stock: Spent
    ours: Spent
    again: Spent  # ours once more, when there is nothing to do
    limit: Spent
    workers: int
    by_stock: Scores
    by_ours: Scores
    by_limit: Scores
    predicted: Scores  # by exercise


def compared(lesson: Lesson, count: int, workers: int) -> Compared:
    """Let all of them grade `count` submissions, one after the other."""
    course, chapter = lesson.handed_in("compared", count), lesson.chapter
    theirs, by_stock = stock.graded(course, chapter, lesson.folder / "stock")
    first, by_ours = ours.graded(course, chapter, workers)
    again, _ = ours.graded(course, chapter, workers)
    warm = told("limit", str(course.root), chapter)
    by_limit = {(student, check): score for student, check, score in warm["scores"]}
    known = seeds(course, chapter, course.students(chapter))
    limit = Spent(warm["wall"], warm["cpu"])
    found = (by_stock, by_ours, by_limit, lesson.predicted(known))
    return Compared(theirs, first, again, limit, workers, *found)


def rows(each: Compared, count: int) -> Iterator[Row]:
    n = str(count)
    for what, spent in (
        ("stock nbgrader", each.stock),
        ("ours", each.ours),
        ("ours, nothing to do", each.again),
        ("limit: one warm process", each.limit),
    ):
        yield Row(f"{what}: wall, s", n, spent.wall)
        yield Row(f"{what}: CPU, s", n, spent.cpu)
    speed = each.stock.wall / each.ours.wall
    yield Row("ours: times as fast as stock", n, speed, least=WANTED)
    yield Row("ours: times less CPU than stock", n, each.stock.cpu / each.ours.cpu)
    yield Row("ours: share of the limit, CPU", n, each.limit.cpu / each.ours.cpu)
    best = each.limit.wall / each.workers
    yield Row("ours: share of the limit, wall", n, best / each.ours.wall)
    yield from _rows_of_scores(each, n)


def later_rows(each: Compared, count: int, speed: float) -> Iterator[Row]:
    """The same for a long run that does so many submissions a second."""
    n = str(count)
    stock, limit = each.stock.wall / count, each.limit.wall / count / each.workers
    yield Row("ours in a long run: times as fast as stock", n, stock * speed)
    yield Row("ours in a long run: share of the limit, wall", n, limit * speed)


def _rows_of_scores(each: Compared, n: str) -> Iterator[Row]:
    predicted, judged = each.predicted, by_exercise(each.by_ours)
    for what, one, other in (
        ("ours with stock", each.by_ours, each.by_stock),
        ("the limit with stock", each.by_limit, each.by_stock),
        ("ours with prediction", judged, predicted),
    ):
        yield Row(f"scores compared, {what}", n, len(one.keys() | other.keys()))
        yield Row(f"scores that differ, {what}", n, differing(one, other), most=0)
