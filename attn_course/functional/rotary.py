r"""Rotary positions: turn each pair of entries of queries and keys by its position.

A score then depends on how far apart the two stand, and not on where:

.. math::  (R_s q) \cdot (R_t k) = q \cdot R_{t-s} k

Two ways to pair the entries are in use. They are equally good, but weights trained with
one are of no use with the other until their columns are put in the other order.

References
----------
J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
arXiv:2104.09864, 2021, section 3.2 and equation 34 (pairs of neighbours).
S. Black et al., "GPT-NeoX-20B: An Open-Source Autoregressive Language Model",
arXiv:2204.06745, 2022 (whose code pairs the first half with the second).
"""

import numpy as np
from jaxtyping import Float, Int, Real

from attn_course.functional import expect
from attn_course.functional.positions import turns


def rotate(
    x: Float[np.ndarray, "... positions width"],
    positions: Real[np.ndarray, " positions"],
    *,
    base: float = 10000.0,
    pairing: str = "halves",
) -> Float[np.ndarray, "... positions width"]:
    r"""Turn pair i of the row at position t by the angle t times frequency i.

    .. math::

       \begin{pmatrix} x'_a \\ x'_b \end{pmatrix} =
       \begin{pmatrix} \cos t\omega_i & -\sin t\omega_i \\
                       \sin t\omega_i & \cos t\omega_i \end{pmatrix}
       \begin{pmatrix} x_a \\ x_b \end{pmatrix}, \qquad \omega_i = b^{-2i/d}

    Meant for queries and keys, never for values. Lengths stay as they are.

    Parameters
    ----------
    x
        Rows of one head: the width is that of a head, and even.
    positions
        The t above, one for each row; fractions will do.
    pairing
        "halves": pair i is made of the entries i and i + width / 2, as in GPT-NeoX.
        "neighbours": of 2i and 2i + 1, as in RoFormer; also known as interleaved.

    Raises
    ------
    ValueError
        If the width is odd, if there is not one position for each row, or if the
        pairing has another name.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0, 0.0, 0.0]])
    >>> rotate(x, np.array([1]), base=1.0).round(4)
    array([[0.5403, 1.0806, 0.8415, 1.6829]])
    >>> rotate(x, np.array([1]), base=1.0, pairing="neighbours").round(4)
    array([[-1.1426,  1.9221,  0.    ,  0.    ]])
    """
    expect.axes("rotate", 2, x=x)
    expect.finite("rotate", x=x)
    expect.shape("rotate", x.shape[-2:-1], positions=positions)
    angles = turns("rotate", np.asarray(positions), x.shape[-1], base)
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    first, second = _pairs(x, pairing)
    turned = np.empty(x.shape, x.dtype)
    new_first, new_second = _pairs(turned, pairing)
    new_first[...] = first * cos - second * sin
    new_second[...] = first * sin + second * cos
    return turned


def rotary_permutation(width: int) -> Int[np.ndarray, " {width}"]:
    r"""Return the order of entries that makes pairs of neighbours pairs of halves.

    With p this order, ``rotate(x, t, pairing="neighbours")[..., p]`` equals
    ``rotate(x[..., p], t, pairing="halves")``: turn and reorder, or reorder and turn.
    So the columns of each head's projections for queries and keys, put in this order,
    fit a model to the other pairing. `numpy.argsort` of it leads back.

    Examples
    --------
    >>> rotary_permutation(6)
    array([0, 2, 4, 1, 3, 5])
    """
    expect.counts("rotary_permutation", 0, width=width)
    expect.divides("rotary_permutation", 2, width, of="a width", into="entries a pair")
    return np.arange(width).reshape(-1, 2).T.ravel()


def _pairs(x, pairing):
    """Return views of the first and the second entries of all pairs."""
    if pairing == "halves":
        half = x.shape[-1] // 2
        return x[..., :half], x[..., half:]
    if pairing == "neighbours":
        return x[..., 0::2], x[..., 1::2]
    raise ValueError(
        f"rotate: wanted pairing as 'halves' or 'neighbours', got {pairing!r}"
    )
