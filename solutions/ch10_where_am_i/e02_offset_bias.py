r"""### A number for each offset

Write `offset_bias(numbers, queries, keys)`: the table of what is added to the scores,
one learnt number for each offset. The **offset** is the place of the key minus the
place of the query; so −1 is the place before.

- `numbers` has $2r + 1$ entries for each head, for the offsets $-r, \dots, r$ **in this
  order**; $r$ is the *reach* and follows from their count.
- Keys further away than the reach get the number at its end, $-r$ or $r$.
- The keys stand at the places $0, \dots, K - 1$, and **the queries are the last
  places**, $K - Q, \dots, K - 1$. There are at most as many queries as keys.

$$ b_{hij} = n_{h,\;\operatorname{clip}(o, -r, r)}, \qquad o = j - (i + K - Q). $$

NumPy only. Then look at the result for a few tables: what is the same all along a
diagonal, and why can a shorter text never disagree with a longer one?
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
        "Make the table of offsets first, a whole number for each query and key. At "
        "which place does the first query stand?",
        "`np.arange(keys) - np.arange(keys - queries, keys)[:, None]` are the offsets. "
        "What is left is to limit them to the reach, and to look up numbers.",
        "The offset −r has the index 0, so add r after clipping: "
        "`numbers[:, np.clip(offsets, -r, r) + r]`.",
    ),
)


@answer
def offset_bias(numbers, queries, keys):
    """What is added to the scores of each head.

    numbers  (heads, offsets)  float, an odd number of offsets
    queries  ()                int
    keys     ()                int, not below queries
    returns  (heads, queries, keys)  float
    """
    ### BEGIN SOLUTION
    reach = numbers.shape[1] // 2
    offsets = np.arange(keys) - np.arange(keys - queries, keys)[:, None]
    return numbers[:, np.clip(offsets, -reach, reach) + reach]
    ### END SOLUTION


@inputs
def draw(rng):
    """Several heads; tables that reach beyond the text, or not nearly so far."""
    heads, reach = rng.integers(2, 5), rng.integers(1, 5)
    keys = rng.integers(6, 10)
    queries = rng.choice([keys, rng.integers(1, keys)])
    return rng.normal(size=(heads, 2 * reach + 1)), int(queries), int(keys)


def _looked_up(numbers, queries, keys, *, first=None, limit=None):
    """The answer, with the first query elsewhere or another way to limit."""
    reach = numbers.shape[1] // 2
    first = keys - queries if first is None else first
    offsets = np.arange(keys) - (np.arange(queries)[:, None] + first)
    if limit is None:
        return numbers[:, np.clip(offsets, -reach, reach) + reach]
    return limit(numbers, offsets, reach)


@alternative
def pair_by_pair(numbers, queries, keys):
    """As one would say it."""
    heads, count = numbers.shape
    reach, table = (count - 1) // 2, np.zeros((heads, queries, keys))
    for i in range(queries):
        for j in range(keys):
            offset = max(-reach, min(j - (keys - queries + i), reach))
            table[:, i, j] = numbers[:, reach + offset]
    return table


@alternative
def sliding_along_one_row(numbers, queries, keys):
    """Each row is a piece of one long row, one place further left than the last."""
    reach = numbers.shape[1] // 2
    line = numbers[:, np.clip(np.arange(1 - keys, keys), -reach, reach) + reach]
    starts = range(queries - 1, -1, -1)
    return np.stack([line[:, s : s + keys] for s in starts], axis=1)


@check(points=1)
def before_here_after(offset_bias):
    """One head: 5 for before, 2 for here, 7 for after; the last four of five."""
    got = offset_bias(np.array([[5.0, 2.0, 7.0]]), 4, 5)
    wanted = [[5, 2, 7, 7, 7], [5, 5, 2, 7, 7], [5, 5, 5, 2, 7], [5, 5, 5, 5, 2]]
    close(got, np.array([wanted], dtype=float), "bias")


@check(points=1)
def two_heads_reach_two(offset_bias):
    """Two heads with reach 2 on paper; the far ones share the number at the end."""
    numbers = np.array([[20.0, 10, 0, 1, 2], [-2.0, -1, 3, 4, 8]])
    wanted = np.array([[20, 10, 0, 1, 2, 2], [20, 20, 10, 0, 1, 2]])
    got = offset_bias(numbers, 4, 6)
    assert np.shape(got) == (2, 4, 6), f"wanted (2, 4, 6), got {np.shape(got)}"
    close(got[0, :2], wanted.astype(float), "first two queries of head 0")
    close(got[1, 3], np.array([-2.0, -2, -2, -2, -1, 3]), "last query of head 1")


@check(points=1)
def queries_are_the_last_places(offset_bias):
    """Two queries and five keys: the last two rows of the table for five and five."""
    numbers = np.array([[6.0, 4.0, 9.0]])
    wanted = np.array([[[6.0, 6, 6, 4, 9], [6, 6, 6, 6, 4]]])
    close(offset_bias(numbers, 2, 5), wanted, "bias")


@check(points=2, hidden=True)
def against_the_library(offset_bias, rng):
    """Random tables, short and long reaches, against the course's function."""
    from attn_course.functional import relative_bias

    for heads, reach, queries, keys in ((3, 2, 7, 8), (2, 6, 3, 5), (4, 1, 6, 9)):
        numbers = rng.normal(size=(heads, 2 * reach + 1))
        wanted = relative_bias(numbers, queries, keys)
        close(offset_bias(numbers, queries, keys), wanted, "bias")


