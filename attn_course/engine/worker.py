"""Be a worker: a process that does one job at a time, asked in lines of JSON."""

import contextlib
import json
import os
import queue
import shutil
import threading
from pathlib import Path

from attn_course.engine import lean
from attn_course.engine.jobs import Failed, do

PLACE = "ATTN_COURSE_CHECKS"  # in the environment: the folder for its checks
NAME = "attn-hand"  # of the process, to those who look
PATIENCE = 5.0  # seconds for a process to end once it is told to


def main() -> None:
    """Answer jobs until nobody asks any more."""
    lean.leave_out()
    be_called(NAME)
    asked = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    be_silent()
    jobs: queue.Queue[bytes] = queue.Queue()
    busy = threading.Event()
    listening = threading.Thread(target=_listen, args=(asked, jobs, busy), daemon=True)
    listening.start()
    while line := jobs.get():
        busy.set()
        kind, text = json.loads(line)
        try:
            answer = {"done": do(kind, text)}
        except Failed as failure:
            answer = {"failed": {"kind": failure.kind, "says": failure.says}}
        busy.clear()
        with contextlib.suppress(OSError):  # nobody waits for it any more
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()
    shutil.rmtree(os.environ[PLACE], ignore_errors=True)


def be_called(name: str) -> None:
    """Have this process be known by a name."""
    with contextlib.suppress(OSError):  # other systems have no such file
        Path("/proc/self/comm").write_text(name)


def be_silent() -> None:
    """Have no input, and no output but errors: what exercises print is no answer."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)


def _listen(asked, jobs: queue.Queue, busy: threading.Event) -> None:
    """Hand lines on; once there are no more, end the process with what it is doing."""
    for line in asked:
        jobs.put(line)
    jobs.put(b"")
    if not busy.is_set():
        threading.Event().wait(PATIENCE / 2)  # it goes by itself, and cleans up
    shutil.rmtree(os.environ[PLACE], ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
