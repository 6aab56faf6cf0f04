"""Say which known mistake an answer made, from the outputs of its recorded calls.

`known` maps each mistake to the fingerprints its outputs have on the calls of one
check. It is made beside the answer (`attn_course.authoring.bank`); only the
fingerprints come here.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np

from attn_course.grading.fingerprint import (
    RTOL,
    Fingerprint,
    fingerprint,
    same,
    weighted_sums,
)
from attn_course.grading.record import Call
from attn_course.grading.values import as_array

CALLS = 8  # calls compared; a mistake that needs more to show is none we know


@dataclass(frozen=True)
class Diagnosis:
    """What an answer looks like. kind is misconception or relation."""

    kind: str
    name: str
    says: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def diagnose(known: dict, calls: list[Call]) -> Diagnosis | None:
    """Return the mistake whose outputs equal those of `calls`, or None.

    `known` has "answer" (fingerprints of the right outputs) and "mistakes", a list
    of {"kind", "name", "says", "calls"}; misconceptions come before relations.
    """
    return diagnose_outputs(
        known,
        [fingerprint(call) for call in calls[:CALLS]],
        [sizes(call) for call in calls[:CALLS]],
    )


def diagnose_outputs(
    known: dict, outputs: list[Fingerprint], sizes: list[dict[str, int]]
) -> Diagnosis | None:
    """Do what `diagnose` does, for calls of which only fingerprints are left."""
    right = known["answer"]
    if not outputs:
        return None
    for up_to_dtype in (False, True):
        for mistake in known["mistakes"]:
            calls = mistake["calls"]
            if _agree(outputs, calls, up_to_dtype) and not _agree(
                calls[: len(outputs)], right, up_to_dtype
            ):
                return Diagnosis(mistake["kind"], mistake["name"], mistake["says"])
    if _agree(outputs, right, up_to_dtype=True):
        return _other_dtype(outputs, right)
    return _linear(outputs, right, sizes)


def _agree(one: list[Fingerprint], other: list[Fingerprint], up_to_dtype: bool) -> bool:
    """Whether two lists of outputs agree as far as both go, and go anywhere."""
    pairs = zip(one, other, strict=False)
    return bool(one and other) and all(
        same(a, b, up_to_dtype=up_to_dtype) for a, b in pairs
    )


def _other_dtype(outputs, right) -> Diagnosis | None:
    for output, wanted in zip(outputs, right, strict=False):
        if not same(output, wanted, up_to_dtype=False):
            pairs = zip(output, wanted, strict=True)
            one, other = next(
                (a, b) for a, b in pairs if a.get("dtype") != b.get("dtype")
            )
            says = (
                f"The numbers are right; their dtype is {one['dtype']} "
                f"where {other['dtype']} was wanted."
            )
            return Diagnosis("relation", "right up to dtype", says)
    return None


def _linear(outputs, right, sizes) -> Diagnosis | None:
    """Recognise an output that is the wanted one negated, scaled or shifted."""
    stories = []
    for output, wanted, lengths in zip(outputs, right, sizes, strict=False):
        if same(output, wanted):
            continue
        stories.append(
            _reshaped(output, wanted)
            or _factor(output, wanted, lengths)
            or _shift(output, wanted)
        )
    told = {story for story in stories if story}
    if len(told) != 1 or not all(stories):
        return None
    return Diagnosis("relation", *told.pop())


def _comparable(output: Fingerprint, wanted: Fingerprint):
    if len(output) != 1 or len(wanted) != 1:
        return None
    one, other = output[0], wanted[0]
    if "sums" not in one or "sums" not in other or one["path"] != other["path"]:
        return None
    if one["shape"] != other["shape"] or other["nonzero"] < 2:
        return None  # any number is a multiple of any other
    if any(one["odd"] + other["odd"]):
        return None
    if "bool" in (one["dtype"], other["dtype"]):
        return None
    return np.array(one["sums"]), np.array(other["sums"]), other


def _reshaped(output, wanted) -> tuple[str, str] | None:
    if not len(output) == len(wanted) == 1:
        return None
    if "sums" not in output[0] or "sums" not in wanted[0]:
        return None
    shape = wanted[0]["shape"]
    got = tuple(output[0]["shape"])
    moved = len(got) == len(shape) and sorted(got) == sorted(shape)  # an axis of size 1
    if moved or not same([{**output[0], "shape": shape}], wanted):
        return None
    return (
        "right up to shape",
        f"The numbers are right, in the right order; the shape is {got} "
        f"where {tuple(shape)} was wanted.",
    )


def _factor(output, wanted, lengths) -> tuple[str, str] | None:
    pair = _comparable(output, wanted)
    if pair is None or not pair[1].any():
        return None
    got, true, leaf = pair
    factor = float(got @ true / (true @ true))
    near = RTOL * max(1.0, abs(factor)) * leaf["size"] + 1e-9
    if not factor or not np.allclose(got, factor * true, rtol=0, atol=near):
        return None
    for name, value, says in _factors(lengths):
        if math.isclose(factor, value, rel_tol=1e-4):
            return name, says
    return "scaled", "Your result is the wanted one times a constant. Where from?"


def _factors(lengths: dict[str, int]):
    """Yield the factors that people really multiply by, the plain ones first."""
    yield "negated", -1.0, "Your result is the wanted one with its sign turned round."
    says = "Your result is {0} times the wanted one: nats and bits differ by that."
    yield "nats for bits", math.log(2), says.format("ln 2")
    yield "bits for nats", 1 / math.log(2), says.format("1 / ln 2")
    for what, size in lengths.items():
        if size < 2:
            continue
        for name, value in _powers(size):
            means = name in ("n", "1/n")
            tail = "sum and mean confused?" if means else "a scale forgotten, or twice?"
            shown = name.replace("n", str(size))
            yield (
                f"scaled by {name}",
                value,
                f"Your result is {shown} times the wanted one, and {size} is the "
                f"size of {what}: {tail}",
            )
    yield "doubled", 2.0, "Your result is exactly twice the wanted one."
    yield "halved", 0.5, "Your result is exactly half the wanted one."


def _powers(size: int):
    yield "n", float(size)
    yield "1/n", 1 / size
    yield "√n", math.sqrt(size)
    yield "1/√n", 1 / math.sqrt(size)


def _shift(output, wanted) -> tuple[str, str] | None:
    pair = _comparable(output, wanted)
    if pair is None:
        return None
    got, true, leaf = pair
    ones = weighted_sums(np.ones(leaf["shape"]))
    step = float((got - true) @ ones / (ones @ ones))
    near = RTOL * (leaf["size"] + abs(step) * np.prod(leaf["shape"])) + 1e-9
    if not np.allclose(got - true, step * ones, rtol=0, atol=near):
        return None
    return "constant added", f"Every entry is {step:+.4g} away from the wanted one."


def sizes(call: Call) -> dict[str, int]:
    """Name the axis sizes of a call's arguments: what people scale by."""
    found = {}
    for name, value in call.given.items():
        array = as_array(value)
        for axis in range(0 if array is None else array.ndim):
            back = axis - array.ndim
            found[f"axis {back} of {name}"] = array.shape[axis]
    return dict(sorted(found.items(), key=lambda item: -int(item[0].split()[1])))
