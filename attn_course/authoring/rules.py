"""The rules that need an exercise to be run, each a generator of what is wrong.

A rule takes the Evidence of one exercise and yields (line, what is wrong and what to
do). One that yields nothing is kept.
"""

from collections.abc import Iterator

import numpy as np

from attn_course.authoring.evidence import Evidence
from attn_course.grading.record import Call
from attn_course.grading.run import SECONDS
from attn_course.grading.values import leaves

Problems = Iterator[tuple[int, str]]


def right_answers_pass(seen: Evidence) -> Problems:
    """The answer and every alternative pass every check, twice on the same inputs."""
    for part in (seen.ex.answer, *seen.ex.alternatives):
        for check in seen.ex.checks:
            outcomes = seen.right[part.name, check.name]
            failed = next((each for each in outcomes if not each.passed), None)
            if failed:
                yield (
                    part.line,
                    f"{part.name} is right, but {check.name} rejects it: "
                    f"{failed.message.rstrip('.')}. Mend the check, or the answer.",
                )
            elif not _same_inputs(*(each.calls for each in outcomes)):
                yield (
                    check.line,
                    f"{check.name} makes other calls the second time: let it draw "
                    f"everything random from an argument named rng.",
                )


def drawn_inputs_are_answered(seen: Evidence) -> Problems:
    """The answer copes with most drawn inputs, and alternatives do as it does."""
    line = seen.ex.inputs.__code__.co_firstlineno
    raised = [result for kind, result in seen.wanted if kind == "raises"]
    if len(raised) > len(seen.wanted) / 2:
        yield (
            line,
            f"the answer raises on {len(raised)} of {len(seen.wanted)} drawn inputs "
            f"(the last time {raised[-1].__name__}): draw what it is meant for.",
        )
    for part in seen.ex.alternatives:
        if not seen.in_disguise(part.thing):
            yield (
                part.line,
                f"{part.name} and the answer differ on drawn inputs: mend it, or draw "
                f"only what the statement promises.",
            )


def misconceptions_are_caught(seen: Evidence) -> Problems:
    """Each misconception is rejected by the check it names."""
    for wrong in seen.ex.misconceptions:
        if seen.mistaken[wrong.name, wrong.caught_by].passed:
            others = [
                check.name
                for check in seen.ex.checks
                if not seen.mistaken[wrong.name, check.name].passed
            ]
            yield (
                wrong.line,
                f"{wrong.caught_by} accepts {wrong.name}; rejected by: "
                f"{', '.join(others) or 'no check'}. Sharpen it or name another.",
            )


def every_check_rejects_something(seen: Evidence) -> Problems:
    """Each check rejects a misconception, or a mutant that does not merely crash."""
    for check, fates in zip(seen.ex.checks, seen.fates, strict=True):
        kinds = {seen.mistaken[w.name, check.name].kind for w in seen.ex.misconceptions}
        if kinds | {*fates.tolist()} - {"exception"} <= {"passed"}:
            yield (
                check.line,
                f"{check.name} rejects nothing but crashes: sharpen it or drop it.",
            )


def no_mutant_survives(seen: Evidence) -> Problems:
    """Each mutant that behaves unlike the answer is rejected by some check."""
    for mutant in seen.survivors:
        yield (
            mutant.line,
            f"every check accepts {mutant} ({mutant.operator}), which behaves "
            f"otherwise on drawn inputs: add an assertion that tells them apart.",
        )


def untouched_earns_nothing(seen: Evidence) -> Problems:
    """What students are given passes no check; a starter fails one and is wrong."""
    passed = [name for name, each in seen.untouched.items() if each.passed]
    starter = seen.ex.starter
    if starter is None:
        for name in passed:
            yield (
                seen.ex.check(name).line,
                f"{name} accepts an answer that is not written yet: let it look at "
                f"what the answer returns.",
            )
        return
    if len(passed) == len(seen.untouched):
        yield starter.line, "the starter passes every check: there is nothing to mend."
    if seen.in_disguise(starter.thing):
        yield starter.line, "the starter behaves like the answer on all drawn inputs."


def misconceptions_are_told_apart(seen: Evidence) -> Problems:
    """Failing as a misconception does is diagnosed as that misconception."""
    for wrong in seen.ex.misconceptions:
        outcome = seen.mistaken[wrong.name, wrong.caught_by]
        found = outcome.diagnosis
        named = found.name if found else "nothing"
        if not outcome.passed and named != wrong.name:
            yield (
                wrong.line,
                f"on {wrong.caught_by}, {wrong.name} is diagnosed as "
                f"{named}: give the check a call on which the two differ.",
            )


def public_and_hidden_checks(seen: Evidence) -> Problems:
    """There are checks that students see and checks that run after handing in."""
    line = seen.ex.answer.line
    if all(check.hidden for check in seen.ex.checks):
        yield line, "all checks are hidden: give students one to work with."
    if not any(check.hidden for check in seen.ex.checks):
        yield line, "no check is hidden: add one that values typed in cannot pass."


def checks_are_quick(seen: Evidence) -> Problems:
    """The answer needs less than a twentieth of the time that a check allows."""
    assert seen.right  # asked for, so that the answer has run and its time is known
    for check in seen.ex.checks:
        spent = seen.seconds[check.name]
        if spent > SECONDS / 20:
            yield (
                check.line,
                f"{check.name} takes {spent:.2f} s with the answer, of {SECONDS:g} s "
                f"allowed: use smaller inputs.",
            )


def _same_inputs(one: list[Call], other: list[Call]) -> bool:
    def plain(calls):
        return [
            (path, leaf.shape, leaf.tobytes())
            for call in calls
            for path, leaf in leaves(call.given)
            if isinstance(leaf, np.ndarray)
        ]

    return plain(one) == plain(other)
