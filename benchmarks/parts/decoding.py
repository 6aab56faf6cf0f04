"""Time per token of a layer that decodes with a cache, against the length before it.

Only reading the cache may take longer after a longer prompt. What is timed is a layer
in NumPy: projections, cache, attention, and a feed-forward layer. Its weights (48 MiB)
are more than the cache of a processor holds, as those of a whole model are: else a long
prompt would slow the rest down by pushing the weights out.
"""

import time
from collections.abc import Iterator

import numpy as np
from timing import Row, slope

from attn_course.functional import KVCache, append_to_cache, cached_attend, empty_cache

HEADS, WIDTH = 16, 64
MODEL, HIDDEN = HEADS * WIDTH, 4 * HEADS * WIDTH


class Layer:
    """A block without norms, of random weights."""

    def __init__(self, rng: np.random.Generator):
        def matrix(rows, columns):
            return rng.standard_normal((rows, columns), np.float32) / rows**0.5

        self.projections = [matrix(MODEL, MODEL) for _ in range(3)]
        self.back, self.rise = matrix(MODEL, MODEL), matrix(MODEL, HIDDEN)
        self.fall = matrix(HIDDEN, MODEL)

    def step(self, x: np.ndarray, cache: KVCache) -> tuple[np.ndarray, KVCache, float]:
        """Read one position; return the seconds that attention took as well."""
        query, keys, values = (
            (x @ weight).reshape(HEADS, 1, WIDTH) for weight in self.projections
        )
        cache = append_to_cache(cache, keys, values)
        start = time.process_time()
        read = cached_attend(query, cache)
        spent = time.process_time() - start
        x = x + read.reshape(1, MODEL) @ self.back
        x = x + np.maximum(x @ self.rise, 0) @ self.fall
        return x / np.linalg.norm(x), cache, spent


def per_token(layer: Layer, prompt: int, tokens: int) -> tuple[float, float]:
    """Return the seconds of attention and of all the rest, for one token."""
    rng = np.random.default_rng(prompt)
    cache = empty_cache((HEADS,), WIDTH, WIDTH, room=prompt + tokens)
    keys, values = rng.standard_normal((2, HEADS, prompt, WIDTH), np.float32)
    cache = append_to_cache(cache, keys, values)
    x, reading = rng.standard_normal((1, MODEL), np.float32), 0.0
    start = time.process_time()
    for _ in range(tokens):
        x, cache, spent = layer.step(x, cache)
        reading += spent
    whole = time.process_time() - start
    return reading / tokens, (whole - reading) / tokens


def rows(quick: bool) -> Iterator[Row]:
    prompts = (16, 64) if quick else (512, 2048, 8192)
    rounds, tokens = (2, 4) if quick else (7, 32)
    layer = Layer(np.random.default_rng(0))
    runs = [[per_token(layer, n, tokens) for n in prompts] for _ in range(rounds)]
    reading, rest = np.min(runs, axis=0).T
    for n, seconds in zip(prompts, reading, strict=True):
        yield Row("decoding: attention, ms a token", str(n), 1e3 * seconds)
    for n, seconds in zip(prompts, rest, strict=True):
        yield Row("decoding: the rest, ms a token", str(n), 1e3 * seconds)
    which = f"{prompts[0]} to {prompts[-1]}"
    yield Row("decoding: slope of attention", which, slope(prompts, reading))
    yield Row("decoding: growth of the rest", which, rest[-1] / rest[0], 0.8, 1.2)
