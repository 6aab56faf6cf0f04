"""PostgreSQL instead of SQLite: the same gradebook, row by row."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade

from ..classroom.conftest import NAME, make_course
from .conftest import ADDS, configured, hand_in
from .tables import tables

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture(scope="module")
def server():
    """The address of a database server of our own, on loopback, until the tests end."""
    if not PLACES:
        missing = "no PostgreSQL server is installed: apt-get install postgresql"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="attn-course-postgres-") as place:
        if os.getuid() == 0:  # as whom PostgreSQL refuses to run
            shutil.chown(place, NOBODY.pw_uid, NOBODY.pw_gid)
        data = Path(place, "data")
        run("initdb", "-D", data, "-U", "course", "--auth=trust", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k '' -F"
        run("pg_ctl", "-D", data, "-w", "-l", f"{place}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://course@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def run(program: str, *arguments) -> None:
    own = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}
    done = subprocess.run(
        [PLACES[-1] / program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        text=True,
        check=False,
        **(own if os.getuid() == 0 else {}),
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def on_postgres(server, tmp_path) -> Course:
    """A course whose gradebook the server keeps."""
    root = tmp_path / "postgres"
    root.mkdir()
    url = f"{server}/postgres"
    return make_course(root, f"\nc.CourseDirectory.db_url = {url!r}\n")


def test_both_databases_hold_the_same_gradebook(course, on_postgres, crew):
    for each in (course, on_postgres):
        hand_in(each, ["ada", "blaise"])
        hand_in(each, ["carl"], doubled=ADDS)
        assert {done.problem for done in grade(each, NAME, crew=crew)} == {None}
    assert not (on_postgres.root / "_grading" / "gradebook.db").exists()
    assert tables(on_postgres) == tables(course)
    assert len(tables(on_postgres)["grade"]) == 3 * 4
    again = configured(on_postgres, "c.Attempts.counts = 'best'")
    assert {done.fresh for done in grade(again, NAME, crew=crew)} == {True}
    assert tables(on_postgres) == tables(course)
