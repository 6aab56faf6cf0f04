"""A crew on many machines: the workers of a Dask cluster that somebody has started.

Each worker needs this package and the same packages beside it, and a sandbox; nothing
else of the course. What goes there and comes back is text. Between this program and
the cluster Dask sends Python objects, so the cluster must be one that you trust.
"""

import atexit
import uuid
from concurrent.futures import Future
from functools import cache

from distributed import Client
from distributed.scheduler import KilledWorker

from attn_course.engine.hand import Hands, MachineFault

PATIENCE = "20s"  # for the scheduler to answer


class NoCluster(RuntimeError):
    """There is no scheduler at that address, or it has no workers; says which."""


class Cluster:
    """The workers of the scheduler at `address`, such as ``tcp://10.0.0.5:8786``.

    What a worker was doing when it died is done again by another.
    """

    def __init__(self, address: str):
        try:
            self.client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise NoCluster(f"no scheduler answers at {address} ({error})") from error
        if not self.client.nthreads():
            self.client.close()
            raise NoCluster(f"the scheduler at {address} has no workers; start some")

    def width(self) -> int:
        return sum(self.client.nthreads().values()) or 1

    def submit(self, kind: str, text: str) -> Future:
        ours: Future = Future()
        name = f"{kind}-{uuid.uuid4().hex}"
        theirs = self.client.submit(on_worker, kind, text, key=name, pure=False)
        ours.theirs = theirs  # Dask forgets what nobody holds
        theirs.add_done_callback(lambda each: _pass_on(each, ours))
        return ours

    def close(self) -> None:
        self.client.close()


def on_worker(kind: str, text: str) -> str:
    """Do a job in a process below this worker, one for each of its threads."""
    return _hands().do(kind, text)


@cache
def _hands() -> Hands:
    hands = Hands()
    atexit.register(hands.close)
    return hands


def _pass_on(theirs, ours: Future) -> None:
    """Let our future have what Dask's has come to."""
    try:
        ours.set_result(theirs.result())
    except KilledWorker:
        says = "the workers that were given it died, one after the other"
        ours.set_exception(MachineFault(says))
    except BaseException as error:
        ours.set_exception(error)
    finally:
        del ours.theirs