@misconception(caught_by=before_here_after)
def query_minus_key(numbers, queries, keys):
    """Your offsets count the other way, from the key to the query: before and after
    have changed places. What is the offset of the place before?"""
    return _looked_up(numbers[:, ::-1], queries, keys)


@misconception(caught_by=queries_are_the_last_places)
def queries_are_the_first_places(numbers, queries, keys):
    """Right where there are as many queries as keys. With fewer, yours stand at the
    beginning: when a text is continued, where do the new places stand?"""
    return _looked_up(numbers, queries, keys, first=0)


@misconception(caught_by=before_here_after)
def far_ones_get_nothing(numbers, queries, keys):
    """Beyond the reach your bias is 0, as if those keys were nobody. A far key has the
    number of the last one within reach."""

    def limit(numbers, offsets, reach):
        inside = np.abs(offsets) <= reach
        return np.where(inside, numbers[:, np.clip(offsets, -reach, reach) + reach], 0)

    return _looked_up(numbers, queries, keys, limit=limit)


@misconception(caught_by=two_heads_reach_two)
def round_and_round(numbers, queries, keys):
    """Beyond the reach you begin again at the other end of the numbers, so that a key
    far before looks like one after. Limit the offset before you look it up."""

    def limit(numbers, offsets, reach):
        return numbers[:, (offsets + reach) % numbers.shape[1]]

    return _looked_up(numbers, queries, keys, limit=limit)


@misconception(caught_by=before_here_after)
def looked_up_without_the_reach(numbers, queries, keys):
    """The offset is used as an index as it is, and a negative index counts from the
    end. Which index has the number of offset −r?"""

    def limit(numbers, offsets, reach):
        return numbers[:, np.clip(offsets, -reach, reach)]

    return _looked_up(numbers, queries, keys, limit=limit)


@misconception(caught_by=before_here_after)
def before_and_after_alike(numbers, queries, keys):
    """Your bias depends on the distance without its sign. Before and after have numbers
    of their own here."""

    def limit(numbers, offsets, reach):
        return numbers[:, np.minimum(np.abs(offsets), reach) + reach]

    return _looked_up(numbers, queries, keys, limit=limit)


@misconception(caught_by=against_the_library)
def one_head_for_all(numbers, queries, keys):
    """All heads got the numbers of the first. Each head has a row of its own: one may
    look back, another ahead."""
    return _looked_up(np.repeat(numbers[:1], len(numbers), axis=0), queries, keys)


@misconception(caught_by=queries_are_the_last_places)
def counted_from_the_end(numbers, queries, keys):
    """Your first query stands one place too far on. The last query should stand at the
    last key: what is the offset between these two?"""
    return _looked_up(numbers, queries, keys, first=keys - queries + (queries < keys))


@misconception(caught_by=two_heads_reach_two)
def heads_last(numbers, queries, keys):
    """Everything is there, with the heads as the last axis. They come first, as in the
    scores they are added to."""
    return np.moveaxis(_looked_up(numbers, queries, keys), 0, -1)


@misconception(caught_by=before_here_after)
def the_future_is_hidden(numbers, queries, keys):
    """You hide the keys after the query as well. To hide is a mask's business; here the
    keys after the query have numbers of their own."""
    steps = np.arange(keys) - np.arange(keys - queries, keys)[:, None]
    return np.where(steps > 0, -np.inf, _looked_up(numbers, queries, keys))


@misconception(caught_by=before_here_after)
def from_the_first_query_back(numbers, queries, keys):
    """Two slips at once: your offsets count from the key to the query, and your queries
    stand at the beginning of the text. Write down the offset of one pair by hand."""
    return _looked_up(numbers[:, ::-1], queries, keys, first=0)
