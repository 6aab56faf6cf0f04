"""What somebody handed in before is kept; the last counts, or the best, as configured.

In nbgrader_config.py: ``c.Attempts.counts = "best"``. An attempt is known by the bytes
that were handed in, and kept as what counts of them: its answers on the skeleton of
the notebook that was released. So an old one can be judged by the checks of today.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets import Enum
from traitlets.config import Configurable

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.engine.packing import packed

LAST, BEST = "last", "best"


@dataclass(frozen=True)
class Attempt:
    """One version of somebody's work; `stamp` says when it was first handed in."""

    name: str
    stamp: str | None


class Attempts(Configurable):
    """The attempts at one assignment."""

    counts = Enum(
        (LAST, BEST), LAST, help="Which attempt counts, after what lateness takes off."
    ).tag(config=True)

    def __init__(self, course: Course, assignment: str):
        super().__init__(config=course.nbgrader.config)
        self.folder = course.root / "_grading" / "attempts" / assignment

    def note(self, student: str, raw: bytes, nb: NotebookNode, stamp: str | None):
        """Keep an attempt; the same one once more becomes the last of them again."""
        name = _name(raw)
        before = {each.name: each for each in self.of(student)}
        attempt = before.pop(name, None) or Attempt(name, stamp)
        write_whole(self._path(student, name), packed(nb), mode=0o444)
        index = [asdict(each) for each in (*before.values(), attempt)]
        write_whole(self._index(student), json.dumps(index, indent=1) + "\n")

    def of(self, student: str) -> list[Attempt]:
        """Return what is known of somebody's attempts, the last one last."""
        try:
            found = json.loads(self._index(student).read_text("utf8"))
            attempts = [Attempt(**each) for each in found]
        except (FileNotFoundError, ValueError, TypeError):
            return []
        return [each for each in attempts if self._path(student, each.name).exists()]

    def others(
        self, student: str, raw: bytes
    ) -> Iterator[tuple[str | None, NotebookNode]]:
        """Yield when and what somebody handed in besides `raw` that may count as well.

        The first one comes first.
        """
        for each in self.of(student) if self.counts == BEST else ():
            if each.name != _name(raw):
                path = self._path(student, each.name)
                yield each.stamp, nbformat.read(path, as_version=4)

    def _path(self, student: str, name: str) -> Path:
        return self.folder / student / f"{name}.ipynb"

    def _index(self, student: str) -> Path:
        return self.folder / student / "attempts.json"


def _name(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]
