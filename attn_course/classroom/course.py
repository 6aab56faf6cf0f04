"""The folders of a course, and nbgrader set up for them."""

import contextlib
import difflib
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from attn_course.authoring import Exercise, load_chapter


class UnknownAssignment(LookupError):
    """No chapter of that name; says which there are."""


class UnknownStudent(LookupError):
    """No submission of that name; says which comes near."""


class Busy(RuntimeError):
    """Another run is at work in the same course."""


class Course:
    """One checkout of the course: where things lie, by the names nbgrader uses."""

    def __init__(self, root: Path):
        self.root = Path(root).resolve()
        config = self.root / "nbgrader_config.py"
        if not config.exists():
            raise FileNotFoundError(
                f"{config} is missing: run this in the top folder of the course"
            )

    @property
    def assignments(self) -> list[str]:
        """The chapters that have exercises, in order."""
        return sorted(
            {path.parent.name for path in self.root.glob("solutions/ch*/e[0-9]*.py")}
        )

    def exercises(self, assignment: str) -> list[Exercise]:
        return load_chapter(self.root / "solutions" / self.known(assignment))

    def known(self, assignment: str) -> str:
        """Return `assignment`, or raise UnknownAssignment with the nearest names."""
        if assignment in self.assignments:
            return assignment
        near = difflib.get_close_matches(assignment, self.assignments, 1, 0.3)
        guess = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(self.assignments) or "none"
        raise UnknownAssignment(
            f"there is no assignment {assignment!r}.{guess} There are: {names}."
        )

    def source(self, assignment: str) -> Path:
        return self.root / "solutions" / assignment / f"{assignment}.ipynb"

    def released(self, assignment: str) -> Path:
        return self.root / "notebooks" / assignment / f"{assignment}.ipynb"

    def pristine(self, assignment: str) -> Path:
        """Return our own copy of what was released, which nobody works in."""
        return self.root / "_grading" / "released" / f"{assignment}.ipynb"

    def submission(self, student: str, assignment: str) -> Path:
        """Return the notebook that a student handed in, or should have."""
        folder = self.step("submitted", student, assignment)
        return folder / f"{assignment}.ipynb"

    def step(self, step: str, student: str, assignment: str) -> Path:
        """Return the folder of one student at one step of grading."""
        return self.root / "_grading" / step / student / assignment

    def students(self, assignment: str, step: str = "submitted") -> list[str]:
        """Return who has a folder for `assignment` at `step`."""
        found = (self.root / "_grading" / step).glob(f"*/{assignment}")
        return sorted(path.parent.name for path in found)

    def handed_in_by(self, names: list[str], assignment: str) -> list[str]:
        """Return `names`, or raise UnknownStudent if one has handed in nothing."""
        there = self.students(assignment)
        for name in names:
            if name not in there:
                near = difflib.get_close_matches(name, there, 1, 0.3)
                guess = f" Did you mean {near[0]}?" if near else ""
                raise UnknownStudent(
                    f"{name!r} has handed in nothing for {assignment}.{guess}"
                )
        return names

    def misplaced(self) -> list[str]:
        """Say which folders and files below submitted/ belong to no assignment."""
        submitted = self.root / "_grading" / "submitted"
        found = []
        for path in sorted(submitted.glob("*/*")):
            if path.name in self.assignments or path.name.startswith("."):
                continue
            near = difflib.get_close_matches(path.stem, self.assignments, 1, 0.3)
            wanted = f"{path.parent}/{(near or ['ASSIGNMENT'])[0]}/"
            found.append(f"{path} belongs to no assignment; should it be in {wanted}?")
        return found

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of the course's folders for the block.

        Raises
        ------
        Busy
            If another run is at work.
        """
        place = self.root / "_grading"
        place.mkdir(exist_ok=True)
        lock = FileLock(place / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise Busy(
                "another run is releasing or grading in this course: wait for it"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @cached_property
    def nbgrader(self) -> NbGraderAPI:
        """nbgrader's own interface, configured by nbgrader_config.py."""
        _put_own_programs_first()
        with contextlib.chdir(self.root):  # as nbgrader itself would read it
            config = PyFileConfigLoader("nbgrader_config.py", ".").load_config()
        config.CourseDirectory.root = str(self.root)
        api = NbGraderAPI(config=config)
        api.log_level = "ERROR"
        return api


def _put_own_programs_first() -> None:
    """Let nbgrader find alembic, which it calls by name, beside this Python."""
    here = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", "").split(os.pathsep)
    if here not in paths:
        os.environ["PATH"] = os.pathsep.join([here, *paths])
