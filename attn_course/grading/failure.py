"""Turn what a check raised into a kind of failure and words for it."""

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from attn_course.grading.budget import OutOfTime
from attn_course.grading.compare import Mismatch
from attn_course.grading.outcome import Outcome
from attn_course.grading.record import ChangedInput, ForeignArray, ReturnedNothing
from attn_course.grading.values import leaves, named

LONGEST = 300  # characters kept of an exception's own message
AFAR = "raised_afar"  # of an exception from another process: what `where` said there


def explain(
    outcome: Outcome, error: BaseException, answer: Callable, seconds: float
) -> None:
    """Write into `outcome` what kind of failure `error` is, and what to say."""
    outcome.kind, outcome.message = _kind_and_message(outcome, error, answer, seconds)
    if isinstance(error, Mismatch):
        outcome.got, outcome.wanted = error.got, error.wanted
    if outcome.kind == "claim":
        _mention_nan(outcome)


def _kind_and_message(outcome, error, answer, seconds: float) -> tuple[str, str]:
    match error:
        case Mismatch():
            return error.kind, str(error)
        case ReturnedNothing():
            return "nothing", f"{error}. Is there a `return`?"
        case ForeignArray():
            return "type", f"{error}; a NumPy array is wanted."
        case ChangedInput():
            says = "Work on a copy: whoever called still needs it."
            return "changed", f"{error}. {says}"
        case OutOfTime():
            return "slow", (
                f"Still running after {seconds:g} seconds, so it was stopped. "
                f"Is there a loop that never ends?"
            )
        case SystemExit():
            return "exception", "The answer asked Python to stop (SystemExit)."
        case AssertionError() if not _raised_in(error, answer):
            says = str(error) or "What the line above says does not hold."
            return "claim", says
    if type(error) is NotImplementedError:
        return "missing", f"{outcome.exercise} is not written yet."
    misused = _misused(outcome, error, answer)
    if misused:
        return "exception", misused
    text = f"{type(error).__name__}: {text_of(error)}".rstrip(": ")
    return "exception", f"{text}{where(error, answer)}"


def _misused(outcome: Outcome, error: BaseException, answer) -> str | None:
    """Say how the answer itself is of the wrong form, if that is the trouble."""
    name = outcome.exercise
    if not callable(answer):
        return f"`{name}` is no function but {named(answer)}. Was the name used again?"
    if not isinstance(error, TypeError) or not outcome.calls:
        return None
    call = outcome.calls[-1]
    try:
        inspect.signature(answer).bind(*call.args, **call.kwargs)
    except TypeError:
        takes = ", ".join(inspect.signature(answer).parameters) or "nothing"
        count = len(call.args) + len(call.kwargs)
        plural = "" if count == 1 else "s"
        return f"`{name}` is called with {count} argument{plural} and takes {takes}."
    except ValueError:  # a builtin without a signature
        return None
    return None


def text_of(error: BaseException) -> str:
    """Return the message of an exception, whatever it makes of being asked."""
    try:
        message = str(error)
    except Exception:  # its __str__ is the student's own
        message = ""
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} …"


def _raised_in(error: BaseException, answer) -> bool:
    """Whether the assertion stands in the answer's cell and not in the check."""
    if hasattr(error, AFAR):
        return True
    code = getattr(inspect.unwrap(answer), "__code__", None)
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return code is not None and code in frames


def where(error: BaseException, answer) -> str:
    """Name the last line of the answer's own file that the error came through."""
    if hasattr(error, AFAR):
        return getattr(error, AFAR)
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if code is None:
        return ""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == code.co_filename and frame.line:
            return f"\n  in {frame.name}, at `{frame.line}`"
    return ""


def _mention_nan(outcome: Outcome) -> None:
    """Name NaN where a plain assertion met one that did not come from the inputs."""
    if not outcome.calls:
        return
    call = outcome.calls[-1]
    if _nans(call.result) and not _nans(list(call.given.values())):
        outcome.kind = "nan"
        outcome.message += "\n  There is nan in what you returned; none went in."


def _nans(value: Any) -> bool:
    arrays = (leaf for _, leaf in leaves(value) if isinstance(leaf, np.ndarray))
    return any(np.isnan(a).any() for a in arrays if a.dtype.kind in "fc")
