r"""### What the decoder reads, and what it should write

The sentences of a batch come as a list of lists of token ids, without special tokens
and of different lengths, some of them empty. Write `decoder_batch(sentences)`. It
returns three tables with one row for each sentence and as many columns as the longest
needs:

1. `wanted`: the tokens of the sentence, then `END = 2`, then `PAD = 0` to the right;
2. `reads`: the table `wanted`, one step late. Each row starts with `START = 1`, and at
   every other place stands what is wanted one place before;
3. `counts`: True where the loss counts, at every token and at its `END`, and nowhere
   else.

Nothing is left out to make room: where the longest sentence has five tokens, all tables
have six columns.
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
    minutes=12,
    hints=(
        "Write out the two tables for the sentences 7 8 9 and 4. What stands in the "
        "last column of each, and what in the first?",
        "Make `wanted` first: a table of zeros, then row by row its tokens and the end "
        "symbol. The second table needs no loop any more.",
        "`reads` is a first column of ones, and beside it all columns of `wanted` "
        "but the last. What counts is what is not padding in `wanted`.",
    ),
)


@answer
def decoder_batch(sentences):
    """Tables for a decoder that learns by being told what came before.

    sentences  list of lists of ids from 4 upwards, at least one list
    returns    three things, each (sentences, positions): wanted and reads, of whole
               numbers, and counts, of True and False
    """
    ### BEGIN SOLUTION
    wanted = np.zeros((len(sentences), max(map(len, sentences)) + 1), dtype=int)
    for row, sentence in zip(wanted, sentences, strict=True):
        row[: len(sentence)] = sentence
        row[len(sentence)] = 2
    reads = np.roll(wanted, 1, axis=1)
    reads[:, 0] = 1
    return wanted, reads, wanted != 0
    ### END SOLUTION


@inputs
def draw(rng):
    """Two to six sentences of up to seven tokens, some of them empty."""
    lengths = rng.integers(0, 8, size=rng.integers(2, 7))
    return ([rng.integers(4, 40, size=length).tolist() for length in lengths],)


@alternative
def by_lists(sentences):
    """Lists are filled up before they become a table."""
    columns = max(len(sentence) for sentence in sentences) + 1
    wanted, reads = [], []
    for sentence in sentences:
        row = [*sentence, 2] + [0] * (columns - len(sentence) - 1)
        wanted.append(row)
        reads.append([1, *row[:-1]])
    wanted, reads = np.array(wanted), np.array(reads)
    return wanted, reads, wanted > 0


@alternative
def stood_side_by_side(sentences):
    """What counts comes from the lengths, and the late table from two parts."""
    lengths = np.array([len(sentence) for sentence in sentences])
    places = np.arange(lengths.max() + 1)
    wanted = np.zeros((len(lengths), len(places)), dtype=int)
    for i, sentence in enumerate(sentences):
        wanted[i, : lengths[i] + 1] = [*sentence, 2]
    start = np.ones((len(lengths), 1), dtype=int)
    late = np.concatenate([start, wanted[:, :-1]], axis=1)
    return wanted, late, places <= lengths[:, None]


@check(points=1)
def three_and_one(decoder_batch):
    """The sentences 7 8 9 and 4, as on paper."""
    got = decoder_batch([[7, 8, 9], [4]])
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three tables, got {len(got)} things"
    close(got[0], np.array([[7, 8, 9, 2], [4, 2, 0, 0]]), "wanted")
    close(got[1], np.array([[1, 7, 8, 9], [1, 4, 2, 0]]), "reads")
    close(got[2], np.array([[1, 1, 1, 1], [1, 1, 0, 0]]) == 1, "counts")


@check(points=1)
def the_longest_is_not_the_first(decoder_batch):
    """Sentences of two, no, four and four tokens: five columns, the end included."""
    got = decoder_batch([[9, 6], [], [5, 5, 4, 8], [6, 7, 30, 5]])
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three tables, got {len(got)} things"
    ends = [[9, 6, 2, 0, 0], [2, 0, 0, 0, 0], [5, 5, 4, 8, 2], [6, 7, 30, 5, 2]]
    late = [[1, 9, 6, 2, 0], [1, 2, 0, 0, 0], [1, 5, 5, 4, 8], [1, 6, 7, 30, 5]]
    close(got[0], np.array(ends), "wanted")
    close(got[1], np.array(late), "reads")
    close(got[2], np.array(ends) > 0, "counts")


@check(points=2, hidden=True)
def against_the_course(decoder_batch, rng):
    """Batches of random sentences, against the functions of the course."""
    from attn_course.data import END, PAD, pad, shift_right

    for count in (2, 3, 6):
        lengths = rng.permutation(9)[:count]
        rows = [rng.integers(4, 90, size=length).tolist() for length in lengths]
        wanted = pad([[*row, END] for row in rows])
        tables = wanted, shift_right(wanted), wanted != PAD
        close(tuple(decoder_batch(rows)), tables, "tables")


def _wanted(sentences, end=True):
    wanted = np.zeros((len(sentences), max(map(len, sentences)) + 1), dtype=int)
    for row, sentence in zip(wanted, sentences, strict=True):
        row[: len(sentence)] = sentence
        row[len(sentence)] = 2 * end
    return wanted


def _late(wanted):
    return np.concatenate([np.ones_like(wanted[:, :1]), wanted[:, :-1]], axis=1)


@misconception(caught_by=three_and_one)
def reads_what_it_should_write(sentences):
    """The decoder reads in each place the very token that is wanted there, and learns
    to repeat it. What has it seen when it writes the first token?"""
    wanted = _wanted(sentences)
    return wanted, wanted.copy(), wanted != 0


@misconception(caught_by=three_and_one)
def early_instead_of_late(sentences):
    """Your second table runs ahead of the first: the decoder reads the token after the
    one that it should write. Which of the two must be late?"""
    wanted = _wanted(sentences)
    early = np.concatenate([wanted[:, 1:], np.zeros_like(wanted[:, :1])], axis=1)
    return wanted, early, wanted != 0


@misconception(caught_by=three_and_one)
def rolled_round_the_corner(sentences):
    """The rows are rolled, so what falls off at the right comes in at the left. What
    should stand in front of every sentence?"""
    wanted = _wanted(sentences)
    return wanted, np.roll(wanted, 1, axis=1), wanted != 0


@misconception(caught_by=three_and_one)
def shifted_down(sentences):
    """Each row of your second table is the one above it: you shifted the sentences, not
    the positions. Along which axis do positions run?"""
    wanted = _wanted(sentences)
    reads = np.roll(wanted, 1, axis=0)
    reads[:, 0] = 1
    return wanted, reads, wanted != 0


@misconception(caught_by=three_and_one)
def end_at_the_edge(sentences):
    """Your end symbol stands in the last column of every row. A short sentence ends
    where its tokens end, and padding comes after that."""
    wanted = _wanted(sentences, end=False)
    wanted[:, -1] = 2
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=three_and_one)
def no_end(sentences):
    """No sentence of yours ends. A model that never had to write the end symbol will
    not know when to stop."""
    wanted = _wanted(sentences, end=False)
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=three_and_one)
def the_end_does_not_count(sentences):
    """Your loss leaves out the end symbol. To stop in time is a thing to be learnt like
    any other."""
    wanted = _wanted(sentences)
    return wanted, _late(wanted), wanted > 2


@misconception(caught_by=three_and_one)
def everything_counts(sentences):
    """Your loss counts padding. To write nothing after the end is easy, so the mean
    looks better the more padding there is."""
    wanted = _wanted(sentences)
    return wanted, _late(wanted), np.ones(wanted.shape, dtype=bool)


@misconception(caught_by=against_the_course)
def counts_what_is_read(sentences):
    """You count where something is *read*. The loss is a loss of what is written: one
    more place of each short row counts with you than should."""
    wanted = _wanted(sentences)
    reads = _late(wanted)
    return wanted, reads, reads != 0


@misconception(caught_by=three_and_one)
def the_longest_loses_its_end(sentences):
    """Your tables are one column too narrow, so that the longest sentence has lost a
    token or its end. How many columns do five tokens and an end need?"""
    wanted = _wanted(sentences)[:, :-1]
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=three_and_one)
def start_is_wanted_too(sentences):
    """Your tables are one column too wide, because START stands in `wanted`. The model
    never has to write it: in which of the tables does it belong?"""
    rows = [[1, *sentence] for sentence in sentences]
    wanted = _wanted(rows)
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=three_and_one)
def the_other_way_round(sentences):
    """The two tables are right and stand in the wrong order: first what is wanted, then
    what is read."""
    wanted = _wanted(sentences)
    return _late(wanted), wanted, wanted != 0


@misconception(caught_by=three_and_one)
def padded_on_the_left(sentences):
    """Your padding stands in front. The statement wants it to the right, so that each
    sentence begins at the first position."""
    wanted = _wanted(sentences)
    for row, sentence in zip(wanted, sentences, strict=True):
        row[:] = np.roll(row, len(row) - len(sentence) - 1)
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=the_longest_is_not_the_first)
def sorted_by_length(sentences):
    """Your rows are sorted by length. Batches of similar lengths are a good idea, and
    whoever makes them decides it; here row i belongs to sentence i."""
    wanted = _wanted(sorted(sentences, key=len, reverse=True))
    return wanted, _late(wanted), wanted != 0


@misconception(caught_by=three_and_one)
def the_end_is_not_read(sentences):
    """You take the end symbol out of what is read. It does no harm there, since nothing
    counts behind it; asked for is the whole table `wanted`, one step late."""
    wanted = _wanted(sentences)
    reads = _late(wanted)
    return wanted, np.where(reads == 2, 0, reads), wanted != 0
