"""An answer that lives in a student's kernel, as a check sees it: a function.

Calling it asks the kernel. What the answer raised is raised here as an exception of
the same name, what it printed is printed and what it warned of is warned of, so that
a check, and what records it, cannot tell the difference from an answer beside it.
"""

import builtins
import inspect
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from attn_course.grading.budget import OutOfTime
from attn_course.grading.failure import AFAR
from attn_course.grading.probe import Elsewhere
from attn_course.grading.record import ChangedInput
from attn_course.judge.link import Link

PLAIN = {  # raised as themselves; anything else as a namesake without their powers
    kind.__name__: kind for kind in (AssertionError, NotImplementedError, SystemExit)
}
MOST_PARAMETERS, LONGEST_NAME = 32, 60  # of a signature that can be shown
POWERS = (KeyboardInterrupt, GeneratorExit, SystemExit, BaseExceptionGroup)


class Proxy(Elsewhere):
    """The answer `name` at the other end of `link`.

    `probes` maps the probes of the exercise to code that defines them; `seconds` is
    the time that all calls of one check have together.
    """

    def __init__(self, link: Link, name: str, probes: dict[str, str], seconds: float):
        self.__name__ = self.__qualname__ = name
        self.link, self.probes = link, probes
        self.deadline = time.monotonic() + seconds
        facts = link.describe(name)
        self.there, self.is_class = facts["there"], facts.get("class") is True
        self.callable = facts.get("callable") is True
        self.named = str(facts.get("named", ""))[:200]
        self.__signature__ = _signature(facts.get("parameters"))

    def __call__(self, *args, **kwargs) -> Any:
        if self.is_class:
            raise TypeError(f"a check may use the class {self.__name__} in probes only")
        reply = self.link.call(self.__name__, args, kwargs, self._left())
        return self._told(reply, args, kwargs)

    def beside(self, probe: str, args: tuple, kwargs: dict) -> Any:
        code = self.probes[probe]
        left = self._left()
        reply = self.link.probe(self.__name__, code, probe, args, kwargs, left)
        return self._told(reply, args, kwargs)

    def _left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.01)

    def _told(self, reply: dict[str, Any], args: tuple, kwargs: dict) -> Any:
        """Make what happened in the kernel happen here."""
        if reply["printed"]:
            print(reply["printed"], end="")
        for text in reply["warnings"]:
            warnings.warn(text, stacklevel=2)
        if reply.get("slow") is True:
            raise OutOfTime
        if reply.get("raised"):  # nothing is changed then that a check may use again
            raise _exception(**reply["raised"])
        for key, value in reply["changed"].items():
            _change(self.__name__, key, value, args, kwargs)
        return reply["result"]


def _change(name: str, key: Any, value: Any, args: tuple, kwargs: dict) -> None:
    """Write `value` into the argument that the answer wrote into."""
    there = dict(enumerate(args)) | kwargs
    mine = there.get(key)
    if isinstance(mine, np.ndarray) and isinstance(value, np.ndarray):
        if mine.flags.writeable and mine.shape == value.shape:
            mine[...] = value
            return
    elif isinstance(mine, list) and isinstance(value, list):
        mine[:] = value
        return
    known = f" {key!r}" if key in there else ""
    raise ChangedInput(f"{name} changed its input{known}")


def _exception(name: str, text: str, where: str) -> BaseException:
    """Return an exception called `name` that says `text`.

    No class is looked up for the student: those with powers over the judge, and
    those that are not known, become plain exceptions of that name.
    """
    if name in PLAIN:
        error = PLAIN[name](text) if text else PLAIN[name]()
    else:
        base = _harmless().get(name, Exception)
        error = type(name, (base,), {"__init__": _silent, "__str__": lambda _: text})()
    setattr(error, AFAR, where[:300])
    return error


def _silent(self, *_) -> None:
    """Make an exception without its own ceremony."""


def _harmless() -> dict[str, type]:
    return {
        name: kind
        for name, kind in vars(builtins).items()
        if isinstance(kind, type)
        and issubclass(kind, Exception)
        and not issubclass(kind, POWERS)
    }


def _signature(parameters: Any) -> inspect.Signature:
    """Return the signature that the kernel told of, or one that takes anything."""
    try:
        return inspect.Signature(list(_parameters(parameters)))
    except (TypeError, ValueError, IndexError):
        return inspect.Signature(
            [
                inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
                inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
            ]
        )


def _parameters(told: Any) -> Iterator[inspect.Parameter]:
    kinds = list(inspect._ParameterKind)
    if len(told) > MOST_PARAMETERS:
        raise ValueError(f"wanted {MOST_PARAMETERS} parameters, got {len(told)}")
    for name, kind, optional in told:
        if len(name) > LONGEST_NAME:
            raise ValueError(f"wanted a name of {LONGEST_NAME}, got {len(name)}")
        default = None if optional is True else inspect.Parameter.empty
        yield inspect.Parameter(name, kinds[kind], default=default)
