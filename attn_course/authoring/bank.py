"""Make the bank of known mistakes: their outputs on the calls of each check.

A mistake is a misconception of the exercise, or a generic relation: the right
answer asked or reported in a way that people get wrong whatever the task. What is
kept of it is fingerprints, so the bank can lie beside a student's notebook.
"""

import inspect
from collections.abc import Callable, Iterator

import numpy as np

from attn_course.authoring.exercise import Check, Exercise
from attn_course.grading.diagnose import CALLS
from attn_course.grading.fingerprint import fingerprint, same
from attn_course.grading.run import attempt
from attn_course.grading.values import as_array

Relation = tuple[str, str, Callable]


def companion(exercises: list[Exercise]) -> dict[str, dict]:
    """Return what lies beside a student's notebook: hints and the public bank."""
    return {
        ex.name: {
            "title": ex.title,
            "hints": list(ex.hints),
            "checks": {
                check.name: known(ex, check) for check in ex.checks if not check.hidden
            },
        }
        for ex in exercises
    }


def known(ex: Exercise, check: Check) -> dict:
    """Return the fingerprints of answer and mistakes on the calls of `check`.

    Mistakes that this check cannot tell from the answer, or from an earlier one,
    are left out; the misconceptions that name this check come first.
    """
    right = outputs(check, ex.answer.thing)
    mistakes: list[dict] = []
    ordered = sorted(ex.misconceptions, key=lambda m: m.caught_by != check.name)
    told = [
        ("misconception", wrong.name, " ".join(wrong.says.split()), wrong.thing)
        for wrong in ordered
    ]
    if inspect.isfunction(ex.answer.thing):
        told += [("relation", *relation) for relation in relations(ex.answer.thing)]
    for kind, name, says, candidate in told:
        calls = outputs(check, candidate)
        if kind == "relation" and any("raises" in call[0] for call in calls if call):
            continue  # many a slip raises just the same
        if _news(calls, [right, *(mistake["calls"] for mistake in mistakes)]):
            mistakes.append({"kind": kind, "name": name, "says": says, "calls": calls})
    return {"answer": right, "mistakes": mistakes}


def outputs(check: Check, candidate: Callable) -> list:
    """Return the fingerprints of what `candidate` gives on the calls of `check`."""
    calls = attempt(check.thing, candidate).calls[:CALLS]
    return [fingerprint(call) for call in calls]


def _news(calls: list, others: list[list]) -> bool:
    return bool(calls) and not any(
        len(calls) == len(other)
        and all(
            same(a, b, up_to_dtype=False) for a, b in zip(calls, other, strict=True)
        )
        for other in others
    )


def relations(answer: Callable) -> Iterator[Relation]:
    """Yield name, text and wrong version of each generic relation to `answer`.

    Negated, scaled and shifted results are not here: they are recognised from the
    fingerprints of the right ones.
    """
    yield from _asked_otherwise(answer)
    for name, says, change, least in REPORTED_OTHERWISE:
        yield name, says, _after(answer, change, least)


REPORTED_OTHERWISE = [
    (
        "transposed",
        "Your numbers are right; rows and columns have changed places.",
        lambda out: np.swapaxes(out, -1, -2),
        2,
    ),
    (
        "one place late",
        "Your entries are the right ones, one place too late on the last axis.",
        lambda out: np.roll(out, 1, axis=-1),
        1,
    ),
    (
        "one place early",
        "Your entries are the right ones, one place too early on the last axis.",
        lambda out: np.roll(out, -1, axis=-1),
        1,
    ),
    (
        "reversed",
        "Your entries are the right ones in reverse order along the last axis.",
        lambda out: out[..., ::-1],
        1,
    ),
    ("logarithm", "Your result is the logarithm of the wanted one.", np.log, 0),
    ("exponential", "Your result is the exponential of the wanted one.", np.exp, 0),
]


def _asked_otherwise(answer: Callable) -> Iterator[Relation]:
    """Yield the right computation on arguments that were turned, masked or swapped."""
    yield (
        "wrong axis",
        "This is what the right computation gives along the other axis: rows and "
        "columns have changed places.",
        _on_other_axis(answer),
    )
    yield (
        "mask ignored",
        "This is the right result for a mask that allows everything. Is yours used?",
        _with_masks(answer, np.ones_like),
    )
    yield (
        "mask inverted",
        "This is the right result for the opposite mask. True means: may attend.",
        _with_masks(answer, np.logical_not),
    )
    yield from _swapped(answer)


def _after(answer: Callable, change: Callable, least: int) -> Callable:
    """Return `answer` with `change` done to every array of `least` axes it returns."""

    def wrong(*args):
        result = answer(*args)
        array = as_array(result)
        if array is None or array.ndim < least or array.dtype.kind == "b":
            return result
        return change(array)

    return wrong


def _on_other_axis(answer: Callable) -> Callable:
    def wrong(*args):
        turned = [_turned(arg) for arg in args]
        return _turned(answer(*turned))

    return wrong


def _turned(value):
    array = as_array(value)
    return value if array is None or array.ndim < 2 else np.swapaxes(array, -1, -2)


def _with_masks(answer: Callable, change: Callable) -> Callable:
    def wrong(*args):
        return answer(*(change(arg) if _is_mask(arg) else arg for arg in args))

    return wrong


def _is_mask(value) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "b"


def _swapped(answer: Callable) -> Iterator[Relation]:
    names = list(inspect.signature(answer).parameters)
    for i in range(len(names)):
        for j in range(i + 1, len(names)):

            def wrong(*args, i=i, j=j):
                args = list(args)
                args[i], args[j] = args[j], args[i]
                return answer(*args)

            yield (
                f"{names[i]} and {names[j]} swapped",
                f"This is the right result for `{names[i]}` and `{names[j]}` swapped.",
                wrong,
            )
