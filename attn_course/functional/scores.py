r"""Scores: one number for each query and each key, higher where they fit.

Each function maps (query, keys) to a table, and so can be the ``score`` of `attend`;
those with weights are bound to them first, by a lambda or `functools.partial`. A bias
for positions is added in the same place: a score plus a table is a score.

Maps stand on the right, as everywhere in the course: where a paper writes
:math:`W q`, the weight here is the transpose.

References
----------
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, appendix A.1.2 (additive).
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, section 3.1 (dot, general, concat).
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.1 (scaled).
A. Graves, G. Wayne and I. Danihelka, "Neural Turing Machines", arXiv:1410.5401, 2014,
section 3.3.1 (cosine).
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

Queries = Float[np.ndarray, "... queries width"]
Keys = Float[np.ndarray, "... keys width"]
Scores = Float[np.ndarray, "... queries keys"]


def dot_scores(query: Queries, keys: Keys) -> Scores:
    r"""Return the dot product of every query with every key, unscaled.

    .. math::  s_{ij} = \sum_d q_{id} k_{jd}

    Raises
    ------
    ValueError
        If queries and keys differ in width or in leading axes, or are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> dot_scores(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    array([[1., 3.]])
    """
    expect.memory("dot_scores", query, keys)
    expect.same_width("dot_scores", query, keys)
    return query @ np.swapaxes(keys, -1, -2)


def scale_or_default(who: str, query: Queries, scale: float | None) -> float:
    """Return the scale of dot products: by default 1 over the root of the width."""
    if scale is not None:
        return float(scale)
    expect.positive(who, width=query.shape[-1])
    return query.shape[-1] ** -0.5


def scaled_dot_scores(query: Queries, keys: Keys) -> Scores:
    r"""Return the dot products divided by the root of the width.

    .. math::  s_{ij} = \frac{q_i \cdot k_j}{\sqrt d}

    With entries of mean 0 and variance 1, all independent, the dot product has variance
    d and the scaled one variance 1, whatever the width.

    Raises
    ------
    ValueError
        If queries and keys differ in width or in leading axes, or if the width is 0.

    Examples
    --------
    >>> import numpy as np
    >>> scaled_dot_scores(np.ones((1, 4)), np.ones((1, 4)))
    array([[2.]])
    """
    expect.memory("scaled_dot_scores", query, keys)
    expect.same_width("scaled_dot_scores", query, keys)
    scale = scale_or_default("scaled_dot_scores", query, None)
    return dot_scores(query, keys) * scale


def general_scores(
    query: Float[np.ndarray, "... queries query_width"],
    keys: Float[np.ndarray, "... keys key_width"],
    weight: Float[np.ndarray, "query_width key_width"],
) -> Scores:
    r"""Return the bilinear form of every query and key; their widths may differ.

    .. math::  s_{ij} = q_i^\top W k_j

    Luong et al. call it "general". With the identity for W it is the dot product.

    Raises
    ------
    ValueError
        If the leading axes differ, or the weight is not query width by key width.

    Examples
    --------
    >>> import numpy as np
    >>> weight = np.array([[1.0, 10.0]])
    >>> general_scores(np.array([[2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]), weight)
    array([[ 2., 20.]])
    """
    expect.memory("general_scores", query, keys)
    expect.finite("general_scores", weight=weight)
    wanted = query.shape[-1], keys.shape[-1]
    expect.shape("general_scores", wanted, weight=weight)
    return query @ weight @ np.swapaxes(keys, -1, -2)


def additive_scores(
    query: Float[np.ndarray, "... queries query_width"],
    keys: Float[np.ndarray, "... keys key_width"],
    query_weight: Float[np.ndarray, "query_width hidden"],
    key_weight: Float[np.ndarray, "key_width hidden"],
    vector: Float[np.ndarray, " hidden"],
) -> Scores:
    r"""Return what a network of one hidden layer makes of every query and key.

    .. math::  s_{ij} = v \cdot \tanh(q_i W + k_j U)

    Without the tanh the query would add one number to all keys alike, which softmax
    does not see. Luong's "concat" is the same score: one weight for query and key
    joined end to end is the two weights here, one above the other.

    The hidden layer of all pairs is held at once: queries times keys times hidden.

    Raises
    ------
    ValueError
        If the leading axes differ, or the weights and the vector do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> keys, vector = np.array([[-1.0], [1000.0]]), np.array([3.0])
    >>> additive_scores(one, keys, one, one, vector)
    array([[0., 3.]])
    """
    who = "additive_scores"
    expect.memory(who, query, keys)
    expect.finite(who, query_weight=query_weight, key_weight=key_weight, vector=vector)
    expect.axes(who, 1, vector=vector)
    expect.shape(who, (query.shape[-1], len(vector)), query_weight=query_weight)
    expect.shape(who, (keys.shape[-1], len(vector)), key_weight=key_weight)
    asked = (query @ query_weight)[..., :, None, :]
    offered = (keys @ key_weight)[..., None, :, :]
    return np.tanh(asked + offered) @ vector  # [..., queries, keys, hidden] @ [hidden]


def cosine_scores(query: Queries, keys: Keys) -> Scores:
    r"""Return the cosine of the angle between every query and key, from -1 to 1.

    .. math::  s_{ij} = \frac{q_i \cdot k_j}{\lVert q_i \rVert \, \lVert k_j \rVert}

    Lengths do not count. A zero vector has no direction and scores 0 with everything.
    Two keys can differ by a score of 2 at most, so softmax needs a temperature below 1
    to prefer one clearly.

    Raises
    ------
    ValueError
        If queries and keys differ in width or in leading axes.

    Examples
    --------
    >>> import numpy as np
    >>> cosine_scores(np.array([[0.0, 5.0]]), np.array([[0.0, 0.1], [3.0, 0.0]]))
    array([[1., 0.]])
    """
    expect.memory("cosine_scores", query, keys)
    expect.same_width("cosine_scores", query, keys)
    return dot_scores(_directions(query), _directions(keys))


def feature_scores(
    query: Float[np.ndarray, "... queries query_width"],
    keys: Float[np.ndarray, "... keys key_width"],
    features: Callable[[np.ndarray, np.ndarray], np.ndarray],
    weight: Float[np.ndarray, " features"],
) -> Scores:
    r"""Return a weighted sum of the features of every pair of query and key.

    .. math::  s_{ij} = w \cdot \varphi(q_i, k_j)

    The form behind the others: products with w of ones are the dot product, one over
    the root of the width in place of the ones gives the scaled one, and the hidden
    layer of `additive_scores` with its vector the additive one.

    Parameters
    ----------
    features
        The function above. It is called once, with all queries [..., queries, 1, width]
        and all keys [..., 1, keys, width], and returns [..., queries, keys, features].

    Raises
    ------
    ValueError
        If the leading axes differ, or the features are not one row for each pair, as
        long as the weight.

    Examples
    --------
    >>> import numpy as np
    >>> query, keys = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> feature_scores(query, keys, lambda q, k: q * k, np.ones(2))
    array([[1., 3.]])
    """
    expect.memory("feature_scores", query, keys)
    expect.finite("feature_scores", weight=weight)
    expect.axes("feature_scores", 1, weight=weight)
    found = features(query[..., :, None, :], keys[..., None, :, :])
    wanted = (*query.shape[:-1], keys.shape[-2], len(weight))
    expect.shape("feature_scores", wanted, features=found)
    return found @ weight


def _directions(vectors):
    """Return the vectors at length one, zeros as zeros, safe for any size."""
    largest = abs(vectors).max(axis=-1, keepdims=True, initial=0)
    scaled = vectors / np.where(largest == 0, 1, largest)
    length = np.sqrt((scaled**2).sum(axis=-1, keepdims=True))
    return scaled / np.where(length == 0, 1, length)
