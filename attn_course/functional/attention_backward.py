r"""The backward pass of attention: where a loss pulls queries, keys and values.

Nothing pulls at the weights for good: they are computed anew at each step. The gradient
passes through them to the queries and keys, and from there to whatever made those.

References
----------
T. Dao, D. Y. Fu, S. Ermon, A. Rudra and C. Ré, "FlashAttention: Fast and
Memory-Efficient Exact Attention with IO-Awareness", NeurIPS 2022, appendix B.2.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax_backward import softmax_backward

Queries = Float[np.ndarray, "... queries width"]
Keys = Float[np.ndarray, "... keys width"]
Values = Float[np.ndarray, "... keys channels"]


def attend_backward(
    upstream: Float[np.ndarray, "... queries channels"],
    query: Queries,
    keys: Keys,
    values: Values,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    scale: float | None = None,
) -> tuple[Queries, Keys, Values]:
    r"""Return the gradients of `attend` with respect to queries, keys and values.

    .. math::

       G^V &= A^\top U, \qquad G^A = U V^\top \\
       G^S_{ij} &= A_{ij} \Bigl( G^A_{ij} - \sum_k A_{ik} G^A_{ik} \Bigr) \\
       G^Q &= c \, G^S K, \qquad G^K = c \, (G^S)^\top Q

    The scores S are the dot products times the scale c. The weights A are computed once
    more, from the arguments, which are those that `attend` had.

    Parameters
    ----------
    upstream
        The U above: the gradient with respect to the output.
    allowed
        A key hidden from all queries has gradient zero, and so has its value. A query
        that may attend to nothing has gradient zero, and gives none to keys and values.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> one, keys, values = np.ones((1, 1)), np.zeros((2, 1)), np.array([[4.0], [0.0]])
    >>> d_query, d_keys, d_values = attend_backward(one, one, keys, values)
    >>> d_query, d_keys[:, 0], d_values[:, 0]
    (array([[0.]]), array([ 1., -1.]), array([0.5, 0.5]))
    """
    who = "attend_backward"
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    expect.finite(who, upstream=upstream)
    wanted = (*query.shape[:-1], values.shape[-1])
    expect.shape(who, wanted, upstream=upstream)
    scale = scale_or_default(who, query, scale)
    _, weights = attend(
        query, keys, values, allowed=allowed, scale=scale, return_weights=True
    )
    d_values = weights.mT @ upstream
    d_weights = upstream @ values.mT
    d_scores = scale * softmax_backward(d_weights, weights)
    return d_scores @ keys, d_scores.mT @ query, d_values
