r"""### Find the bug: a rotary head that passed its test

`continue_reading` is one head with rotary positions. A text of $K$ positions is known,
and the last $Q$ of them ask; none sees what comes after it. Whoever wrote it tried it
out:

> One position: reads its own value, to the last digit. Five positions: each row of
> weights sums to one, no nan, and the first row is right. Done!

It is wrong in three places, and the tests could not see any of them. Run the checks,
find what each fault does, and mend one at a time.

What is meant: query and key of position $t$ are turned, **pairs are neighbours**
(entries $2i$ and $2i + 1$), pair $i$ by the angle $t \, b^{-2i/d}$. Keys and values
stand at the places $0, \dots, K - 1$, the queries at the last ones. Then comes the
scaled read under a causal mask; a reader gets the values *as they are stored*. Queries,
keys and values are equally wide. No score is so large that it overflows.
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
        "What is turned at place 0? Nothing, whatever the angles. So try the function "
        "on places that are not 0: what should be equal there, and is not?",
        "Three questions, one for each fault. Where does the first query stand, if six "
        "keys are known and two ask? Which two entries share an angle? What is handed "
        "out?",
        "Queries count from `keys - queries`; the angles of neighbours are repeated "
        "one by one (0 0 1 1, `np.repeat`); values are not turned.",
    ),
)


@answer
def continue_reading(queries, keys, values, base):
    """What the last positions read from the text up to themselves.

    queries  (queries, width)  float, an even width
    keys     (keys, width)     float, not fewer than queries
    values   (keys, width)     float
    base     ()                float, above 1
    returns  (queries, width)  float
    """

    ### BEGIN SOLUTION
    def turned(x, places):
        width = x.shape[1]
        speeds = base ** (-np.arange(0, width, 2) / width)
        angles = np.repeat(np.outer(places, speeds), 2, axis=1)
        quarter = np.stack([-x[:, 1::2], x[:, 0::2]], axis=-1).reshape(x.shape)
        return x * np.cos(angles) + quarter * np.sin(angles)

    places = np.arange(len(keys))
    asking = places[len(keys) - len(queries) :]
    scores = turned(queries, asking) @ turned(keys, places).T
    scores = scores / np.sqrt(queries.shape[1])
    scores = np.where(places <= asking[:, None], scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ values
    ### END SOLUTION


@starter
def continue_reading(queries, keys, values, base):  # noqa: F811
    """What the last positions read from the text up to themselves.

    queries  (queries, width)  float, an even width
    keys     (keys, width)     float, not fewer than queries
    values   (keys, width)     float
    base     ()                float, above 1
    returns  (queries, width)  float
    """

    def turned(x):
        width = x.shape[1]
        speeds = base ** (-np.arange(0, width, 2) / width)
        angles = np.outer(np.arange(len(x)), speeds)
        angles = np.concatenate([angles, angles], axis=1)
        quarter = np.stack([-x[:, 1::2], x[:, 0::2]], axis=-1).reshape(x.shape)
        return x * np.cos(angles) + quarter * np.sin(angles)

    places = np.arange(len(keys))
    asking = places[len(keys) - len(queries) :]
    scores = turned(queries) @ turned(keys).T
    scores = scores / np.sqrt(queries.shape[1])
    scores = np.where(places <= asking[:, None], scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ turned(values)


@inputs
def draw(rng):
    """Uneven sizes; as many queries as keys, or fewer."""
    keys = int(rng.integers(5, 9))
    queries = int(rng.choice([keys, rng.integers(2, keys)]))
    width = int(2 * rng.integers(2, 6))
    rows = rng.normal(size=(2 * keys + queries, width))
    asked, known, stored = np.split(rows, [queries, queries + keys])
    return 2 * asked, known, stored, float(rng.choice([10.0, 100.0]))


def _turned(x, places, base, layout="neighbours", sign=1.0):
    """Turn pairs of neighbours, or of halves, or what comes of mixing the two."""
    width = x.shape[1]
    angles = sign * np.outer(places, base ** (-np.arange(0, width, 2) / width))
    cos, sin = np.cos(angles), np.sin(angles)
    if layout == "halves":
        a, b = np.split(x, 2, axis=1)
        return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=1)
    spread = np.tile if layout == "mixed" else lambda t, n: np.repeat(t, n[1], axis=1)
    quarter = np.stack([-x[:, 1::2], x[:, 0::2]], axis=-1).reshape(x.shape)
    return x * spread(cos, (1, 2)) + quarter * spread(sin, (1, 2))


def _read(queries, keys, values, base, layouts=("neighbours",) * 2, **changed):
    """The answer, with one of its steps exchanged."""
    places, (count, width) = np.arange(len(keys)), queries.shape
    asking = places[len(keys) - count :]
    stands = changed.get("stands", lambda asking: asking)(asking)
    q = _turned(queries, stands, base, layouts[0])
    k = _turned(keys, places, base, layouts[1], changed.get("key_sign", 1.0))
    scores = q @ k.T * changed.get("scale", width**-0.5)
    scores = np.where(places <= asking[:, None], scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    if changed.get("values_turned"):
        values = _turned(values, places, base, layouts[1])
    return exps / exps.sum(axis=1, keepdims=True) @ values


def _from_zero(asking):
    return np.arange(len(asking))


@alternative
def query_by_query(queries, keys, values, base):
    """Each query turned back by the place of the key, pair by pair."""
    read, width = np.zeros(queries.shape), queries.shape[1]
    speeds = base ** (-np.arange(0, width, 2) / width)
    pairs = [x[:, 0::2] + 1j * x[:, 1::2] for x in (queries, keys)]
    for i, query in enumerate(pairs[0]):
        place = len(keys) - len(queries) + i
        steps = np.exp(1j * np.outer(place - np.arange(place + 1), speeds))
        scores = (query * steps * pairs[1][: place + 1].conj()).real.sum(axis=1)
        exps = np.exp((scores - scores.max()) / width**0.5)
        read[i] = exps @ values[: place + 1] / exps.sum()
    return read


@alternative
def all_rows_and_the_last_ones_kept(queries, keys, values, base):
    """Queries that nobody asked for are put in front, and cut off at the end."""
    ahead = np.zeros((len(keys) - len(queries), queries.shape[1]))
    whole = np.concatenate([ahead, queries])
    return _read(whole, keys, values, base)[len(ahead) :]


@check(points=1)
def values_come_as_they_are(continue_reading):
    """Even weights read plain means; weights of 1, 2 and 4 in 7 read what is stored."""
    rng = np.random.default_rng(3)
    keys, values = rng.normal(size=(5, 4)), np.arange(20.0).reshape(5, 4) ** 1.5
    means = values.cumsum(axis=0) / np.arange(1, 6)[:, None]
    even = continue_reading(np.zeros((3, 4)), keys, values, 100.0)
    # Keys turned back beforehand, by their places, so that turning makes them (r, 0).
    back = np.stack([np.cos(np.arange(3)), -np.sin(np.arange(3))], axis=1)
    query = 2**0.5 * np.log(2.0) * back[2:]
    known, stored = (
        np.arange(3.0)[:, None] * back,
        np.array([[7.0, 0], [0, 7], [7, 14]]),
    )
    got = continue_reading(query, known, stored, 100.0)
    close(even, means[2:], "what is read with even weights")
    close(got, np.array([[5.0, 10.0]]), "what is read with weights of 1, 2 and 4 in 7")


@check(points=1)
def one_at_a_time_or_all_together(continue_reading):
    """The last two positions read the same whether six ask or they alone."""
    rng = np.random.default_rng(4)
    queries, keys, values = (rng.normal(size=(n, 8)) for n in (6, 7, 7))
    together = continue_reading(2 * queries, keys, values, 30.0)
    alone = continue_reading(2 * queries[-2:], keys, values, 30.0)
    close(alone, together[-2:], "what the last two read, asking alone")


@check(points=1)
def pairs_are_turned_whole(continue_reading):
    """Two keys, width 4, base 4: shares worked out from the angles of two pairs."""
    query = np.array([[2.0, 0.0, 0.0, 2.0]])
    keys = np.array([[1.0, 1.0, 3.0, 0.0], [0.5, 0.0, 0.0, 1.0]])
    # The query stands at place 1: pairs turned by 1 and by 1/2. The key at 0 is not.
    # Key 1 stands where the query stands: the angles cancel.
    first = 2 * np.cos(1) + 2 * np.sin(1) - 6 * np.sin(0.5)
    exps = np.exp(np.array([first, 3.0]) / 2)
    values = np.array([[1.0, 0, 0, 8], [0.0, 1, 5, 0]])
    wanted = (exps / exps.sum())[None] @ values
    close(continue_reading(query, keys, values, 4.0), wanted, "read")


@check(points=2, hidden=True)
def against_the_library(continue_reading, rng):
    """Random heads, all asking or the last few, against the course's functions."""
    from attn_course.functional import attend, causal_mask, rotate

    for queries, keys, width in ((6, 9, 4), (2, 7, 8), (1, 5, 10)):
        asked = 2 * rng.normal(size=(queries, width))
        known, stored = rng.normal(size=(2, keys, width))
        places = np.arange(keys)
        turn = {"base": 40.0, "pairing": "neighbours"}
        q = rotate(asked, places[-queries:], **turn)
        k, allowed = rotate(known, places, **turn), causal_mask(queries, keys)
        wanted = attend(q, k, stored, allowed=allowed)
        close(continue_reading(asked, known, stored, 40.0), wanted, "read")


