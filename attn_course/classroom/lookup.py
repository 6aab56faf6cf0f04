"""Get the results of units: from the store, or by having the work done."""

import json
from dataclasses import replace

from attn_course.classroom.course import Course
from attn_course.classroom.journal import Journal
from attn_course.engine.result import Result, outputs
from attn_course.engine.store import Store
from attn_course.engine.unit import Unit


class Lookup:
    """The results of a course's submissions. `force` has the work done once more."""

    def __init__(self, course: Course, journal: Journal, *, force: bool = False):
        self.store = Store(course.root / "_grading" / "results")
        self.journal, self.force = journal, force

    def of(self, units: list[Unit]):
        """Return the result and the executed notebook of each unit.

        A task's part: it yields the work that is to be done.
        """
        kept = {unit.key: self._kept(unit) for unit in units}
        missing = [unit for unit in units if kept[unit.key] is None]
        if missing:
            wanted = map(self._with_known, missing)
            answers = yield [("work", unit.to_json()) for unit in wanted]
            for unit, answer in zip(missing, answers, strict=True):
                kept[unit.key] = self.store.keep(unit.key, *json.loads(answer))
        return [kept[unit.key] for unit in units]

    def _kept(self, unit: Unit) -> tuple[Result, str] | None:
        return None if self.force else self.store.get(unit.key)

    def _with_known(self, unit: Unit) -> Unit:
        """Give a unit the verdicts that its last result had and that still hold."""
        last = self.journal.key(unit.bundle.assignment, unit.student)
        before = None if self.force or last is None else self.store.get(last)
        if before is None:
            return unit
        result, notebook = before
        shown = outputs(notebook)
        known = {
            record["name"]: {"record": record, "outputs": shown[record["name"]]}
            for record in result.checks
            if record["name"] in unit.bundle.homes
            and record["name"] not in result.doubts
            and record["key"] == unit.check_key(record["name"])
        }
        return replace(unit, known=known)
