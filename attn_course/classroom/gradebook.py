"""What nbgrader's gradebook knows of an assignment, and how it is made to let go."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from attn_course.classroom.course import Course


class ReleaseError(RuntimeError):
    """An assignment that cannot be released as it is; says why and what to do."""


@contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """Open the gradebook of the course for the block."""
    coursedir = course.nbgrader.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        yield gradebook


def database(course: Course) -> Path | None:
    """Return the gradebook's file, or None if it is kept by a database server."""
    kind, _, path = course.nbgrader.coursedir.db_url.partition(":///")
    return Path(path) if kind == "sqlite" else None


@contextmanager
def kept_on_failure(folder: Path, gradebook: Path | None) -> Iterator[Path]:
    """Put `folder` and `gradebook` back as they were if the block fails.

    Gives the block a copy of `folder` as it was; nbgrader deletes it first.
    """
    with tempfile.TemporaryDirectory() as place:
        before, scores = Path(place) / "before", Path(place) / "gradebook"
        if folder.exists():
            shutil.copytree(folder, before)
        if gradebook and gradebook.exists():
            shutil.copy2(gradebook, scores)
        try:
            yield before
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if before.exists():
                shutil.copytree(before, folder)
            if scores.exists():
                shutil.copy2(scores, gradebook)
            raise


def in_gradebook(course: Course, assignment: str) -> bool:
    """Whether the gradebook knows `assignment`."""
    with opened(course) as gradebook:
        try:
            gradebook.find_notebook(assignment, assignment)
        except MissingEntry:
            return False
    return True


def scored_students(course: Course, assignment: str) -> set[str]:
    """Return the students of whom the gradebook holds this assignment."""
    with opened(course) as gradebook:
        return {s.student.id for s in gradebook.assignment_submissions(assignment)}


def forget_scores(course: Course, assignment: str, names: set[str]) -> None:
    """Make room for an assignment whose graded cells are now `names`.

    nbgrader refuses to add or remove a cell of which there are scores. Scores that the
    checks gave are dropped, since the next grading gives them again; what was handed
    in is not touched.

    Raises
    ------
    ReleaseError
        If somebody gave scores or comments by hand, which nobody could restore.
    """
    with opened(course) as gradebook:
        try:
            notebook = gradebook.find_notebook(assignment, assignment)
        except MissingEntry:
            return
        if {c.name for c in (*notebook.grade_cells, *notebook.solution_cells)} == names:
            return
        submissions = gradebook.assignment_submissions(assignment)
        by_hand = [s.student.id for s in submissions if _by_hand(s)]
        if by_hand:
            raise ReleaseError(
                f"{assignment}: checks were added, removed or renamed, but there are "
                f"scores or comments given by hand for {', '.join(by_hand)}. Export "
                f"them (nbgrader export), put _grading/gradebook.db aside, and "
                f"release again."
            )
        for submission in submissions:
            gradebook.remove_submission(assignment, submission.student.id)


def _by_hand(submission) -> bool:
    return any(
        any(grade.manual_score or grade.extra_credit for grade in notebook.grades)
        or any(comment.manual_comment for comment in notebook.comments)
        for notebook in submission.notebooks
    )
