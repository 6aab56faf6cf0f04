r"""The backward pass of many heads: through the last map, the reads and the first maps.

Nothing here is new: it is the forward pass of `multi_head_attention` read from its last
line to its first, with each step in place of its gradient. Where two paths led away
from an array, two gradients come back to it and are added.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.2.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend
from attn_course.functional.attention_backward import attend_backward
from attn_course.functional.multihead import (
    MultiHeadWeights,
    merge_heads,
    project,
    split_heads,
)
from attn_course.functional.projection_backward import project_backward

Rows = Float[np.ndarray, "... queries model"]
Memory = Float[np.ndarray, "... keys memory_model"]


def multi_head_backward(
    upstream: Rows,
    x: Rows,
    memory: Memory,
    weights: MultiHeadWeights,
    heads: int,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
) -> tuple[Rows, Memory, MultiHeadWeights]:
    r"""Return the gradients of `multi_head_attention`: of x, memory and all weights.

    .. math::

       G^X = G^Q {W^Q}^\top, \qquad
       G^M = G^K {W^K}^\top + G^V {W^V}^\top

    with the gradients of `attend_backward`, the heads side by side again. In
    self-attention, where the memory is x, the gradient of x is the sum of the two. The
    gradient of a bias that is None is None.

    Arguments and errors are those of `multi_head_attention`.

    Examples
    --------
    >>> import numpy as np
    >>> x, eye = np.array([[1.0, 2.0]]), np.eye(2)
    >>> weights = MultiHeadWeights(eye, eye, eye, eye)
    >>> d_x, d_memory, d_weights = multi_head_backward(x, x, x, weights, heads=2)
    >>> d_x, d_memory, d_weights.query_bias
    (array([[0., 0.]]), array([[1., 2.]]), None)
    """
    ways = [
        (x, weights.query, weights.query_bias),
        (memory, weights.key, weights.key_bias),
        (memory, weights.value, weights.value_bias),
    ]
    split = [split_heads(project(*way), heads) for way in ways]
    read = merge_heads(attend(*split, allowed=allowed))
    expect.shape("multi_head_backward", x.shape, upstream=upstream)

    last = project_backward(upstream, read, weights.output, weights.output_bias)
    d_read, d_output, d_output_bias = last
    d_split = attend_backward(split_heads(d_read, heads), *split, allowed=allowed)
    rows, maps, biases = zip(
        *(
            project_backward(merge_heads(d_part), *way)
            for d_part, way in zip(d_split, ways, strict=True)
        ),
        strict=True,
    )
    d_weights = MultiHeadWeights(*maps, d_output, *biases, d_output_bias)
    return rows[0], rows[1] + rows[2], d_weights
