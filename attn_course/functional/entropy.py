r"""Entropy: over how many keys are the weights spread?

References
----------
C. E. Shannon, "A Mathematical Theory of Communication", Bell System Technical Journal
27(3), 379-423, 1948, section 6.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect


def entropy(
    weights: Float[np.ndarray, "..."], axis: int = -1, *, base: float | None = None
) -> Float[np.ndarray, "..."] | np.floating:
    r"""Return the entropy of each distribution along `axis`, which is lost.

    .. math::  H(a) = -\sum_i a_i \log a_i, \qquad 0 \log 0 = 0

    It is 0 for one-hot weights and ``log(n)`` for n equal ones, so ``exp(H)`` counts
    the keys that an even reader would use. A row of zeros, which the mask contract
    gives where nothing may be attended to, has entropy 0.

    Parameters
    ----------
    weights
        Non-negative and summing to one along `axis`; the sum is not checked.
    base
        2 for bits. Default: e, for nats.

    Raises
    ------
    ValueError
        If a weight is negative or no finite float, or `base` is not above 1.

    Examples
    --------
    >>> import numpy as np
    >>> entropy(np.array([0.5, 0.25, 0.25, 0.0]), base=2)
    np.float64(1.5)
    """
    expect.axes("entropy", 1, weights=weights)
    expect.finite("entropy", weights=weights)
    if weights.min(initial=0) < 0:
        raise ValueError(
            f"entropy: wanted weights of at least 0, got {weights.min():.3g}"
        )
    if base is not None and not base > 1:
        raise ValueError(f"entropy: wanted a base above 1, got {base}")
    logs = np.log(np.where(weights > 0, weights, 1))
    nats = 0 - (weights * logs).sum(axis=axis)  # 0 - 0 is 0, where -(0) is -0
    return nats if base is None else nats / float(np.log(base))
