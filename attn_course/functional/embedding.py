r"""Embedding: a row of a table for each token, and a gradient for the rows in use.

It is a linear map of one-hot rows, without the rows of zeros and ones. The width is a
choice; it may be larger than the vocabulary. A Transformer multiplies by the root of
the width afterwards, which is not done here.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.4.
"""

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect

Table = Float[np.ndarray, "vocab model"]
Tokens = Int[np.ndarray, "..."]


def embed(table: Table, tokens: Tokens) -> Float[np.ndarray, "... model"]:
    r"""Look up the row of each token.

    .. math::  x_i = E_{t_i \cdot} = \operatorname{onehot}(t_i) \, E

    Raises
    ------
    ValueError
        If a token is none of the rows, or is not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> embed(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([1, 0, 1]))
    array([[2., 3.],
           [0., 1.],
           [2., 3.]])
    """
    _require("embed", table, tokens)
    return table[tokens]


def embed_backward(
    upstream: Float[np.ndarray, "... model"], table: Table, tokens: Tokens
) -> Table:
    r"""Return the gradient with respect to the table.

    .. math::  G_{v \cdot} = \sum_{i \, : \, t_i = v} u_i

    Where a token comes several times its gradients add up; a row that was not looked up
    has gradient zero. Of the table only the shape matters.

    Raises
    ------
    ValueError
        If a token is none of the rows, or sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> embed_backward(np.ones((3, 2)), np.zeros((3, 2)), np.array([1, 0, 1]))
    array([[1., 1.],
           [2., 2.],
           [0., 0.]])
    """
    _require("embed_backward", table, tokens)
    expect.finite("embed_backward", upstream=upstream)
    expect.shape("embed_backward", (*tokens.shape, table.shape[-1]), upstream=upstream)
    gradient = np.zeros_like(table)
    np.add.at(gradient, tokens, upstream)  # += would keep one of the repeats
    return gradient


def _require(who, table, tokens):
    expect.finite(who, table=table)
    if table.ndim != 2:
        raise ValueError(f"{who}: wanted a table with 2 axes, got {table.shape}")
    expect.whole(who, 0, len(table) - 1, tokens=tokens)
