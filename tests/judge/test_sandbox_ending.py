"""The end of a sandbox: all of it, at once, and nothing left behind."""

import fcntl
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
from attn_course.judge.place import Place

from .inside import KINDS, ROOT, Inside, started

DAEMON = """
import os, signal, time
parent = os.fork()
if parent == 0:
    os.setsid()
    if os.fork() == 0:
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        time.sleep(60)
    os._exit(0)
os.waitpid(parent, 0)
"""
HOLDER = """
import json, sys, time
from tests.judge.inside import started
with started({kind!r}) as inside:
    inside.run({daemon!r})
    print(json.dumps([str(inside.private), *inside.pids()]), flush=True)
    time.sleep(60)
"""


def gone(pids, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(psutil.pid_exists, pids))


def left_behind(place: Path) -> bool:
    """Whether anything is there of a place that nobody holds (others may, by now)."""
    lock = os.open(place.with_suffix(".lock"), os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        group = cgroup.folder(int(place.name))
        left = [each for each in (place, group) if each and each.exists()]
        assert not left, left
        return False
    except BlockingIOError:
        return False
    finally:
        os.close(lock)


@pytest.mark.parametrize("kind", KINDS)
def test_shutting_down_ends_daemons_too_and_leaves_nothing(kind):
    with started(kind) as inside:
        inside.run(DAEMON)
        pids, place = inside.pids(), inside.private.parent
        assert len(pids) >= 4
        assert place.exists()
    assert not any(map(psutil.pid_exists, pids))
    assert not left_behind(place)


def test_a_polite_shutdown_ends_it_too():
    manager = SandboxedKernelManager()
    run_sync(manager.start_kernel)()
    inside = Inside(manager)
    inside.run(DAEMON)
    pids = inside.pids()
    inside.close()
    run_sync(manager.shutdown_kernel)()
    assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kernel_cannot_end_what_holds_it(kind):
    with started(kind) as inside:
        for attack in ("os.kill(1, 9)", "os.kill(-1, 9)", "os.kill(0, 0)"):
            inside.run(f"import os\n{attack}")
            assert inside.run("print(1)") == "1\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_the_kernel_is_seen(kind, number):
    with started(kind) as inside:
        inside.run(DAEMON)
        pids = inside.pids()
        inside.run(f"import os; os.kill(os.getpid(), {int(number)})")
        assert inside.died
        if kind == "cold":  # and then it is the end of the sandbox
            assert gone(pids - {inside.walls.process.pid})
    assert gone(pids)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sandbox_ends_with_a_killed_judge_and_the_next_run_tidies_up(kind):
    code = HOLDER.format(daemon=DAEMON, kind=kind)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as judge:
        private, *pids = json.loads(judge.stdout.readline())
        assert all(map(psutil.pid_exists, pids))
        judge.kill()
    assert gone(pids)
    Place.claim().release()
    assert not left_behind(Path(private).parent)


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
        first = inside.manager.provisioner.box.process.pid
        run_sync(inside.manager.restart_kernel)(now=True)
        again = Inside(inside.manager)
        assert again.run("print(1)") == "1\n"
        assert not psutil.pid_exists(first)
        again.close()


def test_nbclient_runs_a_notebook_in_it():
    cells = ["import os; print(os.getcwd())", "1 / 0", "print('on')"]
    notebook = nbformat.v4.new_notebook(
        cells=list(map(nbformat.v4.new_code_cell, cells))
    )
    manager = SandboxedKernelManager()
    client = nbclient.NotebookClient(notebook, km=manager, allow_errors=True)
    client.execute()
    client.kc.stop_channels()
    run_sync(manager.shutdown_kernel)(now=True)
    texts = [cell.outputs[0].get("text") for cell in notebook.cells]
    assert texts == ["/student\n", None, "on\n"]


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
        assert len(pids) >= 2  # the kernel and the daemon, whose parent is gone
        assert inside.run("print(os.listdir(), os.getcwd() == os.environ['HOME'])") == (
            "['ch01.json'] True\n"
        )
        assert "ModuleNotFoundError" in inside.run("import attn_course.functional")
        assert "MemoryError" in inside.run("bytearray(9 * 10**9)")
        place = inside.private.parent
    assert gone(pids)
    assert not left_behind(place)


@pytest.mark.parametrize("name", ["../up.json", "/etc/x", "a/b", ".."])
def test_refuses_files_that_would_lie_elsewhere(name):
    manager = SandboxedKernelManager(files={name: b""})
    with pytest.raises(ValueError, match="files: wanted"):
        run_sync(manager.start_kernel)()
    run_sync(manager.shutdown_kernel)(now=True)
