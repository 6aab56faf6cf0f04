"""Probes: how a check handles an answer that is a class, wherever the class lives.

A check of a class never touches it. It calls probes, small functions that build the
thing, use it and return plain data: numbers, arrays, lists and dicts of them. Where
the answer lives in another process, its probes run there.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from attn_course.grading.record import open_record, recorded_as, writing_to


class Elsewhere:
    """An answer that lives in another process; `is_class` says whether it is one."""

    is_class = False

    def beside(self, probe: str, args: tuple, kwargs: dict) -> Any:
        """Run the probe of that name beside the answer and return what it returns."""
        raise NotImplementedError


def probe(function: Callable) -> Callable:
    """Mark a function whose first argument is the answer, to be run beside it.

    A call of it counts as a call of the answer: it is recorded, and what it must not
    do (change its arguments, return nothing) is what an answer must not do.
    """

    @functools.wraps(function)
    def run_beside(answer, *args, **kwargs):
        def call(*args, **kwargs):
            afar = inspect.unwrap(answer)
            if isinstance(afar, Elsewhere):
                return afar.beside(function.__name__, args, kwargs)
            with writing_to(None):
                return function(answer, *args, **kwargs)

        record = open_record()
        named = recorded_as(function, call, record) if record else call
        return named(*args, **kwargs)

    run_beside.is_probe = True
    return run_beside