@misconception(caught_by=one_at_a_time_or_all_together)
def queries_begin_at_zero(queries, keys, values, base):
    """Your queries still begin at place 0, however much of the text is known: on the
    second step, which position has the new word?"""
    return _read(queries, keys, values, base, stands=_from_zero)


@misconception(caught_by=values_come_as_they_are)
def values_are_turned(queries, keys, values, base):
    """Two faults are mended. Your values are still turned, so a reader gets something
    that nobody stored. Who needs to know where they stand, to be compared?"""
    return _read(queries, keys, values, base, values_turned=True)


@misconception(caught_by=one_at_a_time_or_all_together)
def queries_after_the_keys(queries, keys, values, base):
    """Your first query stands behind the last key. The places that ask are among those
    that are known: the last query stands where the last key stands."""
    count = len(queries)
    return _read(queries, keys, values, base, stands=lambda asking: asking + count)


@misconception(caught_by=pairs_are_turned_whole)
def conventions_mixed(queries, keys, values, base):
    """Two faults are mended. A rotation must turn pairs that share one angle; your
    pairs are neighbours and your angles are laid out for halves."""
    return _read(queries, keys, values, base, layouts=("mixed", "mixed"))


@misconception(caught_by=values_come_as_they_are)
def values_turned_and_restart(queries, keys, values, base):
    """The pairs are right now. Two faults are left: one in what is handed out, one in
    where the queries stand."""
    return _read(queries, keys, values, base, values_turned=True, stands=_from_zero)


