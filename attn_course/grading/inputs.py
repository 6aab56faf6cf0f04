"""Show what an answer was given when it failed, for whoever wants to see it again."""

import html
from typing import Any

import numpy as np

from attn_course.grading.record import Call
from attn_course.grading.values import as_array, brief

WHOLE = 48  # numbers of an array that is written out
LONGEST = 400  # characters of anything else


def inputs(call: Call) -> str:
    """Return an HTML element, closed at first, that lists the arguments of a call."""
    lines = "\n".join(f"{name} = {_written(v)}" for name, v in call.given.items())
    return (
        '<details style="margin:.6em 0 0"><summary>What your answer was given</summary>'
        '<pre style="margin:.3em 0 0;font-size:.9em;color:inherit;background:none;'
        f'white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(lines)}</pre>'
        "</details>"
    )


def _written(value: Any) -> str:
    """Write a value as it could be typed into a cell, if it is not too long."""
    array = as_array(value)
    if array is None or not array.ndim or array.size > WHOLE:
        return brief(value)[:LONGEST]
    text = np.array2string(array, separator=", ", threshold=WHOLE, max_line_width=84)
    return f"np.array({text})" if array.size else f"np.empty({array.shape})"
