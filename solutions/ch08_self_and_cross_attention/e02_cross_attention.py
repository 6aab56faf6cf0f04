r"""### A target asks a source

Write `cross_attention(target, source, W_query, W_key, W_value, lengths)`. Every
position of the target asks the positions of the source **of its own sample**:

$$ Q = T W^Q, \quad K = M W^K, \quad V = M W^V, \qquad
   O = \softmax\!\Bigl( \frac{Q K^\top}{\sqrt d} \Bigr) V. $$

The sources of a batch have different lengths: of sample $b$, the first `lengths[b]`
positions are real and the rest is padding, which nobody may read. What padding holds
may be large. A length may be 0; those who ask such a source read zeros. The target has
no padding that matters: every row of it asks.
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
        "Who asks has a row of its own in the result. Which of the two sequences sets "
        "the number of rows of the weights, which one the number of columns?",
        "The mask says which columns are open: `np.arange(keys) < lengths[:, None]` is "
        "of shape (batch, keys). Where does it need an axis for those who ask?",
        "−∞ where hidden; then the maximum of a row may be −∞ itself, and the sum of "
        "its exponentials 0. Put a 0 in place of that maximum and a 1 of that sum.",
    ),
)


@answer
def cross_attention(target, source, W_query, W_key, W_value, lengths):
    """What each position of the target reads from the source of its sample.

    target   (batch, queries, target_model)  float
    source   (batch, keys, source_model)     float
    W_query  (target_model, width)           float
    W_key    (source_model, width)           float
    W_value  (source_model, channels)        float
    lengths  (batch,)                        int, from 0 to the number of keys
    returns  (batch, queries, channels)      float
    """
    ### BEGIN SOLUTION
    Q, K, V = target @ W_query, source @ W_key, source @ W_value
    scores = Q @ np.swapaxes(K, 1, 2) / np.sqrt(Q.shape[2])
    real = np.arange(K.shape[1]) < lengths[:, None]
    scores = np.where(real[:, None, :], scores, -np.inf)
    top = scores.max(axis=2, keepdims=True)
    exps = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ V
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, any lengths, padding that shouts, some scores large."""
    sizes = rng.permutation(np.arange(2, 10))[:7]
    batch, queries, keys, target_model, source_model, width, channels = sizes
    lengths = rng.integers(0, keys + 1, size=batch)
    lengths[rng.integers(batch)] = rng.choice([0, 1, keys])
    source = rng.normal(size=(batch, keys, source_model))
    source[np.arange(keys) >= lengths[:, None]] *= rng.choice([1.0, 50.0])
    return (
        rng.normal(size=(batch, queries, target_model)),
        source,
        rng.normal(size=(target_model, width)) * rng.choice([1.0, 100.0]),
        rng.normal(size=(source_model, width)),
        rng.normal(size=(source_model, channels)),
        lengths,
    )


@alternative
def only_what_is_real(target, source, W_query, W_key, W_value, lengths):
    """Sample by sample; the padding is cut off before anything is compared."""
    output = np.zeros((*target.shape[:2], W_value.shape[1]))
    for b, length in enumerate(lengths):
        memory = source[b, :length]
        scores = target[b] @ W_query @ (memory @ W_key).T / W_key.shape[1] ** 0.5
        for i in range(len(scores) if length else 0):
            exps = np.exp(scores[i] - scores[i].max())
            output[b, i] = exps @ memory @ W_value / exps.sum()
    return output


@alternative
def lowest_number_then_zeros(target, source, W_query, W_key, W_value, lengths):
    """The lowest number of the dtype before sharing, zeros after."""
    real = (np.arange(source.shape[1]) < lengths.reshape(-1, 1))[:, None]
    weights = _weights(target @ W_query, source @ W_key, real, np.finfo(float).min)
    return np.einsum("bqk,bkc->bqc", weights * real, source @ W_value)


def _real(source, lengths):
    return np.arange(source.shape[1])[None, None, :] < lengths[:, None, None]


def _weights(Q, K, real, low=-1e300, power=-0.5):
    """Weights with `low` for hidden scores; rows of nothing else come out even."""
    scores = np.einsum("bqd,bkd->bqk", Q, K) * float(Q.shape[2]) ** power
    scores = np.where(real, scores, low)
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    return exps / exps.sum(axis=2, keepdims=True)


