"""The feedback pages of one assignment, as nbgrader's own command would write them."""

import contextlib
import json
from typing import Any

from nbgrader.converters import GenerateFeedback

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.writer import Folded

LOOKS_UP = "GetGrades"  # in the gradebook; what it finds is in the notebook already


class Pages:
    """What it takes to write pages here, or to have them written elsewhere."""

    def __init__(self, course: Course, assignment: str):
        self.course, self.assignment = course, assignment
        app = GenerateFeedback(course.nbgrader.coursedir, parent=course.nbgrader)
        self.hook = app.post_convert_hook
        steps = map(_name, app.preprocessors)
        self.how = {
            "exporter": _name(app.exporter_class),
            "steps": [name for name in steps if name.rpartition(".")[2] != LOOKS_UP],
            "settings": _portable(app.config),
        }

    def wanted(self, folded: Folded) -> dict[str, Any]:
        """Return what a page is made from."""
        return {"notebook": folded.notebook, "facts": folded.facts, "how": self.how}

    def job(self, folded: Folded) -> tuple[str, str]:
        """Return the job of making a page."""
        return "page", json.dumps(self.wanted(folded))

    def write(self, student: str, html: str, stamp: str | None = None) -> None:
        """Put a page where students get it from."""
        folder = self.course.step("feedback", student, self.assignment)
        write_whole(folder / f"{self.assignment}.html", html)
        if stamp is not None:
            write_whole(folder / "timestamp.txt", stamp)
        if self.hook:
            with contextlib.chdir(self.course.root):
                facts = {"assignment": self.assignment, "student": student}
                self.hook(**facts, notebooks=[])


def _name(thing: type | str) -> str:
    return thing if isinstance(thing, str) else f"{thing.__module__}.{thing.__name__}"


def _portable(config: dict) -> dict[str, dict[str, Any]]:
    """Return settings as JSON can hold them, without those that are no plain values."""
    return {
        section: {name: value for name, value in settings.items() if _is_plain(value)}
        for section, settings in config.items()
    }


def _is_plain(value: Any) -> bool:
    try:
        return json.loads(json.dumps(value)) == value
    except (TypeError, ValueError):
        return False
