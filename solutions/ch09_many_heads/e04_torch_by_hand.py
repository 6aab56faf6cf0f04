r"""### PyTorch's layer, by hand

Write `multi_head`, all of multi-head attention, with the parameters of PyTorch's
`nn.MultiheadAttention` as that layer stores them:

- `in_proj_weight` holds the three first maps **one below the other**: that of the
  queries, that of the keys, that of the values. `in_proj_bias` likewise.
- A map of PyTorch multiplies from the other side: $x W^\top + b$. So the rows of $W$
  are what comes out, and head 0 owns the first rows of each map, head 1 the next.
- `out_proj_weight` and `out_proj_bias` are the last map, of the same kind.

The rows of `query` ask; the rows of `memory` are asked, and make keys and values. In
self-attention both are the same. There is no mask. The scores are small enough that
nothing overflows. Your result must equal PyTorch's, up to rounding; use NumPy.
"""

import numpy as np
import torch
from torch import nn

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
    minutes=30,
    hints=(
        "Write the shape beside each line. One first map: (batch, positions, model) "
        "times what gives (batch, positions, model)? Then cut it into heads.",
        "`np.split(in_proj_weight, 3)` are the three maps, each used transposed. Cut "
        "into heads as in the first exercise; the root is that of one head's width.",
        "q, k, v of (batch, heads, positions, width); softmax of q kᵀ/√width over the "
        "keys; times v; swap the axes back, reshape, times out_proj_weight.T, plus "
        "bias.",
    ),
)


@answer
def multi_head(
    query,
    memory,
    heads,
    in_proj_weight,
    in_proj_bias,
    out_proj_weight,
    out_proj_bias,
):
    """What the layer returns for each row that asks.

    query            (batch, queries, model)  float
    memory           (batch, keys, model)     float
    heads            ()                       int, divides model
    in_proj_weight   (packed, model)          float, packed = 3 * model
    in_proj_bias     (packed,)                float
    out_proj_weight  (model, model)           float
    out_proj_bias    (model,)                 float
    returns          (batch, queries, model)  float
    """
    ### BEGIN SOLUTION

    def split(rows):
        batch, positions, model = rows.shape
        cut = rows.reshape(batch, positions, heads, model // heads)
        return cut.transpose(0, 2, 1, 3)

    w_query, w_key, w_value = np.split(in_proj_weight, 3)
    b_query, b_key, b_value = np.split(in_proj_bias, 3)
    q = split(query @ w_query.T + b_query)
    k = split(memory @ w_key.T + b_key)
    v = split(memory @ w_value.T + b_value)
    exps = np.exp(q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1]))
    read = exps @ v / exps.sum(axis=-1, keepdims=True)
    joined = read.transpose(0, 2, 1, 3).reshape(query.shape)
    return joined @ out_proj_weight.T + out_proj_bias
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, all parameters random, the biases too."""
    batch, queries, keys, heads, width = rng.permutation(np.arange(2, 7))[:5]
    model = heads * width
    return (
        rng.normal(size=(batch, queries, model)),
        rng.normal(size=(batch, keys, model)),
        int(heads),
        rng.normal(size=(3 * model, model)) / np.sqrt(model),
        rng.normal(size=3 * model),
        rng.normal(size=(model, model)) / np.sqrt(model),
        rng.normal(size=model),
    )


@alternative
def one_head_at_a_time(query, memory, heads, w_in, b_in, w_out, b_out):
    """Each head with its own rows of all four maps; the results are added up."""
    model = query.shape[-1]
    width, result = model // heads, b_out
    for h in range(heads):
        own = np.arange(h * width, (h + 1) * width)
        q = query @ w_in[own].T + b_in[own]
        k = memory @ w_in[model + own].T + b_in[model + own]
        v = memory @ w_in[2 * model + own].T + b_in[2 * model + own]
        scores = q @ np.swapaxes(k, 1, 2) / width**0.5
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        result = result + weights @ v @ w_out[:, own].T
    return result


@alternative
def by_letters(query, memory, heads, w_in, b_in, w_out, b_out):
    """All of it by einsum."""
    model = query.shape[-1]
    maps = w_in.reshape(3, heads, -1, model)
    biases = b_in.reshape(3, heads, 1, -1)
    q = np.einsum("bqm,hdm->bhqd", query, maps[0]) + biases[0]
    k = np.einsum("bkm,hdm->bhkd", memory, maps[1]) + biases[1]
    v = np.einsum("bkm,hdm->bhkd", memory, maps[2]) + biases[2]
    exps = np.exp(np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(model // heads))
    shares = exps / exps.sum(axis=-1, keepdims=True)
    last = w_out.reshape(model, heads, -1)
    return np.einsum("bhqk,bhkd,mhd->bqm", shares, v, last) + b_out


def _parts(x, heads):
    """Cut into heads."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _straight(x, heads):
    """Cut into heads by the reshape that scrambles."""
    return x.reshape(len(x), heads, x.shape[1], -1)


