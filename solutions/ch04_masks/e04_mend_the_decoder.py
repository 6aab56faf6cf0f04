r"""### Find the bug: a decoder that passed its test

`decode` is attention as a decoder with a cache does it: the queries are the **last**
positions of a row of keys, each sees itself and what came before, and keys that are not
`real` are padding, which nobody sees. Whoever wrote it tried it out:

> four queries, four keys, no padding: the shape is right, no nan, each row of weights
> sums to one. Then again with two of the four keys as padding: still the right shape,
> still no nan, still one. Done!

It is wrong in three places, and that test could not see any of them. Run the checks,
and mend one fault at a time. A query that may see nothing reads zeros; scores may be
of any size.
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
        "Print `allowed` for the author's first test, without padding. How many of the "
        "sixteen pairs may attend, and how many should?",
        "Three questions: must a key pass both rules or one of them? At which position "
        "does the first of 2 queries among 5 keys stand? What is -inf minus -inf?",
        "Join by `&`; let the triangle begin K - Q further right (`k=` of `np.tri`); "
        "subtract 0 in place of an infinite maximum, and divide by 1 in place of 0.",
    ),
)


@answer
def decode(queries, keys, values, real):
    """What the last positions of each row read.

    queries  (batch, heads, queries, width)     float
    keys     (batch, heads, keys, width)        float
    values   (batch, heads, keys, channels)     float
    real     (batch, keys)                      bool, False where a key is padding
    returns  (batch, heads, queries, channels)  float, zeros where nothing is seen
    """
    ### BEGIN SOLUTION
    n_queries, n_keys = queries.shape[-2], keys.shape[-2]
    causal = np.tri(n_queries, n_keys, k=n_keys - n_queries, dtype=bool)
    allowed = causal & real[:, None, None, :]
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    exps = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ values
    ### END SOLUTION


@starter
def decode(queries, keys, values, real):  # noqa: F811
    """What the last positions of each row read.

    queries  (batch, heads, queries, width)     float
    keys     (batch, heads, keys, width)        float
    values   (batch, heads, keys, channels)     float
    real     (batch, keys)                      bool, False where a key is padding
    returns  (batch, heads, queries, channels)  float, zeros where nothing is seen
    """
    n_queries, n_keys = queries.shape[-2], keys.shape[-2]
    causal = np.tri(n_queries, n_keys, dtype=bool)
    allowed = causal | real[:, None, None, :]
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@inputs
def draw(rng):
    """Fewer queries than keys, padding anywhere, rows of padding, large scores."""
    batch, heads, n_queries, n_keys, width, channels = rng.permutation(8)[:6] + 2
    n_queries, n_keys = sorted((n_queries, n_keys))
    queries = rng.normal(size=(batch, heads, n_queries, width))
    queries[..., :1, :] *= rng.choice([1.0, 500.0])
    keys = rng.normal(size=(batch, heads, n_keys, width))
    values = rng.normal(size=(batch, heads, n_keys, channels))
    return queries, keys, values, rng.random((batch, n_keys)) < rng.choice([0.4, 0.9])


@alternative
def one_query_at_a_time(queries, keys, values, real):
    """Only the keys that may be seen are ever looked at."""
    before = keys.shape[2] - queries.shape[2]
    read = np.zeros((*queries.shape[:3], values.shape[3]))
    for b, h, i in np.ndindex(queries.shape[:3]):
        seen = np.flatnonzero(real[b, : before + i + 1])
        if len(seen):
            scores = keys[b, h, seen] @ queries[b, h, i] / queries.shape[3] ** 0.5
            exps = np.exp(scores - scores.max())
            read[b, h, i] = exps @ values[b, h, seen] / exps.sum()
    return read


@alternative
def lowest_number_then_zeros(queries, keys, values, real):
    """The lowest number of the dtype before sharing, zeros after."""
    weights, allowed = _weights(queries, keys, real, low=np.finfo(float).min)
    return np.einsum("bhqk,bhkc->bhqc", weights * allowed, values)


def _weights(queries, keys, real, low=-np.inf, offset=0, join=np.logical_and):
    """Return weights with `low` for hidden scores, and the mask: by parts."""
    n_queries, n_keys = queries.shape[2], keys.shape[2]
    causal = np.tri(n_queries, n_keys, n_keys - n_queries + offset, dtype=bool)
    allowed = join(causal, real[:, None, None, :])
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys) / queries.shape[3] ** 0.5
    scores = np.where(allowed, scores, low)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True), allowed


def _first_key(queries, keys):
    """The offset that makes the queries stand at the first positions."""
    return queries.shape[2] - keys.shape[2]


@check(points=1)
def the_past_and_nothing_else(decode):
    """Three queries at the positions 2, 3 and 4 of five: shares of 1, 2, 5, 4 and 3."""
    queries = np.full((1, 2, 3, 4), 1 / np.sqrt(4))
    keys = np.log([1.0, 2.0, 5.0, 4.0, 3.0])[:, None] * np.ones((1, 2, 1, 4))
    values = np.array([[6.0], [0], [0], [0], [0]]) + np.eye(5, 6)[:, [5, 4, 3, 2, 1, 0]]
    values = np.stack([values, 2 * values])[None]  # the second head reads twice as much
    shares = np.array([[1.0, 2, 5, 0, 0], [1, 2, 5, 4, 0], [1, 2, 5, 4, 3]])
    wanted, reads = [], []
    for real in ([True] * 5, [True, False, True, True, True]):
        reads.append(decode(queries, keys, values, np.array([real])))
        seen = shares * np.array(real)
        wanted.append(seen / seen.sum(axis=1)[:, None] @ values)
    close(reads[0], wanted[0], "read")
    close(reads[1], wanted[1], "read where key 1 is padding")


@check(points=1)
def padding_is_not_read(decode):
    """One row padded on the right, one in between: what padding says is not heard."""
    queries = np.full((2, 1, 3, 6), 1 / np.sqrt(6))
    keys = np.log([1.0, 2.0, 5.0, 4.0, 3.0])[:, None] * np.ones((2, 1, 1, 6))
    real = np.array([[True, True, True, True, False], [True, False, True, False, True]])
    values = np.array(
        [[8.0, 0, 1, 4], [0, 4, 2, 1], [2, 2, 0, 8], [1, 4, 4, 0], [6] * 4]
    )
    values = np.where(real[:, None, :, None], values, 1000.0)
    shares = [
        [[[1, 2, 5, 0, 0], [1, 2, 5, 4, 0], [1, 2, 5, 4, 0]]],
        [[[1, 0, 5, 0, 0], [1, 0, 5, 0, 0], [1, 0, 5, 0, 3]]],
    ]
    shares = np.array(shares, dtype=float)
    wanted = shares / shares.sum(axis=-1)[..., None] @ values
    close(decode(queries, keys, values, real), wanted, "read")


@check(points=1)
def who_sees_nothing_reads_zeros(decode):
    """A row padded on the left: its first query sees nothing, the others read on."""
    queries = np.full((1, 2, 3, 4), 1 / np.sqrt(4))
    keys = np.log([7.0, 7.0, 5.0, 3.0, 1.0])[:, None] * np.ones((1, 2, 1, 4))
    values = np.array([[90.0], [70], [50], [8], [4]]) * np.ones((1, 2, 1, 6))
    real = np.array([[False, False, False, True, True]])
    wanted = np.array([[0.0], [8.0], [7.0]]) * np.ones((1, 2, 1, 6))
    close(decode(queries, keys, values, real), wanted, "read")


@check(points=2, hidden=True)
def against_the_reference(decode, rng):
    """Random batches, with padding anywhere and one row of nothing else."""
    from attn_course.functional import attend, causal_mask

    queries, keys = rng.normal(size=(3, 2, 4, 5)), rng.normal(size=(3, 2, 7, 5))
    values, real = rng.normal(size=(3, 2, 7, 6)), rng.random((3, 7)) < 0.6
    real[0, 0], real[0, 5], real[1] = True, False, False
    allowed = causal_mask(4, 7) & real[:, None, None]
    wanted = attend(queries, keys, values, allowed=allowed)
    close(decode(queries, keys, values, real), wanted, "read")


@check(points=1, hidden=True, extreme=True)
def loud_scores(decode, rng):
    """Scores of up to 1,000,000, each query at a height of its own."""
    from attn_course.functional import attend, causal_mask

    queries = rng.integers(-2, 3, size=(3, 2, 5, 4)).astype(float)
    keys = rng.integers(-2, 3, size=(3, 2, 7, 4)).astype(float)
    queries[..., 0], keys[..., 0] = rng.integers(-1_000_000, 1_000_000, (3, 2, 5)), 2
    keys[..., 3, 0] = 3  # louder or lower than all others
    values, real = rng.normal(size=(3, 2, 7, 6)), rng.random((3, 7)) < 0.6
    real[0, 0], real[0, 3] = True, False  # a loud key that nobody may hear
    allowed = causal_mask(5, 7) & real[:, None, None]
    wanted = attend(queries, keys, values, allowed=allowed)
    close(decode(queries, keys, values, real), wanted, "read")


@misconception(caught_by=the_past_and_nothing_else)
def counts_from_the_first_key(queries, keys, values, real):
    """A key has to pass both rules now. The triangle still starts at the first key: at
    which position does the first of 3 queries among 5 keys stand?"""
    weights, _ = _weights(queries, keys, real, offset=_first_key(queries, keys))
    return weights @ values


@misconception(caught_by=the_past_and_nothing_else)
def joined_with_or(queries, keys, values, real):
    """A key that passes either of your two rules gets in, so whatever is no padding is
    seen, the future too. How many of them must it pass?"""
    weights, _ = _weights(queries, keys, real, join=np.logical_or)
    return weights @ values


@misconception(caught_by=the_past_and_nothing_else)
def one_step_too_generous(queries, keys, values, real):
    """Your triangle begins one place too far right: each query sees the position after
    its own. Count it out for 3 queries and 5 keys."""
    weights, allowed = _weights(queries, keys, real, low=-1e300, offset=1)
    return weights * allowed @ values


@misconception(caught_by=the_past_and_nothing_else)
def hides_its_own_position(queries, keys, values, real):
    """Your triangle begins one place too far left: no query sees its own position.
    Count it out for 3 queries and 5 keys."""
    weights, allowed = _weights(queries, keys, real, low=-1e300, offset=-1)
    return weights * allowed @ values


@misconception(caught_by=the_past_and_nothing_else)
def no_causal_mask(queries, keys, values, real):
    """Padding is hidden, and the future is open. A key has to pass two rules: which one
    is missing?"""
    weights, allowed = _weights(queries, keys, real, low=-1e300, offset=keys.shape[2])
    return weights * allowed @ values


@misconception(caught_by=padding_is_not_read)
def hides_after_sharing(queries, keys, values, real):
    """Hiding after sharing leaves crumbs behind: what went to padding is lost, and the
    rows no longer sum to one. Hide before the shares are made."""
    everything = np.ones_like(real)
    weights, _ = _weights(queries, keys, everything)
    return weights * real[:, None, None, :] @ values


@misconception(caught_by=padding_is_not_read)
def padding_still_speaks(queries, keys, values, real):
    """The past is right and padding is read like any word: one of the two rules got
    lost. Where does `real` come in?"""
    weights, _ = _weights(queries, keys, np.ones_like(real))
    return weights @ values


@misconception(caught_by=padding_is_not_read)
def batch_where_the_heads_are(queries, keys, values, real):
    """Axes are matched from the right, so your padding mask has its batch where the
    scores have their heads. How many axes does it need in between?"""
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys)
    shape = np.broadcast_shapes(scores.shape, real[:, None, :].shape)
    return np.broadcast_to(scores, shape) @ values


@misconception(caught_by=who_sees_nothing_reads_zeros)
def empty_rows_turn_nan(queries, keys, values, real):
    """Two faults are mended. A query that may see nothing has the maximum -inf, and
    -inf minus itself is nan. Which number could you subtract there instead?"""
    weights, _ = _weights(queries, keys, real)
    return weights @ values


@misconception(caught_by=who_sees_nothing_reads_zeros)
def empty_rows_read_the_mean(queries, keys, values, real):
    """A large negative number in place of -inf: a query that may see nothing has all
    its scores equal, and reads the mean of what it must not see. Zeros are wanted."""
    weights, _ = _weights(queries, keys, real, low=-1e300)
    return weights @ values


@misconception(caught_by=who_sees_nothing_reads_zeros)
def empty_rows_see_everything(queries, keys, values, real):
    """A large negative number is added to all scores of a query that may see nothing.
    They sink together, and it reads as if there were no mask. Zeros are wanted."""
    n_queries, n_keys = queries.shape[2], keys.shape[2]
    causal = np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys) / queries.shape[3] ** 0.5
    scores = scores + np.where(causal & real[:, None, None, :], 0, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ values


@misconception(caught_by=against_the_reference)
def padding_empties_its_own_rows(queries, keys, values, real):
    """You also let queries that are padding read nothing. Only keys are hidden here; a
    query reads zeros if it may see nothing, and for no other reason."""
    weights, allowed = _weights(queries, keys, real, low=-1e300)
    asks = real[:, None, -queries.shape[2] :, None]
    return weights * (allowed & asks) @ values


@misconception(caught_by=loud_scores)
def no_shift(queries, keys, values, real):
    """Without the maximum there is no nan in an empty row, and exp of a large score is
    infinite instead. Keep the shift, and mend it where the maximum is infinite."""
    n_queries, n_keys = queries.shape[2], keys.shape[2]
    causal = np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys) / queries.shape[3] ** 0.5
    exps = np.exp(np.where(causal & real[:, None, None, :], scores, -np.inf))
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ values


@misconception(caught_by=loud_scores)
def shifts_by_a_hidden_score(queries, keys, values, real):
    """You take the maximum before hiding. A loud hidden key then pushes all the others
    down to exp(-1,000,000), which is 0. Hide first, then shift."""
    n_queries, n_keys = queries.shape[2], keys.shape[2]
    causal = np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys) / queries.shape[3] ** 0.5
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    exps = exps * (causal & real[:, None, None, :])
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ values
