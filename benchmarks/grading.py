"""What grading costs here: against stock nbgrader, and against the least it can cost.

Prints one table and writes it as JSON, by default to _build/bench/grading.json. Stock
`nbgrader autograde`, `attn-course grade` (all workers, sandbox, judge and feedback) and
the same cells and checks in one warm process grade the same submissions in one run, and
their scores are compared one by one. Then come where the time goes, a long run with its
memory, a Dask cluster of one worker and of two, and simulated clusters of many.

otter-grader is left out. It cannot be installed beside this course's exact versions
(7.0.0 wants wrapt below 2, which is pinned at 2.5), and reads assignments in a format
of its own, so that the submissions would not be the same.

The exit code says whether all that is wanted holds, but not with --quick: small sizes
are there to see that everything runs. All of it takes about a quarter of an hour on two
cores.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grading_parts import breakdown, cluster, comparison, growth, outlook
from grading_parts.lesson import Lesson
from report import keep, show
from timing import Row

from attn_course.engine.pool import cores
from attn_course.judge.sandbox import CannotSandbox, require

RESULT = Path(__file__).parents[1] / "_build/bench/grading.json"


class Sizes(NamedTuple):
    """Of what, and how many submissions in each part."""

    chapter: str
    workers: int
    compared: int
    few: int  # of a long run, at its beginning and at its end
    many: int
    profiled: int
    spread: int  # over the workers of a cluster
    warming: int  # before these, and before the clock starts
    simulated: int


# The notebook imports torch, and exercises call its layers. There are 27 in its class.
FULL = Sizes("ch09_many_heads", cores(), 27, 108, 2000, 27, 54, 12, 100_000)
QUICK = Sizes("ch00_how_this_course_works", 1, 2, 2, 4, 2, 2, 2, 2000)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few submissions each")
    parser.add_argument("--json", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    try:
        require()
    except CannotSandbox as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        sizes = QUICK if options.quick else FULL
        rows = list(_rows(Lesson(Path(folder), sizes.chapter), sizes))
    show(rows)
    keep(rows, options.json)
    return 0 if options.quick or all(row.holds for row in rows) else 1


def _rows(lesson: Lesson, sizes: Sizes) -> Iterator[Row]:
    count, workers = sizes.compared, sizes.workers
    compared = comparison.compared(lesson, count, workers)
    yield from comparison.rows(compared, count)
    profile = breakdown.profiled(lesson, sizes.profiled)
    yield from breakdown.rows(profile, compared.limit.wall / count)
    run = growth.grown(lesson, sizes.few, sizes.many, workers)
    yield from growth.rows(run)
    yield from comparison.later_rows(compared, count, run.speed(sizes.many))
    spread = cluster.measured(lesson, sizes.spread, sizes.warming)
    yield from cluster.rows(spread)
    jobs, start = profile["jobs"], profile["once"]
    seconds = [sum(each) for each in zip(jobs["work"], jobs["page"], strict=True)]
    writing = spread[-1]["writer"] / spread[-1]["count"]
    restart = start["start a worker"]
    yield from outlook.rows(seconds, writing, restart, sizes.simulated)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