def _layer(
    query,
    memory,
    heads,
    w_in,
    b_in,
    w_out,
    b_out,
    *,
    maps=(0, 1, 2),
    turn=np.transpose,
    cut=_parts,
    join=lambda read: read.swapaxes(1, 2),
    root=None,
    over=-1,
):
    """The answer, with one of its steps exchanged."""
    weights, biases = np.split(w_in, 3), np.split(b_in, 3)
    q, k, v = (
        cut(x @ turn(weights[i]) + biases[i], heads)
        for x, i in zip((query, memory, memory), maps, strict=True)
    )
    scores = q @ k.swapaxes(-1, -2) / (q.shape[-1] ** 0.5 if root is None else root)
    exps = np.exp(scores - scores.max(axis=over, keepdims=True))
    read = exps / exps.sum(axis=over, keepdims=True) @ v
    return join(read).reshape(query.shape) @ turn(w_out) + b_out


@check(points=1, extreme=True)
def one_row_to_read(multi_head, rng):
    """A memory of one row gets all the weight: two maps are left, without softmax."""
    query, memory = rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 1, 6))
    w_in, b_in = rng.normal(size=(18, 6)), rng.normal(size=18)
    w_out, b_out = rng.normal(size=(6, 6)), rng.normal(size=6)
    value = memory @ w_in[12:].T + b_in[12:]
    wanted = np.repeat(value @ w_out.T + b_out, 5, axis=1)
    got = multi_head(query, memory, 3, w_in, b_in, w_out, b_out)
    close(got, wanted, "result")


@check(points=2)
def like_torch(multi_head, rng):
    """Two layers of PyTorch with random numbers in them: three heads, and four."""
    for heads, queries, keys, model in ((3, 5, 4, 12), (4, 3, 7, 20)):
        layer = nn.MultiheadAttention(
            model, heads, batch_first=True, dtype=torch.float64
        )
        query = rng.normal(size=(2, queries, model))
        memory = rng.normal(size=(2, keys, model))
        parts = [rng.normal(size=tuple(p.shape)) / 4 for p in layer.parameters()]
        with torch.no_grad():
            for parameter, part in zip(layer.parameters(), parts, strict=True):
                parameter.copy_(torch.from_numpy(part))
            asks, holds = torch.from_numpy(query), torch.from_numpy(memory)
            wanted, _ = layer(asks, holds, holds)
        got = multi_head(query, memory, heads, *parts)
        close(got, wanted.numpy(), f"result with {heads} heads")


@check(points=2, hidden=True)
def like_the_reference(multi_head, rng):
    """Other sizes, and one head, against the course's own layer."""
    from attn_course.functional import MultiHeadWeights, multi_head_attention

    for batch, queries, keys, heads, width in ((3, 6, 4, 2, 5), (2, 4, 5, 1, 7)):
        model = heads * width
        query = rng.normal(size=(batch, queries, model))
        memory = rng.normal(size=(batch, keys, model))
        shapes = (3 * model, model), (3 * model,), (model, model), (model,)
        parts = [rng.normal(size=shape) / 3 for shape in shapes]
        maps = [part.T for part in (*np.split(parts[0], 3), parts[2])]
        biases = [*np.split(parts[1], 3), parts[3]]
        weights = MultiHeadWeights(*maps, *biases)
        wanted = multi_head_attention(query, memory, weights, heads)
        close(multi_head(query, memory, heads, *parts), wanted, "result")


@misconception(caught_by=one_row_to_read)
def multiplied_from_our_side(query, memory, heads, *parts):
    """You multiply by the maps as they stand. They are square, so nothing complains;
    PyTorch multiplies by their transposes."""
    return _layer(query, memory, heads, *parts, turn=np.asarray)


@misconception(caught_by=one_row_to_read)
def last_map_from_our_side(query, memory, heads, w_in, b_in, w_out, b_out):
    """The three first maps are right. The last one is a map of PyTorch as well: from
    which side does it multiply?"""
    return _layer(query, memory, heads, w_in, b_in, w_out.T, b_out)


