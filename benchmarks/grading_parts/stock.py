"""Stock `nbgrader autograde`: its own layout, its own settings, one process."""

import shutil
from pathlib import Path

from grading_parts.processes import Spent, spent
from grading_parts.scores import Scores, scores

from attn_course.classroom.course import Course

PATIENCE = 20  # seconds for a cell, as ours


def graded(course: Course, chapter: str, root: Path) -> tuple[Spent, Scores]:
    """Grade a copy of what was handed in; only the grading is timed.

    A student's kernel finds beside the notebook what students have there: the file
    with the hints and the known mistakes.
    """
    notebook = course.source(chapter)
    beside = notebook.with_suffix(".json")
    source = root / "source" / chapter
    source.mkdir(parents=True)
    for path in (notebook, beside):
        shutil.copy(path, source)
    nbgrader = ("-m", "nbgrader")
    spent(root, *nbgrader, "generate_assignment", chapter)
    for student in course.students(chapter):
        folder = root / "submitted" / student / chapter
        folder.mkdir(parents=True)
        for path in (course.submission(student, chapter), beside):
            shutil.copy(path, folder)
    limit = f"--Execute.timeout={PATIENCE}"
    took = spent(root, *nbgrader, "autograde", chapter, limit)
    return took, scores(root / "gradebook.db")
