r"""### Find the bug: heads that passed their test

`causal_layer` is multi-head self-attention in which no position sees a later one.
Whoever wrote it tried it out:

> With one head the result equals the reference, to the last digit. With four heads: the
> shape is right, no nan, each row of weights sums to one. Done!

It is wrong in three places, and with one head all three are invisible. Run the checks,
find what each of them does to several heads, and mend one fault at a time.

The heads together are `inner` entries wide, which need not be `model`. Head 0 owns the
first columns of the three first maps. There are no biases, and no score is so large
that it overflows.
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
    minutes=25,
    hints=(
        "The checks come in the order of the layer: scores first. How wide is a row of "
        "a query in one head, and is that the number under the root?",
        "Print what head 0 gets for queries and for keys, from a table whose entries "
        "you can recognise. Then ask what the last reshape does to the positions.",
        "The root is that of width. Keys are cut as queries are: reshape, swapaxes. "
        "Before the last reshape the heads go back behind the positions.",
    ),
)


@answer
def causal_layer(x, w_query, w_key, w_value, w_output, heads):
    """Each position reads from itself and from what stands before it.

    x         (batch, positions, model)  float
    w_query   (model, inner)             float
    w_key     (model, inner)             float
    w_value   (model, inner)             float
    w_output  (inner, model)             float
    heads     ()                         int, divides inner
    returns   (batch, positions, model)  float
    """
    ### BEGIN SOLUTION
    batch, positions, _ = x.shape
    inner = w_query.shape[1]
    cut = batch, positions, heads, inner // heads
    queries = (x @ w_query).reshape(cut).swapaxes(1, 2)
    keys = (x @ w_key).reshape(cut).swapaxes(1, 2)
    values = (x @ w_value).reshape(cut).swapaxes(1, 2)
    scores = queries @ keys.swapaxes(2, 3) / np.sqrt(inner // heads)
    scores = np.where(np.tri(positions, dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    read = exps / exps.sum(axis=-1, keepdims=True) @ values
    return read.swapaxes(1, 2).reshape(batch, positions, inner) @ w_output
    ### END SOLUTION


@starter
def causal_layer(x, w_query, w_key, w_value, w_output, heads):  # noqa: F811
    """Each position reads from itself and from what stands before it.

    x         (batch, positions, model)  float
    w_query   (model, inner)             float
    w_key     (model, inner)             float
    w_value   (model, inner)             float
    w_output  (inner, model)             float
    heads     ()                         int, divides inner
    returns   (batch, positions, model)  float
    """
    batch, positions, _ = x.shape
    inner = w_query.shape[1]
    width = inner // heads
    queries = (x @ w_query).reshape(batch, positions, heads, width).swapaxes(1, 2)
    keys = (x @ w_key).reshape(batch, heads, positions, width)
    values = (x @ w_value).reshape(batch, positions, heads, width).swapaxes(1, 2)
    scores = queries @ keys.swapaxes(2, 3) / np.sqrt(inner)
    scores = np.where(np.tri(positions, dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    read = exps / exps.sum(axis=-1, keepdims=True) @ values
    return read.reshape(batch, positions, inner) @ w_output


@inputs
def draw(rng):
    """Uneven sizes; the heads together are not as wide as the model."""
    batch, positions, heads, width, model = rng.permutation(np.arange(2, 8))[:5]
    x = rng.normal(size=(batch, positions, model))
    maps = rng.normal(size=(3, model, heads * width)) / np.sqrt(model)
    return x, *maps, rng.normal(size=(heads * width, model)), int(heads)


@alternative
def one_head_at_a_time(x, w_query, w_key, w_value, w_output, heads):
    """Slices of the maps, and a sum over the heads."""
    width, result = w_query.shape[1] // heads, 0
    for h in range(heads):
        own = slice(h * width, (h + 1) * width)
        queries, keys, values = (x @ w[:, own] for w in (w_query, w_key, w_value))
        scores = queries @ keys.swapaxes(1, 2) / np.sqrt(width)
        later = ~np.tri(x.shape[1], dtype=bool)
        exps = np.where(later, 0, np.exp(scores - scores.max(axis=-1, keepdims=True)))
        weights = exps / exps.sum(axis=-1, keepdims=True)
        result = result + weights @ values @ w_output[own]
    return result


@alternative
def one_position_at_a_time(x, w_query, w_key, w_value, w_output, heads):
    """Only what a position may see is ever touched."""
    cut = *x.shape[:2], heads, w_query.shape[1] // heads
    queries, keys, values = ((x @ w).reshape(cut) for w in (w_query, w_key, w_value))
    result = np.empty_like(x)
    for p in range(x.shape[1]):
        scores = np.einsum("bhd,bkhd->bhk", queries[:, p], keys[:, : p + 1])
        exps = np.exp(scores / cut[3] ** 0.5)
        shares = exps / exps.sum(axis=-1, keepdims=True)
        read = np.einsum("bhk,bkhd->bhd", shares, values[:, : p + 1])
        result[:, p] = read.reshape(len(x), -1) @ w_output
    return result


def _cut(rows, heads):
    return rows.reshape(*rows.shape[:2], heads, -1).swapaxes(1, 2)


def _straight(rows, heads):
    return rows.reshape(len(rows), heads, rows.shape[1], -1)


def _joined(read):
    return read.swapaxes(1, 2)


def _layer(
    x,
    w_query,
    w_key,
    w_value,
    w_output,
    heads,
    *,
    cuts=(_cut, _cut, _cut),
    join=_joined,
    root=None,
    causal=True,
):
    """The answer, with one of its steps exchanged."""
    maps = w_query, w_key, w_value
    q, k, v = (cut(x @ w, heads) for cut, w in zip(cuts, maps, strict=True))
    scores = q @ k.swapaxes(2, 3) / (q.shape[3] ** 0.5 if root is None else root)
    if causal:
        scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    read = exps / exps.sum(axis=-1, keepdims=True) @ v
    return join(read).reshape(*x.shape[:2], -1) @ w_output


@check(points=1)
def each_head_has_its_own_weights(causal_layer):
    """Two heads of width 4 on paper: one finds odd positions, one even ones."""
    odd, even = np.array([1.0, 0.0, 1.0, 0, 1]), np.array([0.0, 1.0, 0.0, 1, 0])
    x = np.stack([np.ones(5), odd, even, np.array([6.0, 3, 9, 5, 7])], axis=-1)
    x = np.concatenate([x, np.zeros((5, 3))], axis=-1)[None]  # seven entries
    w_query, w_key, w_value = np.zeros((3, 7, 8))
    w_query[0, [0, 4]] = 2 * np.log(3.0)  # over the root of four: a score of ln 3
    w_key[1, 0] = w_key[2, 4] = 1.0
    w_value[3, 0] = w_value[3, 4] = 1.0
    w_output = np.zeros((8, 7))
    w_output[0, 0] = w_output[4, 1] = 1.0
    got = causal_layer(x, w_query, w_key, w_value, w_output, 2)
    numbers, wanted = x[0, :, 3], np.zeros((1, 5, 7))
    for column, liked in enumerate((odd, even)):
        for p in range(5):
            shares = 1 + 2 * liked[: p + 1]  # three for what the head likes, else one
            wanted[0, p, column] = shares @ numbers[: p + 1] / shares.sum()
    close(got, wanted, "result")


@check(points=1)
def the_future_stays_hidden(causal_layer, rng):
    """Three heads; the last of five positions changes, the four before must not."""
    x, maps = rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 4, 18)) / 2
    w_output = rng.normal(size=(18, 4))
    other = x.copy()
    other[:, 4] = rng.normal(size=(2, 4))
    before = causal_layer(x, *maps, w_output, 3)
    after = causal_layer(other, *maps, w_output, 3)
    close(after[:, :4], before[:, :4], "result of the first four positions")
    changed = np.abs(after[:, 4] - before[:, 4]).max() > 1e-6
    assert changed, "the result at the last position did not notice its own change"


@check(points=2, hidden=True)
def like_the_reference(causal_layer, rng):
    """Random layers, narrower and wider inside than outside, against the reference."""
    from attn_course.functional import (
        MultiHeadWeights,
        causal_mask,
        multi_head_attention,
    )

    for batch, positions, heads, width, model in ((2, 5, 3, 4, 7), (3, 6, 2, 4, 10)):
        x = rng.normal(size=(batch, positions, model))
        maps = rng.normal(size=(3, model, heads * width)) / np.sqrt(model)
        w_output = rng.normal(size=(heads * width, model))
        weights = MultiHeadWeights(*maps, w_output)
        allowed = causal_mask(positions, positions)
        wanted = multi_head_attention(x, x, weights, heads, allowed=allowed)
        close(causal_layer(x, *maps, w_output, heads), wanted, "result")


@misconception(caught_by=each_head_has_its_own_weights)
def two_faults_left(x, *maps):
    """The root is right now. Two reshapes still carry numbers from one position to
    another: one on the way in, one on the way out."""
    cuts = _cut, _straight, _cut
    return _layer(x, *maps, cuts=cuts, join=np.asarray)


@misconception(caught_by=each_head_has_its_own_weights)
def only_the_keys_mended(x, w_query, w_key, w_value, w_output, heads):
    """The keys are cut as queries and values are: one fault is mended. Two are left,
    the scale of the scores and the way out."""
    given = x, w_query, w_key, w_value, w_output, heads
    return _layer(*given, join=np.asarray, root=w_query.shape[1] ** 0.5)


@misconception(caught_by=each_head_has_its_own_weights)
def only_the_join_mended(x, w_query, w_key, w_value, w_output, heads):
    """The way out is mended. Two faults are left: the scale of the scores, and one
    reshape on the way in."""
    given, cuts = (x, w_query, w_key, w_value, w_output, heads), (_cut, _straight, _cut)
    return _layer(*given, cuts=cuts, root=w_query.shape[1] ** 0.5)


@misconception(caught_by=each_head_has_its_own_weights)
def keys_still_scrambled(x, *maps):
    """Two faults are mended. Your queries and values have heads that see the whole
    sentence; the keys of a head are still a piece of it."""
    cuts = _cut, _straight, _cut
    return _layer(x, *maps, cuts=cuts)


@misconception(caught_by=the_future_stays_hidden)
def joined_by_a_bare_reshape(x, *maps):
    """Two faults are mended. The heads are joined by a bare reshape, which hands early
    positions what later ones have read. Undo the steps in reverse order."""
    return _layer(x, *maps, join=np.asarray)


@misconception(caught_by=each_head_has_its_own_weights)
def root_of_all_heads(x, w_query, w_key, w_value, w_output, heads):
    """Both reshapes are mended. Your scores are still too small, by the root of the
    number of heads: how many entries does a query of one head have?"""
    root = w_query.shape[1] ** 0.5
    return _layer(x, w_query, w_key, w_value, w_output, heads, root=root)


@misconception(caught_by=each_head_has_its_own_weights)
def root_of_the_model(x, *maps):
    """Your root is that of the entries of a position. A score is a product of two rows
    of one head: how long are they?"""
    return _layer(x, *maps, root=x.shape[-1] ** 0.5)


@misconception(caught_by=each_head_has_its_own_weights)
def scrambled_alike(x, *maps):
    """Queries, keys and values are cut alike now, and all of them by the bare reshape:
    each head has a piece of the sentence. It is the keys that had to follow."""
    return _layer(
        x,
        *maps,
        cuts=(_straight, _straight, _straight),
        join=np.asarray,
    )


@misconception(caught_by=each_head_has_its_own_weights)
def one_head_after_all(x, *maps):
    """With one head everything agrees, and that is what you compute. Several heads have
    weights of their own, each from its own entries."""
    return _layer(x, *maps[:-1], 1)


@misconception(caught_by=the_future_stays_hidden)
def no_causal_mask(x, *maps):
    """The heads are right, and the mask got lost on the way: a position sees itself and
    what stands before it."""
    return _layer(x, *maps, causal=False)


@misconception(caught_by=like_the_reference)
def a_mean_of_heads(x, *maps):
    """Your heads are averaged and not put side by side, so nobody knows who said what.
    They stand next to each other before the last map."""

    def mean(read):
        return np.repeat(read.mean(axis=1)[:, :, None], maps[-1], axis=2)

    return _layer(x, *maps, join=mean)
