"""Grade a notebook by the judge, as one step of nbgrader's autograde.

Student cells run in the sandbox, in their order; where a graded cell stands, its check
runs here, on what those cells have made, and its verdict becomes the cell's outputs.
"""

from pathlib import Path

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float

from attn_course.authoring.notebook import companion_path
from attn_course.classroom.clusters import named_mistakes
from attn_course.classroom.provenance import (
    about,
    provenance_path,
    write_provenance,
)
from attn_course.judge.rulebook import Rulebook, rulebook
from attn_course.judge.ruling import Ruling, rule
from attn_course.judge.seeds import course_secret, seed
from attn_course.judge.sitting import Sitting
from attn_course.judge.supply import supply
from attn_course.judge.verdict import written


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
        root = Path(self.parent.parent.coursedir.root)
        folder = root / "solutions" / facts["assignment"]
        secret = course_secret(root / "_grading")
        book = rulebook(folder)
        book.named = named_mistakes(root, facts["assignment"])
        who = (facts["assignment"], facts["student"])
        known = about(nb, book, *who, self.sandboxed)
        companion = companion_path(folder)
        files = {companion.name: companion.read_bytes()}

        new = supply(files, sandboxed=self.sandboxed)

        def seed_of(check):
            return seed(secret, *who, known["submission"], check)

        with Sitting(new, self.seconds) as sitting:
            rulings = judge(nb, book, sitting, seed_of)
        write_provenance(provenance_path(root, *who), known, rulings)
        return nb, resources


def judge(nb: NotebookNode, book: Rulebook, sitting: Sitting, seed_of) -> list[Ruling]:
    """Run the notebook's cells and checks in their order; write outputs into it."""
    rulings = []
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in book.checks:
            ruling = rule(book, name, sitting, seed_of(name))
            cell.outputs = written(ruling)
            ruling.outcome.forget()
            rulings.append(ruling)
        elif cell.cell_type == "code" and cell.source.strip():
            cell.outputs = sitting.run(cell.source).outputs
    return rulings
