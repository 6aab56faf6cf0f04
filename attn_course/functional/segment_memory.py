r"""Transformer-XL: a memory of the last segment, and positions counted backwards.

A long sequence is read in segments. The keys of a segment are preceded by those of a
memory, so the queries are the last of the keys' positions. What counts in a score is
how far back a key lies, not where the segment begins; else the memory would not fit.

In training, no gradient flows into the memory. NumPy has no gradients: there the
memory is a copy, and the stop is a matter of PyTorch (``detach``).

References
----------
Z. Dai, Z. Yang, Y. Yang, J. Carbonell, Q. V. Le and R. Salakhutdinov, "Transformer-XL:
Attentive Language Models beyond a Fixed-Length Context", ACL 2019, sections 3.2 and 3.3
and appendix B (the shift).
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax import softmax


def extend_memory(
    memory: Float[np.ndarray, "... before width"] | None,
    states: Float[np.ndarray, "... positions width"],
    length: int,
) -> Float[np.ndarray, "... after width"]:
    """Append the states of a segment to the memory, and keep the last `length`.

    The result is a copy. ``None`` is the memory before the first segment.

    Raises
    ------
    ValueError
        If memory and states differ in more than their length; if `length` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> extend_memory(np.array([[1.0], [2.0]]), np.array([[3.0]]), length=2)
    array([[2.],
           [3.]])
    """
    expect.axes("extend_memory", 2, states=states)
    expect.finite("extend_memory", states=states)
    expect.counts("extend_memory", 0, length=length)
    if memory is not None:
        expect.axes("extend_memory", 2, memory=memory)
        expect.finite("extend_memory", memory=memory)
        wanted = (*states.shape[:-2], *np.shape(memory)[-2:-1], states.shape[-1])
        expect.shape("extend_memory", wanted, memory=memory)
        states = np.concatenate([memory, states], axis=-2)
    return states[..., max(states.shape[-2] - length, 0) :, :].copy()


def relative_shift(
    by_distance: Float[np.ndarray, "... queries distances"],
) -> Float[np.ndarray, "... queries keys"]:
    r"""Turn a column for each distance into a column for each key.

    .. math::  y_{ij} = x_{i, t}, \qquad t = (K - Q) + i - j

    The queries are the last Q of K positions; there are as many distances as keys, from
    0 to K - 1. A key that lies after its query has no distance and gets 0.

    The trick: with the distances in falling order every row is right but for its start,
    and the starts step by one. A row that is one longer, cut as if it were not, makes
    exactly that step. No index is gathered.

    Raises
    ------
    ValueError
        If there are more queries than distances.

    Examples
    --------
    >>> import numpy as np
    >>> relative_shift(np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]))
    array([[1., 0., 0.],
           [2., 1., 0.]])
    """
    expect.axes("relative_shift", 2, by_distance=by_distance)
    expect.floats("relative_shift", by_distance=by_distance)
    *batch, queries, keys = by_distance.shape
    if queries > keys:
        raise ValueError(
            f"relative_shift: wanted at least {queries} distances, one for each query, "
            f"got {keys}"
        )
    start = np.zeros((*batch, queries, 1), by_distance.dtype)
    longer = np.concatenate([start, by_distance[..., ::-1]], axis=-1)
    cut = longer.reshape(*batch, queries * (keys + 1))[..., queries:]
    return np.tril(cut.reshape(by_distance.shape), keys - queries)


def xl_scores(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    distances: Float[np.ndarray, "... keys width"],
    content_bias: Float[np.ndarray, "... width"],
    distance_bias: Float[np.ndarray, "... width"],
) -> Float[np.ndarray, "... queries keys"]:
    r"""Return the score of content and distance, unscaled.

    .. math::

       s_{ij} = (q_i + u) \cdot k_j + (q_i + v) \cdot r_t, \qquad t = (K - Q) + i - j

    Parameters
    ----------
    query, keys
        The queries are the last Q of the K positions: a segment after its memory.
    distances
        The r above, already projected: row t stands for t positions back, from 0 on;
        as many as keys.
    content_bias, distance_bias
        The u and v above. As parameters of a layer, these two and `distances` broadcast
        to the leading axes of the query.

    Returns
    -------
    Float[np.ndarray, "... queries keys"]
        In nats; minus infinity for a key after its query.

    Raises
    ------
    ValueError
        If sizes do not fit or if there are more queries than keys.

    Examples
    --------
    >>> import numpy as np
    >>> none, back = np.zeros(1), np.array([[0.0], [5.0]])
    >>> xl_scores(np.ones((2, 1)), np.zeros((2, 1)), back, none, none)
    array([[  0., -inf],
           [  5.,   0.]])
    """
    scores, past = _scores(query, keys, distances, content_bias, distance_bias)
    return np.where(past, scores, -np.inf)


def xl_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    distances: Float[np.ndarray, "... keys width"],
    content_bias: Float[np.ndarray, "... width"],
    distance_bias: Float[np.ndarray, "... width"],
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    scale: float | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... queries channels"]
    | tuple[
        Float[np.ndarray, "... queries channels"], Float[np.ndarray, "... queries keys"]
    ]
):
    r"""Read from the memory and the segment up to each query, by content and distance.

    The scores are those of `xl_scores`; the rest, arguments and errors included, is as
    in `attend`. Causal by nature; `allowed` hides more.

    Examples
    --------
    >>> import numpy as np
    >>> none, back = np.zeros(1), np.array([[0.0], [1000.0], [0.0]])
    >>> past, values = np.zeros((3, 1)), np.array([[10.0], [20.0], [30.0]])
    >>> xl_attend(np.ones((2, 1)), past, values, back, none, none)
    array([[10.],
           [20.]])
    """
    expect.memory("xl_attend", query, keys, values)
    scores, seen = _scores(query, keys, distances, content_bias, distance_bias)
    if allowed is not None:
        seen = seen & expect.mask("xl_attend", allowed, scores.shape)
    scale = scale_or_default("xl_attend", query, scale)
    weights = softmax(scores * scale, where=seen)
    output = weights @ values
    return (output, weights) if return_weights else output


def _scores(query, keys, distances, content_bias, distance_bias):
    """Return scores, of no meaning for a key after its query, and who may see whom."""
    expect.memory("xl_scores", query, keys)
    expect.same_width("xl_scores", query, keys)
    *batch, length, width = keys.shape
    distances = _shared("distances", distances, (*batch, length, width))
    content_bias = _shared("content_bias", content_bias, (*batch, width))
    distance_bias = _shared("distance_bias", distance_bias, (*batch, width))
    by_content = (query + content_bias[..., None, :]) @ keys.mT
    by_distance = (query + distance_bias[..., None, :]) @ distances.mT
    scores = by_content + relative_shift(by_distance)
    return scores, np.tri(query.shape[-2], length, length - query.shape[-2], dtype=bool)


def _shared(name, array, wanted):
    """Want finite floats that broadcast to this shape; return them so broadcast."""
    expect.finite("xl_scores", **{name: array})
    try:
        return np.broadcast_to(array, wanted)
    except ValueError:
        raise ValueError(
            f"xl_scores: wanted {name} that broadcasts to {wanted}, got {array.shape}"
        ) from None
