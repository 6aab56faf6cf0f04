"""`close`: the comparison that checks use, which says how an answer differs."""

from itertools import islice
from typing import Any

import numpy as np

from attn_course.grading.values import as_array, brief, differs, leaves, named


class Mismatch(AssertionError):
    """A value is not the wanted one; carries both, so that they can be shown.

    kind is one of nothing, type, shape, dtype, nan and values.
    """

    def __init__(self, kind: str, message: str, got: Any, wanted: Any):
        super().__init__(message)
        self.kind, self.got, self.wanted = kind, got, wanted


def close(got: Any, wanted: Any, what: str = "result", *, dtype: Any = None) -> None:
    """Raise Mismatch unless `got` is `wanted` up to rounding.

    Checked in the order in which people can use the news: something returned, a
    number, the shape, the dtype, NaN, the values. `what` names the value in the
    message; `dtype`, where given, must be met exactly. Tuples, lists and dicts of
    arrays are compared item by item.

    Raises
    ------
    Mismatch
        With a message of one line: who, wanted, got.
    """
    if isinstance(wanted, tuple | dict) and type(got) is type(wanted):
        theirs = dict(leaves(wanted))
        mine = dict(islice(leaves(got), len(theirs) + 1))  # more are too many
        if mine.keys() == theirs.keys():
            for path in theirs:
                close(mine[path], theirs[path], f"{what}{path}", dtype=dtype)
            return
    complaint = _complaint(got, wanted, dtype)
    if complaint:
        kind, message = complaint
        raise Mismatch(kind, f"{what}: {message}", got, wanted)


def _complaint(got: Any, wanted: Any, dtype: Any) -> tuple[str, str] | None:
    """Return the first thing that is wrong with `got`, as (kind, message)."""
    array, target = as_array(got), as_array(wanted)
    if got is None and wanted is not None:
        return "nothing", "the function returned nothing. Is there a `return`?"
    if isinstance(wanted, tuple | list | dict) and target is None:
        there = (
            f"{len(got)} things" if isinstance(got, tuple | list | dict) else named(got)
        )
        return "type", f"wanted {len(wanted)} things of their own shapes, got {there}"
    if target is None:
        same = type(got) is type(wanted) and got == wanted
        return None if same else ("values", f"wanted {wanted!r}, got {brief(got)}")
    if isinstance(got, tuple) and len(got) == 1:
        return "type", "got a tuple of one thing. Is there a stray comma at the end?"
    if array is None:
        return "type", f"wanted {named(target)}, got {named(got)}"
    if array.shape != target.shape:
        return "shape", f"wanted shape {target.shape}, got shape {array.shape}"
    if (array.dtype.kind == "b") != (target.dtype.kind == "b"):
        words = "True and False" if target.dtype.kind == "b" else "numbers"
        return "dtype", f"wanted {words}, got dtype {array.dtype}"
    if dtype is not None and array.dtype != np.dtype(dtype):
        return "dtype", f"wanted dtype {np.dtype(dtype)}, got {array.dtype}"
    if array.dtype.kind in "fc":
        lost = np.isnan(array) & ~np.isnan(target)
        if lost.any():
            return "nan", f"{lost.sum()} of {array.size} entries are nan"
    wrong = differs(array, target)
    return ("values", _first_difference(array, target, wrong)) if wrong.any() else None


def _first_difference(array, target, wrong) -> str:
    if array.size <= 6:
        return f"wanted {brief(target)}, got {brief(array)}"
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    at = ", ".join(map(str, place))
    return (
        f"{wrong.sum()} of {array.size} entries differ; first at [{at}]: "
        f"wanted {brief(target[place])}, got {brief(array[place])}"
    )
