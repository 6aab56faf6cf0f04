"""A few numbers that tell one output from another and give neither away.

A fingerprint holds the shape, the dtype and five weighted sums of all entries. The
sums are linear, so a scaled or negated output has scaled or negated sums: such
relations are seen without the wanted values at hand. That is how known mistakes
travel to students: their outputs are recognised, their code stays behind.
"""

from itertools import islice
from typing import Any

import numpy as np

from attn_course.grading.record import Call
from attn_course.grading.values import leaves

SUMS = 5
LEAVES = 1000  # arrays or numbers looked at; no check of ours wants as many
LARGEST = 1_000_000  # entries of one that is summed
RTOL = 1e-5  # sums are stored with seven digits; float32 answers keep six of them
PACES = np.sqrt([2.0, 3.0, 5.0, 7.0])  # incommensurable: no permutation goes unseen

Fingerprint = list[dict[str, Any]]


def fingerprint(call: Call) -> Fingerprint:
    """Return the fingerprint of what one call returned or raised."""
    if call.error is not None:
        return [{"raises": type(call.error).__name__, "text": str(call.error)[:120]}]
    atoms = islice(leaves(call.result), LEAVES)
    result = [{"path": path, **_of_leaf(leaf)} for path, leaf in atoms]
    return [*result, {"changed": True}] if call.changed else result


def same(one: Fingerprint, other: Fingerprint, *, up_to_dtype: bool = True) -> bool:
    """Whether two fingerprints agree up to rounding, and in dtype if asked."""
    return len(one) == len(other) and all(
        _same_leaf(a, b, up_to_dtype) for a, b in zip(one, other, strict=True)
    )


def weighted_sums(array: np.ndarray) -> np.ndarray:
    """Return the plain sum of all entries, and four sums under shifting weights."""
    flat = array.astype(np.float64).ravel()
    steps = np.arange(1, flat.size + 1)
    weights = np.vstack([np.ones(flat.size), np.sin(np.outer(PACES, steps))])
    return weights @ flat


def _of_leaf(leaf: Any) -> dict[str, Any]:
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biufc":
        return {"value": f"{type(leaf).__name__} {leaf!r}"[:80]}
    if leaf.size > LARGEST:
        return {"value": f"{leaf.dtype} array of shape {leaf.shape}"}
    if leaf.dtype.kind == "c":
        leaf = np.stack([leaf.real, leaf.imag])
    finite = np.isfinite(leaf)
    filled = np.where(finite, leaf, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = weighted_sums(filled)
        size = float(np.abs(filled).astype(np.float64).sum())
    odd = [int(np.isnan(leaf).sum()), int(np.isposinf(leaf).sum())]
    return {
        "shape": list(leaf.shape),
        "dtype": leaf.dtype.name,
        "odd": [*odd, int((~finite).sum()) - sum(odd)],
        "size": _short(size),
        "nonzero": int(np.count_nonzero(filled)),
        "sums": [_short(value) for value in sums],
    }


def _short(value: float) -> float:
    return float(f"{value:.7g}") + 0.0


def _same_leaf(a: dict, b: dict, up_to_dtype: bool) -> bool:
    if "sums" not in a or "sums" not in b:
        return a == b
    if a["shape"] != b["shape"] or a["odd"] != b["odd"] or a["path"] != b["path"]:
        return False
    truth = (a["dtype"] == "bool") == (b["dtype"] == "bool")
    if not truth or not (up_to_dtype or a["dtype"] == b["dtype"]):
        return False
    return bool(np.allclose(a["sums"], b["sums"], rtol=0, atol=RTOL * b["size"] + 1e-9))
