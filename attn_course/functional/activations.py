r"""Activations: the bends without which two linear layers would be one.

Each works entry by entry, and so does its backward pass: the upstream gradient times
the slope. The Gaussian error linear unit is here twice, as defined and in the form with
tanh, which is several times as fast in NumPy and differs by less than 5e-4.

References
----------
D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415,
2016, section 2 (gelu, its form with tanh, silu).
S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-Weighted Linear Units for Neural Network
Function Approximation in Reinforcement Learning", Neural Networks 107, 3-11, 2018
(silu).
"""

import math

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect
from attn_course.functional.normal import normal_cdf, normal_density

Entries = Float[np.ndarray, "..."]


def relu(x: Entries) -> Entries:
    r"""Return what is positive, and zero for the rest.

    .. math::  f(x) = \max(0, x)

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    expect.finite("relu", x=x)
    return np.asarray(np.maximum(x, 0))


def relu_backward(upstream: Entries, x: Entries) -> Entries:
    r"""Return the gradient of `relu`: upstream where x is positive, else zero.

    .. math::  f'(x) = [x > 0]

    At 0 there is no slope; 0 is taken, as PyTorch does.

    Raises
    ------
    ValueError
        If the shapes differ, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> relu_backward(np.array([7.0, 7.0]), np.array([-2.0, 3.0]))
    array([0., 7.])
    """
    _require("relu_backward", upstream, x)
    return np.asarray(upstream * (x > 0))


def gelu(x: Entries) -> Entries:
    r"""Return x times the probability that a normal number is below x.

    .. math::  f(x) = x \, \Phi(x)

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> gelu(np.array([-3.0, 0.0, 3.0])).round(5)
    array([-0.00405,  0.     ,  2.99595])
    """
    expect.finite("gelu", x=x)
    return np.asarray(x * normal_cdf(x))


def gelu_backward(upstream: Entries, x: Entries) -> Entries:
    r"""Return the gradient of `gelu`.

    .. math::  f'(x) = \Phi(x) + x \, \varphi(x)

    Errors are those of `relu_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> gelu_backward(np.array([2.0, 2.0]), np.array([0.0, 99.0]))
    array([1., 2.])
    """
    _require("gelu_backward", upstream, x)
    return np.asarray(upstream * (normal_cdf(x) + x * normal_density(x)))


def gelu_tanh(x: Entries) -> Entries:
    r"""Return the approximation of `gelu` that BERT and GPT-2 were trained with.

    .. math::

       f(x) = \frac{x}{2} \Bigl( 1 + \tanh \bigl( \sqrt{2 / \pi} \,
       (x + 0.044715 \, x^3) \bigr) \Bigr)

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> gelu_tanh(np.array([-3.0, 0.0, 3.0])).round(5)
    array([-0.00364,  0.     ,  2.99636])
    """
    expect.finite("gelu_tanh", x=x)
    bend, _ = _tanh_part(x)
    return np.asarray(x * (1 + bend) / 2)


def gelu_tanh_backward(upstream: Entries, x: Entries) -> Entries:
    r"""Return the gradient of `gelu_tanh`.

    .. math::

       f'(x) = \frac{1 + t}{2} + \frac{x}{2} (1 - t^2) \sqrt{2 / \pi} \,
       (1 + 3 \cdot 0.044715 \, x^2)

    where t is the tanh in `gelu_tanh`. Errors are those of `relu_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> gelu_tanh_backward(np.array([2.0, 2.0]), np.array([0.0, 99.0]))
    array([1., 2.])
    """
    _require("gelu_tanh_backward", upstream, x)
    bend, slope = _tanh_part(x)
    return np.asarray(upstream * ((1 + bend) + x * (1 - bend**2) * slope) / 2)


def sigmoid(x: Entries) -> Entries:
    r"""Return a number between 0 and 1 for each entry: the logistic function.

    .. math::  \sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^x}{1 + e^x}

    Each entry is computed by the form that cannot overflow, so that small results are
    as exact as large ones. Infinite entries give 0 and 1.

    Raises
    ------
    ValueError
        If `x` is not floats, or is nan.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 3.0])).round(5)
    array([0.     , 0.5    , 0.95257])
    """
    expect.floats("sigmoid", x=x)
    if np.isnan(x).any():
        raise ValueError("sigmoid: wanted numbers, got nan")
    small = np.exp(-abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def silu(x: Entries) -> Entries:
    r"""Return x times the logistic function of x; also called swish.

    .. math::  f(x) = x \, \sigma(x) = \frac{x}{1 + e^{-x}}

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> silu(np.array([-3.0, 0.0, 3.0])).round(5)
    array([-0.14228,  0.     ,  2.85772])
    """
    expect.finite("silu", x=x)
    return np.asarray(x * sigmoid(x))


def silu_backward(upstream: Entries, x: Entries) -> Entries:
    r"""Return the gradient of `silu`.

    .. math::  f'(x) = \sigma(x) \, \bigl( 1 + x \, (1 - \sigma(x)) \bigr)

    Errors are those of `relu_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> silu_backward(np.array([2.0, 2.0]), np.array([0.0, 99.0]))
    array([1., 2.])
    """
    _require("silu_backward", upstream, x)
    gate = sigmoid(x)
    return np.asarray(upstream * gate * (1 + x * (1 - gate)))


def _tanh_part(x):
    """Return the tanh in `gelu_tanh`, and the slope of what is inside it."""
    inside = np.clip(x, -10, 10)  # far out it is flat, and no cube overflows
    root = math.sqrt(2 / math.pi)
    square = inside * inside  # a power of 3 would take ten times as long
    bend = np.tanh(root * (inside + 0.044715 * inside * square))
    return bend, root * (1 + 3 * 0.044715 * square)


def _require(who, upstream, x):
    expect.finite(who, upstream=upstream, x=x)
    expect.shape(who, x.shape, upstream=upstream)
