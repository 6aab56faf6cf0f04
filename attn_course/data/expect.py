"""What arguments must be: else a ValueError that says who, wanted, got."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np


def at_least(who: str, least: int, **numbers: int) -> None:
    """Want whole numbers, none of them below `least`."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Integral):
            raise ValueError(f"{who}: wanted {name} as a whole number, got {number!r}")
        if number < least:
            raise ValueError(f"{who}: wanted {name} of at least {least}, got {number}")


def generator(who: str, rng: np.random.Generator) -> None:
    """Want a source of chance of the caller's own, so that a draw can be repeated."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"{who}: wanted rng as a numpy Generator, got {type(rng).__name__}"
        )


def sizes(who: str, numbers: Sequence[int]) -> None:
    """Want the sizes of one list or more, none of them negative."""
    at_least(who, 1, lists=len(numbers))
    for number in numbers:
        at_least(who, 0, size=number)


def one_of(who: str, known: Sequence[str], **names: str) -> None:
    """Want names that are known."""
    for name, given in names.items():
        if given not in known:
            raise ValueError(
                f"{who}: wanted {name} among {', '.join(known)}, got {given!r}"
            )
