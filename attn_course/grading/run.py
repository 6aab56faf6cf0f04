"""Run one check on one answer and say what came of it.

`attempt` decides and returns an Outcome; `run` shows it and raises what failed.
Not a sandbox: the answer runs in this process and can do whatever Python can.
"""

import contextlib
import inspect
import io
import warnings
import zlib
from collections.abc import Callable

import numpy as np

from attn_course.grading.budget import time_limit
from attn_course.grading.diagnose import diagnose
from attn_course.grading.failure import explain
from attn_course.grading.outcome import Outcome, describe
from attn_course.grading.probe import Elsewhere
from attn_course.grading.record import Record, recorded, writing_to
from attn_course.grading.show import show

SECONDS = 4.0  # for one check; the slowest reference answer takes a hundredth of it
GRACE = 2.0  # more, for an answer elsewhere, which is stopped where it runs


class CheckFailed(AssertionError):
    """A check failed; in a notebook the card above it has the details."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


def run(check: Callable, answer: Callable, *, known: dict | None = None) -> None:
    """Say what passed, or show what failed and raise CheckFailed.

    Prints, warnings and float32 cost nothing: warnings and all that the answer
    writes to stdout or stderr are gathered and shown beside the verdict.
    """
    outcome = attempt(check, answer, known=known)
    shown = show(outcome)
    if not outcome.passed:
        text = outcome.message.partition("\n")[0] if shown else describe(outcome)
        raise CheckFailed(text) from None


def attempt(
    check: Callable,
    answer: Callable,
    *,
    known: dict | None = None,
    seconds: float = SECONDS,
    seed: int | None = None,
) -> Outcome:
    """Run `check` on `answer` and return what came of it; raise nothing.

    A check that asks for `rng` gets a generator seeded by the check's name, so that
    a failure can be seen again, or by `seed`, so that no answer can know the inputs.
    """
    record, printed = Record(), io.StringIO()
    parameters = list(inspect.signature(check).parameters)
    outcome = Outcome(parameters[0], check.__name__, first_line(check))
    grace = GRACE if isinstance(answer, Elsewhere) else 0.0
    extra = [generator(check.__name__, seed)] if "rng" in parameters else []
    with (
        warnings.catch_warnings(record=True) as noise,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            with time_limit(seconds + grace), writing_to(record):
                check(recorded(answer, record), *extra)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            outcome.calls = record.calls
            explain(outcome, error, answer, seconds)
    outcome.calls = record.calls
    outcome.warnings = sorted({str(each.message) for each in noise})
    outcome.printed = printed.getvalue()
    if not outcome.passed and known:
        outcome.diagnosis = diagnose(known, record.calls)
    return outcome


def generator(name: str, seed: int | None = None) -> np.random.Generator:
    """Return the generator that the check called `name` draws its inputs from."""
    return np.random.default_rng(zlib.crc32(name.encode()) if seed is None else seed)


def first_line(check: Callable) -> str:
    """Return what a check says of itself in one line."""
    return (inspect.getdoc(check) or check.__name__).partition("\n")[0]
