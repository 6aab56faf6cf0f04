"""`attn-course export`: where it writes, how, and what it refuses."""

import os

import pytest
from typer.testing import CliRunner

from attn_course.classroom.export import export
from attn_course.cli import app

from .gradebooks import FIRST, filling, make_course, rows

cli = CliRunner()
BOM = "\ufeff".encode()


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    course = make_course(tmp_path)
    with filling(course) as book:
        book.student("jörg")
        book.graded("jörg", 1, 0.5, 5)
    return course


@pytest.mark.parametrize(
    ("to", "file"),
    [
        ("canvas", "canvas.csv"),
        ("moodle", "moodle.csv"),
        ("csv", "grades.csv"),
        ("jsonl", "grades.jsonl"),
    ],
)
def test_a_file_is_written_for_its_owner_and_named(course, to, file):
    done = cli.invoke(app, ["export", "--to", to])
    assert done.exit_code == 0
    assert done.stdout.split() == [f"_grading/exports/{file}"]
    path = course.root / "_grading" / "exports" / file
    assert path.stat().st_mode & 0o777 == 0o600
    wanted = export(course, to).text.encode()
    assert path.read_bytes() == (wanted if to == "jsonl" else BOM + wanted)


def test_the_folder_can_be_chosen_and_questions_have_a_file_of_their_own(course):
    for options in ([], ["--questions"]):
        command = ["export", FIRST, "--to", "csv", "--out", "a/b", *options]
        assert cli.invoke(app, command).exit_code == 0
    written = {path.name for path in (course.root / "a" / "b").iterdir()}
    assert written == {"grades.csv", "grades-questions.csv"}


def test_on_the_screen_there_is_the_table_and_nothing_else(course):
    done = cli.invoke(app, ["export", "--to", "moodle", "--out", "-"])
    assert done.exit_code == 0
    assert done.stdout_bytes == export(course, "moodle").text.encode()
    assert "Email address" in done.stderr
    assert not (course.root / "_grading" / "exports").exists()


def test_what_cannot_be_written_leaves_what_was_there(course, monkeypatch):
    command = ["export", "--to", "csv"]
    cli.invoke(app, command)
    path = course.root / "_grading" / "exports" / "grades.csv"
    before = path.read_bytes()
    with filling(course) as book:
        book.late("jörg", 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    done = cli.invoke(app, command)
    assert done.exit_code == 2
    assert "No space left" in done.stderr
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["grades.csv"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--to", "moodle", "--questions"], "--to canvas and --to csv"),
        (["--to", "canvas", "--feedback"], "--to moodle"),
        (["--to", "excel"], "excel"),
        (["ch01_smaple", "--to", "csv"], f"Did you mean {FIRST}?"),
        (["ch03_later", "--to", "csv"], "nobody has handed in"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(course, options, says):
    done = cli.invoke(app, ["export", *options], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert says in done.stderr
    assert not (course.root / "_grading" / "exports").exists()


def test_nothing_is_exported_while_somebody_is_graded(course):
    with course.alone():
        done = cli.invoke(app, ["export", "--to", "csv"])
    assert done.exit_code == 2
    assert "wait for it" in done.stderr


def test_exporting_twice_gives_the_same_bytes(course):
    command = ["export", "--to", "canvas", "--questions", "--out", "-"]
    one, two = (cli.invoke(app, command).stdout_bytes for _ in range(2))
    assert one == two
    assert len(rows(one.decode())) == 3
