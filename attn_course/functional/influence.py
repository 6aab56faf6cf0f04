r"""Which input positions can change which outputs: what a mask says, found by trying.

Nothing is asked of the function but that it maps rows to rows, so the search sees what
a look at the mask would miss: a leak through an average, a norm or a second layer.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Shaped

from attn_course.functional import expect

SLACK = 16  # times the rounding of the largest output


def influence(
    function: Callable[[np.ndarray], Float[np.ndarray, "outputs ..."]],
    x: Shaped[np.ndarray, "inputs ..."],
    other: Shaped[np.ndarray, "inputs ..."] | None = None,
) -> Bool[np.ndarray, "outputs inputs"]:
    r"""Change one position at a time and say which outputs change.

    .. math::

       C_{ij} \iff f(x)_i \ne f(x^{(j)})_i, \qquad
       x^{(j)} = x \text{ with position } j \text{ taken from } \tilde x

    A True proves an influence. A False may be chance, as where the function rounds or
    takes a maximum. A causal function has nothing above the diagonal, and
    ``influence(f, x) & ~allowed`` are its leaks.

    Parameters
    ----------
    function
        Maps rows to rows, without chance: switch dropout off. It never gets `x` itself.
    x
        Floats, or anything else if `other` is given, such as the ids of tokens.
    other
        The x̃ above. Default: other numbers of the size of `x`, always the same.

    Returns
    -------
    Bool[np.ndarray, "outputs inputs"]
        Differences at the size of rounding do not count.

    Raises
    ------
    ValueError
        If `other` is no second input, or outputs are not finite floats of one shape.

    Examples
    --------
    >>> import numpy as np
    >>> influence(lambda x: x.cumsum(axis=0), np.ones((3, 2))).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    expect.axes("influence", 1, x=x)
    other = _elsewhere(x) if other is None else other
    expect.shape("influence", x.shape, other=other)
    before = function(x.copy())
    expect.axes("influence", 1, outputs=before)
    expect.finite("influence", outputs=before)
    noise = SLACK * np.finfo(before.dtype).eps * abs(before).max(initial=0)
    changes = np.zeros((len(before), len(x)), bool)
    for j in range(len(x)):
        changed = x.copy()
        changed[j] = other[j]
        after = function(changed)
        expect.shape("influence", before.shape, outputs=after)
        expect.finite("influence", outputs=after)
        gaps = abs(after - before).reshape(len(before), before[:1].size)
        changes[:, j] = gaps.max(axis=1, initial=0) > noise
    return changes


def _elsewhere(x):
    """Return numbers about as large as those of x, and none of them near to it."""
    expect.finite("influence", x=x)
    noise = np.random.default_rng(0).normal(size=x.shape)
    size = x.std() if x.size else 0
    away = np.sign(noise) * (1 + abs(noise)) * (size or 1)
    return (x + away).astype(x.dtype)
