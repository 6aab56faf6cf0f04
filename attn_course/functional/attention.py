r"""Attention as a read: score the keys, share out the weight, mix the values.

One query, one output. How the score comes about is left to the caller; the default
is the scaled dot product. Dropout, heads and projections are not here. Keys and values
must be finite, hidden ones too: a weight of 0 times nan is nan. The values are added up
before they are divided by the sum of the weights, so that sum must be finite as well.

The table of scores becomes the table of weights in place. It is the one large array:
8 heads of 8192 positions need 2 GiB of float32, and `tiled_attend` needs none of it.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 1.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax import exponentiate

Queries = Float[np.ndarray, "... queries width"]
Keys = Float[np.ndarray, "... keys key_width"]
Scores = Float[np.ndarray, "... queries keys"]
Output = Float[np.ndarray, "... queries channels"]


def attend(
    query: Queries,
    keys: Keys,
    values: Float[np.ndarray, "... keys channels"],
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    score: Callable[[Queries, Keys], Scores] | None = None,
    scale: float | None = None,
    return_weights: bool = False,
) -> Output | tuple[Output, Scores]:
    r"""Read, for each query, the mean of the values weighted by softmax of the scores.

    .. math::

       o_i = \sum_j a_{ij} v_j, \qquad
       a_{i\cdot} = \operatorname{softmax}_j(c \, s(q_i, k_j))

    Parameters
    ----------
    query, keys, values
        The same leading axes in all three; as many values as keys.
    allowed
        True where a query may attend to a key; broadcasts to the scores. A query that
        may attend to nothing reads zeros.
    score
        Maps (query, keys) to one number a pair, taken in the dtype of these two.
        Default: the dot product, for which both need the same width.
    scale
        The c above, an inverse temperature. Default: 1 over the root of the width for
        the dot product, 1 for a `score` of your own.
    return_weights
        Whether to return (output, weights) in place of the output alone.

    Raises
    ------
    ValueError
        If sizes do not fit. Nothing but `allowed` is ever broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.eye(2), np.array([[10.0], [20.0]])
    >>> attend(np.array([[1.0, 1.0]]), keys, values)
    array([[15.]])
    >>> attend(np.array([[0.0, 1.0]]), keys, values, scale=1000.0)
    array([[20.]])
    """
    expect.memory("attend", query, keys, values)
    if score is None:
        expect.same_width("attend", query, keys)
        scale = scale_or_default("attend", query, scale)
        weights = (query * scale) @ keys.mT  # to scale n d, not n^2
    else:
        weights = _own_scores(score, query, keys, 1.0 if scale is None else scale)
    total = exponentiate("attend", weights, allowed)
    output = weights @ values
    output /= total
    if not return_weights:
        return output
    weights /= total
    return output, weights


def _own_scores(score, query, keys, scale):
    """Return a copy of the caller's scores, which may be held by others, scaled."""
    scores = score(query, keys)
    wanted = (*query.shape[:-1], keys.shape[-2])
    if np.shape(scores) != wanted:
        raise ValueError(
            f"attend: wanted scores of shape {wanted} from `score`, "
            f"got {np.shape(scores)}"
        )
    expect.floats("attend", scores=scores)
    scaled = scores * float(scale)
    return scaled.astype(np.result_type(query, keys), copy=False)  # whatever was added
