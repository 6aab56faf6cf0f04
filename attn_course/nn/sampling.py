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
Degeneration", ICLR 2020, section 3.1 (nucleus, or top-p).
"""

import torch
from jaxtyping import Float, Int

from attn_course.nn import expect

Logits = Float[torch.Tensor, "... vocab"]


def top_k(logits: Logits, k: int) -> Logits:
    r"""Keep the k largest logits of each row.

    Of equal ones those with the lowest token numbers are kept: always exactly k, or
    all if there are fewer.

    Examples
    --------
    >>> import torch
    >>> top_k(torch.tensor([1.0, 3.0, 2.0, 2.0]), k=2)
    tensor([-inf, 3., 2., -inf])
    """
    expect.counts("top_k", k=k)
    order = logits.sort(dim=-1, descending=True, stable=True).indices
    return logits.scatter(-1, order[..., k:], -torch.inf)


def top_p(logits: Logits, p: float) -> Logits:
    r"""Keep the fewest tokens that together have probability p: the nucleus.

    The token that crosses the line is kept, so there is always one; p = 1 keeps all.

    Examples
    --------
    >>> import torch
    >>> top_p(torch.tensor([0.5, 0.125, 0.25, 0.125]).log(), p=0.7).softmax(-1)
    tensor([0.6667, 0.0000, 0.3333, 0.0000])
    """
    if not 0 < p <= 1:
        raise ValueError(f"top_p: wanted p above 0 and at most 1, got {p}")
    if p == 1:
        return logits.clone()
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    shares = ordered.softmax(dim=-1)
    before = shares.cumsum(dim=-1, dtype=torch.float64) - shares
    kept = ordered.masked_fill(before >= p, -torch.inf)
    return torch.empty_like(logits).scatter(-1, order, kept)


def sample(
    logits: Float[torch.Tensor, "batch vocab"],
    *,
    temperature: float = 1.0,
    k: int | None = None,
    p: float | None = None,
    generator: torch.Generator | None = None,
) -> Int[torch.Tensor, "batch 1"]:
    r"""Draw one token from each row.

    .. math::  P(y = i) = \operatorname{softmax}(l')_i, \qquad
       l' = \operatorname{top-p}(\operatorname{top-k}(l / \tau))

    Parameters
    ----------
    temperature
        The tau above, positive; it comes first.
    k, p
        What `top_k` and then `top_p` keep. Default: everything.

    Examples
    --------
    >>> import torch
    >>> sample(torch.tensor([[0.0, 99.0], [99.0, 0.0]]))
    tensor([[1],
            [0]])
    """
    expect.positive("sample", temperature=temperature)
    logits = logits / temperature
    logits = logits if k is None else top_k(logits, k)
    logits = logits if p is None else top_p(logits, p)
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)
