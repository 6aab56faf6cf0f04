"""Write a ruling as the ordinary cell outputs that nbgrader scores and shows.

nbgrader gives a graded cell its points unless there is an error among its outputs.
All outputs are made here; nothing that a student's code showed is among them.
"""

from typing import Any

from nbformat import NotebookNode

from attn_course.grading.outcome import describe
from attn_course.grading.show import KEY, card, facts
from attn_course.judge.outputs import made
from attn_course.judge.ruling import Ruling

FACTS = {"exercise", "check", "kind", "diagnosis", "outputs", "sizes"}


def written(ruling: Ruling) -> list[NotebookNode]:
    """Return the outputs of a graded cell: a card, and an error if it failed."""
    outcome = ruling.outcome
    page = card(outcome, show_inputs=ruling.shows_inputs)
    shown = made(
        "display_data",
        data={"text/plain": describe(outcome), "text/html": page},
        metadata={KEY: {**facts(outcome), **_beyond(ruling)}},
    )
    if outcome.passed:
        return [shown]
    says = outcome.message.partition("\n")[0]
    words = {"ename": "CheckFailed", "evalue": says}
    return [shown, made("error", **words, traceback=[f"CheckFailed: {says}"])]


def verdict(cell: NotebookNode) -> dict[str, Any] | None:
    """Return the facts that `written` left in the outputs of a cell, if any."""
    for output in cell.get("outputs", []):
        found = output.get("metadata", {}).get(KEY)
        if isinstance(found, dict) and FACTS <= found.keys():
            return found
    return None


def _beyond(ruling: Ruling) -> dict[str, Any]:
    """Return what only the judge knows; the seed as text, as JSON has no such ints."""
    return {
        "outputs": ruling.outputs,
        "sizes": ruling.sizes,
        "seed": f"{ruling.seed:032x}",
        "seconds": round(ruling.seconds, 3),
        "allowed": ruling.allowed,
    }
