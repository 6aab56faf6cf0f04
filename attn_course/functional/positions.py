r"""Positions as vectors that are added to the embeddings: sinusoids, or a learnt table.

Attention alone cannot tell one order of its memory from another. These vectors are all
that the first layer sees of the order; positions that enter the scores instead are in
`rotary` and `relative`. Positions count from 0.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5 (sinusoids).
J. Gehring et al., "Convolutional Sequence to Sequence Learning", ICML 2017 (learnt).
"""

import numpy as np
from jaxtyping import Float, Int, Real

from attn_course.functional import expect


def sinusoidal_positions(
    positions: int | Real[np.ndarray, "..."], width: int, base: float = 10000.0
) -> Float[np.ndarray, "... {width}"]:
    r"""Return sines and cosines of each position, a pair for each frequency.

    .. math::

       p_{t, 2i} = \sin(t \, \omega_i), \quad p_{t, 2i+1} = \cos(t \, \omega_i), \qquad
       \omega_i = b^{-2i/d}

    Angles are in radians. The vector of position t + k is that of t, each pair turned
    by an angle that depends on k alone.

    Parameters
    ----------
    positions
        How many, counted from 0; or the positions themselves.
    width
        The d above, even.

    Returns
    -------
    Float[np.ndarray, "... {width}"]
        In float64, one row for each position.

    Raises
    ------
    ValueError
        If the width is odd or the base not positive.

    Examples
    --------
    >>> sinusoidal_positions(2, width=4).round(4)
    array([[0.    , 1.    , 0.    , 1.    ],
           [0.8415, 0.5403, 0.01  , 1.    ]])
    """
    if not isinstance(positions, np.ndarray):
        expect.counts("sinusoidal_positions", 0, positions=positions)
        positions = np.arange(positions)
    angles = turns("sinusoidal_positions", positions, width, base)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(
        *positions.shape, width
    )


def learned_positions(
    table: Float[np.ndarray, "longest width"], positions: Int[np.ndarray, "..."]
) -> Float[np.ndarray, "... width"]:
    """Return the rows of a learnt table at these positions.

    A position beyond the table has no vector. Indexing from the end, as Python does for
    negative numbers, would give it a wrong one in silence.

    Raises
    ------
    ValueError
        If a position is below 0 or not in the table.

    Examples
    --------
    >>> import numpy as np
    >>> learned_positions(np.array([[0.5, 1.0], [2.0, 3.0]]), np.array([1, 0, 1]))
    array([[2. , 3. ],
           [0.5, 1. ],
           [2. , 3. ]])
    """
    expect.axes("learned_positions", 2, table=table)
    expect.shape("learned_positions", table.shape[:2], table=table)
    expect.finite("learned_positions", table=table)
    expect.whole("learned_positions", 0, len(table) - 1, positions=positions)
    return table[positions]


def turns(
    who: str, positions: Real[np.ndarray, "..."], width: int, base: float
) -> Float[np.ndarray, "... pairs"]:
    """Return the angle of each pair at each position, in radians, fastest pair first.

    In float64, since in float32 a far position would lose its digits.
    """
    expect.counts(who, 0, width=width)
    pairs = expect.divides(who, 2, width, of="a width", into="entries a pair")
    expect.positive(who, base=base)
    if positions.dtype.kind not in "iuf" or not np.isfinite(positions).all():
        raise ValueError(
            f"{who}: wanted positions as finite numbers, got {positions.dtype} "
            f"{positions}"
        )
    frequencies = float(base) ** (-2 * np.arange(pairs) / max(width, 1))
    return positions[..., None].astype(float) * frequencies
