r"""Optimisers: from parameters and their gradients to new parameters.

They are functions without memory: what must be remembered from step to step goes in
and comes out beside the parameters, and nothing that goes in is changed. Parameters are
trees of arrays, see `tree_map`, and gradients are trees of the same form.

References
----------
D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
algorithm 1.
I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019,
algorithm 2 (AdamW).
I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization
and momentum in deep learning", ICML 2013, section 2.
R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
networks", ICML 2013, algorithm 1 (clipping).
"""

from typing import NamedTuple

import numpy as np

from attn_course.functional import expect
from attn_course.functional.trees import Tree, tree_leaves, tree_map


class AdamState(NamedTuple):
    """What Adam remembers: how often it has stepped, and two means of the gradients.

    Examples
    --------
    >>> import numpy as np
    >>> _, state = adam(np.ones(1), np.array([0.5]), rate=0.1)
    >>> state.step, state.mean.round(4), state.square.round(6)
    (1, array([0.05]), array([0.00025]))
    """

    step: int
    mean: Tree
    square: Tree


def adam(
    parameters: Tree,
    gradients: Tree,
    state: AdamState | None = None,
    *,
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[Tree, AdamState]:
    r"""Take one step of Adam; return the new parameters and what to hand in next time.

    .. math::

       m_t &= \beta_1 m_{t-1} + (1 - \beta_1) \, g_t, \qquad
       v_t = \beta_2 v_{t-1} + (1 - \beta_2) \, g_t^2 \\
       \theta_t &= (1 - \eta \lambda) \, \theta_{t-1}
       - \eta \, \frac{m_t / (1 - \beta_1^t)}
                      {\sqrt{v_t / (1 - \beta_2^t)} + \varepsilon}

    The divisions by :math:`1 - \beta^t` make up for means that start at zero. With them
    the first step has the size of the rate in every entry, whatever the gradient's.

    Parameters
    ----------
    state
        What the last step returned. Default: this is the first.
    rate
        The :math:`\eta` above, for this step; 0 leaves the parameters alone.
    decay
        The :math:`\lambda` above: how fast weights shrink by themselves, as in AdamW.

    Raises
    ------
    ValueError
        If gradients are not formed as the parameters are or not finite, `rate`, `decay`
        or a beta is below 0, a beta is not below 1, or `eps` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> x, state = {"x": np.array([3.0])}, None
    >>> for _ in range(200):
    ...     x, state = adam(x, {"x": 2 * x["x"]}, state, rate=0.1)
    >>> x["x"].round(2) + 0.0
    array([0.])
    """
    _require("adam", parameters, gradients, rate=rate, decay=decay)
    expect.positive("adam", eps=eps)
    for beta in betas:
        _share("adam", beta=beta)
    rate, decay, eps = float(rate), float(decay), float(eps)
    one, two = map(float, betas)
    if state is None:
        zeros = tree_map(np.zeros_like, gradients)
        state = AdamState(0, zeros, zeros)
    step = state.step + 1
    mean = tree_map(lambda m, g: one * m + (1 - one) * g, state.mean, gradients)
    square = tree_map(lambda v, g: two * v + (1 - two) * g**2, state.square, gradients)

    def moved(parameter, m, v):
        size = np.sqrt(v / (1 - two**step)) + eps
        return (1 - rate * decay) * parameter - rate * (m / (1 - one**step)) / size

    moved_to = tree_map(moved, parameters, mean, square)
    return moved_to, AdamState(step, mean, square)


def sgd(
    parameters: Tree,
    gradients: Tree,
    velocity: Tree = None,
    *,
    rate: float,
    momentum: float = 0.0,
) -> tuple[Tree, Tree]:
    r"""Take one step downhill; return the new parameters and the new velocity.

    .. math::  v_t = \mu v_{t-1} + g_t, \qquad \theta_t = \theta_{t-1} - \eta v_t

    Parameters
    ----------
    velocity
        What the last step returned. Default: this is the first.
    rate
        The :math:`\eta` above. Some papers put it into the velocity, which is the same
        as long as it does not change.
    momentum
        The :math:`\mu` above, from 0 up to but without 1.

    Raises
    ------
    ValueError
        If gradients are not formed as the parameters are or not finite, `rate` is below
        0, or `momentum` is not in its range.

    Examples
    --------
    >>> import numpy as np
    >>> parameters, velocity = sgd([np.array([3.0])], [np.array([10.0])], rate=0.1)
    >>> parameters
    [array([2.])]
    """
    _require("sgd", parameters, gradients, rate=rate)
    _share("sgd", momentum=momentum)
    rate, momentum = float(rate), float(momentum)
    if velocity is None:
        velocity = tree_map(np.zeros_like, gradients)
    velocity = tree_map(lambda v, g: momentum * v + g, velocity, gradients)
    return tree_map(lambda p, v: p - rate * v, parameters, velocity), velocity


def clip_by_norm(gradients: Tree, most: float) -> tuple[Tree, float]:
    r"""Shorten the gradients if they are long; return them and the length they had.

    .. math::  g \cdot \min \Bigl( 1, \frac{c}{\lVert g \rVert_2} \Bigr)

    The norm is that of all entries of all arrays together, so the direction stays.

    Parameters
    ----------
    most
        The c above: the longest that may pass.

    Raises
    ------
    ValueError
        If a gradient is not finite, or `most` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_norm({"a": np.array([3.0]), "b": np.array([4.0])}, most=1.0)
    ({'a': array([0.6]), 'b': array([0.8])}, 5.0)
    """
    expect.positive("clip_by_norm", most=most)
    leaves = tree_leaves(gradients)
    for leaf in leaves:
        expect.finite("clip_by_norm", gradient=leaf)
    largest = max((float(abs(leaf).max(initial=0)) for leaf in leaves), default=0.0)
    if largest == 0:
        return tree_map(np.copy, gradients), 0.0
    squares = (((leaf / largest) ** 2).sum(dtype=np.float64) for leaf in leaves)
    norm = largest * float(sum(squares)) ** 0.5
    factor = float(min(1.0, most / norm))
    return tree_map(lambda leaf: leaf * factor, gradients), norm


def _require(who, parameters, gradients, **at_least_zero):
    """Want gradients formed as the parameters are, and numbers of at least 0."""
    for name, number in at_least_zero.items():
        if not 0 <= number < np.inf:
            raise ValueError(f"{who}: wanted {name} of at least 0, got {number}")

    def fits(parameter, gradient):
        expect.finite(who, parameter=parameter, gradient=gradient)
        expect.shape(who, parameter.shape, gradient=gradient)

    tree_map(fits, parameters, gradients)


def _share(who, **numbers):
    for name, number in numbers.items():
        if not 0 <= number < 1:
            raise ValueError(f"{who}: wanted {name} in [0, 1), got {number}")
