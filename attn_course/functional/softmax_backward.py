r"""The backward pass of softmax: its Jacobian, and how to do without it.

The Jacobian is a table of n times n for each row of n weights. A backward pass never
builds it: the product with it has a closed form that costs as much as softmax did.

In every backward pass of the course, `upstream` is the gradient of the loss with
respect to what the function returned, and has its shape. What comes back are the
gradients with respect to the function's arrays of floats, in the order of its
arguments, each of the shape of its argument, and None for an argument that was None;
masks and integers have none.

References
----------
I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, sections
6.2.2.3 (softmax) and 6.5 (back-propagation).
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

Rows = Float[np.ndarray, "..."]


def softmax_jacobian(
    weights: Float[np.ndarray, "... keys"],
) -> Float[np.ndarray, "... keys keys"]:
    r"""Return how each weight along the last axis moves with each score.

    .. math::

       \frac{\partial a_i}{\partial s_j} = a_i \, ([i = j] - a_j),
       \qquad J = \operatorname{diag}(a) - a a^\top

    It is symmetric. Its rows sum to zero, for a constant added to all scores changes
    nothing; and it vanishes as the weights become one-hot, so a sure softmax learns
    nothing.

    Parameters
    ----------
    weights
        What `softmax` returned, at temperature 1. A row of zeros gives a Jacobian of
        zeros.

    Raises
    ------
    ValueError
        If a row neither sums to one nor is all zeros, or a weight is negative.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_jacobian(np.array([0.5, 0.5]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    expect.shares("softmax_jacobian", weights=weights)
    eye = np.eye(weights.shape[-1], dtype=weights.dtype)
    return weights[..., :, None] * (eye - weights[..., None, :])


def softmax_backward(upstream: Rows, weights: Rows, axis: int = -1) -> Rows:
    r"""Return the gradient with respect to the scores.

    .. math::  g_i = a_i \Bigl( u_i - \sum_j a_j u_j \Bigr)

    A score rises if its weight helps more than the mean does. Along `axis` the gradient
    sums to zero. Where a score was masked its weight is zero, and so is its gradient.

    Parameters
    ----------
    upstream
        The u above: the gradient with respect to the weights.
    weights
        The a above: what `softmax` returned. For a temperature, divide the gradient
        by it.

    Raises
    ------
    ValueError
        If the shapes differ, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_backward(np.array([8.0, 0.0]), np.array([0.5, 0.5]))
    array([ 2., -2.])
    """
    expect.finite("softmax_backward", upstream=upstream, weights=weights)
    expect.shape("softmax_backward", weights.shape, upstream=upstream)
    mean = (upstream * weights).sum(axis=axis, keepdims=True)
    return weights * (upstream - mean)


def log_softmax_backward(upstream: Rows, logs: Rows, axis: int = -1) -> Rows:
    r"""Return the gradient with respect to the scores, from the logarithms of weights.

    .. math::  g_i = u_i - a_i \sum_j u_j, \qquad a_i = e^{\log a_i}

    With the upstream of a cross-entropy, minus one-hot, it is the weights less the
    one-hot target.

    Parameters
    ----------
    upstream
        The u above: the gradient with respect to the logarithms.
    logs
        What `log_softmax` returned. Where a score was masked it is minus infinity; the
        upstream is not looked at there, and the gradient is zero.

    Raises
    ------
    ValueError
        If the shapes differ, or numbers other than these are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax_backward(np.array([-1.0, 0.0]), np.log([0.25, 0.75]))
    array([-0.75,  0.75])
    """
    who = "log_softmax_backward"
    expect.floats(who, upstream=upstream, logs=logs)
    expect.shape(who, logs.shape, upstream=upstream)
    hidden = np.isneginf(logs)
    expect.finite(who, logs=logs[~hidden])
    upstream = np.where(hidden, 0, upstream)
    expect.finite(who, upstream=upstream)
    return upstream - np.exp(logs) * upstream.sum(axis=axis, keepdims=True)
