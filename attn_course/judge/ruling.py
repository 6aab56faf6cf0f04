"""Rule on one check: run it on the answer in a student's kernel, and say what came.

The verdict is found on inputs that belong to this student and this notebook. A check
that fails runs once more on the inputs that everybody has in the notebook: what comes
of that is compared with the known mistakes, and with what other students' answers did.
"""

import inspect
import time
from dataclasses import dataclass, field

from attn_course.authoring.exercise import Check, Exercise
from attn_course.grading.diagnose import CALLS, Diagnosis, diagnose_outputs, sizes
from attn_course.grading.fingerprint import fingerprint
from attn_course.grading.outcome import Outcome
from attn_course.grading.run import attempt, first_line
from attn_course.judge.limits import GB, memory_limit
from attn_course.judge.link import Broken, Link
from attn_course.judge.proxy import Proxy
from attn_course.judge.rulebook import Rulebook
from attn_course.judge.sitting import CHANCES, Sitting

MORE_MEMORY = 4 * GB  # than before, for a check: odd shapes make large tables of it
SPEECHLESS = ("slow", "missing")  # nothing to learn from a second run
MEMORISED = Diagnosis(
    "relation",
    "fits the notebook's inputs only",
    "Your answer is right on the inputs that the notebook tries and wrong on others "
    "of the same kind. Is a number typed in that should be computed?",
)


@dataclass
class Ruling:
    """An outcome, and what it rests on. `outputs` are those on the public inputs."""

    name: str  # the grade id
    outcome: Outcome
    of: int  # points
    seed: int
    allowed: float  # seconds
    seconds: float = 0.0
    outputs: list = field(default_factory=list)
    sizes: list = field(default_factory=list)
    unfit: bool = False  # there was nothing to call
    shows_inputs: bool = True  # to the student, when the check failed

    @property
    def points(self) -> int:
        return self.of if self.outcome.passed else 0


def rule(rulebook: Rulebook, name: str, sitting: Sitting, seed: int) -> Ruling:
    """Run the check of that grade id on the answer that `sitting` has come to."""
    ex, check = rulebook.checks[name]
    outcome = Outcome(ex.name, check.name, first_line(check.thing))
    ruling = Ruling(name, outcome, check.points, seed, rulebook.allowance(name))
    ruling.shows_inputs = ex.shows_inputs
    start = time.monotonic()
    for _ in range(CHANCES):
        broken = _held(ruling, rulebook, sitting)
        if not broken:
            break
        _blame(ruling.outcome, broken)
    ruling.seconds = time.monotonic() - start
    return ruling


def _held(ruling: Ruling, rulebook: Rulebook, sitting: Sitting) -> str | None:
    """Hold the conversation of a check; return what kept it from a verdict, if so."""
    ex, check = rulebook.checks[ruling.name]
    found = False
    try:
        with sitting.conversation(ex.imports) as link:
            _examine(ruling, ex, check, link)
            found = ruling.outcome.kind == "slow" or not (link.broken or link.waiting)
            if not ruling.outcome.passed and _speaks(ruling, link):
                _diagnose(ruling, ex, check, link, rulebook.mistakes(ruling.name))
    except Broken as error:
        return None if found else str(error)
    return None if found else link.broken


def _examine(ruling: Ruling, ex: Exercise, check: Check, link: Link) -> None:
    """Fill in the ruling from one conversation."""
    proxy = _proxy(ex, link, ruling.allowed)
    complaint = _unfit(proxy)
    if complaint:
        ruling.outcome.kind, ruling.outcome.message = complaint
        ruling.unfit = True
        return
    ruling.outcome = _tried(check, proxy, ruling, ruling.seed)


def _speaks(ruling: Ruling, link: Link) -> bool:
    """Whether a second run can tell more."""
    quiet = ruling.outcome.kind in SPEECHLESS or ruling.unfit
    return not (quiet or link.broken or link.waiting)


def _proxy(ex: Exercise, link: Link, seconds: float) -> Proxy:
    code = {name: f"{ex.imports}\n\n\n{source}" for name, source in ex.probes.items()}
    return Proxy(link, ex.name, code, seconds)


def _tried(check: Check, proxy: Proxy, ruling: Ruling, seed: int | None) -> Outcome:
    with memory_limit(MORE_MEMORY):
        return attempt(check.thing, proxy, seconds=ruling.allowed, seed=seed)


def _unfit(proxy: Proxy) -> tuple[str, str] | None:
    """Say what is wrong with an answer that cannot be called at all."""
    name = proxy.__name__
    if not proxy.there:
        return "missing", (
            f"There is no `{name}` in the notebook. Was its cell deleted, or did "
            f"Python stop before it?"
        )
    if not proxy.callable:
        return "exception", (
            f"`{name}` is no function but {proxy.named}. Was the name used again?"
        )
    return None


def _blame(outcome: Outcome, why: str) -> None:
    outcome.kind, outcome.got, outcome.wanted = "exception", None, None
    outcome.message = f"The check could not be finished: {why}."


def _diagnose(ruling, ex: Exercise, check: Check, link: Link, bank: dict) -> None:
    """Name the known mistake, from what the answer does on the public inputs."""
    drawn = "rng" in inspect.signature(check.thing).parameters
    public = ruling.outcome
    if drawn:
        public = _tried(check, _proxy(ex, link, ruling.allowed), ruling, None)
    calls = public.calls[:CALLS]
    ruling.outputs = [fingerprint(call) for call in calls]
    ruling.sizes = [sizes(call) for call in calls]
    if drawn and public.passed:
        ruling.outcome.diagnosis = MEMORISED
        return
    ruling.outcome.diagnosis = diagnose_outputs(bank, ruling.outputs, ruling.sizes)
