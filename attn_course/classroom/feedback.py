"""Make feedback pages that keep hidden checks hidden and need no network.

nbgrader's own page loads MathJax from another host. Here formulas become MathML, which
browsers show by themselves, and the script is taken out.
"""

import re
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from attn_course.authoring.files import write_whole

HIDDEN = "### BEGIN HIDDEN TESTS"
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+)\$", re.DOTALL
)
FOREIGN = re.compile(r'<script[^>]*\bsrc="https?://[^"]*"[^>]*>\s*</script>')


class HideHiddenChecks(Preprocessor):
    """Keep the source of hidden checks out of what students get back."""

    enabled = Bool(True).tag(config=True)

    def preprocess_cell(self, cell, resources, cell_index):
        if HIDDEN in cell.source:
            cell.source = cell.source.partition(HIDDEN)[0].rstrip()
        return cell, resources


class FormulasInPlace(Preprocessor):
    """Turn the formulas of text cells into MathML."""

    enabled = Bool(True).tag(config=True)

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_mathml, cell.source)
        return cell, resources


def _mathml(found: re.Match) -> str:
    display = "block" if found["block"] else "inline"
    try:
        return convert(" ".join(found[display].split()), display=display)
    except Exception:  # what a student wrote between dollars need not be a formula
        return found[0]


def without_foreign_scripts(assignment: str, student: str, notebooks: list) -> None:
    """Take out of each feedback page what it would load from another host.

    nbgrader calls this in the course's folder, when a student's pages are written.
    """
    pages = Path("_grading", "feedback").glob(f"{student}/{assignment}/*.html")
    for page in pages:  # of all students if `student` is "*"
        write_whole(page, FOREIGN.sub("", page.read_text("utf8")))
