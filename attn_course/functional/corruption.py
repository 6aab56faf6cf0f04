r"""Masked language modelling: hide some tokens, and ask for them back.

Of the selected positions most are replaced by a mask token. Some get a random token and
some stay as they are, so that a model cannot trust any position to be right, and sees
at work what it saw in training: texts without masks.

References
----------
J. Devlin, M.-W. Chang, K. Lee and K. Toutanova, "BERT: Pre-training of Deep
Bidirectional Transformers for Language Understanding", NAACL 2019, section 3.1.
"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Bool, Integer

from attn_course.functional import expect

MASKED, RANDOM = 0.8, 0.1  # of the selected positions; the rest stays


def corrupt_tokens(
    tokens: Integer[np.ndarray, "..."],
    rng: np.random.Generator,
    *,
    mask_token: int,
    vocab: int,
    special: Collection[int] = (),
    rate: float = 0.15,
) -> tuple[Integer[np.ndarray, "..."], Bool[np.ndarray, "..."]]:
    """Return the corrupted tokens, and where the originals are to be predicted.

    Each position is selected by a throw of its own. Of the selected, 80 % become
    `mask_token`, 10 % a random token (by chance perhaps the same) and 10 % stay. The
    loss is taken at the selected positions, those that stay included, and nowhere else.

    Parameters
    ----------
    mask_token
        Stands for "guess me"; never selected itself, never drawn at random.
    vocab
        Tokens are from 0 to vocab - 1.
    special
        Other tokens that are never selected and never drawn: padding, start, end.
    rate
        The share of ordinary positions that is selected, from 0 to 1.

    Returns
    -------
    tuple
        (corrupted, selected), of the shape of `tokens`; the first of their dtype.

    Raises
    ------
    ValueError
        If a token lies outside the vocabulary, which must fit the dtype of the tokens;
        if `rate` is no share, or if no ordinary token is left to draw.

    Examples
    --------
    >>> import numpy as np
    >>> tokens = np.array([1, 5, 6, 7, 8, 9, 0, 0])
    >>> corrupted, selected = corrupt_tokens(
    ...     tokens, np.random.default_rng(4), mask_token=2, vocab=10, special=(0, 1),
    ...     rate=0.5,
    ... )
    >>> (corrupted == tokens)[~selected].all()
    np.True_
    """
    expect.counts("corrupt_tokens", 1, vocab=vocab)
    expect.whole("corrupt_tokens", 0, vocab - 1, tokens=tokens)
    if vocab - 1 > np.iinfo(tokens.dtype).max:
        raise ValueError(
            f"corrupt_tokens: wanted a dtype that holds {vocab - 1}, got {tokens.dtype}"
        )
    if not 0 <= rate <= 1:
        raise ValueError(f"corrupt_tokens: wanted a rate from 0 to 1, got {rate}")
    apart = np.array([mask_token, *special])
    expect.whole("corrupt_tokens", 0, vocab - 1, mask_token_and_special=apart)
    ordinary = np.setdiff1d(np.arange(vocab), apart)
    if not ordinary.size:
        raise ValueError(
            f"corrupt_tokens: wanted an ordinary token, got none among {vocab}"
        )
    selected = (rng.random(tokens.shape) < rate) & np.isin(tokens, ordinary)
    fate = rng.random(tokens.shape)
    drawn = rng.choice(ordinary, size=tokens.shape)
    corrupted = np.select(
        [selected & (fate < MASKED), selected & (fate < MASKED + RANDOM)],
        [mask_token, drawn],
        tokens,
    )
    return corrupted.astype(tokens.dtype), selected
