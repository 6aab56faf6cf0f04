"""Start a Dask cluster of one worker, then of two, and have each grade the same.

Dask's processes import this module as well, so what they do not need is not imported
at its head.
"""

import sys
from pathlib import Path

from distributed import LocalCluster

ONE_AT_A_TIME = {
    "threads_per_worker": 1,
    "processes": True,
    "dashboard_address": "127.0.0.1:0",
}


def main(out: str, chapter: str, warm: str, *roots: str) -> None:
    from grading_parts.clocked import graded
    from grading_parts.processes import tell

    found = []
    with LocalCluster(n_workers=1, **ONE_AT_A_TIME) as cluster:
        for width, root in enumerate(roots, 1):
            cluster.scale(width)
            cluster.wait_for_workers(width)
            address = cluster.scheduler_address
            found.append(graded(Path(root), chapter, address, int(warm)))
    tell(out, found)


if __name__ == "__main__":
    main(*sys.argv[1:])
