"""Where there is no sandbox, nobody's code runs unless somebody says so."""

import nbformat
import pytest
from typer.testing import CliRunner

from attn_course.classroom.course import Course
from attn_course.classroom.demo import hand_in
from attn_course.classroom.grade import (
    DEMONSTRATION,
    EVERYTHING,
    CannotGoOn,
    grade,
)
from attn_course.classroom.report import results
from attn_course.cli import app
from attn_course.engine.here import Here
from attn_course.judge import sandbox, supply
from attn_course.judge.cold import StudentKernel
from attn_course.judge.student import NoKernel

from .conftest import NAME, solved, submit

WHY = "there is no bwrap here: apt install bubblewrap"


@pytest.fixture
def without(course, monkeypatch) -> Course:
    """A course on a machine without a sandbox."""

    def refuse(found=None):
        raise sandbox.CannotSandbox(WHY)

    monkeypatch.setattr(sandbox, "require", refuse)
    return course


def test_nothing_is_graded_and_it_is_said_why(without, monkeypatch):
    submit(without, "ada", nbformat.writes(solved(without)))
    monkeypatch.chdir(without.root)
    done = CliRunner().invoke(app, ["grade"])
    assert done.exit_code == 2
    assert WHY in done.output
    assert [result.points for result in results(without, NAME)] == [{}]


def test_the_demonstration_is_graded_where_that_is_said(without):
    handed_in = hand_in(without, NAME)[:2]
    students = [each.student for each in handed_in]
    done = grade(without, NAME, students=students, unsandboxed=DEMONSTRATION)
    assert [each.problem for each in done] == [None, None]


def test_what_only_bears_a_name_of_the_demonstration_is_not(without):
    hand_in(without, NAME)
    changed = solved(without, doubled="def doubled(x):\n    return 2.0 * x  # mine")
    submit(without, "answers", nbformat.writes(changed))
    with pytest.raises(sandbox.CannotSandbox):
        list(grade(without, NAME, students=["answers"], unsandboxed=DEMONSTRATION))


def test_everybody_is_graded_where_that_is_said(without):
    submit(without, "ada", nbformat.writes(solved(without)))
    [done] = grade(without, NAME, unsandboxed=EVERYTHING)
    assert done.problem is None
    [result] = results(without, NAME)
    assert result.total == 6


def test_a_kernel_that_does_not_start_is_nobodys_fault(course, monkeypatch):
    def fail(self):
        raise NoKernel("no such Python")

    submit(course, "ada", nbformat.writes(solved(course)))
    monkeypatch.setattr(supply, "fork_server", lambda: None)
    monkeypatch.setattr(StudentKernel, "__enter__", fail)
    with pytest.raises(CannotGoOn, match="no such Python"):
        list(grade(course, NAME, crew=Here()))
    monkeypatch.undo()
    [done] = grade(course, NAME)
    assert (done.fresh, done.problem) == (True, None)
    [result] = results(course, NAME)
    assert result.total == 6
