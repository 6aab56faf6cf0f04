r"""Softmax, its logarithm and log-sum-exp, safe for scores of any size.

All three subtract the largest score before they exponentiate. In exact arithmetic
nothing changes; in floating point it is the difference between an answer and an
overflow, because ``exp`` leaves float64 at about 709 and float32 at about 88.

A score that is masked or minus infinity takes no part. Where none takes part the
weights are zeros, by the mask contract of the course. Scores of plus infinity or nan
are refused, unless masked.

References
----------
P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp
and softmax functions", IMA Journal of Numerical Analysis 41(4), 2311-2330, 2021.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect


def softmax(
    scores: Float[np.ndarray, "..."],
    axis: int = -1,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    temperature: float = 1.0,
) -> Float[np.ndarray, "..."]:
    r"""Turn scores into weights that are non-negative and sum to one.

    .. math::

       a_i = \frac{e^{(s_i - m) / \tau}}{\sum_j e^{(s_j - m) / \tau}},
       \qquad m = \max_j s_j

    Parameters
    ----------
    scores
        Log-weights, in nats. Only differences matter: adding a constant along
        `axis` leaves the weights unchanged.
    axis
        The axis that is normalised; in attention, the keys.
    where
        True where a score takes part; broadcasts to `scores`. The others get weight
        exactly zero. Default: every score takes part.
    temperature
        Positive. Near 0 the largest score takes all; large values even the weights.

    Returns
    -------
    Float[np.ndarray, "..."]
        Weights, dimensionless, of the shape and dtype of `scores`. Zeros along `axis`
        where nothing takes part.

    Raises
    ------
    ValueError
        If `scores` are not an array of floats, or are nan or plus infinity where they
        take part; if `where` is not boolean or does not broadcast to them; if
        `temperature` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([1.0, 2.0, 1.0]))
    array([0.25, 0.5 , 0.25])
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    >>> softmax(np.zeros(3), where=np.array([True, False, True]))
    array([0.5, 0. , 0.5])
    """
    expect.positive("softmax", temperature=temperature)
    weights, _ = _shifted("softmax", scores, axis, where)
    if temperature != 1:
        with np.errstate(over="ignore"):  # -inf is the right limit of a huge gap
            np.divide(weights, float(temperature), out=weights, dtype=np.float64)
    total = _exponentiated(weights, axis)
    weights /= total
    return weights


def log_softmax(
    scores: Float[np.ndarray, "..."],
    axis: int = -1,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "..."]:
    r"""Return the logarithm of the weights, exact where the weights underflow.

    .. math::  \log a_i = s_i - m - \log \sum_j e^{s_j - m}

    Parameters and errors are those of `softmax`. The logarithm of weight zero is
    minus infinity.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    shifted, _ = _shifted("log_softmax", scores, axis, where)
    total = np.exp(shifted).sum(axis=axis, keepdims=True)
    return shifted - np.log(np.where(total == 0, 1, total))


def logsumexp(
    scores: Float[np.ndarray, "..."],
    axis: int = -1,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "..."] | np.floating:
    r"""Return the smooth maximum of the scores, which loses `axis`.

    .. math::  \log \sum_j e^{s_j} = m + \log \sum_j e^{s_j - m}

    Parameters and errors are those of `softmax`. Over nothing, the sum is zero and
    its logarithm minus infinity.

    Examples
    --------
    >>> import numpy as np
    >>> logsumexp(np.array([1000.0, 1000.0])) == 1000.0 + np.log(2.0)
    np.True_
    """
    shifted, top = _shifted("logsumexp", scores, axis, where)
    with np.errstate(divide="ignore"):  # log 0 = -inf is what is meant
        logs = np.log(np.exp(shifted).sum(axis=axis))
    return logs + np.squeeze(top, axis=axis)


def exponentiate(
    who: str,
    scores: Float[np.ndarray, "..."],
    where: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "..."]:
    """Turn scores into weights that are not yet divided by their sum; return the sum.

    It works in place along the last axis, for a caller whose buffer nobody else holds:
    at long lengths the memory that a copy needs costs more time than its arithmetic.
    The sum keeps its axis and is 1 where nothing takes part. `who` is the name to be
    used in errors, which are those of `softmax`.
    """
    _shift(who, scores, -1, where)
    return _exponentiated(scores, -1)


def _exponentiated(shifted, axis):
    np.exp(shifted, out=shifted)
    total = shifted.sum(axis=axis, keepdims=True)
    total[total == 0] = 1
    return total


def _shifted(who, scores, axis, where):
    """Return a copy of the scores less their maximum, and the maximum."""
    expect.floats(who, scores=scores)
    expect.axes(who, 1, scores=scores)
    shifted = scores.copy()
    return shifted, _shift(who, shifted, axis, where)


def _shift(who, scores, axis, where):
    """Subtract from the scores their maximum, in place, and return it."""
    if where is not None:
        expect.mask(who, where, scores.shape)
        np.copyto(scores, -np.inf, where=~np.asarray(where))
    top = scores.max(axis=axis, keepdims=True, initial=-np.inf)
    if not (top < np.inf).all():  # nan is below nothing
        raise ValueError(f"{who}: wanted scores below infinity, got {top.max()}")
    top = np.where(np.isneginf(top), 0, top)  # nothing takes part
    with np.errstate(over="ignore"):
        scores -= top
    return top
