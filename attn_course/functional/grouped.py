r"""Grouped-query attention: several heads share one set of keys and values.

Decoding is bound by reading the cache, not by arithmetic. With fewer groups of keys
and values than heads, the cache shrinks by heads over groups, and each number that is
read serves that many heads. As many groups as heads is multi-head attention; one group
is multi-query attention. Neighbouring heads share: of 6 heads in 2 groups, the first
three read the first group.

Nothing is repeated in memory. The queries of the heads of a group are laid one below
the other, as if they were queries of one head, and a group is read once for them all.

References
----------
J. Ainslie, J. Lee-Thorp, M. de Jong, Y. Zemlyanskiy, F. Lebrón and S. Sanghai, "GQA:
Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
EMNLP 2023.
N. Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need",
arXiv:1911.02150, 2019 (one group).
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.scores import scale_or_default
from attn_course.functional.softmax import exponentiate


def grouped_attend(
    query: Float[np.ndarray, "... heads queries width"],
    keys: Float[np.ndarray, "... groups keys width"],
    values: Float[np.ndarray, "... groups keys channels"],
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    scale: float | None = None,
) -> Float[np.ndarray, "... heads queries channels"]:
    r"""Read as `attend` does, with the keys and values of head h taken from its group.

    .. math::

       o_{hi} = \sum_j a_{hij} v_{g(h)j}, \qquad
       a_{hi\cdot} = \operatorname{softmax}_j(c \, q_{hi} \cdot k_{g(h)j}), \qquad
       g(h) = \lfloor h G / H \rfloor

    Parameters
    ----------
    allowed
        True where a query may attend to a key; broadcasts to the scores of all heads,
        [..., heads, queries, keys].
    scale
        The c above. Default: 1 over the root of the width.

    Raises
    ------
    ValueError
        If the heads do not fall into the groups, or sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> query, keys = np.zeros((4, 1, 2)), np.zeros((2, 3, 2))
    >>> values = np.array([[[1.0]] * 3, [[5.0]] * 3])
    >>> grouped_attend(query, keys, values)[:, 0, 0]
    array([1., 1., 5., 5.])
    """
    who = "grouped_attend"
    given = {"query": query, "keys": keys, "values": values}
    expect.axes(who, 3, **given)
    expect.floats(who, **given)
    *batch, heads, queries, width = query.shape
    groups = keys.shape[-3]
    share = expect.divides(who, groups, heads, of="a number of heads", into="groups")
    together = query.reshape(*batch, groups, share * queries, width)
    expect.memory(who, together, keys, values)
    expect.same_width(who, together, keys)
    weights = (together * scale_or_default(who, query, scale)) @ keys.mT
    by_head = weights.reshape(*query.shape[:-1], keys.shape[-2])
    total = exponentiate(who, by_head, allowed)
    output = (weights @ values).reshape(*query.shape[:-1], values.shape[-1])
    output /= total
    return output
