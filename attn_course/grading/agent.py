"""Answer for a notebook: call its functions when the judge asks, over a socket.

This runs in the student's kernel, between two cells. Nothing is secret here and
nothing is decided here: what leaves is plain data, and what the judge makes of it is
the judge's. The messages are tuples; the first item says what is asked:

    ("describe", name)                          what kind of thing the answer is
    ("call", name, args, kwargs, seconds)       call the answer
    ("probe", name, code, probe, args, kwargs, seconds)
                                                define `probe` by `code`, call it with
                                                the answer as its first argument
    ("end",)                                    go on with the notebook

Each but the last is answered by a dict. While a call is open, a function that came as
an argument is called by ("back", number, args), which the judge answers by a dict.
"""

import contextlib
import inspect
import io
import os
import socket
import warnings
from collections.abc import Callable
from typing import Any

from attn_course.grading.budget import OutOfTime, time_limit
from attn_course.grading.failure import text_of, where
from attn_course.grading.outcome import PRINTED
from attn_course.grading.values import named
from attn_course.grading.wire import WireError, pack, receive, send, unpack

PLACE = "ATTN_JUDGE"  # the environment variable that says where the judge listens
WARNINGS = 20  # told of one call


def serve(names: dict[str, Any]) -> None:
    """Answer the judge about the functions in `names` until it says that it is done."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(os.environ[PLACE])
        while True:
            request = unpack(receive(link), call_back=_calling_back(link))
            if request[0] == "end":
                return
            send(link, _packed(_answered(request, names)))


def _answered(request: tuple, names: dict[str, Any]) -> dict[str, Any]:
    match request:
        case ("describe", name):
            return _described(names, name)
        case ("call", name, args, kwargs, seconds):
            return _called(names[name], args, kwargs, seconds)
        case ("probe", name, code, probe, args, kwargs, seconds):
            space = {}
            exec(compile(code, "<probe>", "exec"), space)
            return _called(space[probe], (names[name], *args), kwargs, seconds, 1)


def _described(names: dict[str, Any], name: str) -> dict[str, Any]:
    """Say whether there is an answer, whether it can be called, and how."""
    if name not in names:
        return {"there": False}
    answer = names[name]
    try:
        parameters = [
            (each.name, int(each.kind), each.default is not each.empty)
            for each in inspect.signature(answer).parameters.values()
        ]
    except (TypeError, ValueError):  # no function, or a builtin without a signature
        parameters = None
    return {
        "there": True,
        "callable": callable(answer),
        "class": inspect.isclass(answer),
        "named": named(answer),
        "parameters": parameters,
    }


def _called(
    function: Callable, args: tuple, kwargs: dict, seconds: float, hidden: int = 0
) -> dict[str, Any]:
    """Call `function` and tell what came of it, all but the first `hidden` arguments.

    Beside the result: what was printed, which warnings came up, and which arguments
    are not what they were, by place or name, as they are now.
    """
    given = {**dict(enumerate(args[hidden:])), **kwargs}
    before = {key: _bytes(value) for key, value in given.items()}
    printed = io.StringIO()
    reply: dict[str, Any] = {}
    with (
        warnings.catch_warnings(record=True) as noise,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            with time_limit(seconds):
                reply["result"] = function(*args, **kwargs)
        except OutOfTime:
            reply["slow"] = True
        except BaseException as error:
            reply["raised"] = _raised(error, function)
    said = sorted({str(each.message)[:500] for each in noise})[:WARNINGS]
    changed = {k: v for k, v in given.items() if _bytes(v) != before[k]}
    shown = printed.getvalue()[: PRINTED + 1]
    return {**reply, "printed": shown, "warnings": said, "changed": changed}


def _raised(error: BaseException, function: Callable) -> dict[str, str]:
    return {
        "name": type(error).__name__,
        "text": text_of(error),
        "where": where(error, function),
    }


def _bytes(value: Any) -> bytes | None:
    """Return what `value` looks like from outside, None for what has no outside."""
    try:
        return pack(value)
    except WireError:
        return None


def _packed(reply: dict[str, Any]) -> bytes:
    """Return the reply as bytes, or one that says why there is none."""
    try:
        return pack(reply)
    except WireError as error:
        return pack({"raised": {"name": "WireError", "text": str(error), "where": ""}})


def _calling_back(link: socket.socket) -> Callable[[int, tuple], Any]:
    """Return what calls a function that lives with the judge."""

    def call_back(number: int, args: tuple) -> Any:
        send(link, pack(("back", number, args)))
        reply = unpack(receive(link))
        if "raised" in reply:
            raise RuntimeError(reply["raised"])
        return reply["result"]

    return call_back
