"""A process that has imported what notebooks import, and splits off one for each.

It runs outside every sandbox and reads nothing of a student's. What it splits off
enters a sandbox before it hears the first word of a notebook. Forking is sound as long
as there is one thread and nothing is open that would have to be shared, which is seen
to before each fork.

It is asked by a JSON message over a socket, beside which come four open files: the
process whose sandbox is meant, and the new process's link, output and errors. It
answers with a JSON message, beside which comes the new process as a pidfd; or with what
went wrong.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile

from . import entering, launch

MOST = 1 << 16  # bytes of a message
ADOPT_ORPHANS = 36  # what prctl is asked
WARM = (  # what is imported before the first fork, in this order
    "numpy",
    "torch",
    "attn_course.grading.agent",
    "attn_course.grading.wire",
    "IPython.core.completer",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
)


def main(channel: int) -> None:
    """Serve until the other end of the socket is closed."""
    launch.prctl(launch.PDEATHSIG, signal.SIGKILL)
    launch.prctl(ADOPT_ORPHANS, 1)  # the students', whose parents end at once
    signal.signal(signal.SIGCHLD, reap)
    channel = socket.socket(fileno=channel)
    warm_up()
    channel.send(b"{}")
    while True:
        words, files, *_ = socket.recv_fds(channel, MOST, 4)
        if not words:
            return
        require_quiet([channel.fileno(), *files])
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            go_in(channel, json.loads(words), files)
        for each in files:
            os.close(each)


def reap(*_) -> None:
    """Let the dead go: a sandbox ends only when all who died in it are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def warm_up() -> None:
    """Import what is slow to import, and keep it out of the collector's way."""
    for name in WARM:
        importlib.import_module(name)
    importlib.import_module(f"{__package__}.shell")
    gc.collect()
    gc.freeze()


def require_quiet(known: list[int]) -> None:
    """Raise unless a fork is sound now: one thread, nothing open but what is known.

    An event loop, a ZeroMQ context or a GPU would show as open files.
    """
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"fork: wanted one thread, got {threads}")
    with os.scandir("/proc/self/fd") as entries:
        found = {int(each.name): os.readlink(each.path) for each in entries}
    for number in {0, 1, 2, *known}:
        found.pop(number, None)
    odd = [where for where in found.values() if not where.endswith("/fd")]
    if odd or sys.modules["torch"].cuda.is_initialized():
        raise RuntimeError(f"fork: wanted nothing open, got {odd or 'CUDA'}")


def go_in(channel: socket.socket, order: dict, files: list[int]) -> None:
    """Enter the sandbox and split off who stays there; never returns."""
    sandbox, link, out, err = files
    try:
        if order["group"]:
            with open(order["group"], "w") as procs:
                procs.write("0")
        entering.enter(sandbox, as_root=order["user"] is not None)
        student = os.fork()
        if student == 0:
            stay(order, link, out, err)
        answer, held = {"pid": student}, [os.pidfd_open(student)]
    except Exception as error:
        answer, held = {"fault": f"{type(error).__name__}: {error}"}, []
    socket.send_fds(channel, [json.dumps(answer).encode()], held)
    os._exit(0)


def stay(order: dict, link: int, out: int, err: int) -> None:
    """Be the student's, from here to the end."""
    code = 1
    try:
        entering.start_session()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number, file in enumerate((nowhere, out, err, link)):
            os.dup2(file, number)
        os.closerange(4, 4096)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["environment"]["HOME"])
        entering.lock(order["user"], order["limits"], bytes.fromhex(order["refused"]))
        shell = start_afresh()
        shell.serve(socket.socket(fileno=3))
        code = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}".encode()[:2000])
    finally:
        os._exit(code)


def start_afresh():
    """Forget what processes of one origin must not have in common; return the shell."""
    sys.modules["numpy"].random.seed()
    tempfile.tempdir = None
    sys.argv = [""]
    shell = sys.modules[f"{__package__}.shell"]
    for name in [each for each in sys.modules if each.startswith(__package__)]:
        del sys.modules[name]
    return shell
