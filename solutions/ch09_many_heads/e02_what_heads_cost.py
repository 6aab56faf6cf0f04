r"""### What heads cost

Before a layer is built one can say what it will cost. Write `costs(model, heads, width,
queries, keys)` for multi-head attention with

- three first maps, from `model` entries to those of all heads together, and a last map
  back to `model`; **each of the four with a bias**,
- `heads` heads that are `width` wide each, for queries, keys and values alike. `width`
  need not be `model / heads`.

It returns three whole numbers, in this order:

1. how many **parameters** the layer learns,
2. how many **multiplications** the reads take: the products of queries with keys, and
   of weights with values, of all heads, for one sequence that asks with `queries`
   positions and one with `keys` positions that is asked (not the four maps, not the
   scaling, not the softmax),
3. how many **weights** there are, the entries of all the tables that softmax returns.

Then try `model = 64` with 1, 2, 4, … heads of width `64 / heads`, and see which of the
three moves.
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
        "Draw the tables with their shapes: three first maps, one last map, four rows "
        "of biases; then scores and read of one head.",
        "A product of (a, b) with (b, c) takes a·b·c multiplications. Which products "
        "does one head do, and what do all heads together?",
        "With inner = heads · width: 3·(model·inner + inner) + inner·model + model; "
        "2 · heads · queries · keys · width; heads · queries · keys.",
    ),
)


@answer
def costs(model, heads, width, queries, keys):
    """Parameters, multiplications of the reads, and weights.

    model    ()  int
    heads    ()  int
    width    ()  int
    queries  ()  int
    keys     ()  int
    returns  three whole numbers
    """
    ### BEGIN SOLUTION
    inner = heads * width
    parameters = 3 * (model * inner + inner) + inner * model + model
    multiplications = 2 * inner * queries * keys
    return parameters, multiplications, heads * queries * keys
    ### END SOLUTION


@inputs
def draw(rng):
    """Five whole numbers, all different."""
    return tuple(int(size) for size in rng.permutation(np.arange(2, 12))[:5])


@alternative
def table_by_table(model, heads, width, queries, keys):
    """Sizes of the tables, each written as it stands."""
    per_head = 3 * (model + 1) * width
    parameters = heads * per_head + (heads * width + 1) * model
    scores = sum(queries * width * keys for _ in range(heads))
    reads = sum(queries * keys * width for _ in range(heads))
    return parameters, scores + reads, sum(queries * keys for _ in range(heads))


@check(points=1)
def a_square_layer(costs):
    """64 entries, 8 heads of width 8, 5 queries, 7 keys."""
    got = costs(64, 8, 8, 5, 7)
    fine = isinstance(got, tuple | list | np.ndarray) and len(got) == 3
    assert fine, f"wanted three numbers, got {got!r}"
    close(got[0], 4 * 64 * 64 + 4 * 64, "parameters")
    close(got[1], 5 * 7 * 64 + 5 * 7 * 64, "multiplications")
    close(got[2], 8 * 5 * 7, "weights")


@check(points=1)
def wide_heads(costs):
    """16 entries, 4 heads of width 16: the layer is wider inside than outside."""
    got = costs(16, 4, 16, 3, 9)
    fine = isinstance(got, tuple | list | np.ndarray) and len(got) == 3
    assert fine, f"wanted three numbers, got {got!r}"
    close(got[0], 3 * (16 * 64 + 64) + (64 * 16 + 16), "parameters")
    close(got[1], 2 * 4 * 3 * 9 * 16, "multiplications")
    close(got[2], 4 * 3 * 9, "weights")


@check(points=1, hidden=True)
def counted_in_a_layer(costs, rng):
    """Four random layers, their tables built and counted."""
    for _ in range(4):
        sizes = rng.permutation(np.arange(2, 12))[:5]
        model, heads, width, queries, keys = (int(size) for size in sizes)
        inner = heads * width
        tables = [np.ones((model, inner))] * 3 + [np.ones(inner)] * 3
        tables += [np.ones((inner, model)), np.ones(model)]
        scores = np.ones((heads, queries, keys))
        got = costs(model, heads, width, queries, keys)
        fine = isinstance(got, tuple | list | np.ndarray) and len(got) == 3
        assert fine, f"wanted three numbers, got {got!r}"
        close(got[0], sum(table.size for table in tables), "parameters")
        close(got[1], scores.size * 2 * width, "multiplications")
        close(got[2], scores.size, "weights")


def _costs(m, h, d, q, k, parameters=None, products=None, weights=None):
    """The answer, with one of its numbers exchanged."""
    i = h * d
    right = 4 * m * i + 3 * i + m, 2 * i * q * k, h * q * k
    given = parameters, products, weights
    return tuple(r if g is None else g for r, g in zip(right, given, strict=True))


@misconception(caught_by=a_square_layer)
def no_biases(model, heads, width, queries, keys):
    """The four tables are counted, and their biases are not: each map adds one number
    to each entry that it makes."""
    count = 4 * model * heads * width
    return _costs(model, heads, width, queries, keys, parameters=count)


@misconception(caught_by=a_square_layer)
def no_last_map(model, heads, width, queries, keys):
    """You count the maps to queries, keys and values. One more map stands where the
    heads meet: what leads back to the entries of the model?"""
    count = 3 * (model + 1) * heads * width
    return _costs(model, heads, width, queries, keys, parameters=count)


@misconception(caught_by=wide_heads)
def as_wide_as_the_model(model, heads, width, queries, keys):
    """Your count takes for granted that all heads together are as wide as the model.
    Here they may be wider or narrower: what is the shape of a first map then?"""
    count = 4 * model * model + 4 * model
    return _costs(model, heads, width, queries, keys, parameters=count)


@misconception(caught_by=wide_heads)
def no_width_anywhere(model, heads, width, queries, keys):
    """Your first two numbers never look at `width`. They take for granted that all
    heads together are as wide as the model; here they may be wider or narrower."""
    count, products = 4 * model * model + 4 * model, 2 * model * queries * keys
    return _costs(model, heads, width, queries, keys, count, products)


@misconception(caught_by=a_square_layer)
def a_full_map_for_each_head(model, heads, width, queries, keys):
    """You gave every head a map as wide as all heads together. What one head owns is a
    slice of it, as wide as the head."""
    inner = heads * width
    count = heads * 3 * (model * inner + inner) + inner * model + model
    return _costs(model, heads, width, queries, keys, parameters=count)


@misconception(caught_by=a_square_layer)
def only_the_scores(model, heads, width, queries, keys):
    """The products of queries with keys are counted. There is a second product of the
    same size after the softmax."""
    count = heads * width * queries * keys
    return _costs(model, heads, width, queries, keys, products=count)


@misconception(caught_by=wide_heads)
def a_last_bias_for_the_heads(model, heads, width, queries, keys):
    """All four of your biases are as wide as the heads together. A bias has a number
    for each entry that comes out: what comes out of the last map?"""
    count = 4 * (model + 1) * heads * width
    return _costs(model, heads, width, queries, keys, parameters=count)


@misconception(caught_by=a_square_layer)
def additions_as_well(model, heads, width, queries, keys):
    """Your second number is twice what was asked: it counts the additions too, as FLOPs
    do. Here only multiplications count."""
    count = 4 * heads * width * queries * keys
    return _costs(model, heads, width, queries, keys, products=count)


@misconception(caught_by=a_square_layer)
def every_head_at_full_width(model, heads, width, queries, keys):
    """Your heads each work on the entries of the whole model, so that many heads look
    expensive. How long are the two rows that one score multiplies?"""
    count = 2 * heads * queries * keys * model
    return _costs(model, heads, width, queries, keys, products=count)


@misconception(caught_by=a_square_layer)
def the_maps_as_well(model, heads, width, queries, keys):
    """Your second number has the four maps in it. Asked for are the reads alone: scores
    and weighted sums."""
    inner = heads * width
    count = 2 * inner * queries * keys + 2 * model * inner * (queries + keys)
    return _costs(model, heads, width, queries, keys, products=count)


@misconception(caught_by=a_square_layer)
def one_table_for_all_heads(model, heads, width, queries, keys):
    """You count one table of weights. Do two heads have the same?"""
    return _costs(model, heads, width, queries, keys, weights=queries * keys)


@misconception(caught_by=counted_in_a_layer)
def queries_that_ask_themselves(model, heads, width, queries, keys):
    """Your tables are squares of the queries. The two sequences may differ in length:
    one axis is who asks, the other who is asked."""
    return _costs(
        model,
        heads,
        width,
        queries,
        keys,
        products=2 * heads * width * queries**2,
        weights=heads * queries**2,
    )
