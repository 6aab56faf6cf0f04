r"""Masks: who may attend to whom. Boolean, True means that a query may see a key.

Conditions are combined with ``&`` (both must allow it) and ``|`` (either may). Where
the numbers of queries and keys differ, **the queries are the last positions**: query i
stands at position :math:`i + K - Q`, as where older keys come from a cache. With
more queries than keys, the first queries stand before all keys.

Tables are [queries, keys]; those that differ between samples have leading axes, which
must be made to fit the heads: see `padding_mask`.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.3 (causal).
R. Child, S. Gray, A. Radford and I. Sutskever, "Generating Long Sequences with Sparse
Transformers", arXiv:1904.10509, 2019 (strided).
I. Beltagy, M. E. Peters and A. Cohan, "Longformer: The Long-Document Transformer",
arXiv:2004.05150, 2020, section 3.1 (window, dilated window, global).
G. Xiao, Y. Tian, B. Chen, S. Han and M. Lewis, "Efficient Streaming Language Models
with Attention Sinks", ICLR 2024 (sinks).
"""

import numpy as np
from jaxtyping import Bool, Int

from attn_course.functional import expect

Table = Bool[np.ndarray, "queries keys"]


def padding_mask(
    lengths: Int[np.ndarray, "..."], keys: int
) -> Bool[np.ndarray, "... 1 {keys}"]:
    r"""Hide the keys at the end that are there only to fill up the row.

    .. math::  \text{allowed}_{b, \cdot, j} \iff j < \text{length}_b

    The result has an axis of size 1 for the queries. With heads it needs one more, in
    the place of the heads: give ``lengths[:, None]`` for [batch, 1, 1, keys]. Else the
    batch would stand where the heads are, unnoticed if there are as many of both.

    Raises
    ------
    ValueError
        If the lengths are not integers from 0 to the number of keys.

    Examples
    --------
    >>> import numpy as np
    >>> padding_mask(np.array([2, 3]), keys=3)[:, 0].astype(int)
    array([[1, 1, 0],
           [1, 1, 1]])
    """
    expect.counts("padding_mask", 0, keys=keys)
    expect.whole("padding_mask", 0, keys, lengths=lengths)
    return np.arange(keys) < lengths[..., None, None]


def causal_mask(queries: int, keys: int | None = None) -> Table:
    r"""Hide the future: each query sees its own position and all earlier ones.

    .. math::  \text{allowed}_{ij} \iff j \le i + K - Q

    The last query sees all keys. With more queries than keys the first see nothing.
    (PyTorch's ``is_causal=True`` counts from the first key instead, whatever the
    numbers: :math:`j \le i`. The two agree only where Q = K.)

    Parameters
    ----------
    keys
        Default: as many as queries.

    Examples
    --------
    >>> causal_mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    >>> causal_mask(2, 3).astype(int)
    array([[1, 1, 0],
           [1, 1, 1]])
    """
    query, key = _places("causal_mask", queries, queries if keys is None else keys)
    return key <= query


def window_mask(
    queries: int, keys: int, before: int, after: int, *, dilation: int = 1
) -> Table:
    r"""Let each query see so many steps to the left, itself, and so many to the right.

    .. math::

       \text{allowed}_{ij} \iff j = i + K - Q + t r
       \text{ for some whole } -b \le t \le a

    Parameters
    ----------
    before, after
        The b and a above. ``after=0`` is causal.
    dilation
        The r above: how many positions a step is long. Those in between are skipped.

    Examples
    --------
    >>> window_mask(4, 4, before=1, after=0).astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    expect.counts("window_mask", 0, before=before, after=after)
    expect.counts("window_mask", 1, dilation=dilation)
    query, key = _places("window_mask", queries, keys)
    steps, rest = np.divmod(key - query, dilation)
    return (rest == 0) & (-before <= steps) & (steps <= after)


def block_mask(queries: int, keys: int, size: int) -> Table:
    r"""Cut the positions into blocks, counted from 0; a query sees its own block.

    .. math::

       \text{allowed}_{ij} \iff
       \left\lfloor \frac{i + K - Q}{b} \right\rfloor
       = \left\lfloor \frac{j}{b} \right\rfloor

    The last block is shorter if need be.

    Examples
    --------
    >>> block_mask(3, 3, size=2).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 1]])
    """
    expect.counts("block_mask", 1, size=size)
    query, key = _places("block_mask", queries, keys)
    return query // size == key // size


def strided_mask(queries: int, keys: int, stride: int) -> Table:
    r"""Let each query see every so manyth position, its own among them.

    .. math::  \text{allowed}_{ij} \iff (i + K - Q - j) \bmod s = 0

    With a window as wide as the stride, each position reaches each other in two steps.

    Examples
    --------
    >>> strided_mask(4, 4, stride=2).astype(int)
    array([[1, 0, 1, 0],
           [0, 1, 0, 1],
           [1, 0, 1, 0],
           [0, 1, 0, 1]])
    """
    expect.counts("strided_mask", 1, stride=stride)
    query, key = _places("strided_mask", queries, keys)
    return (query - key) % stride == 0


def global_mask(queries: int, keys: int, positions: Int[np.ndarray, " some"]) -> Table:
    r"""Let a few positions see all others and be seen by all.

    .. math::  \text{allowed}_{ij} \iff i + K - Q \in G \text{ or } j \in G

    Meant to be joined with another: ``window | global``. Attention sinks are the first
    positions, seen by all that follow: ``causal & (window | global)``.

    Parameters
    ----------
    positions
        The G above, from 0 up to the last key.

    Raises
    ------
    ValueError
        If a position is not among the keys.

    Examples
    --------
    >>> import numpy as np
    >>> everybody = global_mask(4, 4, np.array([0]))
    >>> everybody.astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 0],
           [1, 0, 0, 0],
           [1, 0, 0, 0]])
    >>> (causal_mask(4) & (window_mask(4, 4, 1, 0) | everybody)).astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 1, 1, 0],
           [1, 0, 1, 1]])
    """
    query, key = _places("global_mask", queries, keys)
    expect.whole("global_mask", 0, keys - 1, positions=positions)
    return np.isin(query, positions) | np.isin(key, positions)


def segment_mask(
    query_segments: Int[np.ndarray, "... queries"],
    key_segments: Int[np.ndarray, "... keys"],
) -> Bool[np.ndarray, "... queries keys"]:
    r"""Let a query see the keys of its own segment, as where texts share a row.

    .. math::  \text{allowed}_{ij} \iff \text{segment}_i = \text{segment}_j

    Positions inside a segment are not looked at: join with `causal_mask`.

    Raises
    ------
    ValueError
        If segments are not integers, or the leading axes differ.

    Examples
    --------
    >>> import numpy as np
    >>> segments = np.array([0, 0, 1])
    >>> segment_mask(segments, segments).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 1]])
    """
    who = "segment_mask"
    given = {"query_segments": query_segments, "key_segments": key_segments}
    limits = np.iinfo(np.int64)
    expect.whole(who, limits.min, limits.max, **given)
    expect.axes(who, 1, **given)
    wanted = (*query_segments.shape[:-1], key_segments.shape[-1])
    expect.shape(who, wanted, key_segments=key_segments)
    return query_segments[..., :, None] == key_segments[..., None, :]


def _places(who, queries, keys):
    """Return the positions of queries and keys, as a column and a row."""
    expect.counts(who, 0, queries=queries, keys=keys)
    return np.arange(keys - queries, keys)[:, None], np.arange(keys)
