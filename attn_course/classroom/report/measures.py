"""Numbers about a class: how scores spread, and which exercises tell students apart.

References
----------
R. L. Ebel and D. A. Frisbie, "Essentials of Educational Measurement", 5th ed., 1991:
what is usually asked of an item's discrimination.
R. A. Fisher, "On the 'probable error' of a coefficient of correlation deduced from a
small sample", Metron 1, 1921: its interval.
"""

import math
from dataclasses import dataclass
from statistics import StatisticsError, correlation, quantiles

MOST_BINS = 12
FEW = 30  # students, below which a correlation says little
WEAK = 0.2  # what an exercise should at least correlate with the others
FEWEST_FOR_INTERVAL = 4


@dataclass(frozen=True)
class Spread:
    """Five numbers that say how values lie, and how many there are."""

    n: int
    low: float
    first: float
    median: float
    third: float
    high: float


def spread(values: list[float]) -> Spread | None:
    """Return the quartiles and ends of `values`; None if there are none.

    Examples
    --------
    >>> spread([1, 2, 4, 7, 9]).median
    4.0
    """
    if not values:
        return None
    ordered = sorted(map(float, values))
    cuts = (
        quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else 3 * ordered
    )
    return Spread(len(ordered), ordered[0], *cuts, ordered[-1])


@dataclass(frozen=True)
class Bin:
    """How many have a whole number of points from `low` to `high`."""

    low: int
    high: int
    count: int

    @property
    def label(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"


def bins(values: list[float], most: float) -> list[Bin]:
    """Sort points from 0 to `most` into at most twelve equal steps; parts of a point
    count down.

    Examples
    --------
    >>> [b.label for b in bins([], 20)][:3]
    ['0–1', '2–3', '4–5']
    >>> [b.count for b in bins([0, 1.5, 20], 20)]
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    top = math.floor(max([most, *values]))
    width = math.ceil((top + 1) / MOST_BINS)
    steps = range(0, top + 1, width)
    counts = [sum(low <= math.floor(v) < low + width for v in values) for low in steps]
    pairs = zip(steps, counts, strict=True)
    return [Bin(low, min(low + width - 1, top), count) for low, count in pairs]


@dataclass(frozen=True)
class Discrimination:
    """The item-rest correlation of an exercise, with its interval, or why it has none.

    It is the correlation, over students, of the points in one exercise with those in
    all others; where an exercise has only right and wrong, the point-biserial one.
    """

    n: int
    r: float | None = None
    low: float | None = None
    high: float | None = None
    why_none: str = ""

    @property
    def verdict(self) -> str:
        """What to make of it, in a word or two; nothing if it is as it should be."""
        if self.r is None or self.r >= WEAK:
            return ""
        if self.high is not None and self.high >= WEAK:
            return "low, may be chance"
        return "low"


def discrimination(item: list[float], rest: list[float], best: float) -> Discrimination:
    """Say how the points of an exercise go with the points in all the others.

    Examples
    --------
    >>> round(discrimination([0, 0, 1, 1], [1, 2, 3, 5], 1).r, 2)
    0.85
    >>> discrimination([2, 2, 2], [0, 1, 4], 2).why_none
    'all have it right'
    """
    n = len(item)
    if n < 3:
        return Discrimination(n, why_none="fewer than three students")
    if len(set(item)) == 1:
        everybody = {best: "all have it right", 0: "all have it wrong"}
        return Discrimination(n, why_none=everybody.get(item[0], "all have the same"))
    try:
        r = correlation(item, rest)
    except StatisticsError:
        return Discrimination(n, why_none="all are equal in the others")
    if n < FEWEST_FOR_INTERVAL or abs(r) > 1 - 1e-12:
        return Discrimination(n, r)
    off = 1.96 / math.sqrt(n - 3)
    return Discrimination(
        n, r, math.tanh(math.atanh(r) - off), math.tanh(math.atanh(r) + off)
    )
