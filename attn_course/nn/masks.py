r"""Masks as tensors: True means that a query may attend to a key.

All are built to broadcast to [batch, heads, queries, keys] and are combined with
``&``. Where there are fewer queries than keys, **the queries are the last positions**:
what was read before is a cache, and the new positions stand at its end.
"""

import torch
from jaxtyping import Bool, Int


def causal_mask(
    queries: int, keys: int | None = None, *, device: torch.device | None = None
) -> Bool[torch.Tensor, "queries keys"]:
    r"""Return a mask that hides the future: no query sees a later position.

    .. math::  \text{allowed}_{ij} \iff j \le i + (K - Q)

    With more queries than keys, the first queries see nothing.

    Examples
    --------
    >>> causal_mask(2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    return offsets(queries, queries if keys is None else keys, device) <= 0


def window_mask(
    queries: int,
    keys: int,
    before: int,
    after: int,
    *,
    device: torch.device | None = None,
) -> Bool[torch.Tensor, "queries keys"]:
    r"""Let each query see so many positions to the left, itself, and so many right.

    .. math::  \text{allowed}_{ij} \iff -b \le j - i - (K - Q) \le a

    Raises
    ------
    ValueError
        If a side of the window is negative.

    Examples
    --------
    >>> window_mask(3, 3, before=1, after=0).int().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    if min(before, after) < 0:
        raise ValueError(
            f"window_mask: wanted sides of at least 0, got {before} and {after}"
        )
    steps = offsets(queries, keys, device)
    return (-before <= steps) & (steps <= after)


def padding_mask(
    tokens: Int[torch.Tensor, "batch keys"], padding: int
) -> Bool[torch.Tensor, "batch 1 1 keys"]:
    """Return a mask that hides the keys that are padding, from all heads and queries.

    Examples
    --------
    >>> import torch
    >>> padding_mask(torch.tensor([[5, 7, 0]]), padding=0)[0, 0, 0].tolist()
    [True, True, False]
    """
    return (tokens != padding)[:, None, None, :]


def offsets(
    queries: int, keys: int, device: torch.device | None = None
) -> Int[torch.Tensor, "{queries} {keys}"]:
    """Return how far each key stands after each query; negative where before it.

    Examples
    --------
    >>> offsets(2, 3).tolist()
    [[-1, 0, 1], [-2, -1, 0]]
    """
    asking = torch.arange(keys - queries, keys, device=device)
    return torch.arange(keys, device=device) - asking[:, None]
