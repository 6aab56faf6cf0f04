r"""A place to rest: one more slot in the softmax, for a query that wants no key.

A softmax must share out a whole, even where no key fits. A slot of score 0 and value 0
takes what is not wanted; its weight is dropped, and the rest may sum to less than one.
That is the softmax "off by one". With a score and a value of its own, the slot is a
sentinel: what to say without looking.

References
----------
J. Lu, C. Xiong, D. Parikh and R. Socher, "Knowing When to Look: Adaptive Attention via
a Visual Sentinel for Image Captioning", CVPR 2017.
E. Miller, "Attention Is Off By One", evanmiller.org, 2023.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax import logsumexp, softmax


def softmax_off_by_one(
    scores: Float[np.ndarray, "..."],
    axis: int = -1,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "..."]:
    r"""Turn scores into weights that sum to less than one.

    .. math::

       a_i = \frac{e^{s_i}}{1 + \sum_j e^{s_j}}
           = \operatorname{softmax}(s)_i \; \sigma\Bigl(\log \sum_j e^{s_j}\Bigr)

    Parameters and errors are those of `softmax`. Unlike there, adding a constant to the
    scores does change the weights: 0 is the score of resting.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_off_by_one(np.array([0.0, 0.0, -1000.0]))
    array([0.33333333, 0.33333333, 0.        ])
    """
    shares = softmax(scores, axis, where=where)
    total = np.expand_dims(logsumexp(scores, axis, where=where), axis)
    return shares * np.exp(-np.logaddexp(0, -total))  # the sigmoid, small ones exact


def sentinel_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    sentinel_score: Float[np.ndarray, "... queries"] | None = None,
    sentinel_value: Float[np.ndarray, "... queries channels"] | None = None,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    scale: float | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... queries channels"]
    | tuple[Float[np.ndarray, "... queries channels"], Float[np.ndarray, "... slots"]]
):
    r"""Read from the keys or, as far as none fits, from a sentinel.

    .. math::

       o_i = \beta_i \, w_i + \sum_j a_{ij} v_j, \qquad
       (a_{i1}, \dots, a_{iK}, \beta_i)
           = \operatorname{softmax}(s_{i1}, \dots, s_{iK}, z_i), \qquad
       s_{ij} = c \, q_i \cdot k_j

    which is a read by `attend` times 1 - β, plus the sentinel times β.

    Parameters
    ----------
    sentinel_score
        The z above, in nats, beside the scaled scores. Default: 0.
    sentinel_value
        The w above, one for each query. Default: 0, which leaves the weights of
        `softmax_off_by_one`.
    allowed
        As in `attend`; the sentinel is always allowed. A query that may attend to
        nothing reads its sentinel.
    scale
        The c above. Default: 1 over the root of the width.
    return_weights
        Whether to return (output, weights). The weights have one column more than there
        are keys; the last is β.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.array([[1.0], [-1.0]]), np.array([[10.0], [20.0]])
    >>> sentinel_attend(np.array([[1000.0], [0.0]]), keys, values)
    array([[10.],
           [10.]])
    """
    who = "sentinel_attend"
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    scores = query @ keys.mT * scale_or_default(who, query, scale)
    if sentinel_score is None:
        sentinel_score = np.zeros(query.shape[:-1], scores.dtype)
    expect.finite(who, sentinel_score=sentinel_score)
    expect.shape(who, query.shape[:-1], sentinel_score=sentinel_score)
    if allowed is not None:
        scores = np.where(expect.mask(who, allowed, scores.shape), scores, -np.inf)
    slots = np.concatenate([scores, sentinel_score[..., None]], axis=-1)
    weights = softmax(slots)
    output = weights[..., :-1] @ values
    if sentinel_value is not None:
        expect.finite(who, sentinel_value=sentinel_value)
        expect.shape(who, output.shape, sentinel_value=sentinel_value)
        output = output + weights[..., -1:] * sentinel_value
    return (output, weights) if return_weights else output
