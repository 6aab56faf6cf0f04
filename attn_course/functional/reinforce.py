r"""The score-function estimator: the gradient of an expected reward, from draws alone.

Hard attention draws a key and is rewarded; nothing need be known of how the reward
comes about, not even that it has a slope. The price is variance, which a baseline
lowers without changing the mean. All gradients here are with respect to the scores from
which softmax made the weights, and point uphill: add them to raise the reward, subtract
them if the reward is a loss.

References
----------
R. J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
Reinforcement Learning", Machine Learning 8, 229-256, 1992.
K. Xu et al., "Show, Attend and Tell: Neural Image Caption Generation with Visual
Attention", ICML 2015, section 4.1.
"""

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect
from attn_course.functional.softmax_backward import softmax_backward

Weights = Float[np.ndarray, "... keys"]


def log_probability_gradient(
    weights: Weights, draws: Int[np.ndarray, "..."]
) -> Float[np.ndarray, "... keys"]:
    r"""Return the gradient of the log-probability of what was drawn.

    .. math::  \frac{\partial \log a_J}{\partial s_k} = [k = J] - a_k

    Parameters
    ----------
    draws
        One index for each row of weights, as from `draw_indices`; -1, and gradient
        zero, for a row of zeros.

    Raises
    ------
    ValueError
        If the weights are no distributions, or a draw has weight zero.

    Examples
    --------
    >>> import numpy as np
    >>> log_probability_gradient(np.array([0.25, 0.75]), np.array(1))
    array([-0.25,  0.25])
    """
    who = "log_probability_gradient"
    expect.shares(who, weights=weights)
    expect.whole(who, -1, weights.shape[-1] - 1, draws=draws)
    expect.shape(who, weights.shape[:-1], draws=draws)
    drawn = np.arange(weights.shape[-1]) == draws[..., None]
    some = (weights > 0).any(axis=-1)
    if not ((drawn & (weights > 0)).any(axis=-1) == some).all():
        raise ValueError(f"{who}: wanted draws of positive weight, got one of weight 0")
    return drawn.astype(weights.dtype) - weights


def reinforce_gradient(
    rewards: Float[np.ndarray, "..."],
    draws: Int[np.ndarray, "..."],
    weights: Weights,
    baseline: float | Float[np.ndarray, "..."] = 0.0,
) -> Float[np.ndarray, "... keys"]:
    r"""Estimate the gradient of the expected reward from one draw in each row.

    .. math::  \hat g_k = (R - b) \, \bigl([k = J] - a_k\bigr),
       \qquad E[\hat g_k] = \frac{\partial}{\partial s_k} \sum_j a_j R_j

    Take the mean over many draws for a better estimate: repeat the weights along an
    axis of samples, and average along it.

    Parameters
    ----------
    rewards
        What each draw earned. Constants: nothing is differentiated through them.
    baseline
        The b above, one number or one for each row. Any number that does not depend on
        the draw leaves the mean as it is; one near the mean reward lowers the variance.

    Raises
    ------
    ValueError
        If the weights are no distributions, a draw has weight zero, or sizes differ.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([0.25, 0.75])
    >>> reinforce_gradient(np.array(2.0), np.array(1), weights)
    array([-0.5,  0.5])
    >>> reinforce_gradient(np.array(2.0), np.array(1), weights, baseline=2.0)
    array([-0.,  0.])
    """
    who = "reinforce_gradient"
    slopes = log_probability_gradient(weights, draws)
    expect.finite(who, rewards=rewards)
    expect.shape(who, weights.shape[:-1], rewards=rewards)
    if np.ndim(baseline):
        expect.shape(who, rewards.shape, baseline=baseline)
    else:
        baseline = np.full_like(rewards, baseline)
    expect.finite(who, baseline=baseline)
    return (rewards - baseline)[..., None] * slopes


def expected_gradient(
    rewards: Float[np.ndarray, "... keys"], weights: Weights
) -> Float[np.ndarray, "... keys"]:
    r"""Return the exact gradient of the expected reward, from the reward of every key.

    .. math::

       \frac{\partial}{\partial s_k} \sum_j a_j R_j
       = \sum_j a_j R_j \bigl([k = j] - a_k\bigr)
       = a_k \Bigl( R_k - \sum_j a_j R_j \Bigr)

    This enumerates what `reinforce_gradient` samples, and so needs the reward of keys
    that were never drawn: a yardstick, where there are few keys.

    Raises
    ------
    ValueError
        If the weights are no distributions, or the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> expected_gradient(np.array([0.0, 4.0]), np.array([0.5, 0.5]))
    array([-1.,  1.])
    """
    expect.shares("expected_gradient", weights=weights)
    expect.finite("expected_gradient", rewards=rewards)
    expect.shape("expected_gradient", weights.shape, rewards=rewards)
    return softmax_backward(rewards, weights)
