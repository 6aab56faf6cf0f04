r"""Losses: one number for how far the model is off, and its gradient.

Cross-entropy is for choices, such as the next token; the mean squared error is for
quantities. The number of a token is a name and not a quantity: token 7 is no nearer to
token 8 than to token 700, which a squared error would assume.

Cross-entropy takes logits and applies softmax itself. Probabilities in their place
cannot be told from logits, so nobody will complain: the loss is then far too high, can
never come near zero, and its gradients are small.

References
----------
C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception
Architecture for Computer Vision", CVPR 2016, section 7 (label smoothing).
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from attn_course.functional import expect
from attn_course.functional.softmax import log_softmax

Logits = Float[np.ndarray, "... vocab"]
Targets = Int[np.ndarray, "..."]
Entries = Float[np.ndarray, "..."]


def cross_entropy(
    logits: Logits,
    targets: Targets,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    smoothing: float = 0.0,
) -> np.floating:
    r"""Return the mean surprise at the right answers, in nats.

    .. math::

       L = -\frac{1}{n} \sum_i \sum_k q_{ik} \log p_{ik}, \qquad
       q_{ik} = (1 - \varepsilon) \, [k = t_i] + \frac{\varepsilon}{K}

    where p is the softmax of the logits, computed as a logarithm throughout.

    Parameters
    ----------
    targets
        The t above: for each row of logits the index of the right entry.
    where
        True for a position that counts; broadcasts to `targets`. Padding counts neither
        in the sum nor in n, and its target may be any integer. Default: all count.
    smoothing
        The epsilon above, from 0 up to but without 1. It is spread over all K entries,
        the right one as well, so the loss has a floor above zero.

    Raises
    ------
    ValueError
        If nothing counts, a target that counts is none of the entries, sizes do not
        fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    >>> cross_entropy(logits, np.array([0, -1]), where=np.array([True, False])).round(4)
    np.float64(0.6931)
    """
    counted, _ = _counted("cross_entropy", logits, targets, where, smoothing)
    logs = log_softmax(logits[counted])
    right = np.take_along_axis(logs, targets[counted][:, None], axis=-1)[:, 0]
    share = float(smoothing)
    return -((1 - share) * right + share * logs.mean(axis=-1)).mean()


def cross_entropy_backward(
    upstream: float | np.floating,
    logits: Logits,
    targets: Targets,
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    smoothing: float = 0.0,
) -> Logits:
    r"""Return the gradient with respect to the logits: what is, less what should be.

    .. math::  G_{ik} = \frac{u}{n} \, (p_{ik} - q_{ik})

    Each row sums to zero, and no entry is larger than u / n. Positions that do not
    count have gradient zero. Arguments and errors are those of `cross_entropy`.

    Parameters
    ----------
    upstream
        The u above, one number: 1 if this loss is the one to be lowered.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log(np.array([[0.5, 0.25, 0.25]]))
    >>> cross_entropy_backward(1.0, logits, np.array([0]))
    array([[-0.5 ,  0.25,  0.25]])
    """
    who = "cross_entropy_backward"
    counted, count = _counted(who, logits, targets, where, smoothing)
    _number(who, upstream)
    rows, share = np.exp(log_softmax(logits[counted])), float(smoothing)
    rows -= share / logits.shape[-1]
    rows[np.arange(count), targets[counted]] -= 1 - share
    gradient = np.zeros_like(logits)
    gradient[counted] = rows * (float(upstream) / count)
    return gradient


def mean_squared_error(predictions: Entries, targets: Entries) -> np.floating:
    r"""Return the mean of the squared differences, in the unit of the targets squared.

    .. math::  L = \frac{1}{n} \sum_i (y_i - t_i)^2

    The n counts entries, not rows.

    Raises
    ------
    ValueError
        If there are no entries, the shapes differ, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> mean_squared_error(np.array([1.0, 5.0]), np.array([1.0, 2.0]))
    np.float64(4.5)
    """
    _same("mean_squared_error", predictions, targets)
    return ((predictions - targets) ** 2).mean()


def mean_squared_error_backward(
    upstream: float | np.floating, predictions: Entries, targets: Entries
) -> tuple[Entries, Entries]:
    r"""Return the gradients with respect to the predictions and the targets.

    .. math::  G^y = \frac{2 u}{n} (y - t), \qquad G^t = -G^y

    The second is of use where the targets are computed too. Errors are those of
    `mean_squared_error`.

    Examples
    --------
    >>> import numpy as np
    >>> predictions, targets = np.array([1.0, 5.0]), np.array([0.0, 2.0])
    >>> d_predictions, _ = mean_squared_error_backward(1.0, predictions, targets)
    >>> d_predictions
    array([1., 3.])
    """
    who = "mean_squared_error_backward"
    _same(who, predictions, targets)
    _number(who, upstream)
    gradient = (predictions - targets) * (2 * float(upstream) / predictions.size)
    return gradient, -gradient


def _counted(who, logits, targets, where, smoothing):
    """Return which positions count, and how many they are."""
    expect.axes(who, 1, logits=logits)
    expect.finite(who, logits=logits)
    limits = np.iinfo(np.int64)
    expect.whole(who, limits.min, limits.max, targets=targets)
    expect.shape(who, logits.shape[:-1], targets=targets)
    if not 0 <= smoothing < 1:
        raise ValueError(f"{who}: wanted a smoothing in [0, 1), got {smoothing}")
    where = np.array(True) if where is None else where
    counted = expect.mask(who, where, targets.shape)
    if not counted.any():
        raise ValueError(f"{who}: wanted a position that counts, got none")
    expect.whole(who, 0, logits.shape[-1] - 1, targets=targets[counted])
    return counted, int(counted.sum())


def _same(who, predictions, targets):
    expect.finite(who, predictions=predictions, targets=targets)
    expect.shape(who, targets.shape, predictions=predictions)
    if not targets.size:
        raise ValueError(f"{who}: wanted at least one entry, got {targets.shape}")


def _number(who, upstream):
    if np.ndim(upstream) or not np.isfinite(upstream):
        raise ValueError(f"{who}: wanted one finite number upstream, got {upstream}")
