"""What both ends of the wire agree on: the codes of a message and its bounds.

A message is a flat row of msgpack tokens, in the order in which a reader meets them:
no token holds another. None, booleans, ints of 64 bits, floats, text and bytes are
msgpack's own; all else is an extension token with one of the codes below. A container
says how many things it holds, and they follow it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

LIST, TUPLE, DICT, ARRAY, SCALAR, TENSOR, WIDE, COMPLEX, OPAQUE, CALLBACK = range(10)

MOST_BYTES = 64_000_000  # of a message
MOST_DEPTH = 24  # containers around a value
MOST_ITEMS = 200_000  # values in a message, containers and keys included
MOST_TEXT = 1_000_000  # bytes of one string
MOST_AXES = 32
MOST_BITS = 4096  # of an int
MOST_KEYS = 10_000  # of one dict: the worst that keys can do is quadratic
MOST_ALIKE = 64  # keys of one dict that share a hash


class WireError(ValueError):
    """A value or a message that does not cross: too large, too deep, odd."""


def within(most: int, got: int, what: str) -> None:
    """Refuse `got` of `what` if that is more than `most`."""
    if got > most:
        wanted = f"{most:,}" if most else "none"
        raise WireError(f"wire: wanted at most {wanted} {what}, got {got:,}")


def is_key(value: Any) -> bool:
    """Whether a plain value may be the key of a dict."""
    if type(value) is tuple:
        return all(map(is_key, value))
    return value is None or type(value) in (bool, int, float, str)


def check_keys(keys: Sequence) -> None:
    """Refuse so many keys, or so many of one hash, that a dict of them is slow."""
    within(MOST_KEYS, len(keys), "keys of a dict")
    if len(keys) > MOST_ALIKE:
        alike = max(Counter(map(hash, keys)).values())
        within(MOST_ALIKE, alike, "keys of a dict with one hash")
