"""What an answer does, seen from outside: the same on many inputs, or not.

Whether two programs do the same on all inputs cannot be decided; here it is tried on
random ones that the exercise draws. Not covered: what an answer prints.
"""

import copy
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from attn_course.authoring.exercise import Exercise, ExerciseError
from attn_course.grading.budget import OutOfTime, time_limit
from attn_course.grading.record import Record, recorded
from attn_course.grading.values import differs, leaves

DRAWS = 200  # inputs on which a mutant must agree to count as the answer in disguise
SECONDS = 1.0  # for one call of a mutant; some of them never end


def draws(ex: Exercise, number: int = DRAWS) -> list[tuple]:
    """Return `number` argument tuples from the exercise's inputs, always the same.

    Raises
    ------
    ExerciseError
        If the exercise draws something else than a tuple.
    """
    rng = np.random.default_rng(0)
    drawn = [ex.inputs(rng) for _ in range(number)]
    odd = next((args for args in drawn if not isinstance(args, tuple)), ())
    if not isinstance(odd, tuple):
        raise ExerciseError(
            f"{ex.path}:{ex.inputs.__code__.co_firstlineno}: inputs: wanted a tuple of "
            f"arguments, got {type(odd).__name__}"
        )
    return drawn


def behaviour(thing: Callable, args: tuple, kwargs: Mapping = MappingProxyType({})):
    """Return ("gives", result) or ("raises", type) of one call, made with copies.

    Changing an input or returning nothing counts as raising, as in a check. Of a
    class, `args` are those of its construction, then (method, *arguments) of each
    call; the result is the tuple of what the calls gave.
    """
    args, kwargs = copy.deepcopy((args, dict(kwargs)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            with time_limit(SECONDS):
                return "gives", _call(recorded(thing, Record()), args, kwargs)
        except (Exception, OutOfTime) as error:
            return "raises", type(error)


def alike(one, other) -> bool:
    """Whether two behaviours are the same up to rounding.

    The width of a float counts, and whether a value is a truth; int against float of
    equal values does not, because no check is asked to tell them apart.
    """
    if one[0] != other[0] or one[0] == "raises":
        return one == other
    mine, theirs = dict(leaves(one[1])), dict(leaves(other[1]))
    return mine.keys() == theirs.keys() and all(
        _alike(mine[path], theirs[path]) for path in theirs
    )


def equivalent(wanted: list, thing: Callable, inputs: list[tuple]) -> bool:
    """Whether `thing` behaves on all `inputs` as `wanted` says the answer does."""
    pairs = zip(wanted, inputs, strict=True)
    return all(alike(behaviour(thing, args), was) for was, args in pairs)


def _call(thing: Callable, args: tuple, kwargs: dict):
    if not isinstance(thing, type):
        return thing(*args, **kwargs)
    first, *rest = args
    made = thing(*first)
    return tuple(getattr(made, name)(*given) for name, *given in rest)


def _alike(a, b) -> bool:
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return type(a) is type(b) and bool(a == b)
    kinds = {a.dtype.kind, b.dtype.kind}
    widths = a.dtype.kind == b.dtype.kind in "fc" and a.dtype != b.dtype
    if a.shape != b.shape or widths or (len(kinds) == 2 and "b" in kinds):
        return False
    return not differs(a, b).any()
