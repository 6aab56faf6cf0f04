"""What a figure must be given: else a ValueError that says who, wanted, got."""

from collections.abc import Mapping, Sequence

import numpy as np


def arrays(who: str, /, **given: np.ndarray) -> None:
    """Want arrays: a list has neither a shape nor a mean."""
    for name, array in given.items():
        if not isinstance(array, np.ndarray):
            got = type(array).__name__
            raise ValueError(f"{who}: wanted {name} as an array, got {got}")


def shape(who: str, wanted: Sequence[int], /, **given: np.ndarray) -> None:
    """Want exactly this shape, as the names or the other arrays have it."""
    arrays(who, **given)
    for name, array in given.items():
        if np.shape(array) != tuple(wanted):
            raise ValueError(
                f"{who}: wanted {name} of shape {tuple(wanted)} for these names, "
                f"got {np.shape(array)}"
            )


def finite(who: str, /, **given: np.ndarray | float) -> None:
    """Want numbers without nan or infinity: neither has a shade or a place."""
    for name, array in given.items():
        array = np.asarray(array)
        if array.dtype.kind not in "fiu":
            raise ValueError(f"{who}: wanted numbers in {name}, got {array.dtype}")
        if not np.isfinite(array).all():
            where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
            raise ValueError(
                f"{who}: wanted finite {name}, got {array[where]} at {where}"
            )


def positive(who: str, /, **given: np.ndarray | float) -> None:
    """Want numbers above zero, as a logarithmic axis does."""
    finite(who, **given)
    for name, array in given.items():
        if not (np.asarray(array) > 0).all():
            raise ValueError(f"{who}: wanted positive {name}, got {np.min(array)}")


def boolean(who: str, /, **given: np.ndarray) -> None:
    """Want True and False: numbers do not say which of them hides."""
    arrays(who, **given)
    for name, array in given.items():
        if array.dtype != bool:
            raise ValueError(f"{who}: wanted a boolean {name}, got dtype {array.dtype}")


def at_most(who: str, most: int, given: Mapping | Sequence, what: str) -> None:
    """Want no more than can be told apart without colour, and at least one."""
    if not 1 <= len(given) <= most:
        raise ValueError(f"{who}: wanted at most {most} {what}, got {len(given)}")


def along(who: str, x: np.ndarray, lines: Mapping[str, np.ndarray]) -> None:
    """Want one number of each line, or of each run of a line, for each place of x."""
    arrays(who, x=x)
    arrays(who, **lines)
    if np.ndim(x) != 1 or not len(x):
        raise ValueError(
            f"{who}: wanted x with one axis and at least one point, got shape "
            f"{np.shape(x)}"
        )
    for name, line in lines.items():
        if np.shape(line)[-1:] != np.shape(x):
            raise ValueError(
                f"{who}: wanted {len(x)} points in {name!r}, got shape {np.shape(line)}"
            )
