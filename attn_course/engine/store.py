"""Results by the key of their unit: written once, whole, and never changed.

For each key a JSON file and a notebook, and, where the same unit was done once more
with another verdict, a file that says which checks are in doubt.
"""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from attn_course.authoring.files import write_whole
from attn_course.engine.result import NoResult, Result, disagreement, read


class Store:
    """The folder of results."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def get(self, key: str) -> tuple[Result, str] | None:
        """Return a result and its notebook; None if there is none that is whole."""
        try:
            text = self._path(key, ".json").read_text("utf8")
            notebook = self._path(key, ".ipynb").read_text("utf8")
            result = read(text, notebook, key)
        except (OSError, UnicodeDecodeError, NoResult):
            return None
        return replace(result, doubts=result.doubts | self._doubts(key)), notebook

    def keep(self, key: str, text: str, notebook: str) -> tuple[Result, str]:
        """Keep a result that has come in, and return what now counts.

        If there is one already, that one counts, and where the two give a check other
        points, they are in doubt from now on.

        Raises
        ------
        NoResult
            If it is not whole, or of another unit.
        """
        result = read(text, notebook, key)
        before = self.get(key)
        if before is None:
            self._write(key, ".ipynb", notebook)
            self._write(key, ".json", text)  # last: now it is there
        elif doubts := _differences(before[0], result):
            self._write(key, ".doubts", json.dumps(self._doubts(key) | doubts))
        return self.get(key)

    def _doubts(self, key: str) -> dict[str, str]:
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads(self._path(key, ".doubts").read_text("utf8")))
        return {}

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}{suffix}"

    def _write(self, key: str, suffix: str, text: str) -> None:
        write_whole(self._path(key, suffix), text, mode=0o444)


def _differences(first: Result, second: Result) -> dict[str, str]:
    points = {check["name"]: check["points"] for check in second.checks}
    return {
        check["name"]: disagreement(check["points"], points[check["name"]], check["of"])
        for check in first.checks
        if points.get(check["name"], check["points"]) != check["points"]
    }
