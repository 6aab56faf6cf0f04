r"""### Find the bug: an accuracy too good, and one too bad

`shares_right` measures how well rows were written: the share of tokens that are right,
and the share of rows that are right from the first token to the end mark. A wanted row
has its letters, the end mark 2, and zeros that fill it up. What stands in a written row
*behind the end of the wanted row* means nothing, and may be anything; the end mark
itself counts. Whoever wrote it tried it out:

> two rows, both as long as the table is wide, so that nothing had to be filled up: one
> token of six wrong, 0.83 and 0.5. Done!

On rows of different lengths its numbers are not to be trusted. One of the two comes out
wrong in both directions, the other too low. Run the checks, say for each fault which
rows show it, and mend one at a time.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
    starter,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=12,
    hints=(
        "Write down the wanted row `5 2 0 0 0` and a written row with the wrong "
        "letter and zeros behind. How many tokens are there to get right, and how "
        "many are?",
        "Which entries of `wanted` are tokens and not filling? Only these may be "
        "counted, above and below the line.",
        "Make a boolean table of the entries that are not filling. Index `right` "
        "with it before you take the mean; and for the rows let filling pass: each "
        "entry has to be right *or* filling.",
    ),
)


@answer
def shares_right(written, wanted):
    """Share of right tokens over the whole table, and share of rows without a fault.

    written  (rows, steps)  int
    wanted   (rows, steps)  int, each row with an end mark 2, then zeros
    returns  two numbers: the share of tokens and the share of rows
    """
    ### BEGIN SOLUTION
    right = written == wanted
    real = wanted != 0
    tokens = right[real].mean()
    rows = (right | ~real).all(axis=1).mean()
    return tokens, rows
    ### END SOLUTION


@starter
def shares_right(written, wanted):  # noqa: F811
    """Share of right tokens over the whole table, and share of rows without a fault.

    written  (rows, steps)  int
    wanted   (rows, steps)  int, each row with an end mark 2, then zeros
    returns  two numbers: the share of tokens and the share of rows
    """
    right = written == wanted
    tokens = right.mean()
    rows = right.all(axis=1).mean()
    return tokens, rows


@inputs
def draw(rng):
    """Rows of many lengths, some written faultlessly, with anything behind the end."""
    rows, steps = rng.permutation(np.arange(3, 12))[:2]
    wanted = rng.integers(4, 9, size=(rows, steps))
    ends = rng.integers(1, steps, size=(rows, 1))
    places = np.arange(steps)
    wanted = np.where(places < ends, wanted, 2 * (places == ends))
    noise = np.where(places > ends, 0.5, rng.choice([0.0, 0.2], size=(rows, 1)))
    slips = rng.random((rows, steps)) < noise
    return np.where(slips, rng.integers(0, 9, size=(rows, steps)), wanted), wanted


@alternative
def counted_one_by_one(written, wanted):
    """Every row up to its end mark, by hand."""
    good, all_tokens, faultless = 0, 0, 0
    for mine, theirs in zip(written.tolist(), wanted.tolist(), strict=True):
        end = theirs.index(2) + 1
        hits = [a == b for a, b in zip(mine[:end], theirs[:end], strict=True)]
        good, all_tokens = good + sum(hits), all_tokens + end
        faultless += all(hits)
    return good / all_tokens, faultless / len(wanted)


@alternative
def by_counting_faults(written, wanted):
    """Faults are what is left over."""
    faults = (written != wanted) & (wanted > 0)
    tokens = 1 - faults.sum() / np.count_nonzero(wanted)
    return tokens, np.mean(faults.sum(axis=1) == 0)


@check(points=1)
def filling_is_no_success(shares_right):
    """Wrong letters stay wrong, however much filling agrees behind them."""
    wanted = np.array([[5, 2, 0, 0, 0], [7, 6, 4, 2, 0], [4, 9, 6, 5, 2]])
    written = np.array([[8, 2, 0, 0, 0], [7, 0, 0, 0, 2], [4, 9, 0, 0, 0]])
    got = shares_right(written, wanted)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, for tokens and for rows, got {got!r}"
    close(got[0], 4 / 11, "share of tokens")
    close(got[1], 0.0, "share of rows")


@check(points=1)
def behind_the_end_nothing_counts(shares_right):
    """A row that is right up to its end mark is right, whatever stands behind."""
    wanted = np.array(
        [[5, 2, 0, 0, 0], [7, 6, 4, 2, 0], [4, 8, 6, 9, 2], [6, 4, 2, 0, 0]]
    )
    written = np.array(
        [[5, 2, 9, 2, 0], [7, 6, 4, 5, 2], [4, 8, 6, 9, 2], [6, 4, 2, 0, 0]]
    )
    got = shares_right(written, wanted)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, for tokens and for rows, got {got!r}"
    close(got[0], 13 / 14, "share of tokens")
    close(got[1], 3 / 4, "share of rows")


@check(points=2, hidden=True)
def many_random_rows(shares_right, rng):
    """Many random rows with slips, tokens and rows counted one by one."""
    wanted = rng.integers(4, 12, size=(40, 9))
    written = wanted.copy()
    tokens = faultless = total = 0
    for i in range(40):
        end = 1 + i % 8
        wanted[i, end], wanted[i, end + 1 :] = 2, 0
        written[i, end], written[i, end + 1 :] = 2, rng.integers(0, 12, size=8 - end)
        if i % 3:
            written[i, rng.integers(end + 1)] = 13 * (i % 2)  # a slip, or too little
        hits = sum(int(written[i, t] == wanted[i, t]) for t in range(end + 1))
        tokens, total = tokens + hits, total + end + 1
        faultless += hits == end + 1
    got = shares_right(written, wanted)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, for tokens and for rows, got {got!r}"
    close(got[0], tokens / total, "share of tokens")
    close(got[1], faultless / 40, "share of rows")


@misconception(caught_by=filling_is_no_success)
def filling_counted_as_right(written, wanted):
    """The filling still counts as tokens: zeros that agree are praised, others are
    blamed, and short rows have most of them. Which entries are there to be written?"""
    right = written == wanted
    return right.mean(), (right | (wanted == 0)).all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def filling_always_right(written, wanted):
    """All filling counts as right tokens, so that a short row is nearly right whatever
    is written. Filling may pass where you judge rows; where you count tokens it is
    neither right nor wrong."""
    right = (written == wanted) | (wanted == 0)
    return right.mean(), right.all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def filling_only_below_the_line(written, wanted):
    """Agreeing filling is counted above the line and left out below it, so your share
    may exceed one. Both counts should run over the same entries."""
    right = written == wanted
    real = wanted != 0
    return right.sum() / real.sum(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def filling_only_above_the_line(written, wanted):
    """You count right tokens without the filling and divide by all entries, filling
    included: faultless rows would not get 1. Both counts run over the same entries."""
    right = written == wanted
    real = wanted != 0
    return (right & real).mean(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=behind_the_end_nothing_counts)
def rows_still_with_filling(written, wanted):
    """The tokens are mended. The rows still have to agree behind their end, where what
    is written means nothing: what may a finished row be forgiven?"""
    right = written == wanted
    return right[wanted != 0].mean(), right.all(axis=1).mean()


@misconception(caught_by=behind_the_end_nothing_counts)
def filling_as_a_fault_of_the_row(written, wanted):
    """The tokens are mended. In the rows filling counts as a fault, whatever stands
    there: a row that is not as long as the table can never be right. What should an
    entry behind the end say when all of a row are asked?"""
    right = (written == wanted) & (wanted != 0)
    return right.sum() / np.count_nonzero(wanted), right.all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def a_mean_of_means(written, wanted):
    """You took a share for each row and then the mean of these, so that a token of a
    short row weighs more than one of a long row. Asked for is one share of all
    tokens."""
    right = written == wanted
    real = wanted != 0
    each = (right & real).sum(axis=1) / real.sum(axis=1)
    return each.mean(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=behind_the_end_nothing_counts)
def the_end_mark_left_out(written, wanted):
    """You left the end marks out along with the filling. Stopping in time is a part of
    the task: a row that goes on is not right."""
    right = written == wanted
    real = wanted > 2
    return right[real].mean(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=behind_the_end_nothing_counts)
def filling_told_by_what_was_written(written, wanted):
    """You leave out where the *written* table has zeros. Then a model that writes too
    little is forgiven, and what it writes too much is blamed: which table says what
    there was to write?"""
    right = written == wanted
    real = written != 0
    return right[real].mean(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def filling_told_by_either_table(written, wanted):
    """You leave out what is zero in either table. A writer who stops early, with zeros
    for the rest, is then forgiven what is missing: which table says what there was to
    write?"""
    right = written == wanted
    real = (wanted != 0) & (written != 0)
    return right[real].mean(), (right | ~real).all(axis=1).mean()


@misconception(caught_by=behind_the_end_nothing_counts)
def one_right_token_is_enough(written, wanted):
    """Your share of rows counts rows with at least one right token. A row is right only
    if every token up to its end is."""
    right = written == wanted
    real = wanted != 0
    return right[real].mean(), (right & real).any(axis=1).mean()


@misconception(caught_by=many_random_rows)
def end_mark_decides(written, wanted):
    """Your share of rows looks at the last token of a row only, its end mark. Every
    token before it has to be right as well."""
    right = written == wanted
    real = wanted != 0
    return right[real].mean(), (right | (wanted != 2)).all(axis=1).mean()


@misconception(caught_by=filling_is_no_success)
def until_the_writer_stopped(written, wanted):
    """You look at each row up to the end mark that was *written*. A writer who stops at
    once would be forgiven all the rest: whose end counts?"""
    right = written == wanted
    ends = np.cumsum(written == 2, axis=1) - (written == 2)
    real = ends == 0
    return right[real].mean(), (right | ~real).all(axis=1).mean()
