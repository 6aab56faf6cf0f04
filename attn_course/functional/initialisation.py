r"""First weights: small enough not to explode, large enough not to vanish.

What goes through a linear map with n inputs adds up n products, so its variance grows
n-fold unless the weights have variance 1/n. Gradients go the other way and add up over
the outputs. Biases start at zero, gains at one; neither needs a function.

References
----------
X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
neural networks", AISTATS 2010, equation 16.
K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers: Surpassing
Human-Level Performance on ImageNet Classification", ICCV 2015, equation 10.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect


def xavier_uniform(
    inputs: int, outputs: int, rng: np.random.Generator
) -> Float[np.ndarray, "{inputs} {outputs}"]:
    r"""Draw a weight that keeps the size of what goes forward and of what comes back.

    .. math::

       W_{ij} \sim \operatorname{uniform}(-r, r), \qquad
       r = \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}, \qquad
       \operatorname{var} W_{ij} = \frac{2}{n_\text{in} + n_\text{out}}

    It keeps both if the two numbers are equal, and is a compromise otherwise. The
    weight is float64.

    Raises
    ------
    ValueError
        If a number is not whole and at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> weight = xavier_uniform(4, 2, np.random.default_rng(0))
    >>> weight.shape, bool(abs(weight).max() < 1)
    ((4, 2), True)
    """
    expect.counts("xavier_uniform", 1, inputs=inputs, outputs=outputs)
    reach = (6 / (inputs + outputs)) ** 0.5
    return rng.uniform(-reach, reach, size=(inputs, outputs))


def kaiming_normal(
    inputs: int, outputs: int, rng: np.random.Generator
) -> Float[np.ndarray, "{inputs} {outputs}"]:
    r"""Draw a weight that keeps the size of a signal that a ReLU has just halved.

    .. math::  W_{ij} \sim \operatorname{normal}(0, \; 2 / n_\text{in})

    The second number is the variance. The 2 makes up for the ReLU, which sets half of
    its inputs to zero. The weight is float64.

    Raises
    ------
    ValueError
        If a number is not whole and at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> weight = kaiming_normal(800, 100, np.random.default_rng(0))
    >>> weight.std().round(2)  # the root of 2 / 800
    np.float64(0.05)
    """
    expect.counts("kaiming_normal", 1, inputs=inputs, outputs=outputs)
    return rng.normal(0.0, (2 / inputs) ** 0.5, size=(inputs, outputs))
