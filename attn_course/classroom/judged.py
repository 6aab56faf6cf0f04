"""Grade a notebook by the judge, as one step of nbgrader's autograde.

This is the way of formgrader's own button, and of `nbgrader autograde`. It does the
same unit of work as `attn-course grade`, here and now.
"""

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float

from attn_course.classroom.course import Course
from attn_course.classroom.provenance import provenance_path, write_provenance
from attn_course.classroom.units import Template
from attn_course.engine.work import work


class Judged(NbGraderPreprocessor):
    """Run the student's cells in the sandbox and the checks outside it."""

    sandboxed = Bool(True, help="Whether students' code runs in the sandbox.").tag(
        config=True
    )
    seconds = Float(20.0, help="Wall time for one of a student's cells.").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        facts = resources["nbgrader"]
        course = Course(self.parent.parent.coursedir.root)
        template = Template(course, facts["assignment"], sandboxed=self.sandboxed)
        result, executed = work(template.of(facts["student"], nb))
        where = (course.root, facts["assignment"], facts["student"])
        write_provenance(provenance_path(*where), result)
        return nbformat.reads(executed, as_version=4), resources
