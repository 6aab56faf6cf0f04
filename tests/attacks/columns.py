"""Two ways to grade a class: ours, and nbgrader as it comes.

Each is a program that grades all who have handed in and says whom it is at, so that
what stops it can be put aside and the rest goes on.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from attn_course.classroom.course import Course
from attn_course.classroom.release import release

from .scene import HERE, NAME
from .stage import ROOT, Stage

STOCK_SECONDS = 6  # a cell, where nbgrader's own default is 30


class Column:
    """A course at `root` that is graded by `command`."""

    patience: float  # seconds at one submission
    name: str

    def __init__(self, stage: Stage):
        self.stage = stage
        self.root = stage.root / self.name
        self.environment = stage.environment
        self.build()

    def at(self, line: str) -> str | None:
        """Return the student whom this line of the log says that it begins with."""
        found = re.search(self.begins, line)
        return found and found[1]

    def refused(self, lines: list[str]) -> list[tuple[str, str]]:
        """Return who was not graded and why, in the grader's own words."""
        raise NotImplementedError

    def ended_well(self, process: subprocess.Popen, lines: list[str]) -> bool:
        """Whether the grader went through the whole class."""
        return process.returncode == 0

    @property
    def course_files(self) -> list[Path]:
        """What grading must leave as it is."""
        folders = ("modules", "submitted")
        return [self.places[name] for name in folders] + [self.released.parent]


class Stock(Column):
    """nbgrader with no configuration but a shorter time for a cell."""

    name = "stock"
    patience = 45.0
    begins = r"Creating/updating student with ID '([^']+)'"

    def build(self) -> None:
        made = _released(self.root.parent / "for-stock")
        for path in made.source(NAME).parent.iterdir():
            folder = "source" if path.suffix in (".ipynb", ".json") else "solutions"
            target = self.root / folder / NAME / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file():
                shutil.copy(path, target)
        (self.root / "submitted").mkdir()
        command = [*_nbgrader("generate_assignment"), NAME]
        subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
        )
        self.released = self.root / "release" / NAME / f"{NAME}.ipynb"

    @property
    def places(self) -> dict[str, Path]:
        return {
            "instructor": self.root / "source" / NAME / f"{NAME}.ipynb",
            "modules": self.root / "solutions" / NAME,
            "gradebook": self.root / "gradebook.db",
            "submitted": self.root / "submitted",
            "autograded": self.root / "autograded",
        }

    @property
    def command(self) -> list[str]:
        return [*_nbgrader("autograde"), NAME, f"--Execute.timeout={STOCK_SECONDS}"]

    def refused(self, lines):
        failed = re.compile(r"error processing assignment: .*/([^/]+)/[^/]+$")
        found = [match[1] for line in lines if (match := failed.search(line))]
        return [(student, "nbgrader could not grade this") for student in found]

    def ended_well(self, process, lines):
        """Where somebody was not graded, nbgrader fails at the end, and says so."""
        tail = "\n".join(lines[-5:])
        return process.returncode == 0 or "on the above failures" in tail


class Ours(Column):
    """Our grading, as `attn-course grade` does it."""

    name = "ours"
    patience = 180.0
    begins = r"^at (.+)$"

    def build(self) -> None:
        self.course = _released(self.root)
        (self.root / "_grading" / "submitted").mkdir(exist_ok=True)
        self.released = self.course.pristine(NAME)

    @property
    def places(self) -> dict[str, Path]:
        return {
            "instructor": self.course.source(NAME),
            "modules": self.root / "solutions" / NAME,
            "gradebook": self.root / "_grading" / "gradebook.db",
            "submitted": self.root / "_grading" / "submitted",
            "autograded": self.root / "_grading" / "autograded",
        }

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "ours.py"), str(self.root), NAME]

    def refused(self, lines):
        said = [json.loads(line) for line in lines if line.startswith('{"student"')]
        return [(each["student"], each["problem"]) for each in said if each["problem"]]


def _released(root: Path) -> Course:
    """Make the course of three exercises at `root`, and release it."""
    root.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    target = root / "solutions" / NAME
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE / "course", target, ignore=ignored)
    course = Course(root)
    release(course, NAME)
    return course


def _nbgrader(command: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", command]


def notebook(column: Column):
    """Return what was handed out."""
    return nbformat.reads(column.released.read_text("utf8"), as_version=4)
