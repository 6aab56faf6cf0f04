r"""Exact attention without the table of scores: a tile at a time, in bounded memory.

A block of queries meets the keys one block after another. Of what came before, it keeps
three things for each query: the largest score :math:`m`, the sum :math:`l` of the
exponentials and the sum :math:`o` of the values they weight. A new tile with scores
:math:`S` brings

.. math::

   m' = \max(m, \max_j S_j), \quad
   l' = e^{m - m'} l + \sum_j e^{S_j - m'}, \quad
   o' = e^{m - m'} o + \sum_j e^{S_j - m'} v_j

and at the end :math:`o / l` is what is read. The arithmetic is that of `attend`, in
another order; it stays quadratic in the length. What changes is the memory, and with it
the time, since a tile stays in the cache of the processor.

Not covered: dropout, gradients, scores of one's own.

References
----------
M. N. Rabe and C. Staats, "Self-attention Does Not Need O(n^2) Memory",
arXiv:2112.05682, 2021.
T. Dao, D. Y. Fu, S. Ermon, A. Rudra and C. Ré, "FlashAttention: Fast and
Memory-Efficient Exact Attention with IO-Awareness", NeurIPS 2022, Algorithm 1, which
has the loop over keys outside and the loop over queries inside.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default

LARGEST = (256, 512)  # queries and keys of a tile: 512 KiB of float32 fit most caches
STATISTICS = 8  # numbers a query: maxima, sums, factors, old and new
OBJECTS = 8192  # bytes: Python's own objects, such as views and slices


class _Tile(NamedTuple):
    """Buffers that all tiles use in turn."""

    query: np.ndarray  # [rows, width], scaled
    product: np.ndarray  # [rows, channels], weights times values
    scores: np.ndarray  # [rows, columns], then their exponentials
    hidden: np.ndarray  # [rows, columns], of bool


def tiled_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    causal: bool = False,
    scale: float | None = None,
    budget_bytes: int = 2**21,
) -> Float[np.ndarray, "... queries channels"]:
    r"""Read what `attend` reads, in a fixed amount of memory beside the output.

    Parameters
    ----------
    query, keys, values
        The same leading axes in all three; as many values as keys.
    allowed
        True where a query may attend to a key; broadcasts to the scores, and is sliced
        rather than broadcast. Tiles with nothing allowed are skipped.
    causal
        Whether later keys are hidden as well, the queries being the last positions:
        query i sees key j where j <= i + keys - queries. Half of the tiles are skipped,
        and no mask is held.
    scale
        Multiplies the scores. Default: 1 over the root of the width.
    budget_bytes
        The most memory to use beyond inputs and output. A larger tile than 256 queries
        by 512 keys is never taken. What the matrix product of the machine keeps for
        itself is not counted.

    Raises
    ------
    ValueError
        If sizes do not fit, or the budget is too small for a tile of one query and one
        key; the message says how much would do.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.eye(2), np.array([[10.0], [20.0]])
    >>> tiled_attend(np.ones((2, 2)), keys, values, causal=True, budget_bytes=9000)
    array([[10.],
           [15.]])
    """
    expect.memory("tiled_attend", query, keys, values)
    expect.same_width("tiled_attend", query, keys)
    expect.counts("tiled_attend", 1, budget_bytes=budget_bytes)
    sizes = (query.shape[-2], keys.shape[-2])
    if allowed is not None:
        allowed = expect.mask("tiled_attend", allowed, (*query.shape[:-1], sizes[1]))
    dtype = np.result_type(query, keys, values)
    widths = (query.shape[-1], values.shape[-1])
    step = _steps_within(budget_bytes, sizes, widths, dtype.itemsize)
    tile = _Tile(
        *(np.empty((step[0], n), dtype) for n in (*widths, step[1])),
        hidden=np.empty(step, bool),
    )
    scale = scale_or_default("tiled_attend", query, scale)
    output = np.zeros((*query.shape[:-1], values.shape[-1]), dtype)
    for place in np.ndindex(*query.shape[:-2]):
        seen = None if allowed is None else allowed[place]
        for rows in _slices(sizes[0], step[0]):
            own = _Tile(*(buffer[: rows.stop - rows.start] for buffer in tile))
            np.multiply(query[place][rows], scale, out=own.query)
            tiles = _tiles(own.hidden, rows, sizes, seen, causal)
            _read(own, tiles, keys[place], values[place], output[place][rows])
    return output


def _steps_within(budget, sizes, widths, itemsize):
    """Return how many queries and keys a tile may have."""
    rows, columns = (
        max(min(n, most), 1) for n, most in zip(sizes, LARGEST, strict=True)
    )
    while _bytes(rows, columns, widths, itemsize) > budget and rows * columns > 1:
        if 2 * rows > columns:
            rows = (rows + 1) // 2
        else:
            columns = (columns + 1) // 2
    if _bytes(rows, columns, widths, itemsize) > budget:
        least = _bytes(1, 1, widths, itemsize)
        raise ValueError(
            f"tiled_attend: wanted a budget of at least {least} bytes, got {budget}"
        )
    return rows, columns


def _bytes(rows, columns, widths, itemsize):
    """Return the memory that tiles of this size need at the most.

    Counted are the scores, a scaled query, a product and statistics for each row, a
    copy of keys and values in case the matrix product cannot read them where they are,
    two masks, the positions that a causal mask is made from, and what NumPy takes to
    work on three arrays that it must broadcast.
    """
    numbers = rows * columns + (rows + columns) * sum(widths) + rows * STATISTICS
    masks = 2 * rows * columns + 8 * (2 * rows + columns)
    broadcast = 3 * 8 * min(rows * max(columns, *widths), np.getbufsize())
    return OBJECTS + numbers * itemsize + masks + broadcast


def _slices(length, step):
    """Yield slices of at most `step` that make up the whole length."""
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))


def _tiles(buffer, rows, sizes, seen, causal):
    """Yield the keys of each tile that is not hidden, and what is hidden in it or None.

    The buffer for what is hidden serves all tiles in turn.
    """
    ahead = sizes[1] - sizes[0]
    last = min(rows.stop + ahead, sizes[1]) if causal else sizes[1]
    for columns in _slices(last, buffer.shape[1]):
        later = causal and columns.stop > rows.start + ahead + 1
        if seen is None and not later:
            yield columns, None
            continue
        hidden = buffer[:, : columns.stop - columns.start]
        hidden[...] = False
        if seen is not None:
            np.logical_not(seen[rows, columns], out=hidden)
        if later:
            places = np.arange(rows.start, rows.stop)[:, None] + ahead
            hidden |= np.arange(columns.start, columns.stop) > places
        if not hidden.all():
            yield columns, hidden


def _read(tile, tiles, keys, values, output):
    """Add to the output, which is zeros, what the queries of a block read."""
    top = np.full((len(output), 1), -np.inf, output.dtype)
    total = np.zeros_like(top)
    for columns, hidden in tiles:
        scores = tile.scores[:, : columns.stop - columns.start]
        np.matmul(tile.query, keys[columns].T, out=scores)
        if hidden is not None:
            np.copyto(scores, -np.inf, where=hidden)
        old, top = top, np.maximum(top, scores.max(axis=-1, keepdims=True))
        if not (top < np.inf).all():  # nan is below nothing
            got = top.max()
            raise ValueError(f"tiled_attend: wanted scores below infinity, got {got}")
        shift = np.where(np.isneginf(top), 0, top)  # nothing seen so far
        with np.errstate(over="ignore"):
            scores -= shift
            decay = np.exp(old - shift)
        np.exp(scores, out=scores)
        total *= decay
        total += scores.sum(axis=-1, keepdims=True)
        output *= decay
        output += np.matmul(scores, values[columns], out=tile.product)
    total[total == 0] = 1
    output /= total
