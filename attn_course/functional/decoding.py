r"""Decoding: from a model of the next token to whole sequences.

The model is a function of prefixes: ``log_probs(prefixes)`` takes one row of token
numbers for each sequence and returns the log-probabilities of what may come next, one
row each. How it comes by them, with a cache or without, is its own affair.

Neither search finds the likeliest sequence in general: greedy decoding takes the best
token at each step, beam search keeps several beginnings. Sampling is in `sample`.

References
----------
Y. Wu et al., "Google's Neural Machine Translation System: Bridging the Gap between
Human and Machine Translation", arXiv:1609.08144, 2016, section 7, equation 14.
I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to Sequence Learning with Neural
Networks", NeurIPS 2014, section 3.2 (the beam).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect

LogProbs = Callable[[Int[np.ndarray, "batch length"]], Float[np.ndarray, "batch vocab"]]
ROUNDING = 1e-3  # how far above 0 a log-probability may lie


class Hypothesis(NamedTuple):
    """One result of a beam search.

    `tokens` are the new ones, with the end symbol where it was reached, which
    `finished` says. `log_probability` is the sum of theirs in nats, and `score` that
    sum divided by the length penalty.

    Examples
    --------
    >>> Hypothesis((5, 2), log_probability=-1.5, score=-1.5, finished=True).tokens
    (5, 2)
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool


def greedy_decode(
    log_probs: LogProbs,
    prompts: Int[np.ndarray, "batch length"],
    *,
    end: int,
    longest: int,
) -> Int[np.ndarray, "batch new"]:
    r"""Append the likeliest token, again and again, to each row of a batch.

    .. math::  y_t = \arg\max_y \log p(y \mid y_{<t})

    Of equally likely tokens the one with the lowest number is taken.

    Parameters
    ----------
    prompts
        What each row starts with, at least a start symbol.
    end
        The token that ends a sequence.
    longest
        The most tokens to append.

    Returns
    -------
    Int[np.ndarray, "batch new"]
        The new tokens. A row that has ended repeats `end` until the last has.

    Raises
    ------
    ValueError
        If the prompts are not rows of integers, or `log_probs` returns anything but one
        row of log-probabilities for each prefix.

    Examples
    --------
    >>> import numpy as np
    >>> def counts_up(prefixes):  # to 3, and then ends with 0
    ...     return np.log(np.eye(4)[(prefixes[:, -1] + 1) % 4] + 1e-9)
    >>> greedy_decode(counts_up, np.array([[1], [2]]), end=0, longest=9)
    array([[2, 3, 0],
           [3, 0, 0]])
    """
    expect.axes("greedy_decode", 2, prompts=prompts)
    expect.shape("greedy_decode", np.shape(prompts)[:2], prompts=prompts)
    _expect_search("greedy_decode", prompts, end, longest)
    rows, ended = prompts, np.zeros(len(prompts), dtype=bool)
    for _ in range(longest):
        if ended.all():
            break
        best = _next("greedy_decode", log_probs, rows, end).argmax(axis=-1)
        rows = np.column_stack([rows, np.where(ended, end, best)])
        ended = ended | (best == end)
    return rows[:, prompts.shape[1] :]


