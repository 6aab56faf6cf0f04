"""Write down every call a check makes to an answer, and object to foul play.

The recorder stands between check and answer. It keeps a copy of what went in and
what came out, lets exceptions through, and fails a call that changed its input.
"""

import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
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
        """The arguments under the names that the answer gives them, each under one."""
        places = enumerate(self.names[: len(self.args)], 1)
        names = [f"argument {i}" if n in self.kwargs else n for i, n in places]
        return {**dict(zip(names, self.args, strict=False)), **self.kwargs}


@dataclass
class Record:
    calls: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        if len(self.calls) < KEPT:
            self.calls.append(call)


_OPEN: ContextVar[Record | None] = ContextVar("open record", default=None)


@contextmanager
def writing_to(record: Record | None) -> Iterator[None]:
    """Make `record` the one that probes write into, for the block."""
    token = _OPEN.set(record)
    try:
        yield
    finally:
        _OPEN.reset(token)


def open_record() -> Record | None:
    """Return the record of the check that is running, if there is one."""
    return _OPEN.get()


def recorded(answer: Callable, record: Record) -> Callable:
    """Return `answer` with every call written into `record`.

    A class is returned as it is: what is recorded of it are the calls of probes.
    """
    if inspect.isclass(answer) or getattr(answer, "is_class", False):
        return answer
    return _recorded(answer, record, parameter_names(answer))


def recorded_as(probe: Callable, call: Callable, record: Record) -> Callable:
    """Return `call`, recorded as a call of `probe` without its first argument."""
    functools.update_wrapper(call, probe)
    return _recorded(call, record, parameter_names(probe)[1:])


def _recorded(function: Callable, record: Record, names: list[str]) -> Callable:
    @functools.wraps(function)
    def call_and_write_down(*args, **kwargs):
        call = Call(_copied(args), _copied(kwargs), names)
        record.add(call)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.error = error
            raise
        call.result = _copied(result)
        call.changed = _changed(call, args, kwargs)
        if call.changed:
            raise ChangedInput(
                f"{function.__name__} changed its input `{call.changed}`"
            )
        if hasattr(result, "detach") and not any(hasattr(a, "detach") for a in args):
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
    names = [*call.names[: len(call.args)], *call.kwargs]
    before, after = [*call.args, *call.kwargs.values()], [*args, *kwargs.values()]
    for name, old, new in zip(names, before, after, strict=False):
        was = dict(leaves(old))
        now = dict(islice(leaves(new), len(was) + 1))
        unchanged = was.keys() == now.keys() and all(
            _equal(was[path], now[path]) for path in was
        )
        if not unchanged:
            return name
    return None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and one.tobytes() == other.tobytes()
    plain = isinstance(one, int | float | complex | str | bytes | type(None))
    return one == other if plain else True  # a generator, say, moves on when used


def parameter_names(function: Callable) -> list[str]:
    """Return the names of the positional parameters, or argument 1, argument 2, …"""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return [*names, *(f"argument {i + 1}" for i in range(len(names), 9))]
