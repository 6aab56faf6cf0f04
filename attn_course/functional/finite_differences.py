r"""Finite differences: the slope of any function, by nudging one entry at a time.

They know nothing of how a gradient is derived, and so they judge it. They are slow, two
calls for each entry, and never exact: a large step errs because the function bends, by
about the square of the step; a small one errs because two nearly equal numbers are
subtracted, by about the rounding error over the step. Drawn on log axes against the
step, the error is a V. Its tip is near the cube root of the rounding error of the
dtype, which is the default step.

References
----------
J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, Springer, 2006,
section 8.1.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect


def numerical_gradient(
    function: Callable[[np.ndarray], float],
    x: Float[np.ndarray, "..."],
    *,
    step: float | None = None,
) -> Float[np.ndarray, "..."]:
    r"""Estimate the gradient of a function with one number as its value.

    .. math::

       \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2 h}

    To judge the backward pass of a function with an array as its value, take the sum of
    that array times a fixed array of random numbers, and hand those to the backward
    pass as `upstream`.

    Parameters
    ----------
    step
        The h above. Default: the cube root of the distance from 1 to the next float of
        the dtype of `x`, about 6e-6 for float64. It suits numbers of order 1.

    Raises
    ------
    ValueError
        If `x` is not finite, the step not positive, or the value is not one number.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 3.0])
    >>> numerical_gradient(lambda x: (x**2).sum(), x).round(6)
    array([2., 6.])
    """
    expect.finite("numerical_gradient", x=x)
    step = float(np.finfo(x.dtype).eps ** (1 / 3) if step is None else step)
    expect.positive("numerical_gradient", step=step)
    nudged, gradient = x.copy(), np.empty_like(x)
    for i in np.ndindex(x.shape):
        nudged[i] = x[i] + step
        above = _number(function(nudged))
        nudged[i] = x[i] - step
        below = _number(function(nudged))
        nudged[i] = x[i]
        gradient[i] = (above - below) / (2 * step)
    return gradient


def relative_error(
    got: Float[np.ndarray, "..."], wanted: Float[np.ndarray, "..."]
) -> float:
    r"""Return the largest difference of two arrays over their largest entry.

    .. math::

       \frac{\max_i |a_i - b_i|}{\max_i \max(|a_i|, |b_i|)}, \qquad \frac{0}{0} = 0

    It has no unit, so one bound serves gradients of any size: between a right gradient
    and `numerical_gradient` it is below 1e-6 in float64. It looks at the array as a
    whole, since in an entry near zero finite differences find rounding errors only.

    Raises
    ------
    ValueError
        If the shapes differ, or a number is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> relative_error(np.array([1.0, 99.0]), np.array([2.0, 100.0]))
    0.01
    """
    expect.finite("relative_error", got=got, wanted=wanted)
    expect.shape("relative_error", wanted.shape, got=got)
    largest = max(abs(got).max(initial=0), abs(wanted).max(initial=0))
    return float(abs(got - wanted).max(initial=0) / largest) if largest else 0.0


def _number(value):
    if np.shape(value) != ():
        raise ValueError(
            f"numerical_gradient: wanted a function with one number as its value, "
            f"got shape {np.shape(value)}"
        )
    return value
