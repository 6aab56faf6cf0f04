r"""The normal distribution function, which GELU needs and NumPy lacks.

`math.erf` takes one number at a time. Here the values at a grid of points come from it,
once; between them a Taylor polynomial about the nearest point is exact to rounding,
for all derivatives of a normal density are Hermite polynomials times the density.

References
----------
M. Abramowitz and I. A. Stegun (eds.), "Handbook of Mathematical Functions", National
Bureau of Standards, 1964, chapter 26, section 26.2 (normal distribution function and
its derivatives).
"""

import math

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

_STEP, _LAST, _ORDER = 1 / 32, 39, 6  # beyond 39 the result is 0 or 1 in float64


def _taylor():
    """Return the Taylor coefficients at each point of the grid, the constant first."""
    grid = np.arange(-_LAST, _LAST + _STEP, _STEP)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    derivatives = [density, -grid * density]
    for n in range(1, _ORDER - 1):
        derivatives.append(-grid * derivatives[n] - n * derivatives[n - 1])
    constant = np.array([math.erfc(-point / math.sqrt(2)) / 2 for point in grid])
    rest = (d / math.factorial(n) for n, d in enumerate(derivatives, start=1))
    return np.stack([constant, *rest])


_COEFFICIENTS = _taylor()


def normal_cdf(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    r"""Return the probability that a standard normal number is below each entry.

    .. math::

       \Phi(x) = \int_{-\infty}^x \frac{e^{-t^2/2}}{\sqrt{2 \pi}} \, dt
       = \frac{1}{2} \Bigl( 1 + \operatorname{erf} \frac{x}{\sqrt 2} \Bigr)

    The error is below 1e-15, in absolute terms: far out in the left tail, where the
    result is smaller than that, its leading digits alone are right.

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> normal_cdf(np.array([-1.96, 0.0, 1.96])).round(4)
    array([0.025, 0.5  , 0.975])
    """
    expect.finite("normal_cdf", x=x)
    inside = np.clip(x.astype(np.float64), -_LAST, _LAST)
    nearest = np.rint(inside / _STEP).astype(np.intp)
    offset = inside - nearest * _STEP
    nearest += round(_LAST / _STEP)
    result = _COEFFICIENTS[-1][nearest]
    for coefficients in _COEFFICIENTS[-2::-1]:
        result = result * offset + coefficients[nearest]
    return np.asarray(result, x.dtype)


def normal_density(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    r"""Return the density of the standard normal distribution, the slope of its CDF.

    .. math::  \varphi(x) = \frac{e^{-x^2/2}}{\sqrt{2 \pi}}

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> normal_density(np.array([0.0, 1e300])).round(4)
    array([0.3989, 0.    ])
    """
    expect.finite("normal_density", x=x)
    inside = np.clip(x, -_LAST, _LAST)
    return np.asarray(np.exp(-(inside**2) / 2) / math.sqrt(2 * math.pi), x.dtype)