def beam_search(
    log_probs: LogProbs,
    prompt: Int[np.ndarray, " length"],
    *,
    end: int,
    longest: int,
    width: int,
    alpha: float = 0.0,
) -> list:
    r"""Search for likely continuations of one prompt, keeping `width` at each step.

    .. math::

       \operatorname{score}(y)
       = \frac{\sum_t \log p(y_t \mid y_{<t})}{\operatorname{lp}(|y|)},
       \qquad \operatorname{lp}(n) = \Bigl( \frac{5 + n}{6} \Bigr)^\alpha

    At each step all continuations of all live hypotheses compete by log-probability,
    which is fair since they are equally long. One that ends is put aside, and keeps its
    place in the beam. The length penalty enters only the final ranking, where lengths
    differ. A width of 1 is greedy decoding.

    Parameters
    ----------
    alpha
        Strength of the length penalty, at least 0. At 0 short sequences win, because
        each token costs probability. The length counts the new tokens, the end symbol
        included.

    Returns
    -------
    list[Hypothesis]
        At most `width`: the finished ones, best score first, then those that were cut
        at `longest`. Ties go to the lower token numbers.

    Raises
    ------
    ValueError
        If the prompt is not a row of integers, a number is out of range, or `log_probs`
        returns anything but one row of log-probabilities for each prefix.

    Examples
    --------
    >>> import numpy as np
    >>> def coin(prefixes):  # 0 ends, and 1 goes on, with equal probability
    ...     return np.log(np.full((len(prefixes), 2), 0.5))
    >>> found = beam_search(coin, np.array([1]), end=0, longest=3, width=2)
    >>> [one.tokens for one in found]
    [(0,), (1, 0)]
    """
    expect.axes("beam_search", 1, prompt=prompt)
    expect.shape("beam_search", np.shape(prompt)[:1], prompt=prompt)
    _expect_search("beam_search", prompt, end, longest)
    expect.counts("beam_search", 1, width=width)
    length_penalty(0, alpha)
    rows, totals, found = prompt[None], np.zeros(1), []
    for _ in range(longest):
        if not len(rows):
            break
        sums = totals[:, None] + _next("beam_search", log_probs, rows, end)
        best = np.argsort(-sums, axis=None, kind="stable")[: width - len(found)]
        best = best[sums.flat[best] > -np.inf]
        parents, tokens = np.divmod(best, sums.shape[1])
        rows, totals = np.column_stack([rows[parents], tokens]), sums.flat[best]
        ended = tokens == end
        found += _hypotheses(rows[ended], totals[ended], len(prompt), alpha, True)
        rows, totals = rows[~ended], totals[~ended]
    found += _hypotheses(rows, totals, len(prompt), alpha, False)
    return sorted(found, key=lambda one: (not one.finished, -one.score, one.tokens))


def length_penalty(length: int, alpha: float) -> float:
    r"""Return by what a sum of log-probabilities is divided before lengths compete.

    .. math::  \operatorname{lp}(n) = \Bigl( \frac{5 + n}{5 + 1} \Bigr)^\alpha

    Raises
    ------
    ValueError
        If the length is not whole or below 0, or `alpha` is below 0.

    Examples
    --------
    >>> length_penalty(7, alpha=1.0)
    2.0
    """
    expect.counts("length_penalty", 0, length=length)
    if not 0 <= alpha < np.inf:
        raise ValueError(f"length_penalty: wanted alpha of at least 0, got {alpha}")
    return float(((5 + length) / 6) ** alpha)


def _hypotheses(rows, totals, start, alpha, finished):
    """What stands in the rows from `start` on, scored."""
    scores = totals / length_penalty(rows.shape[1] - start, alpha)
    new = (tuple(map(int, row[start:])) for row in rows)
    numbers = zip(new, totals.tolist(), scores.tolist(), strict=True)
    return [Hypothesis(*each, finished) for each in numbers]


def _next(who, log_probs, rows, end):
    """The log-probabilities of what comes next, checked, in float64."""
    logs = log_probs(rows)
    expect.floats(who, **{"what `log_probs` returns": logs})
    if logs.ndim != 2 or len(logs) != len(rows) or logs.shape[1] <= end:
        raise ValueError(
            f"{who}: wanted {len(rows)} rows of more than {end} log-probabilities "
            f"from `log_probs`, got shape {logs.shape}"
        )
    if not (logs <= ROUNDING).all():
        raise ValueError(
            f"{who}: wanted log-probabilities of at most 0, got {logs.max():.3g}"
        )
    return logs.astype(np.float64)


def _expect_search(who, prompt, end, longest):
    expect.whole(who, 0, np.iinfo(np.int64).max, prompt=prompt)
    expect.counts(who, 0, end=end, longest=longest)
