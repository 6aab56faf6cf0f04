r"""### What each head writes

The heads of a layer have read; then their reads are put side by side and multiplied by
$W^O$. Which part of the result is whose? Write `contributions(reads, output)`: for each
head the table that it alone adds to the result, so that

$$\sum_h \text{contributions}_h = [\text{head}_1, \dots, \text{head}_H] \, W^O.$$

What head $h$ adds must depend on nothing that another head has read. There is no bias.
Any number of leading axes may come first, also none.
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
    level="core",
    minutes=15,
    hints=(
        "Two heads of width 1, and W^O with two rows. Write the product out for one "
        "position: which row of W^O meets the second head's read?",
        "Side by side, head 0 has the entries 0 to width - 1, so it meets the first "
        "`width` rows of W^O; head 1 meets the next ones.",
        "`output.reshape(heads, width, -1)` has the rows of each head, and `@` "
        "multiplies each head's read with its own block.",
    ),
)


@answer
def contributions(reads, output):
    """What each head adds to the result of the layer.

    reads    (..., heads, queries, width)  float
    output   (inner, model)                float, inner = heads * width
    returns  (..., heads, queries, model)  float
    """
    ### BEGIN SOLUTION
    heads, width = reads.shape[-3], reads.shape[-1]
    return reads @ output.reshape(heads, width, output.shape[-1])
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a leading axis."""
    batch, heads, queries, width, model = rng.permutation(np.arange(2, 9))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    reads = rng.normal(size=(*leading, heads, queries, width))
    return reads, rng.normal(size=(heads * width, model))


@alternative
def all_others_silent(reads, output):
    """The whole layer, with the reads of all other heads at zero."""
    heads, parts = reads.shape[-3], []
    for h in range(heads):
        alone = reads * (np.arange(heads) == h)[:, None, None]
        joined = np.swapaxes(alone, -3, -2).reshape(*alone.shape[:-3], -1, len(output))
        parts.append(joined @ output)
    return np.stack(parts, axis=-3)


@alternative
def by_slices(reads, output):
    """One head after the other, with its slice of rows."""
    width = reads.shape[-1]
    parts = [
        reads[..., h, :, :] @ output[h * width : (h + 1) * width]
        for h in range(reads.shape[-3])
    ]
    return np.stack(parts, axis=-3)


@check(points=1)
def two_heads_on_paper(contributions):
    """Two heads of width 3, one of them reads ones: rows of W^O are added up."""
    output = np.array(
        [
            [1.0, 0.0, 0.0, 2.0],
            [0.0, 1.0, 0.0, 3.0],
            [0.0, 0.0, 1.0, 4.0],
            [5.0, 0.0, 1.0, 0.0],
            [6.0, 1.0, 0.0, 0.0],
            [7.0, 0.0, 0.0, 1.0],
        ]
    )
    reads = np.array(
        [
            [[1.0, 1.0, 1.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0, 1, 2], [1, 0, 0]],
            [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0], [1, 0, 1], [0, 2, 0]],
        ]
    )
    first = [[1.0, 1, 1, 9], [2, 0, 0, 4], [0, 0, 0, 0], [0, 1, 2, 11], [1, 0, 0, 2]]
    second = [
        [0.0, 0, 0, 0],
        [21, 0, 0, 3],
        [18, 1, 1, 1],
        [12, 0, 1, 1],
        [12, 2, 0, 0],
    ]
    close(contributions(reads, output), np.array([first, second]), "contributions")


@check(points=1)
def they_sum_to_the_layer(contributions, rng):
    """A batch of four heads: summed over the heads, the parts are the whole."""
    reads, output = rng.normal(size=(2, 4, 6, 3)), rng.normal(size=(12, 5))
    joined = np.concatenate([reads[:, h] for h in range(4)], axis=-1)
    got = np.asarray(contributions(reads, output))
    axes = "two rows, four heads, six queries, five entries"
    assert got.shape == (2, 4, 6, 5), f"wanted (2, 4, 6, 5), {axes}; got {got.shape}"
    close(got.sum(axis=1), joined @ output, "sum of the contributions")


@check(points=2, hidden=True)
def each_head_alone(contributions, rng):
    """Each head against a layer in which all the others are silent."""
    from attn_course.functional import merge_heads

    reads, output = rng.normal(size=(4, 3, 5, 2)), rng.normal(size=(6, 7))
    wanted = np.empty((4, 3, 5, 7))
    for h in range(3):
        alone = np.zeros_like(reads)
        alone[:, h] = reads[:, h]
        wanted[:, h] = merge_heads(alone) @ output
    close(contributions(reads, output), wanted, "contributions")


@misconception(caught_by=two_heads_on_paper)
def rows_dealt_like_cards(reads, output):
    """You give head h every H-th row of W^O. Side by side, a head's entries are
    neighbours: which rows do the first three entries meet?"""
    heads, width = reads.shape[-3], reads.shape[-1]
    blocks = output.reshape(width, heads, output.shape[-1])
    return reads @ np.swapaxes(blocks, 0, 1)


@misconception(caught_by=two_heads_on_paper)
def the_same_rows_for_all(reads, output):
    """All your heads write through the rows of the first. That is the sum of heads
    which cannot tell who said what: each head has rows of its own."""
    return reads @ output[: reads.shape[-1]]


@misconception(caught_by=two_heads_on_paper)
def a_mean_of_heads(reads, output):
    """You divide by the number of heads. The layer adds its heads up: try whether your
    parts sum to the whole."""
    heads, width = reads.shape[-3], reads.shape[-1]
    return reads @ output.reshape(heads, width, -1) / heads


@misconception(caught_by=each_head_alone)
def an_equal_share_each(reads, output):
    """You computed the result of the layer and gave each head an equal share. The sum
    is right, and no share is what that head has done: silence one head and see."""
    heads, width = reads.shape[-3], reads.shape[-1]
    whole = (reads @ output.reshape(heads, width, -1)).sum(axis=-3, keepdims=True)
    return np.repeat(whole / heads, heads, axis=-3)


@misconception(caught_by=two_heads_on_paper)
def heads_in_reverse(reads, output):
    """Your first head writes through the last rows. Head 0 stands first when the reads
    are put side by side."""
    heads, width = reads.shape[-3], reads.shape[-1]
    return reads @ output.reshape(heads, width, -1)[::-1]


@misconception(caught_by=they_sum_to_the_layer)
def joined_by_a_bare_reshape(reads, output):
    """You silence all heads but one, which is a fine way, and join by a bare reshape:
    the positions travel. Move the heads behind the positions first."""
    heads, parts = reads.shape[-3], []
    for h in range(heads):
        alone = reads * (np.arange(heads) == h)[:, None, None]
        joined = alone.reshape(*alone.shape[:-3], alone.shape[-2], len(output))
        parts.append(joined @ output)
    return np.stack(parts, axis=-3)


@misconception(caught_by=two_heads_on_paper)
def everybody_but_the_head(reads, output):
    """You silenced the head itself and kept all the others. Asked for is what the head
    adds, the other way round."""
    heads, width = reads.shape[-3], reads.shape[-1]
    own = reads @ output.reshape(heads, width, -1)
    return own.sum(axis=-3, keepdims=True) - own
