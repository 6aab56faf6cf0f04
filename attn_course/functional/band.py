r"""Attention inside a sliding window, at a cost that grows with the length alone.

The queries are taken a block at a time; a block reads the keys that its windows can
reach and no others. Scores are held for one block only: time :math:`O(n w)`, and no
table of all pairs. The numbers are those of `attend` with the mask of the window.

Dilation leaves gaps in the window. Positions whose distance is no multiple of it never
meet, so they fall into as many sequences of their own.

References
----------
I. Beltagy, M. E. Peters and A. Cohan, "Longformer: The Long-Document Transformer",
arXiv:2004.05150, 2020, section 3.1.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend

BLOCK = 64  # queries: fewer would keep Python busier than the arithmetic


def window_attend(
    query: Float[np.ndarray, "... positions width"],
    keys: Float[np.ndarray, "... positions width"],
    values: Float[np.ndarray, "... positions channels"],
    before: int,
    after: int,
    *,
    dilation: int = 1,
    scale: float | None = None,
    allowed_keys: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "... positions channels"]:
    r"""Read, for each position, from the positions around it.

    .. math::

       o_i = \sum_{t=-b}^{a} \alpha_{it} \, v_{i + t r}, \qquad
       \alpha_{i \cdot} = \operatorname{softmax}_t(c \, q_i \cdot k_{i + t r})

    Positions before the first and after the last take no part.

    Parameters
    ----------
    query, keys, values
        The same leading axes and the same length: a sequence that attends to itself.
    before, after
        The b and a above, in steps to the left and to the right; its own place always
        belongs to the window. ``after=0`` is causal.
    dilation
        The r above: how many positions a step is long.
    scale
        The c above. Default: 1 over the root of the width.
    allowed_keys
        True for a key that may be attended to at all, as against padding; broadcasts
        to the leading axes and the positions.

    Raises
    ------
    ValueError
        If sizes do not fit, if a side of the window is negative or if the dilation is
        not at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> same, values = np.ones((4, 2)), np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> window_attend(same, same, values, before=1, after=0)
    array([[1. ],
           [1.5],
           [2.5],
           [3.5]])
    """
    _check(query, keys, values, before, after, dilation)
    if allowed_keys is not None:
        allowed_keys = expect.mask("window_attend", allowed_keys, keys.shape[:-1])
    dtype = np.result_type(query, keys, values)
    output = np.empty((*query.shape[:-1], values.shape[-1]), dtype)
    for first in range(min(dilation, keys.shape[-2])):
        own = np.s_[..., first::dilation, :]
        seen = None if allowed_keys is None else allowed_keys[..., first::dilation]
        for block, near, window in _blocks(query[own].shape[-2], before, after):
            output[own][..., block, :] = attend(
                query[own][..., block, :],
                keys[own][..., near, :],
                values[own][..., near, :],
                allowed=window if seen is None else window & seen[..., None, near],
                scale=scale,
            )
    return output


def _blocks(length, before, after):
    """Yield slices of queries, slices of the keys they reach, and who reaches whom."""
    before, after = min(before, length), min(after, length)
    for start in range(0, length, BLOCK):
        stop = min(start + BLOCK, length)
        near = slice(max(start - before, 0), min(stop + after, length))
        gap = np.arange(near.start, near.stop) - np.arange(start, stop)[:, None]
        yield slice(start, stop), near, (-before <= gap) & (gap <= after)


def _check(query, keys, values, before, after, dilation):
    expect.memory("window_attend", query, keys, values)
    expect.same_width("window_attend", query, keys)
    expect.same_length("window_attend", query, keys)
    expect.counts("window_attend", 0, before=before, after=after)
    expect.counts("window_attend", 1, dilation=dilation)
