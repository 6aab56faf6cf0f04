r"""Sampling the next token: how random, and from how many.

A filter returns the logits with minus infinity for the tokens it drops, so that filters
combine and the softmax gives the rest all the probability.

The order matters, and is the usual one: temperature, top-k, top-p, draw. The nucleus is
that of the tempered probabilities, so a temperature that came last would find another.

References
----------
A. Fan, M. Lewis and Y. Dauphin, "Hierarchical Neural Story Generation", ACL 2018
(top-k).
A. Holtzman, J. Buys, L. Du, M. Forbes and Y. Choi, "The Curious Case of Neural Text
Degeneration", ICLR 2020, section 3.1 (top-p, or nucleus).
"""

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect
from attn_course.functional.hard import draw_indices
from attn_course.functional.softmax import softmax

Logits = Float[np.ndarray, "... vocab"]


def top_k(logits: Logits, k: int) -> Logits:
    r"""Keep the k largest logits of each row.

    .. math::  l'_i = l_i \text{ if } \operatorname{rank}(i) \le k,
       \text{ else } -\infty

    Of equal logits those with the lowest token numbers are kept: always exactly k, or
    all if there are fewer.

    Raises
    ------
    ValueError
        If `k` is not whole or below 1, or the logits are not floats below infinity.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.array([1.0, 3.0, 2.0, 2.0]), k=2)
    array([-inf,   3.,   2., -inf])
    """
    _expect_logits("top_k", logits)
    expect.counts("top_k", 1, k=k)
    return np.where(_ranks(logits) < k, logits, -np.inf).astype(logits.dtype)


def top_p(logits: Logits, p: float) -> Logits:
    r"""Keep the fewest tokens that together have probability p: the nucleus.

    .. math::  l'_i = l_i \text{ if } \sum_{j : \operatorname{rank}(j) <
       \operatorname{rank}(i)} \operatorname{softmax}(l)_j < p, \text{ else } -\infty

    The likeliest token is always kept; ``p=1`` keeps all. The nucleus is small where
    the model is sure, and large where it is not: that is the difference from `top_k`.

    Raises
    ------
    ValueError
        If `p` is not above 0 and at most 1, or the logits are not floats below
        infinity.

    Examples
    --------
    >>> import numpy as np
    >>> top_p(np.log([0.5, 0.125, 0.25, 0.125]), p=0.7).round(3)
    array([-0.693,   -inf, -1.386,   -inf])
    """
    _expect_logits("top_p", logits)
    if not 0 < p <= 1:
        raise ValueError(f"top_p: wanted p above 0 and at most 1, got {p}")
    if p == 1:
        return logits.copy()
    ranks = _ranks(logits)
    shares = np.take_along_axis(softmax(logits), np.argsort(ranks, axis=-1), axis=-1)
    before = np.cumsum(shares, axis=-1, dtype=np.float64) - shares
    kept = np.take_along_axis(before < p, ranks, axis=-1)
    return np.where(kept, logits, -np.inf).astype(logits.dtype)


def sample(
    logits: Logits,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    k: int | None = None,
    p: float | None = None,
) -> Int[np.ndarray, "..."]:
    r"""Draw one token from each row.

    .. math::  P(y = i) = \operatorname{softmax}(l')_i, \qquad
       l' = \operatorname{top-p}(\operatorname{top-k}(l / \tau))

    Parameters
    ----------
    temperature
        The τ above, positive; it comes first.
    k, p
        What `top_k` and then `top_p` keep. Default: everything.

    Raises
    ------
    ValueError
        If a row has no token left, the logits are not floats below infinity, the
        temperature is not positive, or where `top_k` and `top_p` raise.

    Examples
    --------
    >>> import numpy as np
    >>> sample(np.array([[0.0, 99.0], [99.0, 0.0]]), np.random.default_rng(0))
    array([1, 0])
    """
    _expect_logits("sample", logits)
    expect.positive("sample", temperature=temperature)
    logits = _tempered(logits, temperature)
    logits = logits if k is None else top_k(logits, k)
    logits = logits if p is None else top_p(logits, p)
    return draw_indices(softmax(logits), rng)


def _tempered(logits, temperature):
    """Divide by the temperature in float64, the largest at 0, so that none is nan."""
    below = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float64)
    with np.errstate(over="ignore"):  # -inf is the right limit of a huge gap
        return below / float(temperature)


def _ranks(logits):
    """0 for the largest of its row, 1 for the next; of equals the first comes first."""
    return np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1)


def _expect_logits(who, logits):
    expect.axes(who, 1, logits=logits)
    expect.floats(who, logits=logits)
    if not (logits < np.inf).all():
        raise ValueError(f"{who}: wanted logits below infinity, got {logits.max()}")
    if not (logits > -np.inf).any(axis=-1).all():
        raise ValueError(f"{who}: wanted a finite logit in each row, got none")
