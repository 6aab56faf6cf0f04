"""A Dask cluster does the same work; a worker killed in the middle loses none of it."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from distributed import Client, LocalCluster
from typer.testing import CliRunner

from attn_course.classroom.grade import grade
from attn_course.cli import app
from attn_course.engine.cluster import Cluster, NoCluster

from ..classroom.conftest import NAME
from .conftest import ADDS, hand_in
from .tables import tables

SOUND = [f"student-{number}" for number in range(6)]


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster of two worker processes on this machine."""
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, processes=True, **options) as cluster:
        yield cluster


def test_a_killed_worker_loses_nothing_and_the_scores_are_the_same(scheduler, course):
    hand_in(course, SOUND)
    hand_in(course, ["wrong"], doubled=ADDS)
    workers = [each.pid for each in scheduler.workers.values()]
    run = grade(course, NAME, scheduler=scheduler.scheduler_address)
    done = [next(run)]
    psutil.Process(workers[0]).kill()
    done += run
    assert {each.student for each in done} == {*SOUND, "wrong"}
    assert {each.problem for each in done} == {None}
    scores = [row["auto_score"] for row in tables(course)["grade"]]
    assert sum(scores) == 6 * 6 + 3
    assert len(scores) == 7 * 4


def test_one_submission_alone_is_done_there_as_well(scheduler, course, nobody_runs):
    hand_in(course, ["ada"])
    [done] = grade(course, NAME, scheduler=scheduler.scheduler_address)
    assert done.problem is None


@pytest.fixture
def by_commands(tmp_path):
    """The address of a cluster that was started as its page in the book says."""
    dask, told = Path(sys.executable).with_name("dask"), tmp_path / "scheduler.json"
    here = ["--scheduler-file", told, "--host", "127.0.0.1"]
    dashboard = ["--port", "0", "--dashboard-address", "127.0.0.1:0"]
    worker = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ExitStack() as stack:
        for command in (["scheduler", *dashboard], ["worker", *worker]):
            started = subprocess.Popen([dask, *command, *here], **quiet)
            stack.callback(started.wait)
            stack.callback(started.terminate)
        yield _address(told)


def _address(told: Path) -> str:
    """Return the address of a scheduler that notes it there, once it has a worker."""
    with Client(
        scheduler_file=str(told), timeout="60s", set_as_default=False
    ) as client:
        client.wait_for_workers(1, timeout=60)
        return client.scheduler.address


def test_workers_started_by_command_have_the_environment_of_the_grader(
    by_commands, course
):
    hand_in(course, ["ada"])
    command = [sys.executable, "-m", "attn_course.cli", "grade"]
    subprocess.run([*command, "--scheduler", by_commands], cwd=course.root, check=True)
    assert sum(row["auto_score"] for row in tables(course)["grade"]) == 6


def test_an_address_where_nobody_answers_is_named(course, monkeypatch):
    monkeypatch.setattr("attn_course.engine.cluster.PATIENCE", "1s")
    with pytest.raises(NoCluster, match=r"tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9")
    monkeypatch.chdir(course.root)
    command = ["grade", "--scheduler", "tcp://127.0.0.1:9"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert "no scheduler answers" in done.output
