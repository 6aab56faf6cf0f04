r"""Perplexity and bits: a mean loss in nats, in units one can picture.

Averages come before exponentials: the perplexity of a corpus is that of the mean over
all its tokens, not the mean of the perplexities of its batches. Padding is no token.

References
----------
F. Jelinek, R. L. Mercer, L. R. Bahl and J. K. Baker, "Perplexity - a measure of the
difficulty of speech recognition tasks", Journal of the Acoustical Society of America
62(S1), S63, 1977.
"""

from math import exp, inf, log

import numpy as np

from attn_course.functional import expect

Number = float | np.floating


def perplexity(mean_nats: Number) -> float:
    r"""Return the number of equally likely tokens that would be as hard to guess.

    .. math::  \text{PP} = \exp\Bigl( -\frac{1}{n} \sum_t \log p(y_t) \Bigr)

    Parameters
    ----------
    mean_nats
        The mean cross-entropy of a token, in nats.

    Raises
    ------
    ValueError
        If the mean is negative or nan. Infinity is allowed: something impossible came.

    Examples
    --------
    >>> import numpy as np
    >>> round(perplexity(np.log(8)), 12)
    8.0
    """
    try:
        return exp(_nats("perplexity", mean_nats))
    except OverflowError:
        return inf


def bits_per_token(mean_nats: Number) -> float:
    r"""Return the mean cross-entropy of a token in bits.

    .. math::  b = \frac{\bar\ell}{\ln 2} = \log_2 \text{PP}

    Arguments and errors are those of `perplexity`.

    Examples
    --------
    >>> import numpy as np
    >>> round(bits_per_token(np.log(8)), 12)
    3.0
    """
    return _nats("bits_per_token", mean_nats) / log(2)


def bits_per_character(mean_nats: Number, tokens: int, characters: int) -> float:
    r"""Return the cost of a text in bits for each of its characters.

    .. math::  b = \frac{\bar\ell}{\ln 2} \cdot \frac{n_\text{tokens}}
       {n_\text{characters}}

    Models that cut the same text into different tokens can be compared in this unit,
    and not by perplexity. Give bytes for characters to get bits per byte.

    Parameters
    ----------
    mean_nats
        The mean cross-entropy of a token, in nats.
    tokens, characters
        How many of them the text has.

    Raises
    ------
    ValueError
        If the mean is negative or nan, or a count is not whole or below 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(bits_per_character(np.log(8), tokens=10, characters=40), 12)
    0.75
    """
    nats = _nats("bits_per_character", mean_nats)
    expect.counts("bits_per_character", 1, tokens=tokens, characters=characters)
    return nats / log(2) * tokens / characters


def _nats(who, mean_nats):
    if not mean_nats >= 0:
        raise ValueError(f"{who}: wanted a mean of at least 0 nats, got {mean_nats}")
    return float(mean_nats)
