"""A small released course, made once and copied; and submissions for it."""

import contextlib
import shutil
from pathlib import Path

import nbformat
import psutil
import pytest

from attn_course.classroom.course import Course
from attn_course.classroom.units import Template
from attn_course.engine.crew import crew_of
from attn_course.engine.pool import Pool
from attn_course.engine.unit import Unit
from attn_course.engine.worker import NAME as HAND

from ..classroom.conftest import NAME, make_course, solved, submit

FULL = 6
ADDS = "def doubled(x):\n    return 2.0 + x"
ENDLESS = "def doubled(x):\n    return 2.0 * x\n\nwhile True:\n    pass"


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> Path:
    return make_course(tmp_path_factory.mktemp("released")).root


@pytest.fixture(scope="session")
def crew():
    """Two workers for all tests, as they take longer to start than to work."""
    with crew_of(2) as crew:
        yield crew


@pytest.fixture
def course(released, tmp_path) -> Course:
    return Course(shutil.copytree(released, tmp_path / "course"))


def configured(course: Course, line: str) -> Course:
    """Return the course with one more line in its configuration."""
    config = course.root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{line}\n")
    return Course(course.root)


def hand_in(course: Course, students, **sources: str) -> None:
    for student in students:
        submit(course, student, nbformat.writes(solved(course, **sources)))


def unit_of(course: Course, student: str, **sources: str) -> Unit:
    return Template(course, NAME).unit(student, solved(course, **sources))


@pytest.fixture
def nobody_runs(monkeypatch):
    """From now on, whoever has a student's code run fails."""

    def submit_page(self, kind, text):
        assert kind != "work", "a student's code would run again"
        return submit_any(self, kind, text)

    submit_any = Pool.submit
    monkeypatch.setattr(Pool, "submit", submit_page)


def workers() -> list[psutil.Process]:
    """Return the processes below this one that work for it, and no browser's."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it is gone by now
            if process.name() == HAND:
                found.append(process)
    return found
