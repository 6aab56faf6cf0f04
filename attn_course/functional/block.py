r"""A Transformer block, forwards and backwards: attention, then a feed-forward layer.

Each of the two is added to what came in, and a norm stands in one of two places:

.. math::

   \text{pre-norm: } y = x + f(\operatorname{norm}(x)) \qquad
   \text{post-norm: } y = \operatorname{norm}(x + f(x))

In pre-norm a gradient comes down through the sums untouched, and what f gives is added
to it. In post-norm each norm on the way rescales it. Dropout is not here.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.1 (post-norm).
R. Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020
(pre-norm).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional.feed_forward import feed_forward, feed_forward_backward
from attn_course.functional.initialisation import xavier_uniform
from attn_course.functional.multihead import MultiHeadWeights, multi_head_attention
from attn_course.functional.multihead_backward import multi_head_backward
from attn_course.functional.norms import layer_norm, layer_norm_backward

Rows = Float[np.ndarray, "... positions model"]


class BlockWeights(NamedTuple):
    """The weights of a block; both norms are (gain, shift).

    `feed_forward` holds the four arrays of the function of this name, in its order.

    Examples
    --------
    >>> import numpy as np
    >>> weights = block_weights(4, 16, np.random.default_rng(0))
    >>> [part.shape for part in weights.feed_forward]
    [(4, 16), (16,), (16, 4), (4,)]
    """

    attention: MultiHeadWeights
    attention_norm: tuple[np.ndarray, ...]
    feed_forward: tuple[np.ndarray, ...]
    feed_forward_norm: tuple[np.ndarray, ...]


def block_weights(model: int, hidden: int, rng: np.random.Generator) -> BlockWeights:
    """Draw the first weights of a block: `xavier_uniform`, zero biases, gains of one.

    The attention has no biases, as in the paper; one of them, that of the keys, would
    never be learnt.

    Raises
    ------
    ValueError
        If a number is not whole and at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> weights = block_weights(4, 16, np.random.default_rng(0))
    >>> transformer_block(np.ones((2, 3, 4)), weights, heads=2).shape
    (2, 3, 4)
    """
    maps = (xavier_uniform(model, model, rng) for _ in range(4))
    into, out = xavier_uniform(model, hidden, rng), xavier_uniform(hidden, model, rng)
    return BlockWeights(
        attention=MultiHeadWeights(*maps),
        attention_norm=(np.ones(model), np.zeros(model)),
        feed_forward=(into, np.zeros(hidden), out, np.zeros(model)),
        feed_forward_norm=(np.ones(model), np.zeros(model)),
    )


def transformer_block(
    x: Rows,
    weights: BlockWeights,
    heads: int,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    norm_first: bool = True,
) -> Rows:
    """Let the positions read from each other, then change each by itself.

    Parameters
    ----------
    allowed
        As in `multi_head_attention`. With a causal mask it is a block of a decoder
        without cross-attention.
    norm_first
        Whether the block is pre-norm; False for post-norm.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> weights = block_weights(4, 16, np.random.default_rng(0))
    >>> x = np.array([[0.0, 9.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]])
    >>> y = transformer_block(x, weights, heads=2, norm_first=False)
    >>> y.var(axis=-1).round(2)  # the last thing done is a norm
    array([1., 1.])
    """

    def attention(x):
        return multi_head_attention(x, x, weights.attention, heads, allowed=allowed)

    def feed(x):
        return feed_forward(x, *weights.feed_forward)

    middle = _residual(x, attention, weights.attention_norm, norm_first)
    return _residual(middle, feed, weights.feed_forward_norm, norm_first)


def transformer_block_backward(
    upstream: Rows,
    x: Rows,
    weights: BlockWeights,
    heads: int,
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    norm_first: bool = True,
) -> tuple[Rows, BlockWeights]:
    """Return the gradients of `transformer_block`: of x, and of all weights.

    What the forward pass computed on its way is computed again. Arguments and errors
    are those of `transformer_block`.

    Examples
    --------
    >>> import numpy as np
    >>> x, weights = np.ones((3, 4)), block_weights(4, 16, np.random.default_rng(0))
    >>> d_x, d_weights = transformer_block_backward(x, x, weights, heads=2)
    >>> d_x.shape, d_weights.attention.query.shape
    ((3, 4), (4, 4))
    """

    def attention(x):
        return multi_head_attention(x, x, weights.attention, heads, allowed=allowed)

    def attention_backward(upstream, x):
        d_query, d_memory, d_weights = multi_head_backward(
            upstream, x, x, weights.attention, heads, allowed=allowed
        )
        return d_query + d_memory, d_weights  # x asks, and x is asked

    def feed(x):
        return feed_forward(x, *weights.feed_forward)

    def feed_backward(upstream, x):
        d_x, *d_weights = feed_forward_backward(upstream, x, *weights.feed_forward)
        return d_x, tuple(d_weights)

    first, second = weights.attention_norm, weights.feed_forward_norm
    middle = _residual(x, attention, first, norm_first)
    d_middle, d_feed, d_second = _residual_backward(
        upstream, middle, feed, feed_backward, second, norm_first
    )
    d_x, d_attention, d_first = _residual_backward(
        d_middle, x, attention, attention_backward, first, norm_first
    )
    return d_x, BlockWeights(d_attention, d_first, d_feed, d_second)


def _residual(x, layer, norm, norm_first):
    """Add what a layer has to say to x, with the norm before or behind."""
    if norm_first:
        return x + layer(layer_norm(x, *norm))
    return layer_norm(x + layer(x), *norm)


def _residual_backward(upstream, x, layer, layer_backward, norm, norm_first):
    """Return the gradients of x, of the layer's weights and of the norm."""
    if norm_first:
        d_normal, d_weights = layer_backward(upstream, layer_norm(x, *norm))
        d_x, *d_norm = layer_norm_backward(d_normal, x, *norm)
        return upstream + d_x, d_weights, tuple(d_norm)
    d_sum, *d_norm = layer_norm_backward(upstream, x + layer(x), *norm)
    d_x, d_weights = layer_backward(d_sum, x)
    return d_sum + d_x, d_weights, tuple(d_norm)
