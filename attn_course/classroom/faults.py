"""What can go wrong with a grading, told apart by whom it stops."""

import errno

from attn_course.classroom.course import Course
from attn_course.engine.jobs import Failed

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CannotGoOn(RuntimeError):
    """Something that no further submission can get round; says what to do."""


class Ungraded(RuntimeError):
    """A submission that looked sound and was not graded; the next run tries again."""


def is_database(error: BaseException) -> bool:
    return type(error).__module__.startswith(("sqlalchemy", "sqlite3", "psycopg"))


def about(course: Course, student: str, error: Exception) -> Exception:
    """Return what an exception of the work or the writing means for the class.

    Told by the exceptions themselves, as words may be a student's.
    """
    if isinstance(error, Failed) and error.for_everybody:
        return CannotGoOn(f"students' code cannot be run: {error.says}")
    if is_database(error) and _full(error):
        return CannotGoOn(_about_full(student))
    if is_database(error):
        return CannotGoOn(about_gradebook(course, error))
    if isinstance(error, OSError) and error.errno in FULL:
        return CannotGoOn(_about_full(student))
    if isinstance(error, OSError):
        mend = "Mend that and run it again."
        return CannotGoOn(f"{student}: {error.strerror}: {error.filename}. {mend}")
    reason = str(error) or type(error).__name__
    return Ungraded(f"{student}: this could not be graded: {reason}")


def about_gradebook(course: Course, error: Exception) -> str:
    where = course.nbgrader.coursedir.db_url
    return (
        f"the gradebook at {where} cannot be used ({str(error).splitlines()[0]}). "
        f"Close what else uses it; if it is damaged, put it aside and grade again."
    )


def _full(error: Exception) -> bool:
    return "disk is full" in str(getattr(error, "orig", error))


def _about_full(student: str) -> str:
    return (
        f"the disk is full; {student} and those after it are not graded. Free some "
        f"space and run the same command again: it goes on from here."
    )
