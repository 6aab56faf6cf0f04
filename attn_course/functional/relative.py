r"""Positions as a bias: numbers added to the scores that depend on the distance alone.

`attend` takes a bias as part of its ``score``: ``lambda q, k: scaled_dot_scores(q, k) +
bias``. Where the numbers of queries and keys differ, **the queries are the last
positions**, as in `masks`.

References
----------
P. Shaw, J. Uszkoreit and A. Vaswani, "Self-Attention with Relative Position
Representations", NAACL 2018, section 3.2 (clipped distances).
C. Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", JMLR 21(140), 2020, section 2.1 (one number for each bucket and head).
O. Press, N. A. Smith and M. Lewis, "Train Short, Test Long: Attention with Linear
Biases Enables Input Length Extrapolation", ICLR 2022, section 3 (ALiBi).
"""

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect


def relative_offsets(queries: int, keys: int) -> Int[np.ndarray, "{queries} {keys}"]:
    r"""Return how many places each key stands after each query; negative before.

    .. math::  \text{offset}_{ij} = j - (i + K - Q)

    Examples
    --------
    >>> relative_offsets(2, 3)
    array([[-1,  0,  1],
           [-2, -1,  0]])
    """
    expect.counts("relative_offsets", 0, queries=queries, keys=keys)
    return np.arange(keys) - np.arange(keys - queries, keys)[:, None]


def relative_bias(
    table: Float[np.ndarray, "... offsets"], queries: int, keys: int
) -> Float[np.ndarray, "... {queries} {keys}"]:
    r"""Return one learnt number for each offset; the far ones share that of the reach.

    .. math::  b_{ij} = w_{\operatorname{clip}(j - i - K + Q, \, -r, \, r)}

    Parameters
    ----------
    table
        The w above: 2r + 1 numbers, for the offsets from -r to r. Leading axes, such as
        heads, stay.

    Raises
    ------
    ValueError
        If the number of offsets is even: then none of them is the middle.

    Examples
    --------
    >>> import numpy as np
    >>> before, here, after = -1.0, 0.0, 1.0
    >>> relative_bias(np.array([before, here, after]), 3, 3)
    array([[ 0.,  1.,  1.],
           [-1.,  0.,  1.],
           [-1., -1.,  0.]])
    """
    expect.axes("relative_bias", 1, table=table)
    expect.finite("relative_bias", table=table)
    reach, odd = divmod(table.shape[-1], 2)
    if not odd:
        raise ValueError(
            f"relative_bias: wanted an odd number of offsets, got {table.shape[-1]}"
        )
    offsets = relative_offsets(queries, keys)
    return table[..., np.clip(offsets, -reach, reach) + reach]


def relative_buckets(
    offsets: Int[np.ndarray, "..."],
    buckets: int = 32,
    farthest: int = 128,
    *,
    causal: bool = False,
) -> Int[np.ndarray, "..."]:
    r"""Return the bucket of each offset as in T5: one each when near, shared when far.

    .. math::

       \text{bucket}(n) = \begin{cases} n & n < m \\
       \min\left(m + \left\lfloor m \, \frac{\ln(n / m)}{\ln(N / m)} \right\rfloor,
       \, 2m - 1 \right) & n \ge m \end{cases}

    with n the distance, N the `farthest` and m half of the buckets of one direction.
    Half of all buckets are for keys after the query, the upper ones.

    Parameters
    ----------
    buckets
        Of both directions together; a multiple of 4, or of 2 if causal.
    farthest
        From this distance on, all share the last bucket.
    causal
        Whether all buckets are for keys before the query; then those after it share
        bucket 0 with its own place.

    Examples
    --------
    >>> import numpy as np
    >>> relative_buckets(np.array([0, -1, -7, -8, -12, -1000, 1, 1000]))
    array([ 0,  1,  7,  8,  9, 15, 17, 31])

    A bias for two heads, from a table of 32 numbers for each:

    >>> table = np.ones((2, 32))
    >>> table[:, relative_buckets(relative_offsets(3, 5))].shape
    (2, 3, 5)
    """
    who = "relative_buckets"
    limits = np.iinfo(np.int64)
    expect.whole(who, limits.min + 1, limits.max, offsets=offsets)
    expect.counts(who, 1, buckets=buckets, farthest=farthest)
    parts = 2 if causal else 4
    near = expect.divides(who, parts, buckets, of="buckets", into="equal parts")
    if farthest <= near:
        raise ValueError(f"{who}: wanted farthest above {near}, got {farthest}")
    distance = np.maximum(-offsets, 0) if causal else abs(offsets)
    times = np.log(np.maximum(distance, near) / near) / np.log(farthest / near)
    far = near + np.floor(times * near).astype(int)
    bucket = np.where(distance < near, distance, np.minimum(far, 2 * near - 1))
    return bucket if causal else bucket + 2 * near * (offsets > 0)


def alibi_slopes(heads: int) -> Float[np.ndarray, " {heads}"]:
    r"""Return how much each head of ALiBi takes off a score for a step of distance.

    .. math::  m_h = 2^{-8h/H}, \qquad h = 1, \dots, H

    for H a power of two. Else, as in the authors' code, the slopes of the next lower
    power come first, and then every second one of the next higher, from the first on.

    Examples
    --------
    >>> alibi_slopes(4).tolist()
    [0.25, 0.0625, 0.015625, 0.00390625]
    >>> alibi_slopes(3).tolist()
    [0.0625, 0.00390625, 0.25]
    """
    expect.counts("alibi_slopes", 1, heads=heads)
    lower = 1 << int(heads).bit_length() - 1
    slopes = 2.0 ** (-8 * np.arange(1, lower + 1) / lower)
    between = 2.0 ** (-8 * np.arange(1, 2 * lower, 2) / (2 * lower))
    return np.concatenate([slopes, between[: heads - lower]])


def alibi_bias(
    heads: int, queries: int, keys: int
) -> Float[np.ndarray, "{heads} {queries} {keys}"]:
    r"""Return what ALiBi adds to the scores: minus the distance, times the slope.

    .. math::  b_{hij} = -m_h \, |i + K - Q - j|

    The paper has causal attention in mind, where no key comes after its query; without
    a causal mask both directions are treated alike. In float64 and nats.

    Examples
    --------
    >>> import numpy as np
    >>> alibi_bias(8, 3, 3)[0]
    array([[-0. , -0.5, -1. ],
           [-0.5, -0. , -0.5],
           [-1. , -0.5, -0. ]])

    As part of a score; all keys fit alike, so that the near ones win:

    >>> from attn_course.functional import attend, scaled_dot_scores
    >>> same, values = np.ones((8, 3, 2)), np.broadcast_to(np.eye(3), (8, 3, 3))
    >>> bias = alibi_bias(8, 3, 3)
    >>> read = attend(
    ...     same, same, values, score=lambda q, k: scaled_dot_scores(q, k) + bias
    ... )
    >>> read[0, 0].round(2)
    array([0.51, 0.31, 0.19])
    """
    slopes = alibi_slopes(heads)[:, None, None]
    return -slopes * abs(relative_offsets(queries, keys))
