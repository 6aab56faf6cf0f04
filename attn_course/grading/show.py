"""Show an outcome: an HTML card in a notebook, plain text elsewhere.

The card carries its facts once more, as output metadata, so that reports are made
from data and not by reading HTML.
"""

import html
import re

from attn_course.grading.diagnose import CALLS, Diagnosis, sizes
from attn_course.grading.fingerprint import fingerprint
from attn_course.grading.inputs import inputs
from attn_course.grading.outcome import (
    SLIP_TEXT,
    Outcome,
    describe,
    notes,
    printed,
)
from attn_course.grading.table import differences

KEY = "attn_course"  # of the output's metadata
CLASSES = "attn-card tex2jax_ignore mathjax_ignore"  # what is quoted is no formula
SLIP = '<div class="attn-slip">'
CODE = re.compile(r"`([^`\n]+)`")

# Colours come from JupyterLab's or the book's own variables, so that dark mode holds.
CARD = (
    "border:1px solid var(--jp-border-color1,var(--pst-color-border,#9aa4b2));"
    "border-left:6px solid {edge};border-radius:4px;padding:.7em 1em .8em;"
    "margin:.3em 0;box-sizing:border-box;width:fit-content;max-width:100%;"
    "min-width:min(47em,100%);font:14px/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere;"
    "color:var(--jp-content-font-color1,var(--pst-color-text-base,#1d2733));"
    "background:var(--jp-layout-color1,var(--pst-color-background,#fff))"
)
EDGES = {True: "#2e8b57", False: "#d1453b"}  # 3:1 or more on white and on black
TEXT = "max-width:44em;margin:{above} 0 0;"  # a wide table may widen the card, not this
TINTED = TEXT.format(above=".6em") + (
    "box-sizing:border-box;padding:.4em .7em;"
    "border-left:3px solid #3b7dd8;background:rgba(59,125,216,.12)"
)


def show(outcome: Outcome) -> bool:
    """Display `outcome`; return whether there was a display to show it on."""
    text = describe(outcome)
    if not _in_notebook():
        if outcome.passed:
            print(text)
        return False
    from IPython.display import publish_display_data

    publish_display_data(
        {"text/plain": text, "text/html": card(outcome)},
        metadata={KEY: facts(outcome)},
    )
    return True


def facts(outcome: Outcome) -> dict:
    """Return what a report needs: the verdict, the diagnosis, the calls' outputs."""
    calls = outcome.calls[:CALLS]
    return {
        "exercise": outcome.exercise,
        "check": outcome.check,
        "kind": outcome.kind,
        "message": outcome.message,
        "diagnosis": outcome.diagnosis and outcome.diagnosis.as_dict(),
        "outputs": [] if outcome.passed else [fingerprint(call) for call in calls],
        "sizes": [] if outcome.passed else [sizes(call) for call in calls],
    }


def card(outcome: Outcome, *, show_inputs: bool = False) -> str:
    """Return the outcome as one HTML element with no script and no link.

    With `show_inputs` it ends with what the answer was given when it failed.
    """
    style = CARD.format(edge=EDGES[outcome.passed])
    sign, verdict = ("✓", "passed") if outcome.passed else ("✗", "not yet")
    parts = [
        f'<p style="{TEXT.format(above="0")}"><span aria-hidden="true">{sign} </span>'
        f"<strong>{verdict}:</strong> {_text(outcome.says)}</p>"
    ]
    table = ""
    if not outcome.passed:
        nan = outcome.kind == "nan"
        table = differences(outcome.got, outcome.wanted, only_nan=nan)
        parts.append(_paragraph(_beside(table, outcome)))
    parts += [_slip(outcome.diagnosis), table, _notes(outcome)]
    if show_inputs and outcome.calls and not outcome.passed:
        parts.append(inputs(outcome.calls[-1]))
    return f'<div class="{CLASSES}" style="{style}">{"".join(parts)}</div>'


def with_diagnosis(data: dict[str, str], diagnosis: Diagnosis) -> dict[str, str]:
    """Return the data of a shown outcome with `diagnosis` in the place kept for it."""
    card, text = data["text/html"], data["text/plain"]
    before, _, rest = card.partition(SLIP)
    after = rest.partition("</div>")[2]
    return {
        "text/html": f"{before}{_slip(diagnosis)}{after}",
        "text/plain": "\n".join(
            [line for line in text.splitlines() if not line.startswith(SLIP_TEXT)]
            + [f"{SLIP_TEXT} {diagnosis.says}"]
        ),
    }


def _slip(diagnosis: Diagnosis | None) -> str:
    """Return the place for the diagnosis, filled or empty."""
    if diagnosis is None:
        return f"{SLIP}</div>"
    return (
        f'{SLIP}<p style="{TINTED}"><strong>This looks like a known slip.</strong> '
        f"{_text(diagnosis.says)}</p></div>"
    )


def _beside(table: str, outcome: Outcome) -> str:
    """Return the message; of wrong values, only what `table` does not show."""
    what, found, _ = outcome.message.partition(": wanted ")
    if not table or outcome.kind != "values" or not found:
        return outcome.message
    return what if ";" in what else f"{what}: these values differ."


def _notes(outcome: Outcome) -> str:
    """Return what happened on the way and cost nothing."""
    said = [note[0].upper() + note[1:] for note in notes(outcome)]
    if not outcome.printed:
        return "".join(_paragraph(note, small=True) for note in said)
    return "".join(
        [_paragraph(note, small=True) for note in [*said, "Your code printed:"]]
        + [
            f'<pre style="{TEXT.format(above=".2em")}font-size:.9em;color:inherit;'
            'background:none;white-space:pre-wrap;overflow-wrap:anywhere">'
            f"{html.escape(printed(outcome))}</pre>"
        ]
    )


def _paragraph(text: str, *, small: bool = False) -> str:
    size = "font-size:.9em;" if small else ""
    lines = "<br>".join(_text(line.strip()) for line in text.splitlines())
    return f'<p style="{TEXT.format(above=".4em")}{size}">{lines}</p>'


def _text(words: str) -> str:
    """Return `words` as HTML, with what stands between backticks set as code."""
    return CODE.sub(r'<code style="color:inherit">\1</code>', html.escape(words))


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
