"""Cut off in the middle: what was done is kept, the next run does the rest."""

import errno
import os
import signal
import subprocess
import sys
import time
import weakref

import nbformat
import pytest
from nbgrader.api import Gradebook

from attn_course.authoring.files import write_whole
from attn_course.classroom import grade as grading
from attn_course.classroom.course import UnknownAssignment
from attn_course.classroom.pages import Pages
from attn_course.classroom.report import results
from attn_course.classroom.writer import Writer
from attn_course.cli.common import heeding_ctrl_c

from .conftest import NAME, solved, submit


@pytest.fixture
def handed_in(course):
    for student in ("first", "second", "third"):
        submit(course, student, nbformat.writes(solved(course)))
    return course


def totals(course):
    return {r.student: r.total for r in results(course, NAME) if not r.problem}


def test_a_full_disk_stops_the_run_and_the_next_completes_it(handed_in, monkeypatch):
    write = Pages.write

    def disk_is_full(self, student, *page):
        if student == "second":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, student, *page)

    with monkeypatch.context() as patch:
        patch.setattr(Pages, "write", disk_is_full)
        with pytest.raises(grading.CannotGoOn, match="disk is full; second"):
            list(grading.grade(handed_in, NAME))
    rest = [done.student for done in grading.grade(handed_in, NAME) if done.fresh]
    assert "second" in rest
    assert totals(handed_in) == dict.fromkeys(("first", "second", "third"), 6.0)


def _heed_ctrl_c():
    """A job in the background is started deaf to Ctrl-C, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_leaves_a_whole_gradebook_and_the_next_run_completes_it(handed_in):
    for number in range(12):
        submit(handed_in, f"one-{number}", nbformat.writes(solved(handed_in)))
    students = handed_in.students(NAME)
    command = [sys.executable, "-m", "attn_course.cli", "grade", NAME]
    process = subprocess.Popen(
        command,
        cwd=handed_in.root,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    )
    feedback = handed_in.root / "_grading" / "feedback"
    while not any(feedback.glob("*/*/*.html")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "run it again to go on" in said
    assert "Traceback" not in said
    coursedir = handed_in.nbgrader.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        for submission in gradebook.assignment_submissions(NAME):
            assert submission.score == 6.0
    list(grading.grade(handed_in, NAME))
    assert totals(handed_in) == dict.fromkeys(students, 6.0)


def _press(_):
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_python_drops_stops_the_run_all_the_same(monkeypatch):
    class Anything:
        pass

    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: dropped.append(it.exc_type))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with heeding_ctrl_c() as stop_if_pressed:
        stop_if_pressed()
        thing = Anything()
        watched = weakref.ref(thing, _press)
        del thing  # what a callback raises is dropped
        assert watched() is None
        assert dropped == [KeyboardInterrupt]
        with pytest.raises(KeyboardInterrupt):
            stop_if_pressed()
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_a_job_in_the_background_stays_deaf_to_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heeding_ctrl_c() as stop_if_pressed:
        signal.raise_signal(signal.SIGINT)
        stop_if_pressed()
    assert signal.signal(signal.SIGINT, before) is signal.SIG_IGN


def test_a_damaged_gradebook_is_named_with_what_to_do(handed_in):
    database = handed_in.root / "_grading" / "gradebook.db"
    database.write_bytes(b"not a database at all" * 100)
    with pytest.raises(grading.CannotGoOn, match=r"(?s)gradebook\.db.*put it aside"):
        list(grading.grade(handed_in, NAME))


def test_an_unknown_assignment_is_answered_with_those_there_are(course):
    with pytest.raises(UnknownAssignment, match=f"Did you mean {NAME}"):
        list(grading.grade(course, "ch1_sample"))


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "page.md"
    write_whole(path, "before")

    def fails(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_what_is_there_already_changes_nothing(tmp_path):
    path = tmp_path / "page.md"
    assert write_whole(path, "text")
    before = path.stat().st_mtime_ns
    assert not write_whole(path, "text")
    assert path.stat().st_mtime_ns == before


def test_words_of_a_student_do_not_stop_the_class(handed_in, monkeypatch):
    words = "No space left on device, OperationalError, database disk is full"

    def fails_on_the_second(self, student, *result):
        if student == "second":
            raise ValueError(words)
        return plain(self, student, *result)

    plain = Writer.fold
    monkeypatch.setattr(Writer, "fold", fails_on_the_second)
    done = {each.student: each.problem for each in grading.grade(handed_in, NAME)}
    assert done["first"] is None
    assert done["third"] is None
    assert "could not be graded" in done["second"]
