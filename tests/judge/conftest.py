"""An agent in a process of its own, without kernel or sandbox: for the protocol."""

import os
import signal
from collections.abc import Callable
from contextlib import contextmanager

import pytest

from attn_course.grading import agent
from attn_course.judge.link import Link, listening


def alive(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG) == (0, 0)


@pytest.fixture
def linked(tmp_path, monkeypatch):
    """Return a context manager: names, or what to do instead, in; a Link out."""

    @contextmanager
    def link_to(names: dict | None = None, instead: Callable | None = None):
        place = tmp_path / "judge.sock"
        place.unlink(missing_ok=True)
        monkeypatch.setenv(agent.PLACE, str(place))
        with listening(place) as listener:
            pid = os.fork()
            if pid == 0:
                try:
                    (instead or agent.serve)(names or {})
                finally:
                    os._exit(0)
            link = Link(listener, lambda: alive(pid))
            try:
                yield link
                link.end()
            finally:
                link.socket.close()
                if alive_or_zombie(pid):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    return link_to


def alive_or_zombie(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
