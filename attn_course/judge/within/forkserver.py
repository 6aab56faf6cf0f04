"""A process that has imported what notebooks import, and splits off one for each.

It runs outside every sandbox and reads nothing of a student's. What it splits off
enters a sandbox before it hears the first word of a notebook. Forking is sound as long
as there is one thread and nothing is open that would have to be shared, which is seen
to before each fork.

Whoever started it may have workers split off as well: processes of the grader's that
go on with a module of its own, and are clients in their turn. They share in memory what
was imported here, and it never hears of what they import.

A client sends JSON messages over a socket, beside which come open files. For a
notebook: the process whose sandbox is meant, and the new process's link, output and
errors. For a worker: its input and output, and both ends of the socket by which it will
be a client. For another client: its end of a socket. The answer is a JSON message,
beside which comes the new process as a pidfd; or it says what went wrong.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections import deque

from . import entering, launch, worker

MOST = 1 << 16  # bytes of a message
WARM = (  # what is imported before the first fork, in this order
    "numpy",
    "IPython.core.completerlib",
    "IPython.core.crashhandler",
    "IPython.core.logger",
    "IPython.core.magics",
    "stack_data.serializing",  # this and the next two: to show an exception
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "torch",  # what comes after it, workers do not need
    "attn_course.grading.agent",
    "attn_course.grading.wire",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "IPython.core.pylabtools",
    "PIL.PngImagePlugin",
)
# What a student's process forgets. To look for it there would write to every module's
# name, as Python counts references, and so copy a thousand pages.
OURS: list[str] = []


def main(channel: int) -> None:
    """Serve until whoever started this closes its end of the socket."""
    launch.prctl(launch.PDEATHSIG, signal.SIGKILL)
    launch.prctl(launch.SUBREAPER, 1)  # the students', whose parents end at once
    signal.signal(signal.SIGCHLD, reap)
    owner = socket.socket(fileno=channel)
    clients, warming = [owner], warm_up()
    for _ in warming:
        while heard([owner], 0.0):  # workers have imports of their own to do meanwhile
            serve(owner, clients, warming)
    while owner in clients:
        for each in heard(clients):
            serve(each, clients, warming)
    reap()
    os._exit(0)


def heard(clients: list[socket.socket], seconds: float | None = None) -> list:
    """Return those who have sent something, or are gone."""
    here = [each for each in clients if each.fileno() >= 0]
    return select.select(here, [], [], seconds)[0]


def serve(client: socket.socket, clients: list[socket.socket], warming) -> None:
    """Do what one client wants next; it is no client any more if it is gone."""
    words, files = b"", []
    with contextlib.suppress(ConnectionError):
        words, files, *_ = socket.recv_fds(client, MOST, 4)
    if not words:
        clients.remove(client)
        client.close()
        return
    order = json.loads(words)
    if "client" in order:
        clients.append(socket.socket(fileno=files.pop()))
        client.send(b"{}")
        return
    if "worker" not in order:
        deque(warming, 0)  # a notebook needs all of it
    require_quiet([*(each.fileno() for each in clients), *files])
    if "worker" in order:
        *_, theirs = files
        clients.append(socket.socket(fileno=os.dup(theirs)))
        answer, held = split_off(lambda: worker.become(files))
        socket.send_fds(client, [json.dumps(answer).encode()], held)
        files += held
    elif os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        go_in(client, order, files)
    for each in files:
        os.close(each)


def split_off(become) -> tuple[dict, list[int]]:
    """Split off a process that becomes something else; return what is answered."""
    process = os.fork()
    if process == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        become()
    try:
        return {"pid": process}, [os.pidfd_open(process)]
    except ProcessLookupError:
        return {"fault": "it ended at once"}, []


def reap(*_) -> None:
    """Let the dead go: a sandbox ends only when all who died in it are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def warm_up():
    """Import what is slow to import, and keep it out of the collector's way.

    It yields whenever a worker could be split off.
    """
    for name in WARM:
        importlib.import_module(name)
        if "torch" in sys.modules:
            yield
    importlib.import_module(f"{__package__}.shell").prepare()
    OURS.extend(each for each in sys.modules if each.startswith(__package__))
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
            with open(order["group"], "w") as joining:
                joining.write("0")
        entering.enter(sandbox, as_root=order["user"] is not None)
        answer, held = split_off(lambda: stay(order, link, out, err))
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
    worker.start_afresh()
    shell = sys.modules[f"{__package__}.shell"]
    for name in OURS:
        del sys.modules[name]
    return shell
