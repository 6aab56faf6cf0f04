"""The command: help that reads well, exit codes, and messages instead of tracebacks."""

import pytest
from typer.testing import CliRunner

from attn_course.cli import app

from .authoring.test_loading import GOOD
from .authoring.test_skeleton import TOC
from .classroom.conftest import NAME, make_course, solved, submit

cli = CliRunner()


@pytest.fixture
def empty(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "_toc.yml").write_text(TOC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_course(tmp_path)


@pytest.mark.parametrize(
    "command", ["", "new", "check", "release", "demo", "grade", "report"]
)
def test_every_command_explains_itself(command):
    done = cli.invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.output


def test_new_exercise_then_check_shows_a_failing_skeleton(empty):
    assert cli.invoke(app, ["new", "chapter", "ch03_scores"]).exit_code == 0
    done = cli.invoke(app, ["new", "exercise", "ch03_scores", "dot_scores"])
    assert done.exit_code == 0
    path = "solutions/ch03_scores/e01_dot_scores.py"
    assert f"attn-course check {path}" in " ".join(done.output.split())
    done = cli.invoke(app, ["check", path])
    assert done.exit_code == 1
    assert f"{path}:" in done.output.replace("\n", "")


def test_check_passes_a_sound_exercise_and_names_file_and_line_of_a_broken_one(empty):
    path = empty / "e01_total.py"
    path.write_text(GOOD.replace("@answer\n", ""))
    done = cli.invoke(app, ["check", str(path)])
    assert done.exit_code == 2
    assert f"{path}:1: nothing is marked @answer" in done.output.replace("\n", "")
    done = cli.invoke(app, ["check", "no_such_file.py"])
    assert done.exit_code == 2


def test_an_unknown_assignment_is_refused_with_those_there_are(course):
    for command in ("release", "demo", "grade", "report"):
        done = cli.invoke(app, [command, "ch01_smaple"])
        assert done.exit_code == 2
        assert f"Did you mean {NAME}?" in done.output.replace("\n", "")


def test_outside_a_course_the_message_says_where_to_run_it(empty):
    done = cli.invoke(app, ["release"])
    assert done.exit_code == 2
    assert "run this in the top folder of the course" in done.output.replace("\n", " ")


def test_grading_reports_what_it_could_not_read_and_exits_with_one(course):
    import json

    submit(course, "right", json.dumps(solved(course)))
    submit(course, "spoilt", "half a notebook")
    done = cli.invoke(app, ["grade", NAME])
    assert done.exit_code == 1
    said = done.output.replace("\n", "")
    assert "spoilt" in said
    assert "not a Jupyter notebook" in said
    done = cli.invoke(app, ["report", NAME])
    assert done.exit_code == 0
    assert "right" in done.output
    assert "not graded" in done.output


def test_release_says_what_is_new(course):
    done = cli.invoke(app, ["release"])
    assert "unchanged" in done.output


def test_a_check_that_catches_nothing_is_refused_before_anything_is_written(course):
    path = course.root / "solutions" / NAME / "e01_doubled.py"
    text = path.read_text("utf8")
    path.write_text(text.replace('close(doubled(table), 2.0 * table, "table")', "pass"))
    before = course.released(NAME).read_bytes()
    done = cli.invoke(app, ["release"])
    assert done.exit_code == 2
    said = done.output.replace("\n", "")
    assert "e01_doubled.py:" in said
    assert "which it is there to catch" in said
    assert course.released(NAME).read_bytes() == before


@pytest.mark.parametrize("command", ["release", "grade", "report"])
def test_a_damaged_gradebook_is_named_and_no_traceback_shown(course, command):
    (course.root / "_grading" / "gradebook.db").write_bytes(b"no database" * 500)
    done = cli.invoke(app, [command])
    assert done.exit_code == 2
    assert "gradebook.db" in done.output.replace("\n", "")
    assert "Traceback" not in done.output
