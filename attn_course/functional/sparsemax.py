r"""Sparsemax: the weights nearest to the scores; the far behind get exactly zero.

Softmax never gives a weight of zero. Sparsemax takes the scores as a point and returns
the point of the simplex that lies nearest to it, which is often on the boundary.

References
----------
A. F. T. Martins and R. F. Astudillo, "From Softmax to Sparsemax: A Sparse Model of
Attention and Multi-Label Classification", ICML 2016, equation 2 and algorithm 1.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect


def sparsemax(
    scores: Float[np.ndarray, "..."],
    axis: int = -1,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "..."]:
    r"""Turn scores into weights that sum to one, by projection on the simplex.

    .. math::

       a = \operatorname*{arg\,min}_{p \ge 0, \; \sum_i p_i = 1} \lVert p - s \rVert^2,
       \qquad a_i = \max(s_i - \tau, 0)

    The threshold τ is the one number for which the weights sum to one.

    Parameters
    ----------
    scores
        Only differences matter, as for softmax; a score that is 1 below the largest or
        further has weight zero. Unlike there, the unit is that of the weights: doubling
        the scores makes the weights sparser.
    axis
        The axis that is normalised; in attention, the keys.
    where
        True where a score takes part; broadcasts to `scores`. Default: every score
        above minus infinity takes part.

    Returns
    -------
    Float[np.ndarray, "..."]
        Weights, dimensionless, of the shape and dtype of `scores`. Zeros along `axis`
        where nothing takes part.

    Raises
    ------
    ValueError
        If `scores` are not floats, or are nan or plus infinity where they take part;
        if `where` is not boolean or does not broadcast to them.

    Examples
    --------
    >>> import numpy as np
    >>> sparsemax(np.array([1.0, 0.5, -1.0]))
    array([0.75, 0.25, 0.  ])
    >>> sparsemax(np.array([2.0, 1.0, -1.0]))
    array([1., 0., 0.])
    """
    expect.floats("sparsemax", scores=scores)
    expect.axes("sparsemax", 1, scores=scores)
    if where is not None:
        seen = expect.mask("sparsemax", where, scores.shape)
        scores = np.where(seen, scores, -np.inf)
    top = scores.max(axis=axis, keepdims=True, initial=-np.inf)
    if not (top < np.inf).all():  # nan is below nothing
        raise ValueError(f"sparsemax: wanted scores below infinity, got {top.max()}")
    with np.errstate(over="ignore"):
        gaps = scores - np.where(np.isneginf(top), 0, top)
    # What is further below than 1 gets nothing; cut there, no sum is too large.
    gaps = np.maximum(gaps, -1)
    weights = np.maximum(gaps - _threshold(gaps, axis), 0)
    return np.where(np.isneginf(scores), 0, weights)


def _threshold(gaps, axis):
    """Return the τ of Algorithm 1: found on the k largest, for the largest right k."""
    if not gaps.shape[axis]:
        return np.zeros((), gaps.dtype)
    falling = -np.sort(-gaps, axis=axis)
    sums = np.cumsum(falling, axis=axis)
    counts = np.ones_like(gaps).cumsum(axis=axis)
    support = (1 + counts * falling > sums).sum(axis=axis, keepdims=True)
    total = np.take_along_axis(sums, np.maximum(support, 1) - 1, axis)
    return (total - 1) / np.maximum(support, 1).astype(gaps.dtype)
