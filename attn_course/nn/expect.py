"""What arguments must be: else a ValueError that says who, wanted, got.

`who` is the name of the public function or class that was called. Nothing is repaired
and nothing is broadcast in silence, except a mask, which is meant to broadcast.
"""

from collections.abc import Iterable, Sequence

import torch


def counts(who: str, **numbers: int) -> None:
    """Want whole numbers above zero."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(
                f"{who}: wanted {name} as a whole number above zero, got {number!r}"
            )


def positive(who: str, **numbers: float) -> None:
    """Want finite numbers above zero."""
    for name, number in numbers.items():
        if not 0 < number < torch.inf:
            raise ValueError(f"{who}: wanted a positive {name}, got {number}")


def share(who: str, **numbers: float) -> None:
    """Want numbers from 0 up to, but not including, 1."""
    for name, number in numbers.items():
        if not 0 <= number < 1:
            raise ValueError(
                f"{who}: wanted {name} of at least 0 and below 1, got {number}"
            )


def choice(who: str, choices: Iterable, **values) -> None:
    """Want one of a few."""
    choices = list(choices)
    for name, value in values.items():
        if value not in choices:
            raise ValueError(f"{who}: wanted {name} from {choices}, got {value!r}")


def divides(who: str, parts: int, size: int, *, of: str, into: str) -> int:
    """Want `size` to fall into that many equal parts; return the size of one."""
    if parts < 1 or size % parts:
        raise ValueError(
            f"{who}: wanted {of} that falls into {parts} {into}, got {size}"
        )
    return size // parts


def width(who: str, wanted: int, **tensors: torch.Tensor) -> None:
    """Want tensors whose last axis has this size."""
    for name, tensor in tensors.items():
        if tensor.ndim == 0 or tensor.shape[-1] != wanted:
            raise ValueError(
                f"{who}: wanted {name} of width {wanted}, got {tuple(tensor.shape)}"
            )


def rows(who: str, wanted: int, **tensors: torch.Tensor) -> None:
    """Want tensors of shape [batch, positions, width] with this width."""
    for name, tensor in tensors.items():
        if tensor.ndim != 3:
            raise ValueError(
                f"{who}: wanted {name} of shape (batch, positions, {wanted}), "
                f"got {tuple(tensor.shape)}"
            )
    width(who, wanted, **tensors)


def room(who: str, longest: int, length: int) -> None:
    """Want no more positions than there is room for."""
    if length > longest:
        raise ValueError(f"{who}: wanted at most {longest} positions, got {length}")


def memory(who: str, query, keys, values) -> None:
    """Want what a read needs: equal leading axes, and one value for each key."""
    if min(query.ndim, keys.ndim, values.ndim) < 2:
        raise ValueError(
            f"{who}: wanted query, keys and values with at least 2 axes, got "
            f"{tuple(query.shape)}, {tuple(keys.shape)}, {tuple(values.shape)}"
        )
    if values.shape[:-1] != keys.shape[:-1]:
        raise ValueError(
            f"{who}: wanted one value for each key {tuple(keys.shape[:-1])}, "
            f"got {tuple(values.shape[:-1])}"
        )
    if query.shape[:-2] != keys.shape[:-2]:
        raise ValueError(
            f"{who}: wanted the leading axes of the keys {tuple(keys.shape[:-2])} in "
            f"the queries, got {tuple(query.shape[:-2])}"
        )


def mask(who: str, allowed: torch.Tensor, wanted: Sequence[int]) -> None:
    """Want a boolean mask that broadcasts to this shape."""
    if allowed.dtype != torch.bool:
        raise ValueError(f"{who}: wanted a boolean mask, got dtype {allowed.dtype}")
    _broadcasts(who, "a mask", allowed, wanted)


def bias(who: str, bias: torch.Tensor, wanted: Sequence[int]) -> None:
    """Want floats that broadcast to this shape."""
    if not bias.is_floating_point():
        raise ValueError(f"{who}: wanted a bias of floats, got dtype {bias.dtype}")
    _broadcasts(who, "a bias", bias, wanted)


def _broadcasts(who, what, tensor, wanted):
    wanted, got = tuple(wanted), tuple(tensor.shape)
    ends = zip(reversed(got), reversed(wanted), strict=False)
    if len(got) > len(wanted) or any(mine not in (1, size) for mine, size in ends):
        raise ValueError(
            f"{who}: wanted {what} that broadcasts to the scores {wanted}, got {got}"
        )
