r"""Images as sequences: a patch is a token.

Cutting is exact and can be undone. The order is row by row, of the patches in the image
and of the pixels in a patch; a pixel keeps its colours side by side.

References
----------
A. Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image
Recognition at Scale", ICLR 2021, section 3.1.
"""

import numpy as np
from jaxtyping import Shaped

from attn_course.functional import expect


def patchify(
    images: Shaped[np.ndarray, "... rows columns colours"], size: int
) -> Shaped[np.ndarray, "... patches pixels"]:
    r"""Cut images into squares, each laid out as one row of numbers.

    .. math::

       x \in \mathbb R^{H \times W \times C} \;\mapsto\;
       x_p \in \mathbb R^{N \times (P^2 C)}, \qquad N = \frac{H W}{P^2}

    Parameters
    ----------
    images
        A grey image has one colour: an axis of size 1.
    size
        The P above: pixels along the side of a patch.

    Raises
    ------
    ValueError
        If rows or columns do not fall into patches of that size.

    Examples
    --------
    >>> import numpy as np
    >>> patchify(np.arange(8).reshape(2, 4, 1), size=2)
    array([[0, 1, 4, 5],
           [2, 3, 6, 7]])
    """
    expect.axes("patchify", 3, images=images)
    *batch, rows, columns, colours = images.shape
    high, wide = _grid("patchify", size, rows, columns)
    squares = images.reshape(*batch, high, size, wide, size, colours)
    squares = squares.swapaxes(-4, -3)  # [..., high, wide, size, size, colours]
    return squares.reshape(*batch, high * wide, size * size * colours)


def unpatchify(
    patches: Shaped[np.ndarray, "... patches pixels"],
    size: int,
    rows: int,
    columns: int,
) -> Shaped[np.ndarray, "... rows columns colours"]:
    """Put the patches of `patchify` together again.

    The number of colours follows from the rest.

    Raises
    ------
    ValueError
        If these are not the patches of an image of that many rows and columns.

    Examples
    --------
    >>> import numpy as np
    >>> unpatchify(np.array([[0, 1, 4, 5], [2, 3, 6, 7]]), 2, rows=2, columns=4)[..., 0]
    array([[0, 1, 2, 3],
           [4, 5, 6, 7]])
    """
    expect.axes("unpatchify", 2, patches=patches)
    *batch, number, pixels = patches.shape
    high, wide = _grid("unpatchify", size, rows, columns)
    if number != high * wide or pixels % size**2:
        raise ValueError(
            f"unpatchify: wanted {high * wide} patches of {size**2} pixels for each "
            f"colour, got {number} of {pixels}"
        )
    squares = patches.reshape(*batch, high, wide, size, size, pixels // size**2)
    squares = squares.swapaxes(-4, -3)  # [..., high, size, wide, size, colours]
    return squares.reshape(*batch, rows, columns, pixels // size**2)


def _grid(who, size, rows, columns):
    """Return how many patches lie below and beside each other."""
    expect.counts(who, 1, size=size)
    if rows % size or columns % size:
        raise ValueError(
            f"{who}: wanted sides that fall into patches of {size} by {size}, "
            f"got {rows} by {columns}"
        )
    return rows // size, columns // size
