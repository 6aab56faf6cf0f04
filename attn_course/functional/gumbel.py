r"""Gumbel noise: choices as a maximum, and mixtures that come close to choices.

Add Gumbel noise to the scores; the largest is then a draw from their softmax. Taking
softmax in place of the maximum gives weights that vary smoothly with the scores while
the noise is held, so that gradients pass, at the price of reading a mixture.

References
----------
E. Jang, S. Gu and B. Poole, "Categorical Reparameterization with Gumbel-Softmax",
ICLR 2017.
C. J. Maddison, A. Mnih and Y. W. Teh, "The Concrete Distribution: A Continuous
Relaxation of Discrete Random Variables", ICLR 2017.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.hard import straight_through
from attn_course.functional.softmax import softmax


def gumbel_noise(
    scores: Float[np.ndarray, "..."], rng: np.random.Generator
) -> Float[np.ndarray, "..."]:
    r"""Draw one standard Gumbel variable for each score, of its shape and dtype.

    .. math::  g = -\log(-\log u), \qquad u \sim \text{uniform}(0, 1)

    Its use: the index of the largest of scores plus noise is a draw from the softmax of
    the scores. The mean is Euler's constant, 0.577, and the variance
    :math:`\pi^2 / 6`.

    Raises
    ------
    ValueError
        If the scores are not floats.

    Examples
    --------
    >>> import numpy as np
    >>> gumbel_noise(np.zeros((2, 3)), np.random.default_rng(0)).shape
    (2, 3)
    """
    expect.floats("gumbel_noise", scores=scores)
    return np.asarray(rng.gumbel(size=scores.shape), dtype=scores.dtype)


def gumbel_softmax(
    scores: Float[np.ndarray, "... keys"],
    temperature: float,
    rng: np.random.Generator,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    hard: bool = False,
) -> Float[np.ndarray, "... keys"]:
    r"""Draw weights that are nearly one-hot: softmax of the scores plus Gumbel noise.

    .. math::

       y_k = \frac{e^{(s_k + g_k) / \tau}}{\sum_j e^{(s_j + g_j) / \tau}}

    Parameters
    ----------
    temperature
        The τ above, positive. Towards 0 the weights become one-hot draws from the
        softmax of the scores, and their slope in the scores too steep to learn from.
        The index of the largest weight is such a draw at any temperature.
    hard
        Whether to return that largest weight as one-hot. The gradient is then the
        straight-through one at the soft weights, divided by τ.

    Raises
    ------
    ValueError
        Where `softmax` raises.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.log([0.2, 0.8])
    >>> gumbel_softmax(scores, 1e-4, np.random.default_rng(0))
    array([0., 1.])
    """
    expect.axes("gumbel_softmax", 1, scores=scores)
    noisy = scores + gumbel_noise(scores, rng)
    if hard:
        expect.positive("gumbel_softmax", temperature=temperature)
        return straight_through(softmax(noisy, where=allowed))
    return softmax(noisy, where=allowed, temperature=temperature)