@check(points=1)
def two_ask_three(cross_attention):
    """One sample: two positions ask three; shares as 1 to 2 to 5, and even ones."""
    target = np.eye(2, 4)[None]
    source = np.zeros((1, 3, 5))
    source[0, :, 0], source[0, :, 1:4] = np.log([1.0, 2.0, 5.0]), 4 * np.eye(3)
    W_query, W_key, W_value = np.zeros((4, 6)), np.eye(5, 6), 2 * np.eye(5, 7)
    W_query[0, 0] = np.sqrt(6)  # the first position of the target asks for entry 0
    shares = np.array([[1 / 8, 2 / 8, 5 / 8], [1 / 3, 1 / 3, 1 / 3]])
    wanted = shares @ source @ W_value
    got = cross_attention(target, source, W_query, W_key, W_value, np.array([3]))
    close(got, wanted, "reads (batch, queries, channels)")


@check(points=1)
def padding_is_not_heard(cross_attention):
    """Lengths 1 and 2 of 3: what lies beyond, however loud, changes nothing."""
    lengths = np.array([1, 2, 2, 1, 2, 1, 2, 1])
    real = np.arange(3) < lengths[:, None]
    target = np.repeat(np.eye(2, 4)[None], 8, axis=0)
    source = np.zeros((8, 3, 5))
    source[:, :, 0], source[:, :, 1:4] = np.log([1.0, 2.0, 5.0]), 4 * np.eye(3)
    source[~real] = 3.0
    W_query, W_key, W_value = np.zeros((4, 6)), np.eye(5, 6), 2 * np.eye(5, 7)
    W_query[0, 0] = np.sqrt(6)
    shares = np.array([[1.0, 2, 5], [1, 1, 1]]) * real[:, None, :]
    wanted = shares / shares.sum(axis=2)[:, :, None] @ source @ W_value
    got = cross_attention(target, source, W_query, W_key, W_value, lengths)
    close(got, wanted, "reads (batch, queries, channels)")


@check(points=1)
def an_empty_source_gives_zeros(cross_attention):
    """Lengths 0 and 3: who asks an empty source reads zeros, all others read on."""
    lengths = np.array([3, 0, 3, 0, 3, 3, 0, 3])
    target = np.repeat(np.eye(2, 4)[None], 8, axis=0)
    source = np.zeros((8, 3, 5))
    source[:, :, 0], source[:, :, 1:4] = np.log([1.0, 2.0, 5.0]), 4 * np.eye(3)
    W_query, W_key, W_value = np.zeros((4, 6)), np.eye(5, 6), 2 * np.eye(5, 7)
    W_query[0, 0] = np.sqrt(6)
    shares = np.array([[1 / 8, 2 / 8, 5 / 8], [1 / 3, 1 / 3, 1 / 3]])
    wanted = shares @ source @ W_value * (lengths > 0)[:, None, None]
    got = cross_attention(target, source, W_query, W_key, W_value, lengths)
    close(got, wanted, "reads (batch, queries, channels)")


@check(points=2, hidden=True)
def against_the_reference(cross_attention, rng):
    """Random batches of all lengths, against the function of the course."""
    from attn_course.functional import attend

    target, source = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 5, 7))
    W_query, W_key = rng.normal(size=(4, 8)) / 2, rng.normal(size=(7, 8)) / 2
    W_value, lengths = rng.normal(size=(7, 9)), rng.permutation(6)
    real = (np.arange(5) < lengths[:, None])[:, None]
    memory = (source @ W_key, source @ W_value)
    wanted = attend(target @ W_query, *memory, allowed=real)
    got = cross_attention(target, source, W_query, W_key, W_value, lengths)
    close(got, wanted, "reads")


@check(points=1, hidden=True, extreme=True)
def loud_scores(cross_attention, rng):
    """Scores of up to 1,000,000, those of the padding among them."""
    from attn_course.functional import attend

    target, source = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 5, 7))
    W_query, W_key = rng.normal(size=(4, 8)) * 400, rng.normal(size=(7, 8)) * 400
    W_value, lengths = rng.normal(size=(7, 9)), rng.permutation(6)
    real = (np.arange(5) < lengths[:, None])[:, None]
    source = np.where(real[:, 0, :, None], source, 10 * source)
    memory = (source @ W_key, source @ W_value)
    wanted = attend(target @ W_query, *memory, allowed=real)
    got = cross_attention(target, source, W_query, W_key, W_value, lengths)
    close(got, wanted, "reads")


@misconception(caught_by=two_ask_three)
def the_source_asks(target, source, W_query, W_key, W_value, lengths):
    """Your result has a row for each position of the source. Who is asking, and who is
    being asked? The target asks; the source holds the answers."""
    Q, K = source @ W_key, target @ W_query
    weights = _weights(Q, K, np.ones((1, 1, K.shape[1]), dtype=bool))
    return weights @ K


