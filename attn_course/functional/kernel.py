r"""Kernel regression: attention whose score is closeness, and nothing is learnt.

The Nadaraya-Watson estimate with a Gaussian kernel is softmax attention with the
score of `gaussian_scores`; written that way it cannot divide 0 by 0 far from all data.

References
----------
E. A. Nadaraya, "On Estimating Regression", Theory of Probability and Its
Applications 9(1), 141-142, 1964.
G. S. Watson, "Smooth Regression Analysis", Sankhya A 26(4), 359-372, 1964.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend


def gaussian_scores(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    bandwidth: float,
) -> Float[np.ndarray, "... queries keys"]:
    r"""Return the logarithm of the Gaussian kernel between queries and keys.

    .. math::  s_{ij} = -\frac{\lVert q_i - k_j \rVert^2}{2 h^2}

    Parameters
    ----------
    bandwidth
        The h above, positive, in the units of the keys.

    Raises
    ------
    ValueError
        If widths or leading axes differ, or the bandwidth is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> gaussian_scores(np.array([[0.0]]), np.array([[0.0], [2.0]]), bandwidth=1.0)
    array([[-0., -2.]])
    """
    expect.memory("gaussian_scores", query, keys)
    expect.same_width("gaussian_scores", query, keys)
    expect.positive("gaussian_scores", bandwidth=bandwidth)
    gaps = (query[..., :, None, :] - keys[..., None, :, :]) / float(bandwidth)
    return -(gaps**2).sum(axis=-1) / 2


def nadaraya_watson(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    bandwidth: float,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "... queries channels"]:
    r"""Predict at each query the mean of the values, weighted by closeness.

    .. math::

       \hat y(q) = \frac{\sum_j K_h(q - k_j) \, v_j}{\sum_j K_h(q - k_j)},
       \qquad K_h(u) = e^{-\lVert u \rVert^2 / 2 h^2}

    Arguments are those of `attend` and `gaussian_scores`, and so are the errors.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.array([[0.0], [1.0]]), np.array([[10.0], [20.0]])
    >>> nadaraya_watson(np.array([[0.5], [100.0]]), keys, values, bandwidth=1.0)
    array([[15.],
           [20.]])
    """

    def closeness(query, keys):
        return gaussian_scores(query, keys, bandwidth)

    return attend(query, keys, values, allowed=allowed, score=closeness)


def leave_one_out_error(
    keys: Float[np.ndarray, "keys width"],
    values: Float[np.ndarray, "keys channels"],
    bandwidth: float,
) -> float:
    r"""Return the mean squared error of each value, predicted from all the others.

    .. math::  \frac{1}{n} \sum_i \lVert \hat y_{-i}(k_i) - v_i \rVert^2

    No key may attend to itself: with itself in sight it would predict itself, and the
    smallest bandwidth would always look best. The unit is that of the values, squared.

    Raises
    ------
    ValueError
        If there are fewer than two keys, or keys and values are no two tables.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.array([[0.0], [1.0]]), np.array([[10.0], [20.0]])
    >>> leave_one_out_error(keys, values, bandwidth=1.0)
    100.0
    """
    who = "leave_one_out_error"
    for name, table in {"keys": keys, "values": values}.items():
        expect.axes(who, 2, **{name: table})
        expect.shape(who, (len(keys), np.shape(table)[-1]), **{name: table})
    if len(keys) < 2:
        raise ValueError(f"leave_one_out_error: wanted two keys, got {len(keys)}")
    others = ~np.eye(len(keys), dtype=bool)
    guesses = nadaraya_watson(keys, keys, values, bandwidth, allowed=others)
    return float(((guesses - values) ** 2).sum(axis=-1).mean())
