"""One set of inputs that a law is tried on. All axes differ in size where they may."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class Case:
    """Queries, keys, values and a mask that fit together.

    `allowed` has all leading axes. Each of its rows has at least one True, unless a
    law says otherwise. `rng` is for what a law draws itself.
    """

    query: Float[np.ndarray, "... queries width"]
    keys: Float[np.ndarray, "... keys width"]
    values: Float[np.ndarray, "... keys channels"]
    allowed: Bool[np.ndarray, "... queries keys"]
    rng: np.random.Generator

    def but(self, **changes) -> "Case":
        """Return the same case with some arrays replaced."""
        return replace(self, **changes)


def make_case(
    rng: np.random.Generator,
    *,
    leading: tuple[int, ...] = (2, 3),
    queries: int = 5,
    keys: int = 7,
    width: int = 4,
    channels: int = 6,
) -> Case:
    """Draw a case of standard normal entries, with about half of the pairs allowed.

    Examples
    --------
    >>> case = make_case(np.random.default_rng(0), leading=(2,), queries=3, keys=5)
    >>> case.query.shape, case.values.shape, case.allowed.shape
    ((2, 3, 4), (2, 5, 6), (2, 3, 5))
    """
    allowed = rng.random((*leading, queries, keys)) < 0.5
    if keys:
        someone = rng.integers(keys, size=(*leading, queries, 1))
        allowed |= np.arange(keys) == someone
    return Case(
        rng.normal(size=(*leading, queries, width)),
        rng.normal(size=(*leading, keys, width)),
        rng.normal(size=(*leading, keys, channels)),
        allowed,
        rng,
    )
