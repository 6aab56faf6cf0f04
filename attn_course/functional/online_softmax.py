r"""Softmax over scores that come in blocks: three sums stand for all that was read.

A softmax seems to need all scores at once, for their maximum and for their sum. It does
not. Of the scores read so far, keep the largest, the sum of the exponentials relative
to it, and the sum of the values they weight. Two such states, of different keys, merge
into one: both are first brought to the larger of the two maxima.

Merging is associative and commutative, up to rounding, and the state of no keys changes
nothing. So blocks may be read in any order and grouped in any way: one after another
(a tile at a time), or on several machines.

A score of minus infinity takes no part, which is how a mask is applied here.

References
----------
M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax",
arXiv:1805.02867, 2018 (maximum and sum; the values are carried along by
M. N. Rabe and C. Staats, "Self-attention Does Not Need O(n^2) Memory",
arXiv:2112.05682, 2021).
"""

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

Scores = Float[np.ndarray, "... queries keys"]
Values = Float[np.ndarray, "... keys channels"]


class SoftmaxState(NamedTuple):
    r"""What is left of the scores and values read so far.

    .. math::

       m_i = \max_j s_{ij}, \qquad l_i = \sum_j e^{s_{ij} - m_i}, \qquad
       o_i = \sum_j e^{s_{ij} - m_i} v_j

    Before anything is read, m is minus infinity, l and o are zeros. The log-sum-exp of
    the scores is :math:`m + \log l`.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_state(np.array([[0.0, 0.0]]), np.array([[10.0], [20.0]]))
    SoftmaxState(top=array([0.]), total=array([2.]), weighted=array([[30.]]))
    """

    top: Float[np.ndarray, "... queries"]
    total: Float[np.ndarray, "... queries"]
    weighted: Float[np.ndarray, "... queries channels"]


def softmax_state(scores: Scores, values: Values) -> SoftmaxState:
    """Return the state of one block of keys.

    Raises
    ------
    ValueError
        If sizes do not fit, scores are nan or plus infinity, or values not finite.

    Examples
    --------
    >>> import numpy as np
    >>> state = softmax_state(np.array([[1000.0, -np.inf]]), np.array([[10.0], [20.0]]))
    >>> state.top, state.total
    (array([1000.]), array([1.]))
    """
    expect.axes("softmax_state", 2, scores=scores, values=values)
    expect.floats("softmax_state", scores=scores)
    expect.finite("softmax_state", values=values)
    wanted = (*scores.shape[:-2], scores.shape[-1], values.shape[-1])
    expect.shape("softmax_state", wanted, values=values)
    top = scores.max(axis=-1, initial=-np.inf)
    if not (top < np.inf).all():  # nan is below nothing
        got = top.max()
        raise ValueError(f"softmax_state: wanted scores below infinity, got {got}")
    with np.errstate(over="ignore"):  # -inf is the right limit of a huge gap
        weights = np.exp(scores - _finite(top)[..., None])
    return SoftmaxState(top, weights.sum(axis=-1), weights @ values)


def merge_states(first: SoftmaxState, second: SoftmaxState) -> SoftmaxState:
    r"""Return the state of the keys of both.

    .. math::

       m = \max(m_1, m_2), \quad
       l = e^{m_1 - m} l_1 + e^{m_2 - m} l_2, \quad
       o = e^{m_1 - m} o_1 + e^{m_2 - m} o_2

    Raises
    ------
    ValueError
        If the two are not of the same queries and channels.

    Examples
    --------
    >>> import numpy as np
    >>> low = softmax_state(np.array([[0.0]]), np.array([[10.0]]))
    >>> high = softmax_state(np.array([[np.log(3.0)]]), np.array([[20.0]]))
    >>> merge_states(low, high).total
    array([1.33333333])
    """
    for name, left, right in zip(SoftmaxState._fields, first, second, strict=True):
        expect.shape("merge_states", left.shape, **{name: right})
    top = np.maximum(first.top, second.top)
    with np.errstate(over="ignore"):
        old = np.exp(first.top - _finite(top))
        new = np.exp(second.top - _finite(top))
    return SoftmaxState(
        top,
        old * first.total + new * second.total,
        old[..., None] * first.weighted + new[..., None] * second.weighted,
    )


def read_state(state: SoftmaxState) -> Float[np.ndarray, "... queries channels"]:
    r"""Return the mean of the values read, :math:`o / l`; zeros where there were none.

    Examples
    --------
    >>> import numpy as np
    >>> read_state(softmax_state(np.zeros((1, 2)), np.array([[10.0], [20.0]])))
    array([[15.]])
    """
    return state.weighted / np.where(state.total == 0, 1, state.total)[..., None]


def stream_softmax(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> SoftmaxState:
    r"""Read blocks of scores and values one after another, and return the last state.

    Each pair is what `softmax_state` takes, of other keys for the same queries. Only
    one block and one state are held at a time, so `blocks` may be a generator over a
    memory of any length.

    Raises
    ------
    ValueError
        If there is no block, or one does not fit the others.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[10.0], [20.0], [60.0]])
    >>> read_state(stream_softmax((np.zeros((1, 1)), v[None]) for v in values))
    array([[30.]])
    """
    states = (softmax_state(scores, values) for scores, values in blocks)
    first = next(states, None)
    if first is None:
        raise ValueError("stream_softmax: wanted at least one block, got none")
    return reduce(merge_states, states, first)


def _finite(top):
    """Replace the maximum over nothing, so that -inf minus it is -inf and not nan."""
    return np.where(np.isneginf(top), 0, top)
