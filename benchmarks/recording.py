"""What it costs to watch an answer: a check through `attempt`, against the bare check.

Prints the ratio of the two times, measured in turn in one run on the same inputs, for a
check that makes many small calls (where watching costs most) and one large call.
"""

import statistics
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from attn_course.grading import attempt, close

ROUNDS = 15


def doubled(x):
    return 2 * x


def many_small_calls(doubled, rng):
    """Fifty small calls."""
    for _ in range(50):
        x = rng.normal(size=(3, 5))
        close(doubled(x), 2 * x)


def one_large_call(doubled, rng):
    """One large call."""
    x = rng.normal(size=(400, 500))
    close(doubled(x), 2 * x)


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    table = Table("check", "bare, ms", "watched, ms", "ratio")
    for check in (many_small_calls, one_large_call):
        bare, watched = [], []
        for _ in range(ROUNDS):
            bare.append(seconds(lambda: check(doubled, np.random.default_rng(0))))  # noqa: B023
            watched.append(seconds(lambda: attempt(check, doubled)))  # noqa: B023
        low, high = statistics.median(bare), statistics.median(watched)
        row = (f"{1e3 * low:.2f}", f"{1e3 * high:.2f}", f"{high / low:.1f}")
        table.add_row(check.__doc__, *row)
    Console().print(table)


if __name__ == "__main__":
    main()
