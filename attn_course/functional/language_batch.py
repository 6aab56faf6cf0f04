"""Batches for a language model: read up to here, say what comes next."""

import numpy as np
from jaxtyping import Integer

from attn_course.functional import expect


def language_model_batch(
    tokens: Integer[np.ndarray, " positions"],
    length: int,
    batch: int,
    rng: np.random.Generator,
) -> tuple[Integer[np.ndarray, "batch length"], Integer[np.ndarray, "batch length"]]:
    """Return pieces of a text, and the same pieces one token further on.

    The target at each place is the next token of the text; without that shift a model
    would be praised for repeating what it reads. Pieces start anywhere with equal
    chance, may overlap, and are copies.

    Raises
    ------
    ValueError
        If the tokens are not one row of integers, or too few for one piece and the
        token after it.

    Examples
    --------
    >>> import numpy as np
    >>> text = np.arange(4)
    >>> inputs, targets = language_model_batch(text, 3, 2, np.random.default_rng(0))
    >>> inputs
    array([[0, 1, 2],
           [0, 1, 2]])
    >>> targets
    array([[1, 2, 3],
           [1, 2, 3]])
    """
    who = "language_model_batch"
    expect.counts(who, 1, length=length, batch=batch)
    limits = np.iinfo(np.int64)
    expect.whole(who, limits.min, limits.max, tokens=tokens)
    if tokens.ndim != 1:
        raise ValueError(f"{who}: wanted one row of tokens, got {tokens.shape}")
    if len(tokens) <= length:
        raise ValueError(
            f"{who}: wanted more than {length} tokens for pieces of {length} and the "
            f"token after, got {len(tokens)}"
        )
    starts = rng.integers(len(tokens) - length, size=(batch, 1))
    places = starts + np.arange(length)
    return tokens[places], tokens[places + 1]
