r"""Block-sparse attention: only the chosen blocks of the table of scores exist.

The table of queries by keys is cut into squares; a boolean layout says which of them
are worked out. The saving is the share of blocks left out, in time and in memory, and
the numbers are those of `attend` with the layout expanded to a mask.

References
----------
R. Child, S. Gray, A. Radford and I. Sutskever, "Generating Long Sequences with Sparse
Transformers", arXiv:1904.10509, 2019.
I. Beltagy, M. E. Peters and A. Cohan, "Longformer: The Long-Document Transformer",
arXiv:2004.05150, 2020.
G. Xiao, Y. Tian, B. Chen, S. Han and M. Lewis, "Efficient Streaming Language Models
with Attention Sinks", ICLR 2024.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend


def block_layout(
    allowed: Bool[np.ndarray, "queries keys"], size: int
) -> Bool[np.ndarray, "rows columns"]:
    """Return the fewest blocks that hold everything a mask allows.

    A block counts as soon as one of its pairs is allowed, so a strided mask whose
    stride is below `size` needs every block.

    Raises
    ------
    ValueError
        If the mask does not fall into blocks of `size` by `size`.

    Examples
    --------
    >>> import numpy as np
    >>> block_layout(np.tri(4, dtype=bool), 2)
    array([[ True, False],
           [ True,  True]])
    """
    allowed = _table("block_layout", allowed)
    rows, columns = (_blocks("block_layout", size, n) for n in allowed.shape)
    return allowed.reshape(rows, size, columns, size).any(axis=(1, 3))


def expand_layout(
    layout: Bool[np.ndarray, "rows columns"], size: int
) -> Bool[np.ndarray, "queries keys"]:
    """Return the mask of a layout: each entry becomes `size` by `size` equal ones.

    Examples
    --------
    >>> import numpy as np
    >>> expand_layout(np.array([[True, False]]), 2)
    array([[ True,  True, False, False],
           [ True,  True, False, False]])
    """
    expect.counts("expand_layout", 1, size=size)
    layout = _table("expand_layout", layout)
    return layout.repeat(size, axis=0).repeat(size, axis=1)


def block_sparse_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    layout: Bool[np.ndarray, "rows columns"],
    size: int,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Float[np.ndarray, "... queries channels"]:
    r"""Read from the keys of the chosen blocks, and touch no others.

    .. math::

       o_i = \sum_{j \in N(i)} a_{ij} v_j, \qquad
       N(i) = \{ j : L_{\lfloor i / b \rfloor, \lfloor j / b \rfloor} \}, \qquad
       a_{i\cdot} = \operatorname{softmax}_{j \in N(i)}(c \, q_i \cdot k_j)

    Parameters
    ----------
    layout
        The L above: True where a block of queries reads a block of keys. Queries whose
        row is empty read zeros.
    size
        The b above: positions in a block.
    causal
        Whether, inside the blocks, a query sees its own position and earlier ones only.
        As in `causal_mask`, the queries are the last positions.
    scale
        The c above. Default: 1 over the root of the width.

    Raises
    ------
    ValueError
        If the layout is not boolean or is not one entry for each pair of blocks; as
        `attend` does.

    Examples
    --------
    >>> import numpy as np
    >>> same, values = np.ones((4, 2)), np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> block_sparse_attend(same, same, values, np.eye(2, dtype=bool), size=2)
    array([[1.5],
           [1.5],
           [3.5],
           [3.5]])
    """
    who = "block_sparse_attend"
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    blocks = tuple(_blocks(who, size, x.shape[-2]) for x in (query, keys))
    expect.shape(who, blocks, layout=layout)
    layout = expect.mask(who, layout, blocks)
    dtype = np.result_type(query, keys, values)
    output = np.zeros((*query.shape[:-1], values.shape[-1]), dtype)
    ahead = keys.shape[-2] - query.shape[-2]
    for row, chosen in enumerate(layout):
        own = np.arange(row * size, (row + 1) * size)
        near = np.flatnonzero(chosen.repeat(size))
        output[..., own, :] = attend(
            query[..., own, :],
            keys[..., near, :],
            values[..., near, :],
            allowed=near <= own[:, None] + ahead if causal else None,
            scale=scale,
        )
    return output


def _table(who, mask):
    if np.ndim(mask) != 2:
        raise ValueError(f"{who}: wanted a table of two axes, got {np.shape(mask)}")
    return expect.mask(who, mask, np.shape(mask))


def _blocks(who, size, length):
    """Return how many blocks of this size the length falls into."""
    expect.counts(who, 1, size=size)
    if length % size:
        raise ValueError(
            f"{who}: wanted a length that falls into blocks of {size}, got {length}"
        )
    return length // size
