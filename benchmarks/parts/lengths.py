"""How time grows with length: full, windowed and linear attention."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from parts.reads import arrays
from timing import Row, seconds, slope

from attn_course.functional import attend, linear_attend, tiled_attend, window_attend

STEPS = 64  # of the window, to each side


def windowed(query, keys, values) -> np.ndarray:
    """Read from the positions around each position."""
    return window_attend(query, keys, values, before=STEPS, after=STEPS)


def rows(quick: bool) -> Iterator[Row]:
    square = (64, 128) if quick else (1024, 2048, 4096)
    long = (64, 128) if quick else (1024, 2048, 4096, 8192)
    for what, read, sizes, least, most in (
        ("full attention", attend, square, 1.8, 2.2),
        ("full attention in tiles", tiled_attend, square, 1.8, 2.2),
        ("sliding window", windowed, long, 0.9, 1.1),
        ("linear attention", linear_attend, long, 0.9, 1.1),
    ):
        works = {str(n): partial(read, *arrays(n)) for n in sizes}
        times = seconds(2 if quick else 5, **works)
        power = slope(sizes, list(times.values()))
        which = f"{sizes[0]} to {sizes[-1]}"
        yield Row(f"{what}: slope of time", which, power, least, most)
