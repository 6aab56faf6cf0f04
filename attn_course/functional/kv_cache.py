r"""A cache of keys and values, so that each position is projected once and not again.

In causal attention a new position changes nothing for those before it. Their keys and
values can be kept, and only those of the new positions are made. Decoding one token
then costs one row of scores in place of the whole table.

The new positions may be one, several (a prompt, or a part of it), or none. They are
always the last ones: query i of a chunk of Q, over K positions in all, stands at
position :math:`i + K - Q` and sees what is at or before it. A mask made for the chunk
alone, with its first query at position 0, hides the whole past; none at all shows the
future within the chunk, which only a chunk of one forgives.

Whatever depends on positions, such as a rotation, is up to the caller: the first new
position is ``cache.length``, not 0.

References
----------
N. Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need",
arXiv:1911.02150, 2019 (incremental attention, and what bounds its speed).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect
from attn_course.functional.attention import attend
from attn_course.functional.masks import causal_mask


class KVCache(NamedTuple):
    """Keys and values of the positions read so far, with room for more.

    Caches are not changed by what is done with them. Those that come from one another
    share their arrays as long as each position was appended but once; `written` says
    how far the shared arrays are in use, and who appends to an older cache gets a copy.

    Examples
    --------
    >>> empty_cache((2,), width=4, channels=3, room=5).keys.shape
    (2, 5, 4)
    """

    keys: Float[np.ndarray, "... room width"]
    values: Float[np.ndarray, "... room channels"]
    length: int
    written: Int[np.ndarray, ""]


def empty_cache(
    leading: tuple[int, ...], width: int, channels: int, room: int, dtype=np.float32
) -> KVCache:
    """Return a cache of nothing, with room for so many positions.

    Parameters
    ----------
    leading
        Sizes of the axes before the positions, such as (batch, heads).

    Raises
    ------
    ValueError
        If a size is negative or no whole number, or the dtype is not one of floats.

    Examples
    --------
    >>> cache = empty_cache((2,), width=4, channels=3, room=5)
    >>> cache.length, cache.keys.nbytes + cache.values.nbytes
    (0, 280)
    """
    expect.counts("empty_cache", 0, width=width, channels=channels, room=room)
    keys, values = (np.zeros((*leading, room, n), dtype) for n in (width, channels))
    expect.floats("empty_cache", keys=keys)
    return KVCache(keys, values, 0, np.array(0))


def append_to_cache(
    cache: KVCache,
    keys: Float[np.ndarray, "... new width"],
    values: Float[np.ndarray, "... new channels"],
) -> KVCache:
    """Return the cache with further positions at its end.

    The time is that of writing the new positions, whatever the length; a cache that is
    full is moved to one with twice the room.

    Raises
    ------
    ValueError
        If keys and values do not fit the cache or one another, in size or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> empty = empty_cache((), width=1, channels=1, room=1, dtype=float)
    >>> one = append_to_cache(empty, np.ones((1, 1)), np.ones((1, 1)))
    >>> two = append_to_cache(one, np.ones((1, 1)), np.ones((1, 1)))
    >>> empty.length, one.length, two.length
    (0, 1, 2)
    """
    _check("append_to_cache", cache, keys=keys, values=values)
    if keys.shape[:-1] != values.shape[:-1]:
        raise ValueError(
            f"append_to_cache: wanted one value for each key {keys.shape[:-1]}, "
            f"got {values.shape[:-1]}"
        )
    end = cache.length + keys.shape[-2]
    room = cache.keys.shape[-2]
    if end > room or cache.written != cache.length:
        cache = _moved(cache, room if end <= room else max(end, 2 * room))
    cache.keys[..., cache.length : end, :] = keys
    cache.values[..., cache.length : end, :] = values
    cache.written[...] = end
    return cache._replace(length=end)


def cache_contents(
    cache: KVCache,
) -> tuple[
    Float[np.ndarray, "... positions width"],
    Float[np.ndarray, "... positions channels"],
]:
    """Return the keys and the values of the positions read so far, as views.

    Examples
    --------
    >>> keys, values = cache_contents(empty_cache((2,), width=4, channels=3, room=5))
    >>> keys.shape, values.shape
    ((2, 0, 4), (2, 0, 3))
    """
    filled = np.s_[..., : cache.length, :]
    return cache.keys[filled], cache.values[filled]


def cached_attend(
    query: Float[np.ndarray, "... new width"],
    cache: KVCache,
    *,
    scale: float | None = None,
) -> Float[np.ndarray, "... new channels"]:
    r"""Read, causally, for positions whose own keys are the last of the cache.

    .. math::

       o_i = \sum_{j \le i + K - Q} a_{ij} v_j

    However a sequence is cut into chunks, what is read is what `attend` reads with a
    causal mask over the whole.

    Raises
    ------
    ValueError
        If sizes do not fit, or the cache holds fewer positions than there are queries.

    Examples
    --------
    >>> import numpy as np
    >>> cache = empty_cache((), width=2, channels=1, room=3, dtype=float)
    >>> cache = append_to_cache(cache, np.ones((2, 2)), np.array([[10.0], [20.0]]))
    >>> cached_attend(np.ones((2, 2)), cache)
    array([[10.],
           [15.]])
    """
    expect.axes("cached_attend", 2, query=query)
    new = query.shape[-2]
    if new > cache.length:
        raise ValueError(
            f"cached_attend: wanted at most {cache.length} queries, one for each "
            f"position of the cache, got {new}"
        )
    past = causal_mask(new, cache.length) if new > 1 else None  # the last sees all
    return attend(query, *cache_contents(cache), allowed=past, scale=scale)


def _moved(cache, room):
    """Return the same contents in arrays of their own."""
    keys, values = cache_contents(cache)
    widths = keys.shape[-1], values.shape[-1]
    moved = empty_cache(keys.shape[:-2], *widths, room, keys.dtype)
    moved.keys[..., : cache.length, :] = keys
    moved.values[..., : cache.length, :] = values
    return moved._replace(length=cache.length)


def _check(who, cache, **arrays):
    for name, array in arrays.items():
        kept = getattr(cache, name)
        expect.axes(who, 2, **{name: array})
        expect.finite(who, **{name: array})
        wanted = (*kept.shape[:-2], array.shape[-2], kept.shape[-1])
        expect.shape(who, wanted, **{name: array})
        if array.dtype != kept.dtype:
            raise ValueError(f"{who}: wanted {name} of {kept.dtype}, got {array.dtype}")
