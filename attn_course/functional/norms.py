r"""Norms: each position brought to one scale, without a look at its neighbours.

Both work along the last axis, so what a norm returns at a position says nothing about
another position, or another sample of the batch.

References
----------
J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016.
B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

Rows = Float[np.ndarray, "... model"]
Vector = Float[np.ndarray, " model"]


def layer_norm(
    x: Rows, gain: Vector | None = None, shift: Vector | None = None, eps: float = 1e-5
) -> Rows:
    r"""Bring each row to mean 0 and variance 1, then scale and shift its entries.

    .. math::

       y = g \odot \hat x + b, \qquad
       \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad
       \sigma^2 = \frac{1}{d} \sum_i (x_i - \mu)^2

    The variance is divided by the number of entries, not by one less.

    Parameters
    ----------
    gain, shift
        The g and b above, one number for each entry. Default: ones and zeros.
    eps
        Positive; keeps a row of equal entries from being divided by 0.

    Raises
    ------
    ValueError
        If sizes do not fit, numbers are not finite, or `eps` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm(np.array([[1.0, 5.0], [70.0, 30.0]])).round(4)
    array([[-1.,  1.],
           [ 1., -1.]])
    """
    _require("layer_norm", x, eps, gain=gain, shift=shift)
    normal, _ = _normal(x, eps, centred=True)
    y = normal if gain is None else normal * gain
    return y if shift is None else y + shift


def layer_norm_backward(
    upstream: Rows,
    x: Rows,
    gain: Vector | None = None,
    shift: Vector | None = None,
    eps: float = 1e-5,
) -> tuple[Rows, Vector | None, Vector | None]:
    r"""Return the gradients of `layer_norm` with respect to `x`, gain and shift.

    .. math::

       G^x = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
       \Bigl( v - \overline{v} - \hat x \, \overline{v \odot \hat x} \Bigr),
       \qquad v = u \odot g

    where the bar is the mean over a row. What would only move or stretch the row is
    taken out, since the norm undoes it. The gradients of gain and shift are the sums
    over all rows of :math:`u \odot \hat x` and of u; None for one that was None.

    Raises
    ------
    ValueError
        If sizes do not fit, numbers are not finite, or `eps` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> x, upstream = np.array([[1.0, 3.0, 5.0]]), np.array([[0.0, 6.0, 0.0]])
    >>> d_x, d_gain, d_shift = layer_norm_backward(upstream, x, shift=np.zeros(3))
    >>> d_x.round(3), d_gain, d_shift
    (array([[-1.225,  2.449, -1.225]]), None, array([0., 6., 0.]))
    """
    who = "layer_norm_backward"
    _require(who, x, eps, upstream=upstream, gain=gain, shift=shift)
    normal, inverse = _normal(x, eps, centred=True)
    scaled = upstream if gain is None else upstream * gain
    scaled = scaled - _mean(scaled)
    d_x = inverse * (scaled - normal * _mean(scaled * normal))
    d_gain = None if gain is None else _over_rows(upstream * normal)
    return d_x, d_gain, None if shift is None else _over_rows(upstream)


def rms_norm(x: Rows, gain: Vector | None = None, eps: float = 1e-6) -> Rows:
    r"""Bring the root mean square of each row to 1, then scale its entries.

    .. math::

       y = g \odot \hat x, \qquad
       \hat x = \frac{x}{\sqrt{\frac{1}{d} \sum_i x_i^2 + \varepsilon}}

    Nothing is subtracted: without a gain a row keeps its direction. Parameters and
    errors are those of `layer_norm`.

    Examples
    --------
    >>> import numpy as np
    >>> rms_norm(np.array([[1.0, 7.0]])).round(4)
    array([[0.2, 1.4]])
    """
    _require("rms_norm", x, eps, gain=gain)
    normal, _ = _normal(x, eps, centred=False)
    return normal if gain is None else normal * gain


def rms_norm_backward(
    upstream: Rows, x: Rows, gain: Vector | None = None, eps: float = 1e-6
) -> tuple[Rows, Vector | None]:
    r"""Return the gradients of `rms_norm` with respect to `x` and gain.

    .. math::

       G^x = \frac{1}{\sqrt{\overline{x^2} + \varepsilon}}
       \Bigl( v - \hat x \, \overline{v \odot \hat x} \Bigr), \qquad v = u \odot g

    The gradient of the gain, and the errors, are those of `layer_norm_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> x, upstream = np.array([[1.0, 7.0]]), np.array([[5.0, 0.0]])
    >>> d_x, d_gain = rms_norm_backward(upstream, x, gain=np.ones(2))
    >>> d_x.round(4), d_gain.round(4)
    (array([[ 0.98, -0.14]]), array([1., 0.]))
    """
    _require("rms_norm_backward", x, eps, upstream=upstream, gain=gain)
    normal, inverse = _normal(x, eps, centred=False)
    scaled = upstream if gain is None else upstream * gain
    d_x = inverse * (scaled - normal * _mean(scaled * normal))
    return d_x, None if gain is None else _over_rows(upstream * normal)


def _normal(x, eps, *, centred):
    """Return the rows at scale one, and one over the scale that they had."""
    rows = x - _mean(x) if centred else x
    inverse = 1 / np.sqrt(_mean(rows**2) + float(eps))
    return rows * inverse, inverse


def _mean(rows):
    return rows.mean(axis=-1, keepdims=True)


def _over_rows(rows):
    return rows.sum(axis=tuple(range(rows.ndim - 1)))


def _require(who, x, eps, *, upstream=None, **vectors):
    expect.axes(who, 1, x=x)
    expect.finite(who, x=x)
    expect.positive(who, width=x.shape[-1], eps=eps)
    if upstream is not None:
        expect.finite(who, upstream=upstream)
        expect.shape(who, x.shape, upstream=upstream)
    given = {name: array for name, array in vectors.items() if array is not None}
    expect.finite(who, **given)
    expect.shape(who, x.shape[-1:], **given)
