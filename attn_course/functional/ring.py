r"""Attention over several machines: shards of the positions, or shards of the heads.

In a ring, each worker keeps its queries while the blocks of keys and values go round;
no worker ever holds all keys. What has been read from the blocks so far is kept as the
state of a softmax, and each new block is merged into it. The result is that of
`attend`, up to rounding.

The second scheme needs no merging: before and after the read, everybody exchanges with
everybody, so that a worker has all positions of some heads in place of some positions
of all heads. It cannot use more workers than there are heads.

Here the workers are items of a list, and what would be sent is handed on. Not covered:
sending while computing, which is what hides the cost of the ring, and an even load
where the mask is causal.

References
----------
H. Liu, M. Zaharia and P. Abbeel, "Ring Attention with Blockwise Transformers for
Near-Infinite Context", arXiv:2310.01889, 2023.
S. A. Jacobs et al., "DeepSpeed Ulysses: System Optimizations for Enabling Training of
Extreme Long Sequence Transformer Models", arXiv:2309.14509, 2023.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect
from attn_course.functional.attention import attend
from attn_course.functional.online_softmax import (
    merge_states,
    read_state,
    softmax_state,
)
from attn_course.functional.scores import dot_scores, scale_or_default


def ring_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    shards: int,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Float[np.ndarray, "... queries channels"]:
    r"""Read by passing blocks of keys and values round a ring of workers.

    .. math::

       o_i = \frac{\sum_b \sum_{j \in b} e^{s_{ij}} v_j}
                  {\sum_b \sum_{j \in b} e^{s_{ij}}}, \qquad
       s_{ij} = c \, q_i \cdot k_j

    The outer sums run over the blocks b as they come round, in another order for each
    worker.

    Parameters
    ----------
    shards
        How many workers. The positions are cut into as many pieces, as even as may be.
    causal
        Whether a query sees its own position and earlier ones only. Wants as many
        queries as keys. A block that lies wholly after the queries is passed on unread.
    scale
        The c above. Default: 1 over the root of the width.

    Raises
    ------
    ValueError
        If sizes do not fit or there is no shard.

    Examples
    --------
    >>> import numpy as np
    >>> same, values = np.ones((3, 2)), np.array([[1.0], [2.0], [3.0]])
    >>> ring_attend(same, same, values, shards=2, causal=True).round(6)
    array([[1. ],
           [1.5],
           [2. ]])
    """
    _check("ring_attend", query, keys, values, shards, causal)
    scale = scale_or_default("ring_attend", query, scale)
    own = list(zip(_cut(query, shards), _places(query, shards), strict=True))
    blocks = _cut(keys, shards), _cut(values, shards), _places(keys, shards)
    travelling = list(zip(*blocks, strict=True))
    states = [None] * shards
    for _ in range(shards):
        for worker, (near, places) in enumerate(own):
            *memory, far = travelling[worker]
            allowed = far <= places[:, None] if causal else None
            if states[worker] is None:
                states[worker] = _read(near, *memory, allowed, scale)
            elif allowed is None or allowed.any():
                more = _read(near, *memory, allowed, scale)
                states[worker] = merge_states(states[worker], more)
        travelling = [travelling[-1], *travelling[:-1]]  # each to the next
    return np.concatenate([read_state(state) for state in states], axis=-2)


def head_parallel_attend(
    query: Float[np.ndarray, "... heads queries width"],
    keys: Float[np.ndarray, "... heads keys width"],
    values: Float[np.ndarray, "... heads keys channels"],
    shards: int,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Float[np.ndarray, "... heads queries channels"]:
    """Read by exchanging shards of the positions for shards of the heads, and back.

    Arguments and errors are those of `ring_attend`, with an axis of heads before the
    positions, which must fall into the shards.

    Examples
    --------
    >>> import numpy as np
    >>> same = np.ones((2, 3, 2))
    >>> values = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    >>> head_parallel_attend(same, same, values, shards=2)[..., 0]
    array([[2., 2., 2.],
           [5., 5., 5.]])
    """
    who = "head_parallel_attend"
    expect.axes(who, 3, query=query, keys=keys, values=values)
    _check(who, query, keys, values, shards, causal)
    each = expect.divides(who, shards, query.shape[-3], of="heads", into="shards")
    held = [_cut(x, shards) for x in (query, keys, values)]  # some places, all heads
    seen = np.tri(query.shape[-2], keys.shape[-2], dtype=bool) if causal else None
    read = []
    for worker in range(shards):
        heads = np.s_[..., worker * each : (worker + 1) * each, :, :]
        got = [np.concatenate([x[heads] for x in pieces], axis=-2) for pieces in held]
        output = attend(*got, allowed=seen, scale=scale)  # all places, some heads
        read.append(_cut(output, shards))
    back = [np.concatenate(pieces, axis=-3) for pieces in zip(*read, strict=True)]
    return np.concatenate(back, axis=-2)


def _read(query, keys, values, allowed, scale):
    scores = dot_scores(query, keys) * scale
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    return softmax_state(scores, values)


def _cut(array, shards):
    return np.array_split(array, shards, axis=-2)


def _places(array, shards):
    return np.array_split(np.arange(array.shape[-2]), shards)


def _check(who, query, keys, values, shards, causal):
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    expect.counts(who, 1, shards=shards)
    if causal:
        expect.same_length(who, query, keys)
