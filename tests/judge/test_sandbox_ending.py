"""The end of a sandbox: all of it, at once, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbclient
import nbformat
import psutil
import pytest
from jupyter_core.utils import run_sync

from attn_course.judge import cgroup
from attn_course.judge.kernel import SandboxedKernelManager
from attn_course.judge.place import Place, places

from .inside import ROOT, Inside, started

DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        time.sleep(60)
    os._exit(0)
"""
HOLDER = """
import json, sys, time
from tests.judge.inside import started
with started() as inside:
    inside.run({daemon!r})
    print(json.dumps([str(inside.manager.private), *inside.pids()]), flush=True)
    time.sleep(60)
"""


def gone(pids, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(psutil.pid_exists, pids))


def groups() -> list[Path]:
    return [g for g in map(cgroup.folder, range(60_600, 60_620)) if g and g.exists()]


def test_shutting_down_ends_daemons_too_and_leaves_nothing():
    with started() as inside:
        inside.run(DAEMON)
        pids, place = inside.pids(), inside.manager.private.parent
        assert len(pids) >= 4
        assert place.exists()
        begun = time.monotonic()
    assert time.monotonic() - begun < 1
    assert not any(map(psutil.pid_exists, pids))
    assert not place.exists()
    assert not (place.parent / f"{place.name}.lock").exists()
    assert not groups()


def test_a_polite_shutdown_ends_it_too():
    manager = SandboxedKernelManager()
    run_sync(manager.start_kernel)()
    inside = Inside(manager)
    inside.run(DAEMON)
    pids = inside.pids()
    inside.client.stop_channels()
    inside.client.context.destroy(linger=0)
    run_sync(manager.shutdown_kernel)()
    assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize("attack", ["os.kill(os.getppid(), 9)", "os.kill(-1, 9)"])
def test_a_kernel_cannot_end_what_holds_it(attack):
    with started() as inside:
        inside.run(f"import os\n{attack}", seconds=5)
        assert psutil.pid_exists(os.getpid())
        assert inside.died or inside.run("print(1)") == "1\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_the_end_of_the_kernel_is_the_end_of_the_sandbox(number):
    with started() as inside:
        inside.run(DAEMON)
        pids = inside.pids()
        inside.run(f"import os; os.kill(os.getpid(), {int(number)})")
        assert inside.died
        assert gone(pids - {inside.manager.provisioner.box.process.pid})


def test_the_sandbox_ends_with_a_killed_judge_and_the_next_run_tidies_up():
    code = HOLDER.format(daemon=DAEMON)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as judge:
        private, *pids = json.loads(judge.stdout.readline())
        assert all(map(psutil.pid_exists, pids))
        judge.kill()
    assert gone(pids)
    left = Path(private).parent
    assert left.exists()
    Place.claim().release()
    assert not left.exists()
    assert left.name not in {path.name for path in places()}
    assert not groups()


def test_an_interrupted_cell_leaves_the_kernel_as_it_was():
    with started() as inside:
        inside.run("x = 7")
        inside.client.execute("print(0)\nwhile True: pass", stop_on_error=False)
        while inside.client.get_iopub_msg(timeout=5)["msg_type"] != "stream":
            pass
        run_sync(inside.manager.interrupt_kernel)()
        assert inside.run("print(x)") == "7\n"


def test_a_kernel_can_be_started_again():
    with started() as inside:
        first = inside.manager.private
        run_sync(inside.manager.restart_kernel)(now=True)
        again = Inside(inside.manager)
        assert again.run("print(1)") == "1\n"
        assert first.exists() is (first == inside.manager.private)
        again.client.stop_channels()
        again.client.context.destroy(linger=0)


def test_nbclient_runs_a_notebook_in_it():
    cells = ["import os; print(os.getcwd())", "1 / 0", "print('on')"]
    notebook = nbformat.v4.new_notebook(
        cells=list(map(nbformat.v4.new_code_cell, cells))
    )
    manager = SandboxedKernelManager()
    client = nbclient.NotebookClient(notebook, km=manager, allow_errors=True)
    client.execute()
    run_sync(manager.shutdown_kernel)(now=True)
    texts = [cell.outputs[0].get("text") for cell in notebook.cells]
    assert texts == ["/home/student\n", None, "on\n"]


def test_what_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/usr/bin/no-such-python")
    manager = SandboxedKernelManager()
    run_sync(manager.start_kernel)()
    while run_sync(manager.is_alive)():
        time.sleep(0.01)
    assert "no-such-python" in manager.why_died()
    run_sync(manager.shutdown_kernel)(now=True)
    assert "did not start" in manager.why_died()


def test_without_walls_there_are_the_same_folders_and_limits():
    with started(sandboxed=False, files={"ch01.json": b"{}"}) as inside:
        inside.run(DAEMON)
        pids = inside.pids()
        assert inside.run("print(os.listdir(), os.getcwd() == os.environ['HOME'])") == (
            "['ch01.json'] True\n"
        )
        assert "ModuleNotFoundError" in inside.run("import attn_course.functional")
        assert "MemoryError" in inside.run("bytearray(9 * 10**9)")
        place = inside.manager.private.parent
    assert gone(pids)
    assert not place.exists()


@pytest.mark.parametrize("name", ["../up.json", "/etc/x", "a/b", ".."])
def test_refuses_files_that_would_lie_elsewhere(name):
    manager = SandboxedKernelManager(files={name: b""})
    with pytest.raises(ValueError, match="files: wanted"):
        run_sync(manager.start_kernel)()
    run_sync(manager.shutdown_kernel)(now=True)
