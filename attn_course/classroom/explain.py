"""Put the diagnosis into a graded notebook.

A student's notebook knows the mistakes that public checks meet; hidden checks run
here for the first time, and their mistakes are made beside the exercise modules.
"""

from functools import cache
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from attn_course.authoring import load_chapter
from attn_course.authoring.bank import known
from attn_course.grading.diagnose import diagnose_outputs
from attn_course.grading.show import KEY, with_diagnosis

FACTS = {"exercise", "check", "kind", "diagnosis", "outputs", "sizes"}
HIDDEN = "### BEGIN HIDDEN TESTS"


def verdict(cell) -> dict | None:
    """Return the facts that `grading.run` left in the outputs of a cell, if any."""
    for output in cell.get("outputs", []):
        facts = output.get("metadata", {}).get(KEY)
        if isinstance(facts, dict) and FACTS <= facts.keys():
            return facts
    return None


class Explain(NbGraderPreprocessor):
    """Name the known mistake behind each failed check."""

    def preprocess(self, nb, resources):
        folder = (
            Path(self.parent.parent.coursedir.root)
            / "solutions"
            / resources["nbgrader"]["assignment"]
        )
        for cell in filter(is_grade, nb.cells):
            facts = verdict(cell)
            if facts and facts["kind"] != "passed":
                _explain(cell, facts, _bank(folder, _version(folder)))
            if HIDDEN in cell.source:
                _shorten_tracebacks(cell)
        return nb, resources


def _explain(cell, facts: dict, bank: dict[tuple[str, str], dict]) -> None:
    mistakes = bank.get((facts["exercise"], facts["check"]))
    found = mistakes and diagnose_outputs(mistakes, facts["outputs"], facts["sizes"])
    if found:
        facts["diagnosis"] = found.as_dict()
        for output in cell.outputs:
            if KEY in output.get("metadata", {}):
                output["data"] = with_diagnosis(output["data"], found)


def _version(folder: Path) -> tuple:
    return tuple(path.read_bytes() for path in sorted(folder.glob("e*.py")))


@cache
def _bank(folder: Path, version: tuple) -> dict[tuple[str, str], dict]:
    """Make the bank of a chapter, once for each version of its modules."""
    return {
        (ex.name, check.name): known(ex, check)
        for ex in load_chapter(folder)
        for check in ex.checks
    }


def _shorten_tracebacks(cell) -> None:
    """Leave of an error its name and message: a traceback quotes the check."""
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
