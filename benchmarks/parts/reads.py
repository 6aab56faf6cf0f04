"""attend and tiled_attend against PyTorch: time and memory."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from timing import Row, extra_bytes, seconds, slope
from torch.nn.functional import scaled_dot_product_attention

from attn_course.functional import attend, tiled_attend

HEADS, WIDTH = 8, 64
MEBI = 2**20


def arrays(n: int) -> tuple[np.ndarray, ...]:
    """Queries, keys and values for n positions."""
    rng = np.random.default_rng(n)
    shape = (HEADS, n, WIDTH)
    return tuple(rng.standard_normal(shape, np.float32) for _ in range(3))


def rows(quick: bool) -> Iterator[Row]:
    sizes = (32, 64) if quick else (256, 512, 1024, 2048, 4096, 8192)
    times = {n: _times(n) for n in sizes}
    for n, t in times.items():
        yield Row("attend / torch formula", str(n), t["plain"] / t["formula"], most=1.2)
    for n, t in times.items():
        most = 1.0 if n >= 1024 else None
        yield Row("tiled_attend / attend", str(n), t["tiled"] / t["plain"], most=most)
    for n, t in times.items():
        yield Row("tiled_attend / SDPA", str(n), t["tiled"] / t["sdpa"], most=2.0)
    yield from _memory(sizes)


def _times(n: int) -> dict[str, float]:
    query, keys, values = arrays(n)
    q, k, v = map(torch.from_numpy, (query, keys, values))
    return seconds(
        max(3, 16384 // n),
        plain=lambda: attend(query, keys, values),
        formula=lambda: torch.softmax(q @ k.mT / WIDTH**0.5, -1) @ v,
        tiled=lambda: tiled_attend(query, keys, values),
        # with an axis for the batch: without, PyTorch takes a slower way
        sdpa=lambda: scaled_dot_product_attention(q[None], k[None], v[None]),
    )


def _memory(sizes) -> Iterator[Row]:
    """Memory beyond inputs and output."""
    for read, bound, exponent in (
        (attend, None, (1.8, 2.2)),
        (tiled_attend, 16.0, (-0.2, 1.1)),
    ):
        read(*arrays(sizes[0]))  # what is set up once
        used = [extra_bytes(partial(read, *arrays(n))) for n in sizes]
        for n, held in zip(sizes, used, strict=True):
            yield Row(f"{read.__name__}: extra MiB", str(n), held / MEBI, most=bound)
        which = f"{sizes[0]} to {sizes[-1]}"
        least, most = exponent
        power = slope(sizes, used)
        yield Row(f"{read.__name__}: slope of memory", which, power, least, most)
