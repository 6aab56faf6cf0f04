r"""Beam search: look for a likely sequence, one token after the other.

What is searched is a function from the tokens so far to the log-probabilities of the
next, so that any model will do; how it comes by them is its own affair.

References
----------
I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to Sequence Learning with Neural
Networks", NeurIPS 2014, section 3.2 (the beam).
Y. Wu et al., "Google's Neural Machine Translation System: Bridging the Gap between
Human and Machine Translation", arXiv:1609.08144, 2016, section 7, equation 14.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int

from attn_course.nn import expect

LogProbs = Callable[
    [Int[torch.Tensor, "batch length"]], Float[torch.Tensor, "batch vocab"]
]


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


def beam_search(
    log_probs: LogProbs,
    prompt: Int[torch.Tensor, " length"],
    *,
    end: int,
    longest: int,
    width: int,
    alpha: float = 0.0,
) -> list[Hypothesis]:
    r"""Search for likely continuations of one prompt, keeping `width` at each step.

    .. math::

       \operatorname{score}(y) = \frac{\sum_t \log p(y_t \mid y_{<t})}
       {\bigl((5 + |y|) / 6\bigr)^\alpha}

    At each step all continuations of all live hypotheses compete by log-probability,
    which is fair since they are equally long. One that ends is put aside, and keeps its
    place in the beam. Lengths differ only in the final ranking, and only there they are
    penalised.

    Parameters
    ----------
    prompt
        What the sequence starts with, at least a start symbol.
    longest
        The most tokens to append, the end symbol among them.
    width
        1 is greedy.
    alpha
        Strength of the length penalty, at least 0. At 0 short sequences win, because
        each token costs probability.

    Returns
    -------
    list[Hypothesis]
        At most `width`: the finished ones, best score first, then those that were cut
        at `longest`.

    Examples
    --------
    >>> import torch
    >>> def coin(prefixes):  # 0 ends, and 1 goes on, with equal probability
    ...     return torch.full((len(prefixes), 2), 0.5).log()
    >>> found = beam_search(coin, torch.tensor([1]), end=0, longest=3, width=2)
    >>> [one.tokens for one in found]
    [(0,), (1, 0)]
    """
    expect.counts("beam_search", longest=longest, width=width)
    if prompt.ndim != 1:
        raise ValueError(
            f"beam_search: wanted one row of tokens, got {tuple(prompt.shape)}"
        )
    if not 0 <= alpha < torch.inf:
        raise ValueError(f"beam_search: wanted alpha of at least 0, got {alpha}")
    rows, totals, found = prompt[None], prompt.new_zeros(1, dtype=torch.float64), []
    for length in range(1, longest + 1):
        logs = log_probs(rows)
        if logs.ndim != 2 or len(logs) != len(rows) or logs.shape[1] <= end:
            raise ValueError(
                f"beam_search: wanted {len(rows)} rows of more than {end} "
                f"log-probabilities from `log_probs`, got {tuple(logs.shape)}"
            )
        sums = totals[:, None] + logs.double()
        best = sums.flatten().sort(descending=True, stable=True)
        totals, places = (part[: width - len(found)] for part in best)
        possible = totals > -torch.inf
        totals, places = totals[possible], places[possible]
        parents, tokens = places // sums.shape[1], places % sums.shape[1]
        rows = torch.cat([rows[parents], tokens[:, None]], dim=1)
        ended = tokens == end
        penalty = ((5 + length) / 6) ** alpha
        found += _hypotheses(rows[ended], totals[ended], len(prompt), penalty, True)
        rows, totals = rows[~ended], totals[~ended]
        if not len(rows):
            break
    found += _hypotheses(rows, totals, len(prompt), penalty, False)
    return sorted(found, key=lambda one: (not one.finished, -one.score, one.tokens))


def _hypotheses(rows, totals, start, penalty, finished):
    """What stands in the rows from `start` on, scored."""
    return [
        Hypothesis(tuple(row[start:]), total, total / penalty, finished)
        for row, total in zip(rows.tolist(), totals.tolist(), strict=True)
    ]
