"""Batches of tensors, in an order that a seed decides."""

from collections.abc import Callable, Iterator

import torch

from attn_course.nn import expect

Batches = Callable[[torch.Generator], Iterator[tuple[torch.Tensor, ...]]]


def shuffled(*tensors: torch.Tensor, size: int) -> Batches:
    """Return a function that deals the rows of the tensors out in batches, at random.

    It is called with a `torch.Generator` at the start of each epoch, by `fit` among
    others. Rows of one index stay together; each comes once an epoch. The last batch
    may be smaller.

    Raises
    ------
    ValueError
        If the tensors differ in their number of rows, or there are none.

    Examples
    --------
    >>> import torch
    >>> deal = shuffled(torch.arange(5), 10 * torch.arange(5), size=2)
    >>> batches = deal(torch.Generator().manual_seed(0))
    >>> [(a.tolist(), b.tolist()) for a, b in batches]
    [([4, 0], [40, 0]), ([1, 3], [10, 30]), ([2], [20])]
    """
    expect.counts("shuffled", size=size)
    rows = {len(tensor) for tensor in tensors}
    if len(rows) != 1 or rows == {0}:
        raise ValueError(
            "shuffled: wanted tensors with equally many rows, got "
            f"{[len(tensor) for tensor in tensors]}"
        )

    def deal(generator):
        order = torch.randperm(*rows, generator=generator)
        for indices in order.split(size):
            yield tuple(tensor[indices.to(tensor.device)] for tensor in tensors)

    return deal
