r"""Many heads: several reads side by side, each through projections of its own.

What is split among the heads are the entries of a position, never the positions: every
head sees the whole sequence. The last projection is where heads meet; without it each
would write to entries of its own.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.2.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend


class MultiHeadWeights(NamedTuple):
    """The four projections of multi-head attention; a map stands on the right: X W.

    `inner` and `inner_values` are the widths of all heads together, often both equal to
    `model`. A bias is one number for each column; None is none. That of the keys adds
    the same to all scores of a query, which softmax does not see.

    Examples
    --------
    >>> import numpy as np
    >>> weights = MultiHeadWeights(*np.ones((4, 8, 8)), *np.zeros((4, 8)))
    >>> sum(part.size for part in weights) == 4 * 8**2 + 4 * 8
    True
    """

    query: Float[np.ndarray, "model inner"]
    key: Float[np.ndarray, "memory_model inner"]
    value: Float[np.ndarray, "memory_model inner_values"]
    output: Float[np.ndarray, "inner_values model"]
    query_bias: Float[np.ndarray, " inner"] | None = None
    key_bias: Float[np.ndarray, " inner"] | None = None
    value_bias: Float[np.ndarray, " inner_values"] | None = None
    output_bias: Float[np.ndarray, " model"] | None = None


def multi_head_attention(
    x: Float[np.ndarray, "... queries model"],
    memory: Float[np.ndarray, "... keys memory_model"],
    weights: MultiHeadWeights,
    heads: int,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... queries model"]
    | tuple[
        Float[np.ndarray, "... queries model"],
        Float[np.ndarray, "... heads queries keys"],
    ]
):
    r"""Let each position of x read from the memory, through several heads.

    .. math::

       \text{head}_h = \operatorname{attend}(X W^Q_h, M W^K_h, M W^V_h), \qquad
       Y = [\text{head}_1, \dots, \text{head}_H] \, W^O

    Self-attention is ``memory=x``; cross-attention asks another sequence. The number of
    weights does not depend on the number of heads or of positions.

    Parameters
    ----------
    weights
        Head h owns the h-th of equal groups of columns of W^Q, W^K and W^V.
    allowed
        True where a query may attend to a key; broadcasts to [..., heads, queries,
        keys], so a mask for each sample needs an axis of size 1 for the heads. A query
        that may attend to nothing reads zeros, and yields the bias of the output.
    return_weights
        Whether to return (output, weights), with a table of weights for each head.

    Raises
    ------
    ValueError
        If sizes do not fit or the columns do not fall into that many heads.

    Examples
    --------
    >>> import numpy as np
    >>> x, eye = np.array([[1.0, 0.0], [0.0, 1.0]]), np.eye(2)
    >>> allowed = np.eye(2, dtype=bool)
    >>> weights = MultiHeadWeights(eye, eye, eye, eye)
    >>> multi_head_attention(x, x, weights, heads=2, allowed=allowed)
    array([[1., 0.],
           [0., 1.]])
    """
    _check("multi_head_attention", x, memory, weights)
    query = split_heads(project(x, weights.query, weights.query_bias), heads)
    keys = split_heads(project(memory, weights.key, weights.key_bias), heads)
    values = split_heads(project(memory, weights.value, weights.value_bias), heads)
    read, shares = attend(query, keys, values, allowed=allowed, return_weights=True)
    output = project(merge_heads(read), weights.output, weights.output_bias)
    return (output, shares) if return_weights else output


def split_heads(
    x: Float[np.ndarray, "... positions model"], heads: int
) -> Float[np.ndarray, "... {heads} positions width"]:
    r"""Give each head an equal share of the entries of every position.

    .. math::  y_{h i d} = x_{i, \, h D + d}, \qquad D = d_\text{model} / H

    The entries are cut first and the axes swapped then. A reshape straight to the last
    shape would run, and would hand each head other positions instead.

    Raises
    ------
    ValueError
        If the entries do not fall into that many heads.

    Examples
    --------
    >>> import numpy as np
    >>> split_heads(np.array([[1.0, 2.0], [3.0, 4.0]]), heads=2)
    array([[[1.],
            [3.]],
    <BLANKLINE>
           [[2.],
            [4.]]])
    """
    expect.axes("split_heads", 2, x=x)
    expect.floats("split_heads", x=x)
    expect.counts("split_heads", 1, heads=heads)
    *batch, positions, model = x.shape
    width = expect.divides("split_heads", heads, model, of="a model", into="heads")
    return np.swapaxes(x.reshape(*batch, positions, heads, width), -3, -2)


def merge_heads(
    x: Float[np.ndarray, "... heads positions width"],
) -> Float[np.ndarray, "... positions model"]:
    """Put the entries of all heads side by side again: `split_heads`, backwards.

    Examples
    --------
    >>> import numpy as np
    >>> merge_heads(np.array([[[1.0], [3.0]], [[2.0], [4.0]]]))
    array([[1., 2.],
           [3., 4.]])
    """
    expect.axes("merge_heads", 3, x=x)
    expect.floats("merge_heads", x=x)
    *batch, heads, positions, width = x.shape
    return np.swapaxes(x, -3, -2).reshape(*batch, positions, heads * width)


def project(
    x: Float[np.ndarray, "... inputs"],
    weight: Float[np.ndarray, "inputs outputs"],
    bias: Float[np.ndarray, " outputs"] | None = None,
) -> Float[np.ndarray, "... outputs"]:
    r"""Map each row through a matrix on its right, and add a bias.

    .. math::  Y = X W + b

    The weight of ``torch.nn.Linear`` is the transpose of this one.

    Raises
    ------
    ValueError
        If the rows are not as long as the weight has rows, or the bias as its columns.

    Examples
    --------
    >>> import numpy as np
    >>> project(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([0.5]))
    array([[21.5]])
    """
    expect.axes("project", 1, x=x)
    expect.axes("project", 2, weight=weight)
    expect.finite("project", x=x, weight=weight)
    expect.shape("project", (x.shape[-1], weight.shape[-1]), weight=weight)
    if bias is None:
        return x @ weight
    expect.finite("project", bias=bias)
    expect.shape("project", weight.shape[1:], bias=bias)
    return x @ weight + bias


def _check(who, x, memory, weights):
    """Want four maps that fit each other, and biases that fit the maps."""
    expect.memory(who, x, memory)
    maps = {
        name: getattr(weights, name) for name in ("query", "key", "value", "output")
    }
    expect.axes(who, 2, **{f"{name} weight": part for name, part in maps.items()})
    inner, channels = weights.query.shape[-1], weights.value.shape[-1]
    wanted = {
        "query": (x.shape[-1], inner),
        "key": (memory.shape[-1], inner),
        "value": (memory.shape[-1], channels),
        "output": (channels, x.shape[-1]),
    }
    for name, part in maps.items():
        expect.shape(who, wanted[name], **{f"{name} weight": part})
        bias = getattr(weights, f"{name}_bias")
        if bias is not None:
            expect.shape(who, wanted[name][1:], **{f"{name} bias": bias})
