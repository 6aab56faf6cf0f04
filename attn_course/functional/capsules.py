r"""Capsules: parts choose the whole they belong to.

Routing by agreement looks like attention and shares out along the other axis. In
attention a reader shares one whole over what it reads; here a part shares itself over
its possible parents, so **for each child the coupling coefficients sum to one over the
parents**, and a parent may get much or nothing.

References
----------
S. Sabour, N. Frosst and G. E. Hinton, "Dynamic Routing Between Capsules",
NeurIPS 2017, equations 1-3 and procedure 1.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect
from attn_course.functional.softmax import softmax


def squash(vectors: Float[np.ndarray, "... width"]) -> Float[np.ndarray, "... width"]:
    r"""Shorten vectors to a length below 1, which can stand for a probability.

    .. math::

       v = \frac{\lVert s \rVert^2}{1 + \lVert s \rVert^2} \, \frac{s}{\lVert s \rVert}

    The direction stays; short vectors nearly vanish, long ones nearly have length 1.
    The vector of zeros stays as it is.

    Examples
    --------
    >>> import numpy as np
    >>> squash(np.array([[3.0, 0.0], [0.0, 0.0]]))
    array([[0.9, 0. ],
           [0. , 0. ]])
    """
    expect.axes("squash", 1, vectors=vectors)
    expect.finite("squash", vectors=vectors)
    largest = abs(vectors).max(axis=-1, keepdims=True, initial=0)
    scaled = vectors / np.where(largest == 0, 1, largest)  # its squares are at most 1
    root = np.sqrt((scaled**2).sum(axis=-1, keepdims=True))
    with np.errstate(over="ignore"):  # a share of 1, or of 0, is the right limit
        length = np.where(root == 0, 1, largest * root)
        share = 1 / (1 + (1 / length) ** 2)
    return scaled / np.where(root == 0, 1, root) * share


def route_capsules(
    predictions: Float[np.ndarray, "... children parents width"],
    iterations: int = 3,
) -> tuple[
    Float[np.ndarray, "... parents width"], Float[np.ndarray, "... children parents"]
]:
    r"""Let each child send more to the parents that come out as it predicted.

    .. math::

       c_{i\cdot} = \operatorname{softmax}_j(b_{ij}), \qquad
       v_j = \operatorname{squash}\Bigl(\sum_i c_{ij} \hat u_{j|i}\Bigr), \qquad
       b_{ij} \leftarrow b_{ij} + \hat u_{j|i} \cdot v_j

    starting from b = 0, so that the first round is even.

    Parameters
    ----------
    predictions
        The û above: what child i says parent j looks like, made from the child by a
        matrix of its own for each pair.
    iterations
        Rounds of the above, at least 1.

    Returns
    -------
    tuple
        (v, c) of the last round: the parents, and the coupling coefficients that made
        them. For each child they sum to one over the parents.

    Raises
    ------
    ValueError
        If there is no round.

    Examples
    --------
    >>> import numpy as np
    >>> agreed, quarrel = [1.0, 0.0], [0.0, 1.0]
    >>> says = np.array([[agreed, quarrel], [agreed, [0.0, -1.0]]])
    >>> parents, coupling = route_capsules(says)
    >>> coupling.round(2)
    array([[0.75, 0.25],
           [0.75, 0.25]])
    """
    expect.axes("route_capsules", 3, predictions=predictions)
    expect.finite("route_capsules", predictions=predictions)
    expect.counts("route_capsules", 1, iterations=iterations)
    agreement = np.zeros(predictions.shape[:-1], predictions.dtype)
    for _ in range(iterations):
        coupling = softmax(agreement)  # over the parents
        sent = coupling[..., None] * predictions
        parents = squash(sent.sum(axis=-3))
        agreement = agreement + (predictions * parents[..., None, :, :]).sum(axis=-1)
    return parents, coupling
