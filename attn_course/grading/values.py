"""Plain facts about what an answer returned: shapes, numbers, and how they differ."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from attn_course.grading.opaque import Opaque

Leaf = tuple[str, Any]
LONGEST_KEY = 60  # characters shown of a dict's key


def as_array(value: Any) -> np.ndarray | None:
    """Return `value` as an array of numbers or booleans, or None if it is neither."""
    if hasattr(value, "detach"):  # a torch tensor, without importing torch
        value = value.detach().cpu()
        value = (value.float() if value.dtype.itemsize == 2 else value).numpy()
    if _holds_text(value):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # a ragged list; tensors that NumPy cannot read
        return None
    return array if array.dtype.kind in "biufc" else None


def _holds_text(value: Any) -> bool:
    """Whether there is text in a list: each item would get room for the longest."""
    if isinstance(value, list | tuple):
        return any(map(_holds_text, value))
    return isinstance(value, str | bytes)


def leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    """Yield every array, number or other atom of nested tuples, lists and dicts."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], f"{path}[{repr(key)[:LONGEST_KEY]}]")
    elif isinstance(value, tuple) or (
        isinstance(value, list) and as_array(value) is None
    ):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        array = as_array(value)
        yield path, value if array is None else array


def named(value: Any) -> str:
    """Say what kind of thing `value` is, in the words of a learner."""
    array = as_array(value)
    if value is None:
        return "nothing (None)"
    if isinstance(value, np.ndarray) and array is None:
        return f"an array of dtype {value.dtype}"
    if isinstance(value, Opaque):
        return f"something of type {value.kind}"
    if array is None:
        return f"something of type {type(value).__name__}"
    if array.ndim == 0:
        return f"the single number {brief(array)}"
    return f"an array of shape {array.shape}"


def brief(value: Any, digits: int = 4) -> str:
    """Write a value in one short line: at most eight numbers of an array."""
    array = as_array(value)
    if array is None:
        text = repr(value)
        return text if len(text) <= 80 else f"{text[:77]}..."
    if array.ndim == 0:
        item = array.item()
        return f"{item + 0.0:.{digits}g}" if isinstance(item, float) else repr(item)
    if array.size <= 8:
        rounded = np.array2string(
            array, precision=digits, separator=", ", suppress_small=True
        )
        return re.sub(r"\s+(?=[],])|(?<=\[)\s+", "", " ".join(rounded.split()))
    return f"{array.dtype} array of shape {array.shape}"


def tolerance(*values: np.ndarray) -> tuple[float, float]:
    """Return (rtol, atol) that honest rounding stays within.

    float32 carries seven digits, and an answer may pass through it on the way to a
    float64 result: five digits are asked of that. Where the result itself is float32,
    inputs may have been rounded too, and exp makes much of that: four are asked.
    float16, whose two digits would hide many a slip, is met halfway where it is wanted.
    """
    least = 2 if values[-1].dtype == np.float16 else 4
    kinds = [max(v.dtype.itemsize, least) for v in values if v.dtype.kind == "f"]
    narrow = min(kinds, default=8)
    rtol, atol = {2: (2e-2, 2e-3), 4: (1e-4, 1e-6)}.get(narrow, (1e-5, 1e-6))
    finite = np.abs(values[-1][np.isfinite(values[-1])])
    # Sums lose what is small beside their largest term, but a mask's -1e9 must not
    # excuse everything else in the table, nor tiny gradients pass for zeros.
    return rtol, atol * float(np.clip(finite.max(initial=0.0), 1e-2, 1e2))


def differs(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where two arrays of one shape differ beyond rounding; NaN equals NaN."""
    rtol, atol = tolerance(got, wanted)
    return ~np.isclose(got, wanted, rtol=rtol, atol=atol, equal_nan=True)
