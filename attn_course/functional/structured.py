r"""Structured self-attention: a sentence as a few weighted means of its positions.

The queries are learnt rows that belong to no position, so the result has as many rows
whatever the length. One row is the pooling by attention that classifiers use.

References
----------
Z. Lin et al., "A Structured Self-attentive Sentence Embedding", ICLR 2017, section 2.1.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.softmax import softmax


def structured_attention(
    states: Float[np.ndarray, "... positions width"],
    hidden_weight: Float[np.ndarray, "width hidden"],
    row_weight: Float[np.ndarray, "hidden rows"],
    *,
    allowed: Bool[np.ndarray, "..."] | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... rows width"]
    | tuple[
        Float[np.ndarray, "... rows width"], Float[np.ndarray, "... rows positions"]
    ]
):
    r"""Read from all positions once for each row.

    .. math::  A = \operatorname{softmax}((\tanh(H W_1) \, W_2)^\top), \qquad M = A H

    The weights stand on the right and are the transposes of those of the paper. A row's
    score is that of `additive_scores` without a query.

    Parameters
    ----------
    states
        The H above: one row for each position.
    row_weight
        The W_2 above: a column for each row of the result.
    allowed
        True where a position may be read; broadcasts to [..., rows, positions], as
        does a `padding_mask`.

    Raises
    ------
    ValueError
        If the weights do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> states = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> structured_attention(states, np.zeros((2, 4)), np.zeros((4, 1)))
    array([[0.5, 0.5]])
    """
    who = "structured_attention"
    weights = {"hidden_weight": hidden_weight, "row_weight": row_weight}
    expect.axes(who, 2, states=states, **weights)
    expect.finite(who, states=states, **weights)
    hidden = hidden_weight.shape[-1]
    expect.shape(who, (states.shape[-1], hidden), hidden_weight=hidden_weight)
    expect.shape(who, (hidden, row_weight.shape[-1]), row_weight=row_weight)
    scores = np.tanh(states @ hidden_weight) @ row_weight  # [..., positions, rows]
    shares = softmax(np.swapaxes(scores, -1, -2), where=allowed)
    read = shares @ states
    return (read, shares) if return_weights else read
