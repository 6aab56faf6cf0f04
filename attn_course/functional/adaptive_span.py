r"""Adaptive span: a window whose width is a real number, so it can be learnt.

A hard window has no slope in its width. Here the edge is a ramp: full weight up to the
span, nothing beyond span plus ramp, a straight line between. Each head can have a span
of its own.

References
----------
S. Sukhbaatar, E. Grave, P. Bojanowski and A. Joulin, "Adaptive Attention Span in
Transformers", ACL 2019, section 2.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax import softmax


def span_mask(
    distances: Float[np.ndarray, "..."],
    span: Float[np.ndarray, "..."] | float,
    ramp: float,
) -> Float[np.ndarray, "..."]:
    r"""Return how much of a key at each distance counts, from 1 down to 0.

    .. math::  m_z(x) = \min\Bigl(\max\Bigl(\frac{R + z - x}{R}, 0\Bigr), 1\Bigr)

    Parameters
    ----------
    distances
        The x above, in positions, not negative.
    span
        The z above, in positions, not negative; broadcasts with `distances`.
    ramp
        The R above, in positions, positive. Near 0 the edge is hard.

    Raises
    ------
    ValueError
        If a distance or a span is negative or the ramp is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> span_mask(np.arange(6.0), 2.0, ramp=2.0)
    array([1. , 1. , 1. , 0.5, 0. , 0. ])
    """
    expect.positive("span_mask", ramp=ramp)
    expect.floats("span_mask", distances=distances)
    span = np.asarray(span, distances.dtype)
    expect.finite("span_mask", distances=distances, span=span)
    for name, array in [("distances", distances), ("span", span)]:
        if (array < 0).any():
            raise ValueError(f"span_mask: wanted {name} from 0, got {array.min()}")
    return np.clip(1 - (distances - span) / float(ramp), 0, 1)


def span_attend(
    query: Float[np.ndarray, "... positions width"],
    keys: Float[np.ndarray, "... positions width"],
    values: Float[np.ndarray, "... positions channels"],
    span: Float[np.ndarray, "..."] | float,
    ramp: float,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    scale: float | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... positions channels"]
    | tuple[
        Float[np.ndarray, "... positions channels"],
        Float[np.ndarray, "... positions positions"],
    ]
):
    r"""Read from around each position, and share out again what the ramp took away.

    .. math::

       a_{ij} = \frac{m_z(|i - j|) \, e^{s_{ij}}}
                     {\sum_r m_z(|i - r|) \, e^{s_{ir}}}, \qquad
       s_{ij} = c \, q_i \cdot k_j

    The mask goes into the softmax as a logarithm: to multiply afterwards would divide
    0 by 0 where the largest scores lie outside the span. All pairs are worked out; a
    span saves arithmetic only where one cuts at the largest span first.

    Parameters
    ----------
    query, keys, values
        The same leading axes and the same length: a sequence that attends to itself.
    span
        The z of `span_mask`; broadcasts to the leading axes, for example one for each
        head.
    allowed
        As in `attend`; the paper's spans are causal.
    scale
        The c above. Default: 1 over the root of the width.
    return_weights
        Whether to return (output, weights) in place of the output alone.

    Raises
    ------
    ValueError
        If sizes do not fit; as `span_mask` does.

    Examples
    --------
    >>> import numpy as np
    >>> same, values = np.ones((3, 2)), np.array([[0.0], [6.0], [9.0]])
    >>> span_attend(same, same, values, span=0.0, ramp=2.0)
    array([[2.  ],
           [5.25],
           [8.  ]])
    """
    who = "span_attend"
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    expect.same_length(who, query, keys)
    span = np.asarray(span, query.dtype)
    try:
        np.broadcast_to(span, query.shape[:-2])
    except ValueError:
        raise ValueError(
            f"{who}: wanted a span that broadcasts to the leading axes "
            f"{query.shape[:-2]}, got {span.shape}"
        ) from None
    place = np.arange(query.shape[-2], dtype=query.dtype)
    part = span_mask(abs(place - place[:, None]), span[..., None, None], ramp)
    with np.errstate(divide="ignore"):  # log 0 = -inf is what is meant
        log_part = np.log(part)
    scores = query @ keys.mT * scale_or_default(who, query, scale) + log_part
    weights = softmax(scores, where=allowed)
    output = weights @ values
    return (output, weights) if return_weights else output
