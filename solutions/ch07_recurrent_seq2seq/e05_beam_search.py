r"""### A beam, and answers of different length

The model of this exercise is a table. `first[t]` is the log-probability that a text
begins with token t, `after[s, t]` that t comes after s; token **0 ends** a text. All
entries are finite. Write `beam_search(first, after, longest, width, alpha)`:

- Begin with one empty text. At each step, extend every live text by every token, and
  let *all* these candidates compete by their sum of log-probabilities. Keep the best
  `width` of them, less one for every text that has ended so far.
- A candidate that ends is put aside, with its 0, and is not extended any more.
- Stop when no text is live, or after `longest` tokens.
- Only then lengths compete. Of the texts that have ended, or of those that were cut off
  if none has, the winner has the largest score
  $$ \frac{\sum_t \ln p_t}{\bigl((5 + n) / 6\bigr)^\alpha}, $$
  where n is its number of tokens, the 0 included.

Return the winner as a list of tokens, and its score. No two sums are equal.

Then make it an experiment. Give `readings` of the page the text of a day in May and one
in June, in German and in Chinese, with widths from 1 to 6. **Write down beforehand**
from which width on both readings appear, and for which α the order of the two can
change; their log-probabilities and lengths tell. When does a wider beam stop bringing
anything new?
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="stretch",
    minutes=30,
    hints=(
        "Keep two lists of pairs (tokens, sum): those that are live and those that "
        "have ended. What does one step do to the first, and what to the second?",
        "One step: make all candidates of all live texts in one list, sort it by the "
        "sum, cut it at `width - len(ended)`, and then deal out what is left: "
        "those with a 0 at the end to one side, the others to the live ones.",
        "The penalty comes after the loop only. Rank `ended or live` by sum / "
        "((5 + n) / 6) ** alpha; n is the number of tokens, with the 0.",
    ),
)


@answer
def beam_search(first, after, longest, width, alpha):
    """The best text that a beam finds, and its score.

    first    (vocab,)        float, log-probabilities of the first token
    after    (vocab, vocab)  float, row: the token before; column: the token
    longest  ()              int, the most tokens of a text
    width    ()              int, 1 or more
    alpha    ()              float, 0 or more
    returns two things: a list of tokens and a number
    """
    ### BEGIN SOLUTION
    live, ended = [([], 0.0)], []
    for _ in range(longest):
        grown = [
            ([*text, t], total + p)
            for text, total in live
            for t, p in enumerate(after[text[-1]] if text else first)
        ]
        grown = sorted(grown, key=lambda one: -one[1])[: width - len(ended)]
        live = [one for one in grown if one[0][-1] != 0]
        ended += [one for one in grown if one[0][-1] == 0]
    ranked = [
        (total / ((5 + len(text)) / 6) ** alpha, text) for text, total in ended or live
    ]
    score, text = max(ranked)
    return text, score
    ### END SOLUTION


@inputs
def draw(rng):
    """Small tables with ends of all probabilities."""
    vocab = rng.integers(3, 7)
    logits = rng.normal(size=(vocab + 1, vocab))
    logits[:, 0] += rng.normal()
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    longest, width = rng.integers(1, 7), rng.integers(1, 6)
    return (
        logs[0],
        logs[1:],
        int(longest),
        int(width),
        float(rng.choice([0, 0.6, 1, 2])),
    )


@alternative
def with_arrays(first, after, longest, width, alpha):
    """The table of sums is sorted as a whole."""
    rows, sums, done = np.zeros((1, 0), dtype=int), np.zeros(1), []
    for n in range(1, longest + 1):
        if not len(rows):
            break
        logs = after[rows[:, -1]] if n > 1 else first[None]
        table = sums[:, None] + logs
        best = np.argsort(-table, axis=None)[: width - len(done)]
        parents, tokens = np.divmod(best, len(first))
        rows, sums = np.column_stack([rows[parents], tokens]), table.flat[best]
        over = tokens == 0
        done += list(zip(rows[over].tolist(), sums[over], strict=True))
        rows, sums = rows[~over], sums[~over]
    if not done:
        done = list(zip(rows.tolist(), sums, strict=True))
    scores = [total / ((5 + len(text)) / 6) ** alpha for text, total in done]
    return done[int(np.argmax(scores))][0], float(max(scores))


def _search(first, after, longest, width, alpha, rank=None, shrinks=True, sort=None):
    """The right search; faults are made by replacing one part."""
    live, ended = [([], 0.0)], []
    sort = sort or (lambda text, total: total)
    for _ in range(longest):
        grown = []
        for text, total in live:
            logs = after[text[-1]] if text else first
            grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        places = width - len(ended) if shrinks else width
        grown = sorted(grown, key=lambda one: sort(*one), reverse=True)[:places]
        live = [one for one in grown if one[0][-1]]
        ended += [one for one in grown if not one[0][-1]]
    return _best(ended or live, alpha, rank)


def _wu(text, total, alpha):
    return total / ((5 + len(text)) / 6) ** alpha


def _best(texts, alpha, rank=None):
    rank = rank or _wu
    text, total = max(texts, key=lambda one: rank(*one, alpha))
    return text, float(rank(text, total, alpha))


@check(points=1)
def greedy_misses_the_best(beam_search):
    """The likeliest first token leads astray; a beam of two finds the way."""
    first = np.log([0.01, 0.55, 0.43, 0.01])
    after = np.log(
        [
            [0.25, 0.25, 0.25, 0.25],
            [0.32, 0.33, 0.17, 0.18],
            [0.90, 0.03, 0.04, 0.03],
            [0.30, 0.20, 0.22, 0.28],
        ]
    )
    got = beam_search(first, after, 3, 2, 0.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, tokens and a score, got {got!r}"
    close(list(got[0]), [2, 0], "tokens")
    close(got[1], np.log(0.43 * 0.9), "score")
    got = beam_search(first, after, 2, 1, 0.0)
    close(list(got[0]), [1, 1], "tokens with a width of 1, cut off after two")
    close(got[1], np.log(0.55 * 0.33), "score with a width of 1")


@check(points=1)
def longer_texts_get_their_chance(beam_search):
    """Two texts, one short and one with better tokens: the penalty decides."""
    first = np.log([0.001, 0.55, 0.44, 0.009])
    after = np.log(
        [
            [0.25, 0.25, 0.25, 0.25],
            [0.50, 0.10, 0.10, 0.30],
            [0.006, 0.002, 0.002, 0.99],
            [0.60, 0.01, 0.01, 0.38],
        ]
    )
    got = beam_search(first, after, 1, 3, 0.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, tokens and a score, got {got!r}"
    close(list(got[0]), [1], "tokens, cut off after one")
    short, long = np.log(0.55 * 0.5), np.log(0.44 * 0.99 * 0.6)
    for alpha in (0.0, 2.0, 0.1, 1.0):
        got = beam_search(first, after, 4, 3, alpha)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, tokens and a score, got {got!r}"
        scores = [short / (7 / 6) ** alpha, long / (8 / 6) ** alpha]
        close(list(got[0]), [[1, 0], [2, 3, 0]][np.argmax(scores)], "tokens")
        close(got[1], max(scores), "score")


@check(points=1)
def an_ended_text_keeps_its_place(beam_search):
    """A text that has ended takes a place of the beam, and wins against any cut off."""
    first = np.log([0.30, 0.36, 0.34])
    after = np.log([[0.3, 0.3, 0.4], [0.10, 0.20, 0.70], [0.05, 0.90, 0.05]])
    got = beam_search(first, after, 2, 3, 0.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, tokens and a score, got {got!r}"
    close(list(got[0]), [0], "tokens")
    close(got[1], np.log(0.30), "score")
    got = beam_search(first, after, 2, 1, 0.0)
    close(list(got[0]), [1, 2], "tokens if none has ended")
    close(got[1], np.log(0.36 * 0.7), "score if none has ended")


@check(points=2, hidden=True)
def against_the_course(beam_search, rng):
    """Random tables, widths and strengths, against the function of the course."""
    from attn_course.functional import beam_search as reference

    for width, alpha in ((1, 0.0), (2, 0.6), (3, 1.5), (5, 0.0), (5, 2.5), (4, 4.0)):
        logits = rng.normal(size=(7, 6))
        logits[:, 0] += rng.choice([-2.0, 0.0, 1.0])
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        for longest in (2, 5):
            found = reference(
                lambda rows, logs=logs: logs[rows[:, -1]],
                np.array([6]),
                end=0,
                longest=longest,
                width=width,
                alpha=alpha,
            )
            got = beam_search(logs[6], logs[:6], longest, width, alpha)
            both = isinstance(got, tuple | list) and len(got) == 2
            assert both, f"wanted two things, tokens and a score, got {got!r}"
            close(list(got[0]), list(found[0].tokens), "tokens")
            close(got[1], found[0].score, "score")


@check(points=1, hidden=True)
def one_fault_each(beam_search, rng):
    """Tables on which one common slip each finds another text."""
    cases = [  # scores of the first token, then a row for each token before
        ("0 1 -1 -1  -5 0 -2 1  1 3 1 3  -1 1 2 -2  -4 0 -3 1", 5, 2, 0.0, [0]),
        ("-1 -1 -2 3  -5 -1 -3 3  -1 -1 2 -1  -2 -1 2 -3  -2 -2 3 -2", 4, 3, 2.0, [0]),
        ("2 1 -2 2  3 3 -2 -2  2 -3 2 1  -3 3 1 -2  3 -2 -1 2", 4, 3, 3.0, [3, 0]),
        ("-3 2 -2 -2  1 3 -2 -1  0 -1 -2 1  -2 0 3 -2  -2 1 0 -1", 5, 2, 0.5, [1, 0]),
        ("-3 3 3 0  2 -1 -1 -3  -3 1 0 0  3 -1 0 -2  -3 -2 -3 1", 3, 2, 2.0, [2, 0]),
    ]
    for scores, longest, width, alpha, tokens in cases:
        order = np.concatenate([[0], rng.permutation(np.arange(1, 4))])
        logits = np.array(scores.split(), dtype=float).reshape(5, 4)
        logits = logits + 1e-3 * rng.random((5, 4))
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        first, after = np.empty(4), np.empty((4, 4))
        first[order] = logs[0]
        after[np.ix_(order, order)] = logs[1:]
        got = beam_search(first, after, longest, width, alpha)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, tokens and a score, got {got!r}"
        close(list(got[0]), [int(order[t]) for t in tokens], "tokens")
        total = logs[0, tokens[0]]
        for n in range(1, len(tokens)):
            total += logs[1 + tokens[n - 1], tokens[n]]
        close(got[1], total / ((5 + len(tokens)) / 6) ** alpha, "score")


@misconception(caught_by=longer_texts_get_their_chance)
def lengths_do_not_matter(first, after, longest, width, alpha):
    """Every further token costs probability, so a short text looks good by default. You
    leave `alpha` unused: compare texts of different length fairly."""
    return _search(first, after, longest, width, 0.0)


@misconception(caught_by=one_fault_each)
def divided_during_the_search(first, after, longest, width, alpha):
    """With you ended texts compete with live ones while the beam still runs, divided by
    their penalty, and may be thrown out. Put them aside; divide at the end."""
    beam = [([], 0.0)]
    for _ in range(longest):
        grown = [one for one in beam if one[0] and not one[0][-1]]
        for text, total in beam:
            if not text or text[-1]:
                logs = after[text[-1]] if text else first
                grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        beam = sorted(grown, key=lambda one: -_wu(*one, alpha))[:width]
    return _best([one for one in beam if not one[0][-1]] or beam, alpha)


@misconception(caught_by=longer_texts_get_their_chance)
def the_mean_of_the_tokens(first, after, longest, width, alpha):
    """You divide by the number of tokens, to the power of alpha. The penalty here is
    gentler: five are added to the number, and all is divided by six."""

    def rank(text, total, alpha):
        return total / len(text) ** alpha

    return _search(first, after, longest, width, alpha, rank=rank)


@misconception(caught_by=longer_texts_get_their_chance)
def the_end_is_not_counted(first, after, longest, width, alpha):
    """Your n leaves out the 0 at the end. It is a token like any other, and its
    probability is in the sum."""

    def rank(text, total, alpha):
        n = len(text) - (text[-1] == 0)
        return total / ((5 + n) / 6) ** alpha

    return _search(first, after, longest, width, alpha, rank=rank)


@misconception(caught_by=longer_texts_get_their_chance)
def the_sum_is_returned(first, after, longest, width, alpha):
    """The right text with its plain sum beside it. Return the score by which it has
    won."""
    text, _ = _search(first, after, longest, width, alpha)
    steps = [after[text[n - 1], text[n]] for n in range(1, len(text))]
    return text, float(first[text[0]] + sum(steps))


@misconception(caught_by=greedy_misses_the_best)
def always_greedy(first, after, longest, width, alpha):
    """You follow the likeliest token at each step, whatever `width` is. The others of
    the beam might lead to a better end."""
    return _search(first, after, longest, 1, alpha)


@misconception(caught_by=greedy_misses_the_best)
def ends_outside_the_beam(first, after, longest, width, alpha):
    """You put aside every text that ends, also poor ones that the beam would have
    dropped. An end competes for a place like any other candidate."""
    live, ended = [([], 0.0)], []
    for _ in range(longest):
        grown = []
        for text, total in live:
            logs = after[text[-1]] if text else first
            grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        ended += [one for one in grown if not one[0][-1]]
        live = [one for one in grown if one[0][-1]]
        places = max(width - len(ended), 0)
        live = sorted(live, key=lambda one: -one[1])[:places]
    return _best(ended or live, alpha)


@misconception(caught_by=one_fault_each)
def ended_texts_make_room(first, after, longest, width, alpha):
    """With you a text that has ended gives its place in the beam to another, and more
    and more poor ones come in. It keeps its place: how many are left?"""
    return _search(first, after, longest, width, alpha, shrinks=False)


@misconception(caught_by=one_fault_each)
def the_first_to_end_wins(first, after, longest, width, alpha):
    """You stop as soon as a text has ended. A longer one that is still live may get the
    better score: go on until no place is left."""
    live = [([], 0.0)]
    for _ in range(longest):
        grown = []
        for text, total in live:
            logs = after[text[-1]] if text else first
            grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        live = sorted(grown, key=lambda one: -one[1])[:width]
        ended = [one for one in live if not one[0][-1]]
        if ended:
            return _best(ended, alpha)
    return _best(live, alpha)


@misconception(caught_by=one_fault_each)
def each_keeps_its_best_child(first, after, longest, width, alpha):
    """You let every live text keep one child of its own. All candidates compete with
    one another: a good text may have two in the beam, and a poor one none."""
    start = sorted(range(len(first)), key=lambda t: -first[t])[:width]
    texts = [([t], first[t]) for t in start]
    for _ in range(longest - 1):
        for i, (text, total) in enumerate(texts):
            if text[-1]:
                t = int(np.argmax(after[text[-1]]))
                texts[i] = [*text, t], total + after[text[-1], t]
    return _best([one for one in texts if not one[0][-1]] or texts, alpha)


@misconception(caught_by=one_fault_each)
def ended_texts_go_on(first, after, longest, width, alpha):
    """Texts that have ended stay live with you and are extended behind their 0. A text
    that ends is put aside for good."""
    live, ended = [([], 0.0)], []
    for _ in range(longest):
        grown = []
        for text, total in live:
            logs = after[text[-1]] if text else first
            grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        live = sorted(grown, key=lambda one: -one[1])[: max(width - len(ended), 0)]
        ended += [one for one in live if not one[0][-1]]
    return _best(ended or live, alpha)


@misconception(caught_by=an_ended_text_keeps_its_place)
def cut_off_texts_may_win(first, after, longest, width, alpha):
    """You let texts that were cut off compete with those that have ended. Their end has
    cost nothing yet: they count only where no text has ended."""
    live, ended = [([], 0.0)], []
    for _ in range(longest):
        grown = []
        for text, total in live:
            logs = after[text[-1]] if text else first
            grown += [([*text, t], total + p) for t, p in enumerate(logs)]
        grown = sorted(grown, key=lambda one: -one[1])[: width - len(ended)]
        live = [one for one in grown if one[0][-1]]
        ended += [one for one in grown if not one[0][-1]]
    return _best(ended + live, alpha)


@misconception(caught_by=against_the_course)
def the_smallest_score(first, after, longest, width, alpha):
    """Of the texts in the end you return the one with the smallest score. Scores are
    below zero: nearer to zero is better."""

    def rank(text, total, alpha):
        return -_wu(text, total, alpha)

    text, score = _search(first, after, longest, width, alpha, rank=rank)
    return text, -score


@misconception(caught_by=greedy_misses_the_best)
def rows_and_columns_swapped(first, after, longest, width, alpha):
    """You read the table down a column: what came before stands in the row, what comes
    next in the column."""
    return _search(first, after.T, longest, width, alpha)


@misconception(caught_by=longer_texts_get_their_chance)
def multiplied_by_the_penalty(first, after, longest, width, alpha):
    """You multiply by the penalty, and long texts lose even more. Sums of logarithms
    are below zero: what brings them nearer to zero?"""

    def rank(text, total, alpha):
        return total * ((5 + len(text)) / 6) ** alpha

    return _search(first, after, longest, width, alpha, rank=rank)


@misconception(caught_by=greedy_misses_the_best)
def the_end_is_cut_off(first, after, longest, width, alpha):
    """The right text without its 0. The end token belongs to the text: it shows that it
    has ended and was not cut off."""
    text, score = _search(first, after, longest, width, alpha)
    return [t for t in text if t], score
