r"""Local attention: read from a window around one place, fixed or predicted.

Local-m takes it that query i belongs to key i and masks the rest (`local_m_mask`,
given to `attend` as ``allowed``). Local-p predicts the centre of the window from the
query's hidden state and favours keys near it with a Gaussian, so that the prediction
has a gradient (`predicted_centres`, then `local_p_attend`).

Positions count from 0. The Gaussian multiplies weights that have already been shared
out, and they are not shared out again: rows of local-p weights sum to less than one.

References
----------
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, section 3.2, equations 9 and 10.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from attn_course.functional import expect
from attn_course.functional.activations import sigmoid
from attn_course.functional.attention import Keys, Output, Queries, Scores, attend

Centres = Float[np.ndarray, "... queries"]


def local_m_mask(
    queries: int, keys: int, half_width: int
) -> Bool[np.ndarray, "{queries} {keys}"]:
    r"""Allow each query the keys at most `half_width` places from its own.

    .. math::  \text{allowed}_{ij} = \bigl[\, |i - j| \le D \,\bigr]

    A query that stands further than D beyond the last key may attend to nothing.

    Raises
    ------
    ValueError
        If a number is not whole, or below 0.

    Examples
    --------
    >>> local_m_mask(3, 4, half_width=1).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 0],
           [0, 1, 1, 1]])
    """
    who = "local_m_mask"
    expect.counts(who, 0, queries=queries, keys=keys, half_width=half_width)
    return abs(np.arange(queries)[:, None] - np.arange(keys)) <= half_width


def predicted_centres(
    hidden: Float[np.ndarray, "... queries hidden"],
    weight: Float[np.ndarray, "hidden inner"],
    vector: Float[np.ndarray, " inner"],
    length: int | Int[np.ndarray, "..."],
) -> Centres:
    r"""Predict for each query the place in the source where its window should stand.

    .. math::  p_i = S \cdot \operatorname{sigmoid}\bigl(v^\top \tanh(h_i W)\bigr)

    Parameters
    ----------
    hidden
        The states of the decoder, one row a query.
    length
        The S above, the number of source positions: one for all, or one for each
        entry of the leading axes, where the sources are padded.

    Returns
    -------
    Float[np.ndarray, "... queries"]
        Real positions from 0 to S, both included; not rounded.

    Raises
    ------
    ValueError
        If sizes do not fit, or a length is not whole or below 0.

    Examples
    --------
    >>> import numpy as np
    >>> hidden = np.array([[0.0, 0.0], [9.0, 9.0]])
    >>> predicted_centres(hidden, np.eye(2), np.array([9.0, 9.0]), length=8).round(3)
    array([4., 8.])
    """
    who = "predicted_centres"
    expect.axes(who, 2, hidden=hidden)
    expect.finite(who, hidden=hidden, weight=weight, vector=vector)
    expect.shape(who, (hidden.shape[-1], *vector.shape[:1]), weight=weight)
    expect.shape(who, weight.shape[1:], vector=vector)
    if np.ndim(length):
        expect.whole(who, 0, np.iinfo(np.int64).max, length=length)
        expect.shape(who, hidden.shape[:-2], length=length)
        length = length[..., None].astype(hidden.dtype)
    else:
        expect.counts(who, 0, length=length)
        length = float(length)
    return length * sigmoid(np.tanh(hidden @ weight) @ vector)


def local_p_mask(
    centres: Centres, keys: int, half_width: float
) -> Bool[np.ndarray, "... queries {keys}"]:
    r"""Allow each query the keys at most `half_width` from its centre.

    .. math::  \text{allowed}_{ij} = \bigl[\, |j - p_i| \le D \,\bigr]

    Raises
    ------
    ValueError
        If the centres are not finite floats, `keys` is not whole or below 0, or
        `half_width` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> local_p_mask(np.array([0.4, 2.5]), 4, half_width=1.0).astype(int)
    array([[1, 1, 0, 0],
           [0, 0, 1, 1]])
    """
    _expect_window("local_p_mask", centres, keys, half_width)
    return abs(np.arange(keys) - centres[..., None]) <= half_width


def gaussian_window(
    centres: Centres, keys: int, half_width: float
) -> Float[np.ndarray, "... queries {keys}"]:
    r"""Return how much of each key's weight is kept: 1 at the centre, less around it.

    .. math::

       g_{ij} = \exp\Bigl( -\frac{(j - p_i)^2}{2 \sigma^2} \Bigr),
       \qquad \sigma = \frac{D}{2}

    At the edge of the window, two sigma out, :math:`e^{-2} \approx 0.14` is left.
    Errors are those of `local_p_mask`.

    Examples
    --------
    >>> import numpy as np
    >>> gaussian_window(np.array([1.0]), 4, half_width=2.0).round(2)
    array([[0.61, 1.  , 0.61, 0.14]])
    """
    _expect_window("gaussian_window", centres, keys, half_width)
    places = np.arange(keys, dtype=centres.dtype)
    gaps = (places - centres[..., None]) / (float(half_width) / 2)
    return np.exp(-(gaps**2) / 2)


def local_p_attend(
    query: Queries,
    keys: Keys,
    values: Float[np.ndarray, "... keys channels"],
    centres: Centres,
    half_width: float,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    score: Callable[[Queries, Keys], Scores] | None = None,
    scale: float | None = None,
    return_weights: bool = False,
) -> Output | tuple[Output, Scores]:
    r"""Read from a window around each query's centre, more from its middle.

    .. math::

       a_{ij} = g_{ij} \operatorname{softmax}_{j : |j - p_i| \le D}
       \bigl(c \, s(q_i, k_j)\bigr)

    The g are those of `gaussian_window`. As in equation 10 of the paper, the product is
    not normalised again: a row of weights sums to at most one, and to less the further
    its mass lies from the centre. Other arguments are those of `attend`.

    Raises
    ------
    ValueError
        Where `attend` and `local_p_mask` raise, or if there is not one centre for each
        query.

    Examples
    --------
    >>> import numpy as np
    >>> query, keys, values = np.zeros((1, 2)), np.zeros((4, 2)), np.eye(4)
    >>> local_p_attend(query, keys, values, np.array([1.0]), 1.0).round(3)
    array([[0.045, 0.333, 0.045, 0.   ]])
    """
    expect.memory("local_p_attend", query, keys, values)
    expect.shape("local_p_attend", query.shape[:-1], centres=centres)
    count = keys.shape[-2]
    window = local_p_mask(centres, count, half_width)
    if allowed is not None:
        window = window & expect.mask("local_p_attend", allowed, window.shape)
    kind = {"score": score, "scale": scale}
    _, shares = attend(query, keys, values, allowed=window, return_weights=True, **kind)
    weights = shares * gaussian_window(centres, count, half_width)
    output = weights @ values
    return (output, weights) if return_weights else output


def _expect_window(who, centres, keys, half_width):
    expect.axes(who, 1, centres=centres)
    expect.finite(who, centres=centres)
    expect.counts(who, 0, keys=keys)
    expect.positive(who, half_width=half_width)
