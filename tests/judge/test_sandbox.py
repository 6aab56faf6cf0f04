"""The sandbox: what a kernel in it can do, and everything that it cannot reach."""

import os
import re

import pytest

from attn_course.judge import sandbox

from .inside import KINDS, ROOT, InsideShell, started

FIGURE = """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.show()
"""
TRY = """
def attempt(what):
    try:
        return what()
    except (OSError, ImportError) as error:
        return type(error).__name__
"""
FETCH = """
import socket
print(attempt(lambda: socket.create_connection({address}, timeout=1)))
"""
SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
done = libc.syscall({arguments})
print(done, os.strerror(ctypes.get_errno()))
"""


@pytest.fixture(scope="module", params=KINDS)
def inside(request):
    sandbox.require()
    os.environ["OF_THE_TEACHER"] = "secret-of-the-teacher"
    with started(request.param, files={"ch01.json": b'{"a": 1}'}) as kernel:
        kernel.run(TRY)
        yield kernel


def test_numpy_and_torch_compute(inside):
    code = "import numpy as np, torch; print(np.arange(5).sum(), torch.ones(7).sum())"
    assert inside.run(code) == "10 tensor(7.)\n"
    assert inside.run("x = torch.ones(2, requires_grad=True); x.sum().backward()") == ""


def test_a_plot_is_shown(inside):
    assert "image/png" in inside.run(FIGURE)


def test_files_lie_in_the_working_folder_and_stay_as_they_are(inside):
    assert "'ch01.json'" in inside.run("import os; print(os.listdir())")
    assert inside.run("print(open('ch01.json').read())") == '{"a": 1}\n'
    assert "OSError" in inside.run("open('ch01.json', 'w')")
    inside.run("open('mine.txt', 'w').write('x')")
    assert inside.run("print(open('mine.txt').read())") == "x\n"
    inside.run("os.remove('mine.txt')")


def test_students_have_their_part_of_the_package(inside):
    shown = inside.run("""
        import attn_course.grading, attn_course.data, attn_course.viz, pathlib
        print(sorted(p.name for p in pathlib.Path(attn_course.__path__[0]).iterdir()))
    """)
    assert shown == "['__init__.py', 'data', 'grading', 'viz']\n"


@pytest.mark.parametrize("part", ["functional", "nn", "authoring", "judge", "cli"])
def test_students_do_not_have_the_rest(inside, part):
    assert "ModuleNotFoundError" in inside.run(f"import attn_course.{part}")


def test_nothing_of_the_reference_lies_anywhere(inside):
    names = "'layer_norm_backward.py', 'attention_backward.py', 'rulebook.py'"
    assert (ROOT / "attn_course/functional/attention_backward.py").exists()
    shown = inside.run(f"""
        import os
        for top in ("/home", "/root", "/opt", "/work", "/tmp", "/run", "/etc"):
            for folder, _, files in os.walk(top):
                if {{{names}}} & set(files):
                    print(folder)
    """)
    assert shown == ""


def test_the_repository_the_home_and_the_gradebook_are_not_there(inside):
    home = os.path.expanduser("~")
    for path in (ROOT / "solutions", ROOT / "tests", ROOT / "_grading", f"{home}/.ssh"):
        assert inside.run(f"print(os.path.exists({str(path)!r}))") == "False\n"
    seen = inside.run(
        f"print(os.path.isdir({str(ROOT)!r}) and os.listdir({str(ROOT)!r}))"
    )
    assert seen in ("False\n", "['.venv']\n")


@pytest.mark.parametrize("path", ["/etc/shadow", "/var", "/sys", "/etc/ssh", "/srv"])
def test_nothing_of_the_system_that_python_does_not_need(inside, path):
    assert inside.run(f"print(os.path.exists({path!r}))") == "False\n"


def test_nothing_outside_the_scratch_folders_can_be_written(inside):
    shown = inside.run("""
        import sys
        places = ["/", "/usr", "/usr/bin", "/dev", "/etc", "/home", "/opt", sys.prefix,
                  os.environ["ATTN_JUDGE"].rpartition("/")[0], os.__file__, "/proc/sys"]
        for place in [*places, *filter(None, sys.path)]:
            made = place if os.path.isfile(place) else os.path.join(place, "made")
            if not isinstance(attempt(lambda: open(made, "a")), str):
                print("wrote", made)
    """)
    assert shown == ""


def test_the_environment_is_a_small_one_of_its_own(inside):
    assert "secret" not in inside.run("print(os.environ)")
    assert inside.run("print(os.environ['HOME'], os.uname().nodename)") == (
        "/student sandbox\n"
    )


def test_no_process_but_its_own_is_seen(inside):
    shown = inside.run(
        "print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    )
    assert shown == "[1, 2]\n"


@pytest.mark.parametrize("file", ["mem", "environ", "maps", "fd/0", "root"])
def test_the_first_process_is_closed_to_it(inside, file):
    look = {"fd/0": "os.readlink", "root": "os.listdir"}.get(file, "open")
    assert "PermissionError" in inside.run(
        f"print(attempt(lambda: {look}('/proc/1/{file}')))"
    )


def test_what_it_may_read_of_the_first_process_says_nothing(inside):
    shown = inside.run("print(open('/proc/1/cmdline').read())")
    assert "secret" not in shown
    assert str(ROOT / "solutions") not in shown


def test_the_network_is_not_there(inside):
    for address in (("127.0.0.1", 22), ("169.254.169.254", 80), ("8.8.8.8", 53)):
        assert "Error" in inside.run(FETCH.format(address=address))
    assert "gaierror" in inside.run(
        "print(attempt(lambda: socket.getaddrinfo('a.b', 1)))"
    )
    assert (
        inside.run("print(sorted(n for _, n in socket.if_nameindex()))") == "['lo']\n"
    )


def test_sockets_that_leave_the_machine_some_other_way_are_refused(inside):
    for family in (16 + 22, 40, 38, 17):  # AF_ALG, AF_VSOCK, AF_PACKET
        code = f"import socket; print(attempt(lambda: socket.socket({family}, 3)))"
        assert inside.run(code) == "PermissionError\n"
    assert inside.run("socket.socketpair()[0].close()") == ""


@pytest.mark.parametrize(
    "attack",
    [
        "os.setuid(0)",
        "os.setresuid(0, 0, 0)",
        "os.setgid(0)",
        "os.setgroups([0])",
        "os.chroot('/tmp')",
        "os.mknod('/tmp/disk', 0o60666, 0x0801)",
        "os.open('/dev/mem', 0)",
        "os.nice(-5)",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))",
    ],
)
def test_nobody_becomes_more_than_they_are(inside, attack):
    shown = inside.run(f"import os, resource\n{attack}")
    assert re.match("PermissionError|OSError|ValueError|FileNotFoundError", shown), (
        shown
    )


@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("unshare the user", 272, "0x10000000"),
        ("unshare mounts", 272, "0x20000"),
        ("clone into a user namespace", 56, "0x10000011, 0, 0, 0, 0"),
        ("mount", 165, "b'x', b'/tmp', b'tmpfs', 0, 0"),
        ("ptrace", 101, "16, 1, 0, 0"),
        ("read another's memory", 310, "1, 0, 0, 0, 0, 0"),
        ("memory that no limit counts", 319, "b'x', 0"),
        ("shared memory that outlives", 29, "0, 4096, 0o1600"),
        ("io_uring", 425, "1, 0"),
        ("bpf", 321, "0, 0, 0"),
        ("keys", 250, "0, -3, 0"),
        ("performance counters", 298, "0, 0, -1, -1, 0"),
    ],
)
def test_the_system_refuses(inside, name, number, arguments):
    if os.uname().machine == "x86_64":
        shown = inside.run(SYSCALL.format(arguments=f"{number}, {arguments}"))
        assert shown == "-1 Operation not permitted\n", name


def test_it_has_no_capability_and_no_way_to_one(inside):
    status = inside.run("print(open('/proc/self/status').read())")
    for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
        assert re.search(rf"Cap{kind}:\s+0+\n", status), kind
    assert re.search(r"NoNewPrivs:\s+1\n", status)
    assert re.search(r"Seccomp:\s+2\n", status)
    uid = int(re.search(r"Uid:\s+(\d+)", status)[1])
    assert uid >= 60_600 if os.getuid() == 0 else uid == os.getuid()


def test_two_kernels_are_nobody_to_each_other(inside):
    kind = "forked" if isinstance(inside, InsideShell) else "cold"
    with started(kind) as other:
        assert other.private != inside.private
        assert other.run("import os; print(len(os.listdir('/proc/1/task')))") == "1\n"
        mine, theirs = (k.run("import os; print(os.getuid())") for k in (inside, other))
        assert mine != theirs or os.getuid() != 0
