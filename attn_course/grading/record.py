"""Write down every call a check makes to an answer, and object to foul play.

The recorder stands between check and answer. It keeps a copy of what went in and
what came out, lets exceptions through, and fails a call that changed its input.
"""

import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from attn_course.grading.values import leaves

KEPT = 64  # calls kept of one check; more say nothing new and cost memory


class ChangedInput(AssertionError):
    """The answer wrote into an argument."""


class ReturnedNothing(AssertionError):
    """The answer returned None."""


class ForeignArray(AssertionError):
    """The answer got arrays and returned a tensor of another library."""


@dataclass
class Call:
    """One call: arguments as they were before it, and what came of it."""

    args: tuple
    kwargs: dict
    names: list[str]
    result: Any = None
    error: BaseException | None = None
    changed: str | None = None  # the argument that was written into, if any

    @property
    def given(self) -> dict[str, Any]:
        """The arguments under the names that the answer gives them."""
        return {**dict(zip(self.names, self.args, strict=False)), **self.kwargs}


@dataclass
class Record:
    calls: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        if len(self.calls) < KEPT:
            self.calls.append(call)


def recorded(answer: Callable, record: Record) -> Callable:
    """Return `answer` with every call written into `record`.

    Of a class, the public methods it defines itself are recorded, and calling it.
    """
    if not inspect.isclass(answer):
        return _recorded(answer, record, skip_self=False)
    own = {
        name: _recorded(method, record, skip_self=True)
        for name, method in vars(answer).items()
        if inspect.isfunction(method) and (name[0] != "_" or name == "__call__")
    }
    return type(answer.__name__, (answer,), {**own, "__doc__": answer.__doc__})


def _recorded(function: Callable, record: Record, *, skip_self: bool) -> Callable:
    names = _parameter_names(function)

    @functools.wraps(function)
    def call_and_write_down(*args, **kwargs):
        visible = args[1:] if skip_self else args
        call = Call(_copied(visible), _copied(kwargs), names)
        record.add(call)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.error = error
            raise
        call.result = _copied(result)
        call.changed = _changed(call, visible, kwargs)
        if call.changed:
            raise ChangedInput(
                f"{function.__name__} changed its input `{call.changed}`"
            )
        if hasattr(result, "detach") and not any(hasattr(a, "detach") for a in visible):
            raise ForeignArray(f"{function.__name__} returned a torch tensor")
        if result is None:
            raise ReturnedNothing(f"{function.__name__} returned nothing (None)")
        return result

    return call_and_write_down


def _copied(value: Any) -> Any:
    """Return a deep copy, or the thing itself if it is of a kind that has none."""
    try:
        return copy.deepcopy(value)
    except (TypeError, RuntimeError):  # a generator; a tensor inside a graph
        return value


def _changed(call: Call, args: tuple, kwargs: dict) -> str | None:
    """Return the name of the first argument that is not what it was."""
    after = Call(args, kwargs, call.names).given
    for argument, old in call.given.items():
        was, now = dict(leaves(old)), dict(leaves(after[argument]))
        unchanged = was.keys() == now.keys() and all(
            _equal(was[path], now[path]) for path in was
        )
        if not unchanged:
            return argument
    return None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and one.tobytes() == other.tobytes()
    plain = isinstance(one, int | float | complex | str | bytes | type(None))
    return one == other if plain else True  # a generator, say, moves on when used


def _parameter_names(function: Callable) -> list[str]:
    """Return the names of the positional parameters, or argument 1, argument 2, …"""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names = names[1:] if names[:1] == ["self"] else names
    return [*names, *(f"argument {i + 1}" for i in range(len(names), 9))]
