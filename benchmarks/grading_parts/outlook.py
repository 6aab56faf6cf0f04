"""A hundred thousand submissions on simulated clusters, by what was measured here."""

from collections.abc import Iterator, Sequence

from timing import Row

from attn_course.classroom.planning import Cluster, simulated

WIDTHS = (64, 128, 256, 512, 1024)
SPREAD = 0.5  # one unit in a hundred takes three times as long, one in 10,000 six
LIFE = 24 * 3600.0  # seconds that a worker lives, on average
HOUR = 3600.0


def rows(
    seconds: Sequence[float], writing: float, restart: float, units: int
) -> Iterator[Row]:
    """Hours for `units`, and where one writer is no longer enough.

    `seconds` are those of units, `writing` those of the writer for one, and `restart`
    those that a worker takes to start.
    """
    cluster = Cluster(seconds, writing, SPREAD, LIFE, restart)
    yield Row("simulated: a worker's s for each", str(units), cluster.unit)
    yield Row("simulated: the writer's s for each", str(units), cluster.writing)
    yield Row("simulated: width that the writer keeps up with", "", cluster.width)
    for width in (max(round(cluster.width), 1), *WIDTHS):
        run = simulated(cluster, units, width)
        what = f"simulated, {width} workers"
        yield Row(f"{what}: hours", str(units), run.seconds / HOUR)
        yield Row(f"{what}: writer busy", str(units), run.busy)
