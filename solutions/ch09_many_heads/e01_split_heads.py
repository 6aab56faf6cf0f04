r"""### Cut a vector into heads

Write `split_heads(x, heads)`. Each position of `x` has a vector of `model` entries.
Head 0 gets the first `model / heads` entries of **every** position, head 1 the next
ones, and so on. The heads stand before the positions in the result.

Any number of leading axes may come first, also none, and stays where it is. `heads`
divides `model`.
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
        "Take one position with four entries and two heads, and write down what each "
        "head gets. Then a second position: where does it go?",
        "Two steps. First cut the last axis into (heads, width), which leaves each "
        "number with its position. Which two axes then have to change places?",
        "`x.reshape(*x.shape[:-1], heads, -1)` has the axes ..., positions, heads, "
        "width; `np.swapaxes` moves the heads before the positions.",
    ),
)


@answer
def split_heads(x, heads):
    """The entries of every position, dealt out to the heads.

    x        (..., positions, model)         float
    heads    ()                              int, divides model
    returns  (..., heads, positions, width)  float, width = model / heads
    """
    ### BEGIN SOLUTION
    cut = x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)
    return np.swapaxes(cut, -2, -3)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with no leading axis, one or two."""
    positions, width, heads, batch, more = rng.permutation(np.arange(2, 8))[:5]
    leading = [(), (batch,), (more, batch)][rng.integers(3)]
    return rng.normal(size=(*leading, positions, heads * width)), int(heads)


@alternative
def stacked(x, heads):
    """One head after the other, by slices."""
    return np.stack(np.split(x, heads, axis=-1), axis=-3)


@alternative
def entry_by_entry(x, heads):
    """Every number is carried to its place."""
    *leading, positions, model = x.shape
    width = model // heads
    split = np.empty((*leading, heads, positions, width), x.dtype)
    for p, m in np.ndindex(positions, model):
        split[..., m // width, p, m % width] = x[..., p, m]
    return split


@check(points=1)
def four_positions_on_paper(split_heads):
    """Four positions of six entries, two heads."""
    x = 10.0 * np.arange(1.0, 5.0)[:, None] + np.arange(1.0, 7.0)
    wanted = np.array(
        [
            [[11.0, 12, 13], [21, 22, 23], [31, 32, 33], [41, 42, 43]],
            [[14.0, 15, 16], [24, 25, 26], [34, 35, 36], [44, 45, 46]],
        ]
    )
    close(split_heads(x, 2), wanted, "heads")


@check(points=1)
def leading_axes_stay(split_heads):
    """A batch of two rows of four positions, three heads of width 5."""
    x = 100.0 * np.arange(8.0).reshape(2, 4)[..., None] + np.arange(15.0)
    first = [[100.0 * p + e for e in range(5)] for p in range(4)]
    got = split_heads(x, 3)
    wanted = np.array(first) + np.array([0.0, 5.0, 10.0])[:, None, None]
    close(got, np.stack([wanted, wanted + 400.0]), "heads")


@check(points=1, hidden=True)
def like_the_reference(split_heads, rng):
    """Random numbers with two leading axes, and with none, against the reference."""
    from attn_course.functional import split_heads as reference

    for shape, heads in (((2, 3, 5, 28), 4), ((5, 18), 6), ((3, 4, 14), 2)):
        x = rng.normal(size=shape)
        close(split_heads(x, heads), reference(x, heads), f"{heads} heads")


@misconception(caught_by=four_positions_on_paper)
def reshaped_straight(x, heads):
    """The shape is perfect, the contents travelled: you cut the sentence into pieces
    and not the entries. Which numbers of the first position does your second head
    have?"""
    *leading, positions, model = x.shape
    return x.reshape(*leading, heads, positions, model // heads)


@misconception(caught_by=four_positions_on_paper)
def dealt_like_cards(x, heads):
    """You deal the entries out like cards, one to each head in turn. Here a head owns
    neighbours: the first few entries, then the next few."""
    cut = x.reshape(*x.shape[:-1], x.shape[-1] // heads, heads)
    return np.moveaxis(cut, -1, -3)


@misconception(caught_by=four_positions_on_paper)
def heads_after_the_positions(x, heads):
    """The entries are cut well, and the new axis still stands behind the positions. One
    more step brings the heads to the front."""
    return x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)


@misconception(caught_by=four_positions_on_paper)
def width_before_positions(x, heads):
    """Every head has its own entries, but each table lies on its side: positions are to
    be rows, and the entries of the head stand along them."""
    cut = x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)
    return np.moveaxis(cut, -3, -1)


@misconception(caught_by=leading_axes_stay)
def heads_before_the_batch(x, heads):
    """One row at a time you are right. With a batch, your heads stand before it: count
    the axes from the end, and the batch stays in front."""
    cut = x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)
    return np.moveaxis(cut, -2, 0)


@misconception(caught_by=like_the_reference)
def one_batch_axis_at_most(x, heads):
    """Right with one leading axis or none. Of two you make one: let `x.shape[:-1]`
    carry along whatever stands in front."""
    *leading, positions, model = x.shape
    cut = x.reshape(-1, positions, heads, model // heads)
    split = np.swapaxes(cut, 1, 2)
    return split if leading else split[0]
