r"""### Find the bug: a block that knows too much

`decoder_block` is a pre-norm block of a decoder, with one head and without gains:

$$ x \leftarrow x + \operatorname{read}(\operatorname{norm}(x)), \qquad
   x \leftarrow x + \operatorname{ReLU}(\operatorname{norm}(x) \, W^{\text{in}}) \,
   W^{\text{out}}, $$

with a layer norm of each position, and a read that goes no further than the position
itself. Whoever wrote it looked at three things:

> The weights above the diagonal are exactly zero. The norm returns numbers with mean 0
> and variance 1. And the loss falls: it is even *lower* than it should be for such a
> small model. Done!

What a stack of these blocks writes alone, however, is nonsense.
**There are two faults. Mend both.** Ask which input reaches which output, and what is
left of x if the block has nothing to say.
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
    minutes=20,
    hints=(
        "The mask is right. By which other way can a later position make itself felt? "
        "Change the last row of x and look at the first row of what comes out.",
        "Which axis holds the entries of a position, and along which does `norm` take "
        "its means? Then set the last tables to zero: a pre-norm block should hand on "
        "its x, to the last digit.",
        "The norm must run along the last axis. And its result is what the second "
        "half *reads*; what the change is added to is x itself.",
    ),
)


@answer
def decoder_block(x, maps, W_in, W_out):
    """The rows after one block.

    x        (batch, positions, model)  float
    maps     (4, model, model)          float, for queries, keys, values, output
    W_in     (model, hidden)            float
    W_out    (hidden, model)            float
    returns  (batch, positions, model)  float
    """

    ### BEGIN SOLUTION
    def norm(x):
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5)

    seen = norm(x)
    q, k, v = seen @ maps[0], seen @ maps[1], seen @ maps[2]
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    x = x + exps / exps.sum(axis=-1, keepdims=True) @ v @ maps[3]
    return x + np.maximum(norm(x) @ W_in, 0) @ W_out
    ### END SOLUTION


@starter
def decoder_block(x, maps, W_in, W_out):  # noqa: F811
    """The rows after one block.

    x        (batch, positions, model)  float
    maps     (4, model, model)          float, for queries, keys, values, output
    W_in     (model, hidden)            float
    W_out    (hidden, model)            float
    returns  (batch, positions, model)  float
    """

    def norm(x):
        x = x - x.mean(axis=-2, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-2, keepdims=True) + 1e-5)

    seen = norm(x)
    q, k, v = seen @ maps[0], seen @ maps[1], seen @ maps[2]
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    x = x + exps / exps.sum(axis=-1, keepdims=True) @ v @ maps[3]
    x = norm(x)
    return x + np.maximum(x @ W_in, 0) @ W_out


@inputs
def draw(rng):
    """Uneven sizes, rows of uneven spread and height."""
    batch, positions, model, hidden = rng.permutation([2, 3, 5, 6, 7, 8])[:4]
    x = rng.normal(size=(batch, positions, model)) * 2
    x = x * rng.uniform(0.2, 2, size=(batch, positions, 1)) + rng.normal()
    W_in, W_out = rng.normal(size=(model, hidden)), rng.normal(size=(hidden, model))
    return x, rng.normal(size=(4, model, model)) / 2, W_in / 2, W_out / 2


def _norm(x, axis=-1):
    x = x - x.mean(axis=axis, keepdims=True)
    return x / np.sqrt((x**2).mean(axis=axis, keepdims=True) + 1e-5)


def _read(x, maps, seen=None):
    q, k, v = x @ maps[0], x @ maps[1], x @ maps[2]
    scores = np.einsum("bqd,bkd->bqk", q, k) / q.shape[-1] ** 0.5
    if seen is None:
        seen = np.tri(x.shape[1], dtype=bool)
    exps = np.exp(np.where(seen, scores, -np.inf))
    return exps / exps.sum(axis=-1, keepdims=True) @ v @ maps[3]


def _feed(x, W_in, W_out):
    return np.maximum(x @ W_in, 0) @ W_out


@alternative
def position_by_position(x, maps, W_in, W_out):
    """What is later is never looked at, so that no mask is needed."""
    after = np.empty_like(x)
    for b, t in np.ndindex(x.shape[:2]):
        seen = _norm(x[b, : t + 1])
        scores = seen @ maps[1] @ (seen[-1] @ maps[0]) / x.shape[-1] ** 0.5
        exps = np.exp(scores - scores.max())
        row = x[b, t] + exps @ seen @ maps[2] @ maps[3] / exps.sum()
        after[b, t] = row + _feed(_norm(row), W_in, W_out)
    return after


@alternative
def the_changes_added_up(x, maps, W_in, W_out):
    """What went in, and the two changes."""
    first = _read(_norm(x), maps)
    second = _feed(_norm(x + first), W_in, W_out)
    return sum((x, first, second))


@check(points=1)
def nothing_comes_from_later(decoder_block, rng):
    """A new last position changes the last row of the result and no other."""
    x, maps = rng.normal(size=(2, 5, 6)), rng.normal(size=(4, 6, 6)) / 2
    W_in, W_out = rng.normal(size=(6, 7)), rng.normal(size=(7, 6)) / 2
    other = x.copy()
    other[:, -1] = 3 * rng.normal(size=(2, 6))
    before = np.asarray(decoder_block(x, maps, W_in, W_out))
    after = np.asarray(decoder_block(other, maps, W_in, W_out))
    assert before.shape == x.shape, f"wanted shape {x.shape}, got {before.shape}"
    gap = np.abs(after - before).max(axis=(0, 2))
    assert gap[:-1].max() < 1e-9, (
        "with another last position, earlier rows change too, by up to "
        f"{gap[:-1].max():.2g}: who told them?"
    )
    assert gap[-1] > 1e-3, "the last row does not notice that it has changed"


@check(points=1)
def what_has_nothing_to_say(decoder_block):
    """One half silent, then the other: what is left is x and one change."""
    x = np.array([[[9.0, 1, 9, 1], [2.0, 2, -2, -2], [0.5, 0.5, 0.1, 0.1]]] * 2)
    maps, W_in, W_out = np.zeros((4, 4, 4)), np.eye(4, 5), 3 * np.eye(5, 4)
    silent = decoder_block(x, maps, W_in, 0 * W_out)
    fed = decoder_block(x, maps, W_in, W_out)
    mean_maps = maps.copy()
    mean_maps[2:] = np.eye(4)  # no scores, so the read is a mean
    read = decoder_block(x, mean_maps, W_in, 0 * W_out)
    close(silent, x, "rows if no half says anything")
    spread = np.array([4.0, 2.0, 0.2])[:, None]  # of the three rows
    normal = (x - x.mean(axis=2)[..., None]) / np.sqrt(spread**2 + 1e-5)
    close(fed, x + 3 * np.maximum(normal, 0), "rows if the read is silent")
    means = np.cumsum(normal, axis=1) / np.array([1.0, 2, 3])[:, None]
    close(read, x + means, "rows if the second half is silent")


@check(points=2, hidden=True)
def like_the_course(decoder_block, rng):
    """Random tables, against the course's own block."""
    from attn_course.functional import (
        BlockWeights,
        MultiHeadWeights,
        causal_mask,
        transformer_block,
    )

    for batch, positions, model, hidden in ((2, 5, 6, 7), (3, 4, 7, 9)):
        x = rng.normal(size=(batch, positions, model)) * 2 + rng.normal()
        maps = rng.normal(size=(4, model, model)) / 2
        W_in = rng.normal(size=(model, hidden)) / 2
        W_out = rng.normal(size=(hidden, model)) / 2
        plain = np.ones(model), np.zeros(model)
        feed = W_in, np.zeros(hidden), W_out, np.zeros(model)
        weights = BlockWeights(MultiHeadWeights(*maps), plain, feed, plain)
        wanted = transformer_block(x, weights, 1, allowed=causal_mask(positions))
        close(decoder_block(x, maps, W_in, W_out), wanted, "rows")


