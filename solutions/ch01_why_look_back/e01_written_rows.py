r"""### Rows to copy, rows to turn round

Every experiment of this page begins with a table of rows to read and a table of rows to
write. Rows of a batch have different lengths and stand in one table, so that each needs
a mark where it ends, and something to fill up the rest. Here the end is marked by
**2**, and what is left is filled with **0**; ids of letters are 4 and above.

Write `written_rows(letters, lengths, backwards)`. Row i has `lengths[i]` letters, the
first ones of `letters[i]`; whatever stands behind them in `letters` does not count.
Return two tables, one column wider than `letters`:

- what is *read*: the letters, the end mark, zeros up to the last column;
- what is *to be written*: the same row, or, if `backwards` is true, the same letters
  from the last to the first, then the end mark, then zeros.

With `backwards`, the row `7 4 5` of length 3 in a table for four letters becomes
`7 4 5 2 0` to read and `5 4 7 2 0` to write. Leave `letters` as it is.
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
        "Take one row first. Which of its entries are letters, and at which column "
        "does its end mark stand?",
        "Begin with a table of zeros, one column wider. Row i gets its letters in "
        "the columns before `lengths[i]`, and the mark in the column `lengths[i]`.",
        "Cut the letters off first, `row[:length]`; then, if it is to be backwards, "
        "turn only that piece round. Whoever turns the whole row turns the zeros, "
        "too.",
    ),
)


@answer
def written_rows(letters, lengths, backwards):
    """What is read and what is to be written, ended by 2 and filled up with 0.

    letters    (rows, longest)  int, 4 or more
    lengths    (rows,)          int, from 1 to longest
    backwards  ()               bool
    returns    two things: the rows to read and the rows to write, (rows, longest + 1)
    """
    ### BEGIN SOLUTION
    read = np.zeros((len(letters), letters.shape[1] + 1), dtype=int)
    written = read.copy()
    for i, length in enumerate(lengths):
        row = letters[i, :length]
        read[i, :length] = row
        written[i, :length] = row[::-1] if backwards else row
        read[i, length] = written[i, length] = 2
    return read, written
    ### END SOLUTION


@inputs
def draw(rng):
    """Tables of uneven sizes, with letters left over behind the short rows."""
    rows, longest = rng.permutation(np.arange(2, 9))[:2]
    letters = rng.integers(4, 14, size=(rows, longest))
    lengths = rng.integers(1, longest, size=rows, endpoint=True)
    return letters, lengths, bool(rng.integers(2))


@alternative
def by_places(letters, lengths, backwards):
    """Each column asks for the place of its letter, without a loop."""
    places = np.arange(letters.shape[1] + 1)
    ends = lengths[:, None]
    inside = places < ends

    def table(source):
        found = np.take_along_axis(letters, np.where(inside, source, 0), axis=1)
        return np.where(inside, found, 2 * (places == ends))

    back = ends - 1 - places
    ahead = np.broadcast_to(places, inside.shape)
    return table(ahead), table(back if backwards else ahead)


@alternative
def by_lists(letters, lengths, backwards):
    """Rows as lists, joined and filled up."""
    width = letters.shape[1] + 1
    cut = [list(row[:n]) for row, n in zip(letters, lengths, strict=True)]
    turned = [row[::-1] for row in cut] if backwards else cut

    def fill(rows):
        return np.array([row + [2] + [0] * (width - 1 - len(row)) for row in rows])

    return fill(cut), fill(turned)


@check(points=1)
def rows_to_copy(written_rows):
    """Rows to copy: letters, the mark 2, zeros; both tables are the same."""
    letters = np.array([[7, 4, 5, 9], [6, 8, 8, 5], [5, 9, 4, 6]])
    got = written_rows(letters, np.array([3, 1, 4]), False)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, to read and to write, got {got!r}"
    wanted = np.array([[7, 4, 5, 2, 0], [6, 2, 0, 0, 0], [5, 9, 4, 6, 2]])
    close(got[0], wanted, "rows to read")
    close(got[1], wanted, "rows to write")


@check(points=1)
def rows_to_turn_round(written_rows):
    """Rows to turn round: only the letters turn, the mark and the zeros stay behind."""
    letters = np.array([[7, 4, 5, 9], [6, 8, 8, 5], [5, 9, 4, 6]])
    got = written_rows(letters, np.array([3, 2, 4]), True)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, to read and to write, got {got!r}"
    wanted = np.array([[7, 4, 5, 2, 0], [6, 8, 2, 0, 0], [5, 9, 4, 6, 2]])
    close(got[0], wanted, "rows to read")
    turned = np.array([[5, 4, 7, 2, 0], [8, 6, 2, 0, 0], [6, 4, 9, 5, 2]])
    close(got[1], turned, "rows to write")


@check(points=2, hidden=True)
def random_rows_with_room(written_rows, rng):
    """Random rows, none as long as the table is wide, in both directions."""
    letters = rng.integers(4, 30, size=(9, 6))
    lengths = rng.permutation(np.arange(9) % 5 + 1)  # none fills its row
    for backwards in (False, True):
        got = written_rows(letters, lengths, backwards)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two tables, to read and to write, got {got!r}"
        for place, turned in ((0, False), (1, backwards)):
            wanted = np.zeros((9, 7), dtype=int)
            for i in range(9):
                for j in range(lengths[i]):
                    wanted[i, lengths[i] - 1 - j if turned else j] = letters[i, j]
                wanted[i, lengths[i]] = 2
            close(got[place], wanted, ("rows to read", "rows to write")[place])


def _built(letters, lengths, turn, end):
    """Letters, then what `end` gives; faults are made by changing one of the two."""
    read = np.zeros((len(letters), letters.shape[1] + 1), dtype=int)
    written = read.copy()
    for i, n in enumerate(lengths):
        read[i, :n] = letters[i, :n]
        read[i, n] = end
        written[i] = turn(read[i], n)
    return read, written


def _turner(backwards):
    """Turns the letters of a row and nothing else, if `backwards` is true."""
    return lambda row, n: np.concatenate([row[:n][::-1], row[n:]]) if backwards else row


@misconception(caught_by=rows_to_turn_round)
def the_whole_row_turned(letters, lengths, backwards):
    """You turned whole rows round, end mark and filling with them, so that the writing
    begins with zeros. How much of a row are letters?"""
    return _built(letters, lengths, lambda row, n: row[::-1] if backwards else row, 2)


@misconception(caught_by=rows_to_turn_round)
def the_end_mark_turned_too(letters, lengths, backwards):
    """The zeros stay where they should, but the mark turns with the letters: the first
    thing to be written would be the end. Which piece should turn?"""

    def turn(row, n):
        back = np.concatenate([row[: n + 1][::-1], row[n + 1 :]])
        return back if backwards else row

    return _built(letters, lengths, turn, 2)


@misconception(caught_by=rows_to_copy)
def no_end_mark(letters, lengths, backwards):
    """The letters are right, and no row says where it ends. A reader could not tell a
    finished row from one that has merely stopped: which column is for the mark?"""
    return _built(letters, lengths, _turner(backwards), 0)


@misconception(caught_by=rows_to_copy)
def everything_behind_kept(letters, lengths, backwards):
    """All columns of `letters` came along, also those behind the length of a row. How
    many letters does row i have?"""
    full = np.full(len(letters), letters.shape[1])
    return _built(letters, full, _turner(backwards), 2)


@misconception(caught_by=rows_to_turn_round)
def turned_before_it_was_cut(letters, lengths, backwards):
    """You turned rows of `letters` first and cut them after that, so short rows begin
    with what stood behind their end. Which comes first, cutting or turning?"""
    read, _ = _built(letters, lengths, lambda row, n: row, 2)
    turned = letters[:, ::-1] if backwards else letters
    return read, _built(turned, lengths, lambda row, n: row, 2)[0]


@misconception(caught_by=rows_to_copy)
def the_mark_amid_what_stood_there(letters, lengths, backwards):
    """The mark is in its place, and behind it stands what stood in `letters`. What
    should be there instead?"""
    read, written = _built(letters, lengths, _turner(backwards), 2)
    behind = np.arange(letters.shape[1]) > np.asarray(lengths)[:, None]
    for table in (read, written):
        table[:, :-1][behind] = letters[behind]
    return read, written


@misconception(caught_by=rows_to_copy)
def filled_up_with_the_mark(letters, lengths, backwards):
    """Your rows are filled up with the end mark. One mark says where a row ends; which
    number is for the columns behind it?"""
    read, written = _built(letters, lengths, _turner(backwards), 2)
    return np.where(read == 0, 2, read), np.where(written == 0, 2, written)


@misconception(caught_by=rows_to_copy)
def the_mark_in_the_last_column(letters, lengths, backwards):
    """Your end mark always stands in the last column, far behind short rows. It belongs
    directly behind the last letter of its own row."""
    read, written = _built(letters, lengths, _turner(backwards), 0)
    read[:, -1] = written[:, -1] = 2
    return read, written


@misconception(caught_by=rows_to_turn_round)
def both_tables_turned(letters, lengths, backwards):
    """Both tables are turned round, so reader and writer have the same order and there
    is nothing to turn. Which of the two keeps the order of `letters`?"""
    _, written = _built(letters, lengths, _turner(backwards), 2)
    return written, written.copy()


@misconception(caught_by=rows_to_turn_round)
def the_other_axis_turned(letters, lengths, backwards):
    """You turned the order of the rows, first row last. Each row should stay where it
    is and turn its own letters: along which axis do they run?"""
    read, written = _built(letters, lengths, lambda row, n: row, 2)
    return read, written[::-1] if backwards else written


@misconception(caught_by=rows_to_turn_round)
def never_turned(letters, lengths, backwards):
    """A good copy, whatever `backwards` says. What should differ when it is true?"""
    return _built(letters, lengths, lambda row, n: row, 2)


@misconception(caught_by=random_rows_with_room)
def as_wide_as_the_longest_row(letters, lengths, backwards):
    """Your tables are as wide as the longest row of this batch needs. Another batch may
    have a longer one: asked for is one column more than `letters` has."""
    read, written = _built(letters, lengths, _turner(backwards), 2)
    width = max(lengths) + 1
    return read[:, :width], written[:, :width]


@misconception(caught_by=rows_to_turn_round)
def the_two_tables_swapped(letters, lengths, backwards):
    """Both tables are right and stand in each other's place. Which of the two comes
    first?"""
    read, written = _built(letters, lengths, _turner(backwards), 2)
    return written, read


@misconception(caught_by=rows_to_copy)
def turned_when_it_should_not_be(letters, lengths, backwards):
    """You turn rows round when `backwards` is false and copy them when it is true. Read
    your condition aloud."""
    return _built(letters, lengths, _turner(not backwards), 2)


@misconception(caught_by=rows_to_copy)
def the_mark_over_the_last_letter(letters, lengths, backwards):
    """Your end mark stands on the last letter, which is lost. Columns count from 0: a
    row of three letters fills the columns 0, 1 and 2."""
    read, written = _built(letters, lengths, lambda row, n: row, 0)
    for i, n in enumerate(lengths):
        read[i, n - 1] = 2
        piece = letters[i, :n]
        written[i, :n] = piece[::-1] if backwards else piece
        written[i, n - 1] = 2
    return read, written