@misconception(caught_by=one_row_to_read)
def no_last_map(query, memory, heads, w_in, b_in, w_out, b_out):
    """Your heads worked hard and never got to talk to each other: one last linear map
    lets them."""
    eye, none = np.eye(query.shape[-1]), np.zeros(query.shape[-1])
    return _layer(query, memory, heads, w_in, b_in, eye, none)


@misconception(caught_by=one_row_to_read)
def no_biases(query, memory, heads, w_in, b_in, w_out, b_out):
    """The maps are right, and what they add is missing: a map of PyTorch is a product
    and a bias, in all four places."""
    return _layer(query, memory, heads, w_in, 0 * b_in, w_out, 0 * b_out)


@misconception(caught_by=one_row_to_read)
def no_last_bias(query, memory, heads, w_in, b_in, w_out, b_out):
    """One constant row is missing everywhere: the last map has a bias as well."""
    return _layer(query, memory, heads, w_in, b_in, w_out, 0 * b_out)


@misconception(caught_by=one_row_to_read)
def values_unpacked_first(query, memory, heads, *parts):
    """You take the three maps from the table in another order. From top to bottom they
    are those of the queries, of the keys, of the values."""
    return _layer(query, memory, heads, *parts, maps=(2, 1, 0))


@misconception(caught_by=like_torch)
def keys_unpacked_first(query, memory, heads, *parts):
    """Values are right; queries and keys have changed maps. Which one stands on top of
    the table?"""
    return _layer(query, memory, heads, *parts, maps=(1, 0, 2))


@misconception(caught_by=like_torch)
def packed_head_by_head(query, memory, heads, w_in, b_in, w_out, b_out):
    """You read the table head by head: queries, keys and values of head 0, then those
    of head 1. Some libraries pack it so. Here all the queries stand on top."""
    model = query.shape[-1]
    order = np.arange(3 * model).reshape(heads, 3, -1).swapaxes(0, 1).ravel()
    return _layer(query, memory, heads, w_in[order], b_in[order], w_out, b_out)


# The first check has one key: there this answer and the next one are the same.
@misconception(caught_by=like_torch)
def joined_by_a_bare_reshape(query, memory, heads, *parts):
    """Your heads are joined by a bare reshape. The heads go back behind the positions
    first: swap these two axes, then flatten."""
    return _layer(query, memory, heads, *parts, join=np.asarray)


@misconception(caught_by=like_torch)
def cut_by_a_bare_reshape(query, memory, heads, *parts):
    """The shape is perfect, the contents travelled: cut and joined by a bare reshape,
    each head has a piece of the sentence. Split the last axis, then swap axes."""
    return _layer(query, memory, heads, *parts, cut=_straight, join=np.asarray)


@misconception(caught_by=like_torch)
def only_cut_by_a_bare_reshape(query, memory, heads, *parts):
    """Joining is right. On the way in, a bare reshape gives each head a piece of the
    sentence with all its entries: split the last axis, then swap axes."""
    return _layer(query, memory, heads, *parts, cut=_straight)


@misconception(caught_by=like_torch)
def root_of_the_model(query, memory, heads, *parts):
    """Your scores are too small by the root of the number of heads: how many entries
    does a query of one head have?"""
    root = query.shape[-1] ** 0.5
    return _layer(query, memory, heads, *parts, root=root)


@misconception(caught_by=like_torch)
def no_root(query, memory, heads, *parts):
    """Everything is in place but the scale: scores are divided by the root of the width
    of a head."""
    return _layer(query, memory, heads, *parts, root=1.0)


@misconception(caught_by=like_torch)
def all_heads_as_one(query, memory, heads, *parts):
    """With one head you would be right. Your scores compare all entries at once: each
    head compares its own, and has weights of its own."""
    return _layer(query, memory, 1, *parts)


@misconception(caught_by=like_torch)
def shared_out_over_the_queries(query, memory, heads, *parts):
    """Your weights sum to one over the queries. Each query shares out its own
    attention: which axis holds the keys?"""
    return _layer(query, memory, heads, *parts, over=-2)


@misconception(caught_by=like_the_reference)
def shared_out_over_the_heads(query, memory, heads, *parts):
    """Your weights sum to one over the heads, so that heads compete. Each head has rows
    of its own, which sum to one over the keys."""
    return _layer(query, memory, heads, *parts, over=1)


@misconception(caught_by=like_torch)
def asks_itself(query, memory, heads, *parts):
    """Self-attention is right. When others are asked, keys and values are made from
    their rows: your memory is never read."""
    return _layer(query, query, heads, *parts)
