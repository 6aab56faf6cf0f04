r"""Hard attention: read one value whole instead of a mixture of all.

The choice starts from the weights of a soft read (``attend(..., return_weights=True)``,
mask and all). The largest weight may take all, or one key may be drawn with the weights
for probabilities. Either way the output jumps from value to value, so that its slope in
the scores is zero wherever it has one. Learning needs the score-function estimator
(`reinforce_gradient`) or a stand-in for the slope: the straight-through gradient, which
is biased, or mixtures in place of choices (`gumbel_softmax`).

A query whose weights are all zeros may attend to nothing: it reads zeros, and the index
of its choice is -1.

References
----------
K. Xu et al., "Show, Attend and Tell: Neural Image Caption Generation with Visual
Attention", ICML 2015, section 4.1.
Y. Bengio, N. Léonard and A. Courville, "Estimating or Propagating Gradients Through
Stochastic Neurons for Conditional Computation", arXiv:1308.3432, 2013.
"""

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect
from attn_course.functional.softmax_backward import softmax_backward

Weights = Float[np.ndarray, "... queries keys"]
Values = Float[np.ndarray, "... keys channels"]
Output = Float[np.ndarray, "... queries channels"]
Chosen = Int[np.ndarray, "... queries"]


def argmax_read(weights: Weights, values: Values) -> tuple[Output, Chosen]:
    r"""Read the value of largest weight; return it and its index.

    .. math::  o_i = v_{j^*}, \qquad j^* = \arg\max_j a_{ij}

    Of equal weights the first wins. Small changes of the weights change nothing: the
    gradient is zero wherever there is one.

    Raises
    ------
    ValueError
        If the weights are no distributions, or there is not one value for each key.

    Examples
    --------
    >>> import numpy as np
    >>> argmax_read(np.array([[0.3, 0.7]]), np.array([[10.0], [20.0]]))
    (array([[20.]]), array([1]))
    """
    _expect_memory("argmax_read", weights, values)
    chosen = _largest(weights)
    return _one_hot(chosen, weights) @ values, chosen


def sampled_read(
    weights: Weights, values: Values, rng: np.random.Generator
) -> tuple[Output, Chosen]:
    r"""Read one value drawn by the weights; return it and its index.

    .. math::  o_i = v_J, \qquad P(J = j) = a_{ij}

    The mean over many draws is the soft read. Each query draws on its own.

    Raises
    ------
    ValueError
        If the weights are no distributions, or there is not one value for each key.

    Examples
    --------
    >>> import numpy as np
    >>> weights, values = np.array([[0.0, 1.0]]), np.array([[10.0], [20.0]])
    >>> sampled_read(weights, values, np.random.default_rng(0))
    (array([[20.]]), array([1]))
    """
    _expect_memory("sampled_read", weights, values)
    chosen = draw_indices(weights, rng)
    return _one_hot(chosen, weights) @ values, chosen


def draw_indices(
    weights: Float[np.ndarray, "... keys"], rng: np.random.Generator
) -> Int[np.ndarray, "..."]:
    r"""Draw one index from each row of weights, by inverting the cumulative sum.

    .. math::  J = \min \bigl\{ j : \textstyle\sum_{k \le j} a_k > u \bigr\},
       \qquad u \sim \text{uniform}[0, 1)

    Weight zero is never drawn. A row of zeros gives -1.

    Raises
    ------
    ValueError
        If a row is neither a distribution nor all zeros.

    Examples
    --------
    >>> import numpy as np
    >>> draw_indices(np.array([[0.0, 1.0], [0.0, 0.0]]), np.random.default_rng(0))
    array([ 1, -1])
    """
    expect.shares("draw_indices", weights=weights)
    sums = np.cumsum(weights, axis=-1, dtype=np.float64)
    if not weights.shape[-1]:
        return np.full(weights.shape[:-1], -1)
    totals = sums[..., -1:]
    levels = rng.random(totals.shape) * totals  # below the total, even when rounded
    chosen = np.asarray((sums <= levels).sum(axis=-1))
    return np.where(totals[..., 0] > 0, chosen, -1)


def straight_through(weights: Weights) -> Weights:
    r"""Return the forward half of a straight-through read: one-hot at the largest.

    .. math::  h_{ij} = [\,j = \arg\max_k a_{ik}\,]

    The backward half, `straight_through_backward`, pretends that nothing was rounded.

    Raises
    ------
    ValueError
        If the weights are no distributions.

    Examples
    --------
    >>> import numpy as np
    >>> straight_through(np.array([[0.3, 0.7], [0.0, 0.0]]))
    array([[0., 1.],
           [0., 0.]])
    """
    expect.shares("straight_through", weights=weights)
    return _one_hot(_largest(weights), weights)


def straight_through_backward(
    upstream: Float[np.ndarray, "... keys"], weights: Float[np.ndarray, "... keys"]
) -> Float[np.ndarray, "... keys"]:
    r"""Return what is used for the gradient with respect to the scores: the soft one.

    .. math::

       \tilde g_k = a_k \Bigl( u_k - \sum_j a_j u_j \Bigr)

    Parameters
    ----------
    upstream
        The u above: the gradient of the loss with respect to the one-hot weights. It is
        taken where the hard read stands, and so the result is the gradient of neither
        the hard loss nor the soft one, unless the loss is linear in the weights.
    weights
        The soft weights, before one was made of the largest.

    Raises
    ------
    ValueError
        If the weights are no distributions, or the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> straight_through_backward(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    array([-0.5,  0.5])
    """
    expect.shares("straight_through_backward", weights=weights)
    expect.finite("straight_through_backward", upstream=upstream)
    expect.shape("straight_through_backward", weights.shape, upstream=upstream)
    return softmax_backward(upstream, weights)


def _expect_memory(who, weights, values):
    expect.axes(who, 2, weights=weights, values=values)
    expect.shares(who, weights=weights)
    expect.finite(who, values=values)
    wanted = (*weights.shape[:-2], weights.shape[-1], values.shape[-1])
    expect.shape(who, wanted, values=values)


def _largest(weights):
    """The first index of the largest weight in each row; -1 where all are zero."""
    if not weights.shape[-1]:
        return np.full(weights.shape[:-1], -1)
    some = (weights > 0).any(axis=-1)
    return np.where(some, weights.argmax(axis=-1), -1)


def _one_hot(chosen, weights):
    """Ones at the chosen, in the shape and dtype of the weights."""
    here = np.arange(weights.shape[-1]) == chosen[..., None]
    return here.astype(weights.dtype)
