r"""What every training loop needs beside the model: split, mean, and when to stop.

Gradients, optimisers and data loaders are not here.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

from attn_course.functional import expect


def random_split(
    count: int, shares: Sequence[float], rng: np.random.Generator
) -> list[Int[np.ndarray, " items"]]:
    """Deal the numbers 0 to count - 1 at random into groups of the given shares.

    Returns one sorted array of indices a group; together they hold each index once.
    Only for data whose order does not matter to the question: to forecast, cut by
    time instead.

    Raises
    ------
    ValueError
        If the shares are not positive and do not sum to one, or a group stays empty.

    Examples
    --------
    >>> import numpy as np
    >>> groups = random_split(10, (0.6, 0.2, 0.2), np.random.default_rng(0))
    >>> [len(group) for group in groups]
    [6, 2, 2]
    """
    expect.counts("random_split", 0, count=count)
    if not (min(shares, default=0) > 0 and abs(sum(shares) - 1) <= 1e-9):
        raise ValueError(
            f"random_split: wanted positive shares that sum to one, got {shares}"
        )
    ends = np.round(np.cumsum(shares) * count).astype(int)[:-1]
    groups = np.split(rng.permutation(count), ends)
    if min(map(len, groups)) == 0:
        raise ValueError(
            f"random_split: wanted something in each group, got {[*map(len, groups)]}"
        )
    return [np.sort(group) for group in groups]


class RunningMean:
    r"""A mean over batches of unequal size; make a new one for each epoch.

    .. math::  \bar m = \frac{\sum_b n_b m_b}{\sum_b n_b}

    Examples
    --------
    >>> loss = RunningMean()
    >>> loss.add(1.0, count=3)
    >>> loss.add(5.0, count=1)
    >>> loss.value
    2.0
    """

    def __init__(self):
        self._sum, self._count = 0.0, 0

    def add(self, mean: float, count: int) -> None:
        """Take in the mean of one more batch of `count` items."""
        self._sum += float(mean) * count
        self._count += count

    @property
    def value(self) -> float:
        """The mean over all items so far; nan before the first."""
        return self._sum / self._count if self._count else float("nan")


def best_epoch(losses: Iterable[float], patience: int) -> int:
    """Return the index of the best loss seen before `patience` epochs without a better.

    Losses are those of the validation set, in order; later ones than the stop are
    never looked at, so a generator may train as it is read.

    Raises
    ------
    ValueError
        If there is no loss, or patience is below one.

    Examples
    --------
    >>> best_epoch([5.0, 3.0, 4.0, 4.0, 1.0], patience=2)
    1
    """
    expect.counts("best_epoch", 1, patience=patience)
    best, lowest = None, float("inf")
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            best, lowest = epoch, loss
        elif epoch - (best or 0) >= patience:
            break
    if best is None:
        raise ValueError("best_epoch: wanted at least one finite loss, got none")
    return best
