"""Stop a computation that takes too long.

Works in the main thread of Unix systems, where notebooks run cells. Elsewhere
(other threads, Windows) nothing is stopped and the code runs to its end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN = 0.2  # seconds after which a swallowed interruption is raised once more


class OutOfTime(BaseException):
    """Not an Exception, so that `except Exception` does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block once `seconds` of wall time are over."""
    in_main = threading.current_thread() is threading.main_thread()
    if not (in_main and hasattr(signal, "setitimer")):
        yield
        return

    def stop(*_):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