@misconception(caught_by=nothing_comes_from_later)
def norm_over_the_positions(x, maps, W_in, W_out):
    """The second sum is mended. Your norm still takes its means down the positions, and
    through a mean every position hears of every other. Which axis holds features?"""
    x = x + _read(_norm(x, -2), maps)
    return x + _feed(_norm(x, -2), W_in, W_out)


@misconception(caught_by=nothing_comes_from_later)
def one_norm_for_each_sample(x, maps, W_in, W_out):
    """Your norm runs over positions and entries together, so later positions still have
    a say in the mean. Each position is normalised on its own."""
    x = x + _read(_norm(x, (-2, -1)), maps)
    return x + _feed(_norm(x, (-2, -1)), W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def adds_to_the_norm(x, maps, W_in, W_out):
    """The norm is mended. The second change is still added to the *norm* of x, so the
    stream loses its lengths in each block. What stands to the left of the plus sign?"""
    x = _norm(x + _read(_norm(x), maps))
    return x + _feed(x, W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def adds_to_the_norm_twice(x, maps, W_in, W_out):
    """Both of your sums now add to the norm of x. What a half reads is normalised; what
    its change is added to is not."""
    x = _norm(x)
    x = _norm(x + _read(x, maps))
    return x + _feed(x, W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def norm_behind_the_sums(x, maps, W_in, W_out):
    """You have moved the norms behind the sums: a post-norm block, and a right one. The
    formula above has them in front of each half."""
    x = _norm(x + _read(x, maps))
    return _norm(x + _feed(x, W_in, W_out))


@misconception(caught_by=like_the_course)
def second_half_reads_the_stream(x, maps, W_in, W_out):
    """Both sums are right. Your second half reads x as it is: in pre-norm, each half
    reads the norm of what it finds."""
    x = x + _read(_norm(x), maps)
    return x + _feed(x, W_in, W_out)


@misconception(caught_by=like_the_course)
def second_half_reads_the_old_norm(x, maps, W_in, W_out):
    """Your second half reads the norm that was made for the first. By then x has
    changed: what attention found is not in it."""
    seen = _norm(x)
    return x + _read(seen, maps) + _feed(seen, W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def second_sum_from_the_start(x, maps, W_in, W_out):
    """Your second sum adds to the x that entered the block, so what attention found is
    lost again. To what does the second half add?"""
    middle = x + _read(_norm(x), maps)
    return x + _feed(_norm(middle), W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def no_sums(x, maps, W_in, W_out):
    """Nothing is added any more: each half replaces x. With tables of zeros the block
    should hand on what it got."""
    x = _read(_norm(x), maps)
    return _feed(_norm(x), W_in, W_out)


@misconception(caught_by=nothing_comes_from_later)
def mask_taken_away(x, maps, W_in, W_out):
    """The norm is mended, and the mask has gone: now the read itself looks ahead. It
    was right before."""
    everything = np.ones((x.shape[1],) * 2, dtype=bool)
    x = x + _read(_norm(x), maps, everything)
    return x + _feed(_norm(x), W_in, W_out)


@misconception(caught_by=what_has_nothing_to_say)
def root_mean_square_only(x, maps, W_in, W_out):
    """Your norm leaves the mean where it is, an RMS norm. The statement wants a layer
    norm, which takes it out first."""

    def rms(x):
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5)

    x = x + _read(rms(x), maps)
    return x + _feed(rms(x), W_in, W_out)
