"""`attn-course grade`, as it is typed: all workers, sandbox, judge and feedback."""

from grading_parts.processes import Spent, spent
from grading_parts.scores import Scores, scores

from attn_course.classroom.course import Course


def graded(course: Course, chapter: str, workers: int) -> tuple[Spent, Scores]:
    """Grade whatever of a course is still to be graded."""
    grade = ("-m", "attn_course.cli", "grade", chapter)
    took = spent(course.root, *grade, "--workers", str(workers))
    return took, scores(course.root / "_grading" / "gradebook.db")
