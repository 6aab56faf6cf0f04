"""Be the process that workers are split off from: it imports what each would import.

That takes a second, in which the grader has imports of its own; and what is imported
here lies in memory once, for however many workers. It is asked over the socket that is
its input: each message comes with a worker's input and output, and is answered with
the worker as a pidfd.
"""

import gc
import importlib
import json
import os
import signal
import socket
import traceback

from attn_course.engine import lean
from attn_course.engine.worker import PLACE, be_called, be_silent
from attn_course.engine.worker import main as work
from attn_course.judge.sandbox import probe
from attn_course.judge.within import launch
from attn_course.judge.within.forkserver import reap, require_quiet, split_off
from attn_course.judge.within.worker import LINK, start_afresh

NAME = "attn-nursery"  # of the process, to those who look
WARM = ("attn_course.engine.work", "nbconvert.exporters")
MOST = 1 << 16  # bytes of a message


def main() -> None:
    """Split off workers until nobody asks any more."""
    launch.prctl(launch.PDEATHSIG, signal.SIGKILL)  # with the fork server
    lean.leave_out()
    be_called(NAME)
    signal.signal(signal.SIGCHLD, reap)
    asked = socket.socket(fileno=os.dup(0))
    be_silent()
    for name in WARM:
        importlib.import_module(name)
    server = _tried()
    gc.collect()
    gc.freeze()
    while True:
        words, files, *_ = socket.recv_fds(asked, MOST, 2)
        if not words:
            break
        if server:
            files.append(server.new_client().detach())
        require_quiet([LINK, asked.fileno(), *files])
        answer, held = split_off(lambda words=words, files=files: become(words, files))
        socket.send_fds(asked, [json.dumps(answer).encode()], held)
        for each in (*files, *held):
            os.close(each)
    reap()
    os._exit(0)


def _tried():
    """Return the fork server for all workers; None where there is none."""
    from attn_course.judge.supply import fork_server

    return None if probe().missing else fork_server()


def become(words: bytes, files: list[int]) -> None:
    """Be a worker, from here to the end."""
    code = 1
    try:
        for number, file in zip((0, 1, LINK), files, strict=False):  # or have no link
            os.dup2(file, number)
        os.closerange(LINK + 1, 4096)
        os.environ[PLACE] = json.loads(words)["place"]
        start_afresh()
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
