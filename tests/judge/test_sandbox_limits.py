"""Whoever takes too much in a sandbox gets an exception, or the sandbox ends."""

import os

import pytest

from attn_course.judge import cgroup, usage
from attn_course.judge.limits import MB, Limits
from attn_course.judge.watchdog import Watchdog

from .inside import KINDS, started

SMALL = Limits(memory=300 * MB, scratch=8 * MB, file_size=4 * MB, cpu_seconds=4)
COUNTED_BY = ["the watchdog", "the system"] if os.getuid() == 0 else ["the watchdog"]
FORKS = """
import os, time
children = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        children += 1
except BlockingIOError:
    print("no more after", children)
"""
THREADS = """
import threading, time
try:
    for n in range(200):
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
except RuntimeError:
    print("no more after", n)
time.sleep(1.2)
"""
FILES = """
import os
opened = []
try:
    for n in range(2000):
        opened.append(open(os.devnull))
except OSError as error:
    print(error.strerror, n)
for file in opened:
    file.close()
"""
FILL = """
import os
written = 0
try:
    for n in range(100):
        with open(f"{place}/{{n}}", "wb") as file:
            written += file.write(bytes(1_000_000))
except OSError as error:
    print(error.strerror, written)
for n in range(100):
    if os.path.exists(f"{place}/{{n}}"):
        os.remove(f"{place}/{{n}}")
"""
ONE_BIG_FILE = """
with open("/tmp/big", "wb") as file:
    file.write(bytes(5_000_000))
"""
ALLOCATE = "hog = []\nwhile True: hog.append(bytearray(b'x' * 20_000_000))"
SHARE_OUT = """
import os, time
for _ in range(10):
    if os.fork() == 0:
        hog = bytearray(b'x' * 60_000_000)
        time.sleep(2)
        os._exit(0)
for _ in range(10):
    os.wait()
"""
SPIN = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
SPIN_BELOW = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True: pass
os.wait()
"""


@pytest.fixture(scope="module", params=KINDS)
def small(request):
    with started(request.param, limits=SMALL) as kernel:
        yield kernel


def bound(text: str) -> int:
    return int(text.split()[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_processes_are_bounded_and_the_kernel_goes_on(kind):
    with started(kind) as inside:
        assert 30 < bound(inside.run(FORKS)) < 64
        assert len(inside.pids()) < 70
        assert inside.run("print(1)") == "1\n"


def test_threads_are_bounded_and_the_kernel_goes_on(small):
    assert 30 < bound(small.run(THREADS)) < 64
    assert small.run("print(1)") == "1\n"


def test_open_files_are_bounded(small):
    shown = small.run(FILES)
    assert shown.startswith("Too many open files")
    assert bound(shown) < 256


@pytest.mark.parametrize("place", ["/tmp", "/student", "/dev/shm"])
def test_a_full_disk_is_a_small_one_of_their_own(small, place):
    shown = small.run(FILL.format(place=place))
    assert shown.startswith("No space left on device")
    assert bound(shown) < SMALL.scratch


def test_a_file_cannot_be_larger_than_the_limit(small):
    assert "File too large" in small.run(ONE_BIG_FILE)


def test_one_allocation_beyond_the_address_space_is_a_memory_error(small):
    assert "MemoryError" in small.run("bytearray(9 * 10**9)")
    assert small.run("print(1)") == "1\n"


@pytest.mark.parametrize("hog", [ALLOCATE, SHARE_OUT])
@pytest.mark.parametrize("counted_by", COUNTED_BY)
@pytest.mark.parametrize("kind", KINDS)
def test_memory_in_use_is_bounded(kind, hog, counted_by, monkeypatch):
    if counted_by == "the watchdog":
        monkeypatch.setattr(cgroup, "make", lambda *_: None)
    with started(kind, limits=SMALL) as inside:
        inside.run(hog, seconds=60)
        if inside.died:  # where the system counts, it may end a process below alone
            assert inside.why_died() == "it used more than 0.3 GB of memory"
        else:
            assert inside.run("print(1)") == "1\n"
            assert (hog, counted_by) == (SHARE_OUT, "the system")
    assert bool(inside.why_died()) is inside.died


@pytest.mark.parametrize("loop", [SPIN, SPIN_BELOW])
@pytest.mark.parametrize("kind", KINDS)
def test_time_of_all_processes_is_bounded(kind, loop):
    limits = Limits(cpu_seconds=2)
    with started(kind, limits=limits) as inside:
        inside.run(loop, seconds=60)
        assert inside.died
    assert inside.why_died() == "it used more than 2 seconds of CPU time"


@pytest.mark.parametrize("kind", KINDS)
def test_what_dies_by_itself_has_no_limit_to_name(kind):
    with started(kind) as inside:
        inside.run("import os; os._exit(3)")
        assert inside.died
        assert inside.why_died() is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_forked_processes_share_is_counted_once(kind):
    with started(kind, limits=Limits(memory=400 * MB)) as inside:
        inside.run("import numpy as np; big = np.ones(20_000_000)")  # 160 MB
        inside.run("""
            import os, time
            for _ in range(4):
                if os.fork() == 0:
                    time.sleep(20)
                    os._exit(0)
        """)
        pids = inside.walls.watchdog.pids
        processes = usage.trees(pids)
        assert usage.memory(processes) > 700 * MB
        assert usage.memory_shared_out(processes) < 400 * MB
        assert Watchdog(pids, inside.walls.limits, print).look() is None
