r"""### Ask a source that has padding

One look of Bahdanau's decoder. For each sample, the decoder's state is the query; the
encoder's states, one a position, are keys and values at once:

$$ e_j = v^\top \tanh(q W + m_j U), \qquad a = \operatorname{softmax}_j e, \qquad
   \text{read} = \sum_j a_j \, m_j. $$

Write `additive_read(query, memory, real, W, U, v)`. Rows of a batch have different
lengths, so `real` says which positions are no padding. A padding position gets weight
exactly 0, whatever stands there, and the real ones share 1 between them. A sample whose
positions are *all* padding gets zeros, as weights and as what it reads; never nan.

The scores lie between $-\sum |v|$ and $\sum |v|$, which is small enough for `np.exp` as
it is. Return what is read and the weights, in this order. NumPy only.
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
    minutes=20,
    hints=(
        "One sample first: its query gives one row of numbers, its memory one row a "
        "position. Which axis does the query lack before the two can be added?",
        "`(query @ W)[:, None]` stands beside every position. After tanh, the product "
        "with `v` leaves one score a position: shape (batch, positions).",
        "Take exponentials where `real` is true and 0 elsewhere (`np.where`), and "
        "divide each row by its total, except where that total is 0. `einsum` with "
        '"bp,bpm->bm" does the reading.',
    ),
)


@answer
def additive_read(query, memory, real, W, U, v):
    """What each sample reads from its source, and with which weights.

    query   (batch, state)              float
    memory  (batch, positions, memory)  float
    real    (batch, positions)          bool, False at padding
    W       (state, width)              float
    U       (memory, width)             float
    v       (width,)                    float
    returns two things: the reads (batch, memory) and the weights (batch, positions)
    """
    ### BEGIN SOLUTION
    scores = np.tanh((query @ W)[:, None] + memory @ U) @ v
    shares = np.where(real, np.exp(scores), 0.0)
    total = shares.sum(axis=-1, keepdims=True)
    weights = shares / np.where(total > 0, total, 1)
    return np.einsum("bp,bpm->bm", weights, memory), weights
    ### END SOLUTION


@inputs
def draw(rng):
    """Batches with rows of all lengths, at times none, and noise in the padding."""
    batch, positions, state, memory, width = rng.permutation(np.arange(2, 9))[:5]
    lengths = rng.integers(0, positions, size=(batch, 1), endpoint=True)
    real = np.arange(positions) < lengths
    kept = [
        rng.normal(size=(batch, state)),
        rng.normal(size=(batch, positions, memory)),
    ]
    W, U = rng.normal(size=(state, width)), rng.normal(size=(memory, width))
    return *kept, real, W, U, rng.normal(size=width)


@alternative
def sample_by_sample(query, memory, real, W, U, v):
    """Each sample by itself, over its real positions only."""
    reads = np.zeros((len(query), memory.shape[2]))
    weights = np.zeros(real.shape)
    for b in range(len(query)):
        kept = np.flatnonzero(real[b])
        e = [np.exp(v @ np.tanh(query[b] @ W + memory[b, j] @ U)) for j in kept]
        for j, share in zip(kept, e, strict=True):
            weights[b, j] = share / sum(e)
            reads[b] += weights[b, j] * memory[b, j]
    return reads, weights


@alternative
def hidden_by_minus_infinity(query, memory, real, W, U, v):
    """Padding scores minus infinity, and an empty row is set to zero afterwards."""
    inside = np.einsum("bs,sw->bw", query, W)[:, None] + np.einsum(
        "bpm,mw->bpw", memory, U
    )
    scores = np.where(real, (np.tanh(inside) * v).sum(axis=-1), -np.inf)
    some = real.any(axis=1)
    weights = np.zeros(scores.shape)
    rows = np.exp(scores[some] - scores[some].max(axis=1, keepdims=True))
    weights[some] = rows / rows.sum(axis=1, keepdims=True)
    return (weights[:, :, None] * memory).sum(axis=1), weights


@check(points=1)
def shares_you_can_work_out(additive_read):
    """Two real positions, scores ln 3 apart, and a third that is padding."""
    memory = np.array([[[0.0, 4.0], [2.0, 8.0], [9.0, 9.0]]])
    real = np.array([[True, True, False]])
    U = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    W, v = np.zeros((5, 4)), np.array([0.0, 0.0, 5.0, 0.0])
    v[0] = np.log(3) / (np.tanh(2.5) - np.tanh(0.5))
    W[1, 0] = 1.0
    got = additive_read(np.array([[1.0, 0.5, 2.0, 0.0, -1.0]]), memory, real, W, U, v)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, what is read and the weights, got {got!r}"
    close(got[1], np.array([[0.25, 0.75, 0.0]]), "weights")
    close(got[0], np.array([[1.5, 7.0]]), "reads")


@check(points=1)
def the_query_has_a_say(additive_read):
    """Queries that differ get weights that differ, each against its own definition."""
    memory = np.array([[[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]]] * 4)
    query = np.array([[2.0], [-1.0], [0.3], [0.0]])
    W = np.array([[1.0, -2.0, 0.5, 0.2, 1.0]])
    U = np.array([[0.5, 1, 0, -1, 0.2], [1.0, 0, 1, 0.3, 0], [0.0, 0.5, -1, 0, 1]])
    v = np.array([1.0, 2.0, -1.0, 0.5, 1.5])
    got = additive_read(query, memory, np.ones((4, 2), dtype=bool), W, U, v)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, what is read and the weights, got {got!r}"
    first = []
    for row in query:
        e = [np.exp(sum(v * np.tanh(row @ W + m @ U))) for m in memory[0]]
        first.append(e[0] / (e[0] + e[1]))
    wanted = np.stack([first, 1 - np.array(first)], axis=1)
    close(got[1], wanted, "weights")
    close(got[0], wanted @ memory[0], "reads")


@check(points=1)
def nothing_but_padding(additive_read):
    """A row that is padding alone reads zeros, and its neighbours are not disturbed."""
    memory = np.array([[[3.0], [6.0]], [[3.0], [6.0]], [[5.0], [7.0]]])
    real = np.array([[False, False], [True, True], [False, True]])
    query, W = np.array([[1.0, 0.0, 1.0, 2.0]] * 3), np.zeros((4, 5))
    W[0] = [1.0, 0.5, -1.0, 0.3, 0.8]
    U, v = np.array([[0.1, 0.0, 0.2, 0.0, 0.0]]), np.array([1.0, 1.0, -1.0, 0.0, 2.0])
    got = additive_read(query, memory, real, W, U, v)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, what is read and the weights, got {got!r}"
    e = np.exp([v @ np.tanh(query[0] @ W + m @ U) for m in memory[1]])
    wanted = np.array([[0.0, 0.0], e / e.sum(), [0.0, 1.0]])
    close(got[1], wanted, "weights")
    close(got[0], np.array([[0.0], wanted[1] @ memory[1], [7.0]]), "reads")


@check(points=2, hidden=True)
def batches_against_the_reference(additive_read, rng):
    """Random batches with rows of all lengths, against the functions of the course."""
    from attn_course.functional import additive_scores, softmax

    query, memory = rng.normal(size=(6, 3)), rng.normal(size=(6, 7, 4))
    real = np.arange(7) < rng.permutation(np.arange(1, 7))[:, None]
    W, U, v = (rng.normal(size=shape) for shape in ((3, 5), (4, 5), (5,)))
    scores = additive_scores(query[:, None], memory, W, U, v)[:, 0]
    weights = softmax(scores, where=real)
    got = additive_read(query, memory, real, W, U, v)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, what is read and the weights, got {got!r}"
    close(got[1], weights, "weights")
    close(got[0], np.einsum("bp,bpm->bm", weights, memory), "reads")


def _looked(query, memory, real, W, U, v, score=None, shares=None):
    """The right look; faults are made by another score or another way to share."""
    if score is None:
        scores = np.tanh((query @ W)[:, None] + memory @ U) @ v
    else:
        scores = score(query, memory, W, U, v)
    if shares is None:
        exps = np.where(real, np.exp(scores), 0.0)
        total = exps.sum(axis=-1, keepdims=True)
        weights = exps / np.where(total > 0, total, 1)
    else:
        weights = shares(scores, real)
    return np.einsum("bp,bpm->bm", weights, memory), weights


def _shared(exps):
    """Shares of each row; zeros where a row has nothing."""
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total > 0, total, 1)


@misconception(caught_by=the_query_has_a_say)
def no_tanh(query, memory, real, W, U, v):
    """Try two different queries: your weights do not notice. The term from the query is
    the same for all positions and cancels, unless something bends the sum."""

    def score(query, memory, W, U, v):
        return ((query @ W)[:, None] + memory @ U) @ v

    return _looked(query, memory, real, W, U, v, score=score)


@misconception(caught_by=the_query_has_a_say)
def bent_at_the_end(query, memory, real, W, U, v):
    """The bend comes after the sum over `v`, where the query has already become one
    number for all positions. Each of the hidden entries is to be bent by itself."""

    def score(query, memory, W, U, v):
        return np.tanh(((query @ W)[:, None] + memory @ U) @ v)

    return _looked(query, memory, real, W, U, v, score=score)


@misconception(caught_by=the_query_has_a_say)
def a_product_in_place_of_the_sum(query, memory, real, W, U, v):
    """You multiply the two before the bend. That is another score; an additive one adds
    what the query and the position contribute."""

    def score(query, memory, W, U, v):
        return np.tanh((query @ W)[:, None] * (memory @ U)) @ v

    return _looked(query, memory, real, W, U, v, score=score)


@misconception(caught_by=the_query_has_a_say)
def the_query_is_left_out(query, memory, real, W, U, v):
    """The query changes nothing in your weights, so the decoder would look at the same
    place at every step. Does it have a say, and is it bent together with the position?
    """

    def score(query, memory, W, U, v):
        return np.tanh(memory @ U) @ v

    return _looked(query, memory, real, W, U, v, score=score)


@misconception(caught_by=shares_you_can_work_out)
def mask_upside_down(query, memory, real, W, U, v):
    """All your weight lies on padding and none on the source. What does True mean in
    `real`?"""
    return _looked(query, memory, ~real, W, U, v)


@misconception(caught_by=shares_you_can_work_out)
def hides_after_sharing(query, memory, real, W, U, v):
    """The padding got its share first and lost it afterwards, so your rows sum to less
    than one. Hide before you share."""

    def shares(scores, real):
        exps = np.exp(scores)
        return exps / exps.sum(axis=-1, keepdims=True) * real

    return _looked(query, memory, real, W, U, v, shares=shares)


@misconception(caught_by=shares_you_can_work_out)
def hides_with_a_zero_score(query, memory, real, W, U, v):
    """Padding has a score of 0 with you, and the exponential of 0 is 1: it still gets a
    share. Which exponential should it have?"""
    return _looked(
        query, memory, real, W, U, v, shares=lambda s, real: _shared(np.exp(s * real))
    )


@misconception(caught_by=nothing_but_padding)
def nothing_divided_by_nothing(query, memory, real, W, U, v):
    """Right wherever there is something to read. A sample with padding alone divides 0
    by 0: by the mask contract it has weights of zero."""

    def shares(scores, real):
        exps = np.where(real, np.exp(scores), 0.0)
        with np.errstate(invalid="ignore"):
            return exps / exps.sum(axis=-1, keepdims=True)

    return _looked(query, memory, real, W, U, v, shares=shares)


@misconception(caught_by=nothing_but_padding)
def a_very_negative_number(query, memory, real, W, U, v):
    """With a very negative score for padding all is well while there is something else.
    A sample with padding alone shares evenly among it: it should read zeros."""

    def shares(scores, real):
        scores = np.where(real, scores, -1e9)
        return _shared(np.exp(scores - scores.max(axis=-1, keepdims=True)))

    return _looked(query, memory, real, W, U, v, shares=shares)


@misconception(caught_by=shares_you_can_work_out)
def padding_never_hidden(query, memory, real, W, U, v):
    """`real` has no effect in your answer, and padding gets a share like any position.
    The lengths of the rows differ: where does each of them end?"""
    return _looked(query, memory, np.ones_like(real), W, U, v)


@misconception(caught_by=batches_against_the_reference)
def shares_across_the_batch(query, memory, real, W, U, v):
    """Your columns sum to one: the samples share out each position among themselves.
    Each sample has a whole of its own, for its own positions."""
    return _looked(
        query,
        memory,
        real,
        W,
        U,
        v,
        shares=lambda s, real: _shared(np.where(real, np.exp(s), 0.0).T).T,
    )


@misconception(caught_by=nothing_but_padding)
def padding_emptied_and_kept(query, memory, real, W, U, v):
    """You set the states of padding to zero and let them take part. A state of zeros
    has a score like any other, and takes a share: take the *score* away."""
    return _looked(query, memory * real[..., None], np.ones_like(real), W, U, v)


@misconception(caught_by=shares_you_can_work_out)
def reads_what_was_scored(query, memory, real, W, U, v):
    """The weights are right. What they average is the memory behind `U`, which is made
    for scoring; what is read are the states as they are."""
    _, weights = _looked(query, memory, real, W, U, v)
    return np.einsum("bp,bpm->bm", weights, memory @ U), weights


@misconception(caught_by=shares_you_can_work_out)
def weights_first(query, memory, real, W, U, v):
    """Both are right and stand in each other's place. Which was to come first?"""
    return _looked(query, memory, real, W, U, v)[::-1]
