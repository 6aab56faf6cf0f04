"""The rules on what checks give to an answer: axes told apart, nothing saturated.

Of an answer that is a class, the methods' arguments are looked at, and of what the
methods return nothing; saturation is looked for in functions only.
"""

from collections.abc import Iterator
from inspect import signature
from itertools import combinations

import numpy as np

from attn_course.authoring.behaviour import alike, behaviour
from attn_course.authoring.evidence import Evidence
from attn_course.authoring.exercise import Check
from attn_course.grading.record import Call
from attn_course.grading.run import attempt
from attn_course.grading.values import as_array

Problems = Iterator[tuple[int, str]]
SHRINK = 0.9  # a saturated output does not notice inputs a tenth smaller
SAMPLE = 40  # drawn inputs that show which arguments' scale matters
SEEDS = range(1, 13)  # luck of one in ten is seen in two cases of three


def axis_sizes_differ(seen: Evidence) -> Problems:
    """Axes with different names have different sizes in every call of a check."""
    axes = seen.ex.axes
    for check in seen.ex.checks:
        told = {p for call in _calls(seen, check) for p in _axis_problems(axes, call)}
        for problem in sorted(told):
            yield check.line, f"{check.name}: {problem}"


def inputs_are_not_saturated(seen: Evidence) -> Problems:
    """In every check that is not extreme, scaling a float array changes the output.

    Asked only of arguments whose scale matters somewhere on the drawn inputs.
    """
    if isinstance(seen.ex.answer.thing, type):
        return
    names = list(seen.ex.answer.thing.__code__.co_varnames)
    drawn = [Call(args, {}, names) for args in seen.inputs[:SAMPLE]]
    sensitive = {name for call in drawn for name in _noticed(seen, call)}
    for check in seen.ex.checks:
        if check.extreme:
            continue
        calls = _calls(seen, check)
        asked = sensitive & {name for call in calls for name in _arrays(call)}
        for name in sorted(asked - {n for call in calls for n in _noticed(seen, call)}):
            yield (
                check.line,
                f"{check.name}: with `{name}` times {SHRINK} the answer stays the same "
                f"in every call. Use smaller numbers, or mark the check extreme=True.",
            )


def _calls(seen: Evidence, check: Check) -> list[Call]:
    calls = seen.right[seen.ex.answer.name, check.name][0].calls
    return [call for call in calls if call.error is None]


def _arrays(call: Call) -> list[str]:
    """Name the arguments that are float arrays and that scaling would change."""
    return [
        name
        for name, value in call.given.items()
        if isinstance(value, np.ndarray)
        and value.ndim
        and value.dtype.kind == "f"
        and np.any(np.isfinite(value) & (value != 0))
    ]


def _noticed(seen: Evidence, call: Call) -> list[str]:
    """Name the float arrays whose scale the answer notices in this call."""
    thing = seen.ex.answer.thing
    before = behaviour(thing, call.args, call.kwargs)
    found = []
    for name in _arrays(call):
        args = [_shrunk(v, n == name) for n, v in zip(call.names, call.args)]  # noqa: B905
        kwargs = {n: _shrunk(v, n == name) for n, v in call.kwargs.items()}
        if not alike(before, behaviour(thing, tuple(args), kwargs)):
            found.append(name)
    return found


def _shrunk(value, wanted: bool):
    return (value * SHRINK).astype(value.dtype) if wanted else value


def _axis_problems(axes: dict[str, tuple[str, ...]], call: Call) -> Iterator[str]:
    """Bind the documented axis names to the sizes of one call; say what clashes."""
    sizes: dict[str, set[int]] = {}
    for name, value in {**call.given, "returns": call.result}.items():
        array = None if isinstance(value, tuple | dict) else as_array(value)
        if array is None:
            continue
        if name not in axes:
            if array.ndim and name != "returns":
                yield f"`{name}` has axes, but no row in the docstring of the answer"
            continue
        bound = _bound(axes[name], array.shape)
        if bound is None:
            wanted = ", ".join(axes[name])
            yield f"`{name}` has shape {array.shape}, documented as ({wanted})"
            continue
        for axis, size in bound:
            sizes.setdefault(axis, set()).add(size)
    yield from _clashes(sizes)


def _bound(named: tuple[str, ...], shape: tuple[int, ...]):
    """Pair axis names with sizes; `...` stands for any number of leading axes."""
    leading = 0
    if named[:1] == ("...",):
        named = named[1:]
        leading = max(0, len(shape) - len(named))
    if leading + len(named) != len(shape):
        return None
    batch = [f"leading axis {i - leading}" for i in range(leading)]
    return list(zip([*batch, *named], shape, strict=True))


def _clashes(sizes: dict[str, set[int]]) -> Iterator[str]:
    """Say which name has two sizes, and which two names share one."""
    for axis, found in sizes.items():
        if axis.isdigit() and found != {int(axis)}:
            yield f"an axis documented as {axis} has size {sorted(found)}"
        apart = found - {1} if axis.startswith("leading") else found  # 1 is broadcast
        if len(apart) > 1:
            yield f"{axis} has sizes {sorted(found)} in one call"
    names = [axis for axis in sizes if axis.isidentifier() or "leading" in axis]
    for one, other in combinations(names, 2):
        for size in sorted(sizes[one] & sizes[other]):
            yield (
                f"{one} and {other} are both {size}: equal sizes hide a transpose, so "
                f"let them differ"
            )


def other_inputs_decide_the_same(seen: Evidence) -> Problems:
    """On other seeds too, right answers pass and misconceptions are caught.

    Students are graded on inputs of their own, so no verdict may hang on a seed.
    """
    ex = seen.ex
    right = (ex.answer, *ex.alternatives)
    for check in ex.checks:
        if "rng" not in signature(check.thing).parameters:
            continue
        for seed in SEEDS:
            for part in right:
                outcome = attempt(check.thing, part.thing, seed=seed)
                told = not seen.right[part.name, check.name][0].passed
                if not (outcome.passed or told):
                    yield (
                        check.line,
                        f"{check.name} rejects {part.name}, which is right, on the "
                        f"inputs of seed {seed}: {outcome.message.rstrip('.')}.",
                    )
            for wrong in ex.misconceptions:
                named = wrong.caught_by == check.name
                if named and attempt(check.thing, wrong.thing, seed=seed).passed:
                    yield (
                        check.line,
                        f"{check.name} accepts {wrong.name} on the inputs of seed "
                        f"{seed}: draw them so that the two always differ.",
                    )
