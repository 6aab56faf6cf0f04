r"""### Rows for a language model

A model that predicts the next token is evaluated on a long text, `length` tokens at a
time. Write `language_rows(tokens, length)`: it cuts the text into rows that follow each
other and returns two tables, what the model reads and what it is to say at each place,
both of shape (rows, length).

- The target at each place is the token that comes **next in the text**, across the end
  of a row as well.
- No token is asked for twice, and none is left out: except the first, which nothing
  comes before, and a rest at the end that fills no whole row.
- There are as many whole rows as the text allows.
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
    level="warm-up",
    minutes=10,
    hints=(
        "Take the text 0, 1, 2, …, 8 and rows of 4. What comes after 3, and in which "
        "row is it asked for? Is there a target for 8?",
        "n tokens have n − 1 targets: every token but the first. How many whole rows "
        "do n − 1 targets fill?",
        "There are (n − 1) // length whole rows. The inputs are the first rows · "
        "length tokens, the targets as many from the second token on; both reshaped.",
    ),
)


@answer
def language_rows(tokens, length):
    """What is read and what comes next, row after row of the text.

    tokens   (positions,)    int, more than `length` of them
    length   ()              int
    returns  two tables of tokens, inputs and targets, both (rows, length)
    """
    ### BEGIN SOLUTION
    rows = (len(tokens) - 1) // length
    used = rows * length
    inputs = tokens[:used].reshape(rows, length)
    targets = tokens[1 : used + 1].reshape(rows, length)
    return inputs, targets
    ### END SOLUTION


@inputs
def draw(rng):
    """Texts that fill their rows to the last token, or by one token less or more."""
    length, rows = rng.permutation(np.arange(2, 8))[:2]
    positions = rows * length + rng.integers(0, 3)
    return rng.integers(100, size=max(positions, length + 1)), int(length)


@alternative
def place_by_place(tokens, length):
    """A table of places, looked up twice."""
    starts = np.arange(0, len(tokens) - length, length)[:, None]
    places = starts + np.arange(length)
    return tokens[places], tokens[places + 1]


@alternative
def row_by_row(tokens, length):
    """One window of length + 1 tokens after the other; neighbours share a token."""
    windows = [
        tokens[start : start + length + 1]
        for start in range(0, len(tokens) - length, length)
    ]
    return np.array([w[:-1] for w in windows]), np.array([w[1:] for w in windows])


@check(points=1)
def nine_tokens_in_rows_of_four(language_rows):
    """Nine tokens give two rows of four: 13 is read in one and asked for in another."""
    got = language_rows(np.array([10, 11, 12, 13, 14, 15, 16, 17, 18]), 4)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, inputs and targets, got {got!r}"
    close(got[0], np.array([[10, 11, 12, 13], [14, 15, 16, 17]]), "inputs")
    close(got[1], np.array([[11, 12, 13, 14], [15, 16, 17, 18]]), "targets")


@check(points=1)
def a_rest_that_fills_no_row(language_rows):
    """Eight tokens have seven targets: two rows of three, and a rest of one."""
    got = language_rows(np.array([5, 3, 9, 4, 8, 1, 7, 2]), 3)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, inputs and targets, got {got!r}"
    close(got[0], np.array([[5, 3, 9], [4, 8, 1]]), "inputs")
    close(got[1], np.array([[3, 9, 4], [8, 1, 7]]), "targets")


@check(points=2, hidden=True)
def every_length_of_text(language_rows, rng):
    """Texts of every length from one row to four, against the definition."""
    for positions in range(6, 22):
        tokens = rng.permutation(50)[:positions]
        got = language_rows(tokens, 5)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two tables, inputs and targets, got {got!r}"
        rows = [tokens[5 * r : 5 * r + 6] for r in range((positions - 1) // 5)]
        close(got[0], np.array([row[:5] for row in rows]), "inputs")
        close(got[1], np.array([row[1:] for row in rows]), "targets")


@misconception(caught_by=nine_tokens_in_rows_of_four)
def not_shifted(tokens, length):
    """Your targets are what the model has just read. It will learn to repeat, with a
    loss near zero at once: give it the next token as its goal."""
    rows = (len(tokens) - 1) // length
    table = tokens[: rows * length].reshape(rows, length)
    return table, table.copy()


@misconception(caught_by=nine_tokens_in_rows_of_four)
def shifted_to_the_past(tokens, length):
    """Your model reads a token and is asked for the one before it. Which of the two
    tables should start one token later?"""
    rows = (len(tokens) - 1) // length
    table = tokens[: rows * length].reshape(rows, length)
    return tokens[1 : rows * length + 1].reshape(rows, length), table


@misconception(caught_by=nine_tokens_in_rows_of_four)
def each_row_a_circle(tokens, length):
    """The last target of each row is the first token of the same row. What stands in
    the text after a row ends?"""
    rows = (len(tokens) - 1) // length
    table = tokens[: rows * length].reshape(rows, length)
    return table, np.roll(table, -1, axis=1)


@misconception(caught_by=a_rest_that_fills_no_row)
def a_token_lost_between_rows(tokens, length):
    """Your rows start length + 1 tokens apart, so the first token of each row but one
    is never asked for. The last target of a row is also the first input of the next."""
    starts = range(0, max(len(tokens) - length, 1), length + 1)
    return (
        np.array([tokens[s : s + length] for s in starts]),
        np.array([tokens[s + 1 : s + length + 1] for s in starts]),
    )


@misconception(caught_by=every_length_of_text)
def one_target_too_few(tokens, length):
    """You leave out the last row where the text fills it exactly: n tokens have n − 1
    targets, and the last of them counts too."""
    rows = (len(tokens) - 2) // length
    used = rows * length
    return tokens[:used].reshape(-1, length), tokens[1 : used + 1].reshape(-1, length)


@misconception(caught_by=every_length_of_text)
def the_text_a_circle(tokens, length):
    """Where the tokens fill the rows exactly, your last target is the first token of
    the text. After the end nothing comes: that row has one target too few."""
    rows = len(tokens) // length
    used = rows * length
    later = np.roll(tokens, -1)
    return tokens[:used].reshape(rows, length), later[:used].reshape(rows, length)


@misconception(caught_by=nine_tokens_in_rows_of_four)
def down_the_columns(tokens, length):
    """You fill the tables column by column. A row is a stretch of text that reads from
    left to right: neighbours in a row must be neighbours in the text."""
    rows = (len(tokens) - 1) // length
    used = rows * length
    return (
        tokens[:used].reshape(length, rows).T,
        tokens[1 : used + 1].reshape(length, rows).T,
    )


@misconception(caught_by=nine_tokens_in_rows_of_four)
def rows_that_overlap(tokens, length):
    """Your rows start one token apart, so that most tokens are asked for again and
    again. In an evaluation each counts once: where does the next row start?"""
    starts = np.arange(len(tokens) - length)[:, None]
    places = starts + np.arange(length)
    return tokens[places], tokens[places + 1]