@misconception(caught_by=one_at_a_time_or_all_together)
def mixed_and_restart(queries, keys, values, base):
    """The values are right now. Two faults are left: where the queries stand, and which
    two entries share an angle."""
    mixed = "mixed", "mixed"
    return _read(queries, keys, values, base, layouts=mixed, stands=_from_zero)


@misconception(caught_by=values_come_as_they_are)
def mixed_and_values_turned(queries, keys, values, base):
    """The queries stand where they should. Two faults are left: what is handed out, and
    which two entries share an angle."""
    mixed = "mixed", "mixed"
    return _read(queries, keys, values, base, layouts=mixed, values_turned=True)


@misconception(caught_by=pairs_are_turned_whole)
def halves_after_all(queries, keys, values, base):
    """A clean rotation, by the other convention: you pair entry i with entry i + d/2.
    The text asks for neighbours; keys that are stored already are turned that way."""
    return _read(queries, keys, values, base, layouts=("halves", "halves"))


@misconception(caught_by=pairs_are_turned_whole)
def only_queries_turned(queries, keys, values, base):
    """The queries are turned and the keys are not, so the score knows where the query
    stands and nothing of the key. Both have to be turned."""
    return _read(queries, keys, values, base, key_sign=0.0)


@misconception(caught_by=pairs_are_turned_whole)
def keys_turned_back(queries, keys, values, base):
    """Your keys are turned the other way than your queries, so that angles add up where
    they should cancel: the score knows the sum of the two places."""
    return _read(queries, keys, values, base, key_sign=-1.0)


@misconception(caught_by=against_the_library)
def the_scale_is_gone(queries, keys, values, base):
    """All three faults are mended, and the root of the width got lost on the way."""
    return _read(queries, keys, values, base, scale=1.0)