@misconception(caught_by=two_ask_three)
def source_in_the_table_of_queries(target, source, W_query, W_key, W_value, lengths):
    """Rows of the source are given to the table that makes queries, and it is made for
    the width of the target. Who asks here, and who is asked?"""
    real = np.ones((1, 1, target.shape[1]), dtype=bool)
    return _weights(source @ W_query, target @ W_key, real) @ (target @ W_value)


@misconception(caught_by=two_ask_three)
def target_in_a_table_of_the_source(target, source, W_query, W_key, W_value, lengths):
    """Rows of the target are given to a table that is made for the width of the source.
    Keys and values both come from those who are asked."""
    weights = _weights(target @ W_query, source @ W_key, _real(source, lengths))
    return weights @ (target @ W_value)


@misconception(caught_by=two_ask_three)
def no_scale(target, source, W_query, W_key, W_value, lengths):
    """Everything is in place but the scale: with wide keys the scores get large, and
    softmax almost picks a single position."""
    real = _real(source, lengths)
    weights = _weights(target @ W_query, source @ W_key, real, power=0.0)
    return weights * real @ (source @ W_value)


@misconception(caught_by=two_ask_three)
def shares_among_those_who_ask(target, source, W_query, W_key, W_value, lengths):
    """Your columns sum to one: each position of the source shares itself out among the
    askers. Each asker has a whole to share out among the source."""
    real = _real(source, lengths)
    scores = target @ W_query @ np.swapaxes(source @ W_key, 1, 2)
    exps = np.exp(np.where(real, scores / np.sqrt(W_key.shape[1]), -1e300))
    total = exps.sum(axis=1, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def padding_is_read(target, source, W_query, W_key, W_value, lengths):
    """Padding is read like any word: where do the lengths come in?"""
    everything = np.ones((1, 1, source.shape[1]), dtype=bool)
    weights = _weights(target @ W_query, source @ W_key, everything)
    return weights @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def hides_those_who_ask(target, source, W_query, W_key, W_value, lengths):
    """Your lengths silence positions of the target. They are lengths of the source:
    which axis of the scores belongs to the source?"""
    everything = np.ones((1, 1, source.shape[1]), dtype=bool)
    weights = _weights(target @ W_query, source @ W_key, everything)
    asks = np.arange(target.shape[1])[:, None] < lengths[:, None, None]
    return weights * asks @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def hides_after_sharing(target, source, W_query, W_key, W_value, lengths):
    """Hiding after sharing leaves crumbs behind: what went to padding is lost, and the
    rows no longer sum to one. Hide before the shares are made."""
    real = _real(source, lengths)
    weights = _weights(target @ W_query, source @ W_key, np.ones_like(real))
    return weights * real @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def a_score_of_zero(target, source, W_query, W_key, W_value, lengths):
    """You set the scores of padding to 0, and softmax gives 0 a share like any other
    score. To close a door completely use minus infinity."""
    weights = _weights(target @ W_query, source @ W_key, _real(source, lengths), low=0)
    return weights @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def empty_rows_in_place_of_padding(target, source, W_query, W_key, W_value, lengths):
    """You set the padded rows of the source to zeros. A row of zeros still has a score,
    0, and takes its share: the position has to be hidden, not emptied."""
    quiet = source * np.swapaxes(_real(source, lengths), 1, 2)
    everything = np.ones((1, 1, source.shape[1]), dtype=bool)
    return _weights(target @ W_query, quiet @ W_key, everything) @ (quiet @ W_value)


@misconception(caught_by=padding_is_not_heard)
def one_position_too_many(target, source, W_query, W_key, W_value, lengths):
    """One position of the padding gets in. Of a source of length 1, which positions are
    real, counted from 0?"""
    real = _real(source, lengths + 1)
    weights = _weights(target @ W_query, source @ W_key, real)
    return weights * real @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def padding_in_front(target, source, W_query, W_key, W_value, lengths):
    """You keep the last positions and hide the first. Here the real ones come first."""
    real = _real(source, lengths)[..., ::-1]
    weights = _weights(target @ W_query, source @ W_key, real)
    return weights * real @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def one_length_for_all(target, source, W_query, W_key, W_value, lengths):
    """You hide what lies beyond the longest source of the batch. Each sample has a
    length of its own."""
    real = _real(source, np.full_like(lengths, lengths.max()))
    weights = _weights(target @ W_query, source @ W_key, real)
    return weights * real @ (source @ W_value)


@misconception(caught_by=an_empty_source_gives_zeros)
def an_empty_source_gives_nan(target, source, W_query, W_key, W_value, lengths):
    """Where nothing is real the maximum of a row is -inf, and -inf minus itself is nan.
    Which number could you subtract there instead?"""
    real = _real(source, lengths)
    weights = _weights(target @ W_query, source @ W_key, real, low=-np.inf)
    return weights @ (source @ W_value)


@misconception(caught_by=an_empty_source_gives_zeros)
def an_empty_source_reads_padding(target, source, W_query, W_key, W_value, lengths):
    """An empty source is read in equal parts, since all its scores are the same: be it
    0 or one large negative number, softmax shares it out. Zeros are wanted."""
    weights = _weights(target @ W_query, source @ W_key, _real(source, lengths))
    return weights @ (source @ W_value)


@misconception(caught_by=an_empty_source_gives_zeros)
def nothing_left_to_take_a_maximum_of(target, source, W_query, W_key, W_value, lengths):
    """You cut the padding off, and of an empty source nothing is left that could have a
    maximum. What do those read who ask it?"""
    rows = []
    for asks, memory, length in zip(target, source, lengths, strict=True):
        real = np.ones((1, 1, length), dtype=bool)
        memory = memory[None, :length]
        weights = _weights(asks[None] @ W_query, memory @ W_key, real)
        rows.append(weights[0] @ memory[0] @ W_value)
    return np.array(rows)


@misconception(caught_by=against_the_reference)
def root_of_the_model(target, source, W_query, W_key, W_value, lengths):
    """Your root is that of the entries of the target. A score adds up what a query and
    a key share: how many products are in that sum?"""
    real, root = _real(source, lengths), np.sqrt(W_key.shape[1] / W_query.shape[0])
    weights = _weights(target @ W_query * root, source @ W_key, real)
    return weights * real @ (source @ W_value)


@misconception(caught_by=loud_scores)
def shifts_by_a_hidden_score(target, source, W_query, W_key, W_value, lengths):
    """You take the maximum before hiding. Loud padding then pushes all the others down
    to exp(-1,000,000), which is 0. Hide first, then shift."""
    real = _real(source, lengths)
    scores = target @ W_query @ np.swapaxes(source @ W_key, 1, 2)
    scores = scores / np.sqrt(W_key.shape[1])
    exps = np.exp(scores - scores.max(axis=2, keepdims=True)) * real
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ (source @ W_value)


@misconception(caught_by=loud_scores)
def no_shift(target, source, W_query, W_key, W_value, lengths):
    """Without the maximum, exp of a large score is infinite, and inf / inf is nan. Keep
    the shift, and mend it where the maximum itself is infinite."""
    scores = target @ W_query @ np.swapaxes(source @ W_key, 1, 2)
    scores = scores / np.sqrt(W_key.shape[1])
    exps = np.exp(np.where(_real(source, lengths), scores, -np.inf))
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total == 0, 1, total) @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def hides_those_who_ask_as_well(target, source, W_query, W_key, W_value, lengths):
    """The padding is hidden, and some of those who ask read zeros besides: your mask is
    square. Every row of the target asks; the lengths are those of the source."""
    real = _real(source, lengths)
    weights = _weights(target @ W_query, source @ W_key, real)
    asks = np.arange(target.shape[1])[:, None] < lengths[:, None, None]
    return weights * (real & asks) @ (source @ W_value)


@misconception(caught_by=an_empty_source_gives_zeros)
def an_empty_source_is_not_hidden(target, source, W_query, W_key, W_value, lengths):
    """An empty source is read as if it were real. Adding one large negative number to
    all its scores would not stop that: they sink together. Zeros are wanted."""
    scores = target @ W_query @ np.swapaxes(source @ W_key, 1, 2)
    scores = scores / np.sqrt(W_key.shape[1])
    scores = scores + np.where(_real(source, lengths), 0, -1e9)
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    return exps / exps.sum(axis=2, keepdims=True) @ (source @ W_value)


@misconception(caught_by=padding_is_not_heard)
def reads_the_padding_alone(target, source, W_query, W_key, W_value, lengths):
    """The mask is turned round: the padding is read and nothing else. Which positions
    come before the length, which after it?"""
    real = ~_real(source, lengths)
    weights = _weights(target @ W_query, source @ W_key, real)
    return weights * real @ (source @ W_value)
