"""Where students' notebooks run: split off from a fork server, or in cold kernels."""

import atexit
import logging
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from attn_course.judge.cold import StudentKernel
from attn_course.judge.forked import ForkedShell
from attn_course.judge.sandbox import require
from attn_course.judge.student import NoKernel, Student
from attn_course.judge.warm import LENT, ForkServer
from attn_course.judge.within.worker import LINK

COLD = "notebooks run in kernels that start cold, which takes much longer: %s"


def supply(files: dict, *, sandboxed: bool = True) -> Callable[[], Student]:
    """Return what makes a new place to run a notebook, with `files` in its folder.

    Raises
    ------
    CannotSandbox
        If it is to be sandboxed and there can be no sandbox here.
    """
    if sandboxed:
        require()
        if server := fork_server():
            return lambda: ForkedShell(files, server)
    return lambda: StudentKernel(files, sandboxed=sandboxed)


@cache
def fork_server() -> ForkServer | None:
    """Return this process's fork server, None where there can be none; logs why."""
    folder = os.environ.get(LENT)
    server = ForkServer.lent(LINK, Path(folder)) if folder else ForkServer()
    atexit.register(server.close)
    try:
        with ForkedShell({}, server) as tried:
            ran = tried.run("1", seconds=30)
    except NoKernel as error:
        logging.getLogger(__name__).warning(COLD, error)
        server.close()
        return None
    if ran.fate != "ok":
        logging.getLogger(__name__).warning(COLD, ran.why or ran.outputs)
        return None
    return server
