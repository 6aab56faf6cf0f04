r"""Dropout: entries left out at random while training, and the rest made up for it.

The entries that stay are divided by their share already while training, so that
nothing need be done, and nothing is drawn, when the model is used.

References
----------
N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, "Dropout: A
Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 1929-1958, 2014.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect

Entries = Float[np.ndarray, "..."]
Kept = Bool[np.ndarray, "..."]


def dropout(x: Entries, rate: float, rng: np.random.Generator) -> tuple[Entries, Kept]:
    r"""Return x with entries left out at random, and which of them were kept.

    .. math::

       y_i = \frac{m_i}{1 - p} \, x_i, \qquad
       P(m_i = 0) = p, \qquad E[y_i] = x_i

    Call it while training only; it cannot tell. At a rate of 0 it changes nothing.

    Parameters
    ----------
    rate
        The p above, from 0 up to but without 1.

    Raises
    ------
    ValueError
        If `rate` is not in that range, or `x` is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> y, kept = dropout(np.ones(5), 0.5, np.random.default_rng(0))
    >>> y, kept
    (array([2., 0., 0., 0., 2.]), array([ True, False, False, False,  True]))
    """
    expect.finite("dropout", x=x)
    _require("dropout", rate)
    kept = np.asarray(rng.random(x.shape) >= rate)
    return np.where(kept, x / (1 - float(rate)), 0), kept


def dropout_backward(upstream: Entries, kept: Kept, rate: float) -> Entries:
    r"""Return the gradient with respect to x: dropped where x was, and made up alike.

    .. math::  g_i = \frac{m_i}{1 - p} \, u_i

    Parameters
    ----------
    kept
        What `dropout` returned beside its output: the m above.

    Raises
    ------
    ValueError
        If the shapes differ, `kept` is not boolean, or `rate` is not from 0 up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> dropout_backward(np.array([3.0, 4.0]), np.array([True, False]), 0.5)
    array([6., 0.])
    """
    expect.finite("dropout_backward", upstream=upstream)
    _require("dropout_backward", rate)
    kept = expect.mask("dropout_backward", kept, np.shape(kept))
    expect.shape("dropout_backward", upstream.shape, kept=kept)
    return np.where(kept, upstream / (1 - float(rate)), 0)


def _require(who, rate):
    if not 0 <= rate < 1:
        raise ValueError(f"{who}: wanted a rate in [0, 1), got {rate}")
