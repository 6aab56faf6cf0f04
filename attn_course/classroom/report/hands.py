"""What somebody has to look at: the things that no machine should settle alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from attn_course.classroom.report.work import ClassWork, Work

UNFINISHED = "The check could not be finished"  # as the judge begins to say it
NEAR = 0.5  # of the time allowed: whoever takes more may fail on a busier day


@dataclass
class Hand:
    """One thing to look at, and whose work it is in.

    The kinds: not graded, by hand, fault, flaky, near the limit, differs, no record,
    older checks, no sandbox.
    """

    kind: str
    what: str
    students: list[str]


def hands(work: ClassWork) -> list[Hand]:
    """Return what is to be looked at in one assignment, the same things together."""
    titles = {ex.name: ex.title for ex in work.exercises}
    found: dict[tuple[str, str], Hand] = {}
    for each in work.works:
        for kind, what in dict.fromkeys(_of(each, work, titles)):
            hand = found.setdefault((kind, what), Hand(kind, what, []))
            hand.students.append(each.student)
    return sorted(found.values(), key=lambda hand: ORDER.index(hand.kind))


ORDER = (
    "not graded",
    "by hand",
    "fault",
    "flaky",
    "near the limit",
    "differs",
    "no record",
    "older checks",
    "no sandbox",
)


def _of(each: Work, work: ClassWork, titles: dict) -> Iterator[tuple[str, str]]:
    if each.problem or not each.graded:
        yield "not graded", each.problem or "Handed in, and waits to be graded."
    for name in each.by_hand:
        yield "by hand", f"{titles[name]}: waits for points given by hand."
    doubts = (each.record or {}).get("doubts", {})
    for name, checks in each.checks.items():
        for kept in checks:
            yield from _of_check(titles[name], kept, doubts.get(kept["name"]))
    for name in each.differing:
        what = "the gradebook has other points than the judge's record."
        yield "differs", f"{titles[name]}: {what}"
    if each.graded:
        yield from _of_record(each.record, work.digest)


def _of_check(title: str, kept: dict, doubt: str | None) -> Iterator[tuple[str, str]]:
    if kept["message"].startswith(UNFINISHED):
        yield "fault", f"{title}: {kept['message'].partition(chr(10))[0]}"
    if doubt:
        yield "flaky", f"{title}: a check gave {doubt}."
    if kept["kind"] == "passed" and kept["seconds"] > NEAR * kept["allowed"]:
        limit = f"the {kept['allowed']:g} s that are allowed"
        yield (
            "near the limit",
            f"{title}: a check passed after more than half of {limit}.",
        )


def _of_record(record: dict | None, digest: str) -> Iterator[tuple[str, str]]:
    if record is None:
        yield "no record", "There is no record of the judge: who graded this, and how?"
        return
    if record["modules"] != digest:
        yield "older checks", "Graded by checks that have changed since: grade again."
    if not record["sandboxed"]:
        yield "no sandbox", "Graded without a sandbox, so the work could cheat."
