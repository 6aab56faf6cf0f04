"""Make ready what a feedback page shows: hidden checks stay hidden.

Formulas become MathML, which browsers show by themselves.
"""

import re
from functools import lru_cache

from latex2mathml.converter import convert
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

HIDDEN = "### BEGIN HIDDEN TESTS"
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+)\$", re.DOTALL
)
MOST = 256  # formulas that are remembered, as most are the same for everybody


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
        return _converted(" ".join(found[display].split()), display)
    except Exception:  # what a student wrote between dollars need not be a formula
        return found[0]


@lru_cache(MOST)
def _converted(formula: str, display: str) -> str:
    return convert(formula, display=display)
