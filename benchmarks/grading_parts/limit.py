"""The limit: the same cells and checks in one warm process, and nothing beside them.

One notebook runs before the clock starts, so that all imports are done. There is no
sandbox, no judge, no other process, no file and no gradebook: what is left is the
students' code and the course's checks, which somebody has to run. A check that fails
runs once here and twice at the judge, who compares it with the known mistakes on the
inputs of the notebook.
"""

import contextlib
import io
import linecache
import os
import sys
import time
from pathlib import Path

import nbformat
from grading_parts.processes import tell

from attn_course.classroom.course import Course
from attn_course.classroom.intake import read
from attn_course.classroom.units import Template


def main(out: str, root: str, chapter: str) -> None:
    course = Course(Path(root))
    classes = _notebooks(course, chapter)
    os.chdir(course.source(chapter).parent)  # where the known mistakes lie
    _lost(*next(iter(classes.items())))
    start, used = time.perf_counter(), time.process_time()
    lost = {student: _lost(student, nb) for student, nb in classes.items()}
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    scores = [
        (student, name, float(cell.metadata.nbgrader["points"] * (name not in gone)))
        for student, gone in lost.items()
        for name, cell in _checks(classes[student])
    ]
    tell(out, {"wall": wall, "cpu": cpu, "scores": scores})


def _notebooks(course: Course, chapter: str) -> dict[str, nbformat.NotebookNode]:
    """Return the notebooks with all their checks, as a grader would run them."""
    template = Template(course, chapter)
    return {
        student: nbformat.reads(template.unit(student, notebook).notebook, as_version=4)
        for student in course.students(chapter)
        for notebook in [read(course.submission(student, chapter), template.released)]
    }


def _checks(nb: nbformat.NotebookNode) -> list:
    graded = (c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade"))
    return [(c.metadata.nbgrader["grade_id"], c) for c in graded]


def _lost(student: str, nb: nbformat.NotebookNode) -> set[str]:
    """Run a notebook; return the names of the cells that ended in an exception."""
    names, lost = {"__name__": "__main__"}, set()
    for number, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        where = f"<{student}, cell {number}>"
        linecache.cache[where] = (1, None, cell.source.splitlines(True), where)
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            try:
                exec(compile(cell.source, where, "exec"), names)
            except Exception:
                lost.add(cell.metadata.get("nbgrader", {}).get("grade_id"))
    return lost


if __name__ == "__main__":
    main(*sys.argv[1:])
