"""Make units of work of the submissions of one assignment."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import OverwriteCells, OverwriteKernelspec

from attn_course.authoring.notebook import companion_path
from attn_course.classroom.clusters import named_mistakes
from attn_course.classroom.course import Course
from attn_course.classroom.intake import canonical
from attn_course.classroom.release import homes
from attn_course.engine.identity import content_digest, environment_digest
from attn_course.engine.packing import packed
from attn_course.engine.unit import Bundle, Unit
from attn_course.judge.seeds import course_secret, seed

SECONDS = 20.0  # for one of the student's cells, where nbgrader_config.py says nothing


class Template:
    """One assignment as it is released now: what its submissions are judged by.

    Reads from `course` what was released; the secret, and the mistakes that were given
    names, are those of the course at `home`.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        *,
        sandboxed: bool = True,
        home: Path | None = None,
    ):
        home = home or course.root
        self.assignment, self.sandboxed = assignment, sandboxed
        self.released = nbformat.read(course.pristine(assignment), as_version=4)
        self.graded = _with_checks(course, assignment, self.released)
        self.bundle = bundle(course, assignment)
        self.named = named_mistakes(home, assignment)
        self.secret = course_secret(home / "_grading")
        self.seconds = seconds(course)

    def unit(self, student: str, notebook: NotebookNode) -> Unit:
        """Return the unit of a notebook that is on the skeleton of the released one."""
        return self.of(student, canonical(notebook, self.graded))

    def of(self, student: str, nb: NotebookNode) -> Unit:
        """Return the unit of a notebook as nbgrader autogrades it."""
        submission = content_digest(nb)
        who = (self.assignment, student, submission)
        return Unit(
            student=student,
            submission=submission,
            notebook=packed(nb),
            bundle=self.bundle,
            named=self.named,
            seeds={
                check: f"{seed(self.secret, *who, check):032x}"
                for check in self.bundle.homes
            },
            environment=environment_digest(),
            sandboxed=self.sandboxed,
            seconds=self.seconds,
        )


def bundle(course: Course, assignment: str) -> Bundle:
    """Return the checks of an assignment as they are written now."""
    folder = course.source(assignment).parent
    return Bundle(
        assignment=assignment,
        modules={path.name: path.read_text("utf8") for path in folder.glob("e*.py")},
        companion=companion_path(folder).read_text("utf8"),
        homes=homes(course, assignment),
    )


def seconds(course: Course) -> float:
    """Return the wall time that one of a student's cells may take."""
    return float(course.nbgrader.config.Judged.get("seconds", SECONDS))


def _with_checks(course: Course, assignment: str, released: NotebookNode):
    """Return the released notebook with its hidden checks, as nbgrader puts them in."""
    db_url = course.nbgrader.coursedir.db_url
    facts = {"notebook": assignment, "assignment": assignment, "db_url": db_url}
    nb = nbformat.from_dict(released)
    for step in (OverwriteKernelspec, OverwriteCells):
        nb, _ = step(parent=course.nbgrader).preprocess(nb, {"nbgrader": facts})
    return nb
