"""What arguments must be: else a ValueError that says who, wanted, got.

`who` is the name of the public function that was called. Nothing is repaired and
nothing is broadcast in silence, except a mask, which is meant to broadcast.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool


def finite(who: str, **arrays: np.ndarray) -> None:
    """Want arrays of floats without nan or infinity."""
    floats(who, **arrays)
    for name, array in arrays.items():
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(array.sum()):  # needs no memory, and settles most cases
                continue
        if not np.isfinite(array).all():
            where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
            raise ValueError(
                f"{who}: wanted finite {name}, got {array[where]} at {where}"
            )


def floats(who: str, **arrays: np.ndarray) -> None:
    """Want arrays of floats, whatever their values."""
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            got = type(array).__name__
        elif array.dtype.kind != "f":
            got = f"dtype {array.dtype}"
        else:
            continue
        raise ValueError(f"{who}: wanted {name} as an array of floats, got {got}")


def whole(who: str, least: int, most: int, **arrays: np.ndarray) -> None:
    """Want arrays of integers from `least` up to and including `most`."""
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
            got = getattr(array, "dtype", type(array).__name__)
            raise ValueError(f"{who}: wanted {name} as an array of integers, got {got}")
        outside = array[(array < least) | (array > most)]
        if outside.size:
            raise ValueError(
                f"{who}: wanted {name} from {least} to {most}, got {outside.flat[0]}"
            )


def axes(who: str, least: int, **arrays: np.ndarray) -> None:
    """Want at least that many axes."""
    for name, array in arrays.items():
        if np.ndim(array) < least:
            raise ValueError(
                f"{who}: wanted {name} with at least {least} axes, got shape "
                f"{np.shape(array)}"
            )


def shape(who: str, wanted: Sequence[int], **arrays: np.ndarray) -> None:
    """Want exactly this shape."""
    for name, array in arrays.items():
        if np.shape(array) != tuple(wanted):
            raise ValueError(
                f"{who}: wanted {name} of shape {tuple(wanted)}, got {np.shape(array)}"
            )


def memory(who: str, query, keys, values=None) -> None:
    """Want what a read needs: equal leading axes, and one value for each key."""
    given = {"query": query, "keys": keys}
    if values is not None:
        given["values"] = values
    axes(who, 2, **given)
    finite(who, **given)
    if values is not None and values.shape[:-1] != keys.shape[:-1]:
        raise ValueError(
            f"{who}: wanted one value for each key {keys.shape[:-1]}, "
            f"got {values.shape[:-1]}"
        )
    if query.shape[:-2] != keys.shape[:-2]:
        raise ValueError(
            f"{who}: wanted the leading axes of the keys {keys.shape[:-2]} in the "
            f"queries, got {query.shape[:-2]}"
        )


def same_width(who: str, query: np.ndarray, keys: np.ndarray) -> None:
    """Want queries and keys of one width, as a product of the two does."""
    if query.shape[-1] != keys.shape[-1]:
        raise ValueError(
            f"{who}: wanted keys as wide as the queries ({query.shape[-1]}), "
            f"got width {keys.shape[-1]}"
        )


def mask(
    who: str, allowed: np.ndarray, wanted: Sequence[int]
) -> Bool[np.ndarray, "..."]:
    """Want a boolean mask that broadcasts to this shape; return it so broadcast."""
    allowed = np.asarray(allowed)
    if allowed.dtype != bool:
        raise ValueError(f"{who}: wanted a boolean mask, got dtype {allowed.dtype}")
    try:
        return np.broadcast_to(allowed, wanted)
    except ValueError:
        raise ValueError(
            f"{who}: wanted a mask that broadcasts to the scores {tuple(wanted)}, "
            f"got {allowed.shape}"
        ) from None


def positive(who: str, **numbers: float) -> None:
    """Want finite numbers above zero."""
    for name, number in numbers.items():
        if not 0 < number < np.inf:
            raise ValueError(f"{who}: wanted a positive {name}, got {number}")


def divides(who: str, parts: int, size: int, *, of: str, into: str) -> int:
    """Want `size` to fall into that many equal parts; return the size of one."""
    if parts < 1 or size % parts:
        raise ValueError(
            f"{who}: wanted {of} that falls into {parts} {into}, got {size}"
        )
    return size // parts


def counts(who: str, least: int, **numbers: int) -> None:
    """Want whole numbers of at least that much; True is none."""
    for name, number in numbers.items():
        if isinstance(number, bool | np.bool_) or not isinstance(
            number, int | np.integer
        ):
            raise ValueError(f"{who}: wanted a whole {name}, got {number!r}")
        if number < least:
            raise ValueError(f"{who}: wanted {name} of at least {least}, got {number}")


def shares(who: str, **weights: np.ndarray) -> None:
    """Want rows that are non-negative and sum to one, or are all zeros."""
    axes(who, 1, **weights)
    finite(who, **weights)
    for name, rows in weights.items():
        if rows.min(initial=0) < 0:
            least = rows.min()
            raise ValueError(f"{who}: wanted {name} of at least 0, got {least:.3g}")
        sums = rows.sum(axis=-1)
        wrong = sums[(abs(sums - 1) > 1e-3) & (sums != 0)]
        if wrong.size:
            got = f"{wrong.flat[0]:.6g}"
            raise ValueError(f"{who}: wanted rows of {name} that sum to 1, got {got}")


def same_length(who: str, query: np.ndarray, keys: np.ndarray) -> None:
    """Want as many queries as keys, as where a sequence attends to itself."""
    if query.shape[-2] != keys.shape[-2]:
        raise ValueError(
            f"{who}: wanted as many queries as keys ({keys.shape[-2]}), "
            f"got {query.shape[-2]}"
        )
