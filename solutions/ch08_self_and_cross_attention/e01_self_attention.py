r"""### One sequence, three roles

Write `self_attention(X, W_query, W_key, W_value)`: every position of $X$ asks all
positions of $X$, itself among them.

$$ Q = X W^Q, \quad K = X W^K, \quad V = X W^V, \qquad
   O = \softmax\!\Bigl( \frac{Q K^\top}{\sqrt d} \Bigr) V, $$

where $d$ is the width that queries and keys share, and softmax shares out each row.
Any number of leading axes may come before the positions, such as a batch; the samples
of a batch never meet. There is no bias, no mask and no further map.
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
        "Make the three tables first and write down their shapes. Which two of them "
        "have to be equally wide, and which one sets the width of the result?",
        "The scores need an entry for every pair: rows for who asks, columns for who "
        "is asked. `np.swapaxes(K, -1, -2)` turns the keys, whatever comes in front.",
        "Scores over `np.sqrt(Q.shape[-1])`, a stable softmax over the last axis, "
        "times V.",
    ),
)


@answer
def self_attention(X, W_query, W_key, W_value):
    """What each position reads from all positions.

    X        (..., positions, model)     float
    W_query  (model, width)              float
    W_key    (model, width)              float
    W_value  (model, channels)           float
    returns  (..., positions, channels)  float
    """
    ### BEGIN SOLUTION
    Q, K, V = X @ W_query, X @ W_key, X @ W_value
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return weights @ V
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch, some scores large."""
    batch, positions, model, width, channels = rng.permutation(np.arange(2, 9))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    X = rng.normal(size=(*leading, positions, model))
    tables = rng.normal(size=(2, model, width)) * rng.choice([1.0, 40.0])
    return X, *tables, rng.normal(size=(model, channels))


@alternative
def one_asker_at_a_time(X, W_query, W_key, W_value):
    """Token by token, sample by sample."""
    output = np.empty((*X.shape[:-1], W_value.shape[1]))
    for place in np.ndindex(X.shape[:-1]):
        asked = X[place[:-1]]
        scores = (asked @ W_key) @ (X[place] @ W_query) / W_key.shape[1] ** 0.5
        exps = np.exp(scores - scores.max())
        output[place] = exps @ asked @ W_value / exps.sum()
    return output


@alternative
def one_table_between_the_inputs(X, W_query, W_key, W_value):
    """The two maps of the score multiplied first, and the sum divided out last."""
    between = W_query @ W_key.T * W_query.shape[1] ** -0.5
    scores = np.einsum("...id,de,...je->...ij", X, between, X)
    exps = np.exp(scores - scores.max(axis=-1)[..., None])
    return np.einsum("...ij,...jc->...ic", exps, X @ W_value) / exps.sum(-1)[..., None]


def _read(Q, K, V, scale=None, axis=-1, mix="...qk,...kc->...qc"):
    """Attention with one thing different; the wrong answers below say which."""
    scores = np.einsum("...qd,...kd->...qk", Q, K)
    scores = scores * (Q.shape[-1] ** -0.5 if scale is None else scale)
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.einsum(mix, exps / exps.sum(axis=axis, keepdims=True), V)


@check(points=1)
def three_tokens_on_paper(self_attention):
    """The tokens of the page at width 4: shares of 1, 2, 2, of 4, 1, 4, of 4, 2, 8."""
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    W_query = 2 * np.log(2) * np.array([[1.0, 0, 0, 0], [0, 2, 0, 0]])
    W_key = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0]])
    W_value = np.array([[0.0, 5, 1, 0, 0], [10, 0, 0, 0, 2]])
    shares = np.array([[1.0, 2, 2], [4, 1, 4], [4, 2, 8]]) / [[5], [9], [14]]
    values = np.array([[0.0, 5, 1, 0, 0], [10, 0, 0, 0, 2], [10, 5, 1, 0, 2]])
    close(self_attention(X, W_query, W_key, W_value), shares @ values, "reads")


@check(points=1)
def samples_never_meet(self_attention):
    """Four samples of two tokens each; only their own shares count."""
    first = np.log([[1.0, 4.0], [2.0, 8.0], [4.0, 16.0], [1.0, 2.0]])  # (batch, tokens)
    loud = np.array([0.5, 1.0])
    X = np.stack([first, np.tile(loud, (4, 1)), np.zeros((4, 2))], axis=-1)
    W_query = np.array([[0.0] * 5, [np.sqrt(5), 0, 0, 0, 0], [0.0] * 5])
    W_key = np.array([[1.0, 0, 0, 0, 0], [0.0] * 5, [3.0] * 5])
    W_value = np.array([[1.0, 0, 0, 2, 0, 0], [0, 3, 0, 0, 0, 1], [1.0] * 6])
    exps = np.exp(loud[:, None] * first[:, None, :])  # (batch, askers, asked)
    wanted = exps / exps.sum(axis=2)[:, :, None] @ X @ W_value
    close(self_attention(X, W_query, W_key, W_value), wanted, "reads of four samples")


@check(points=2, hidden=True)
def batches_against_the_reference(self_attention, rng):
    """Batches with uneven sizes, against the function of the course."""
    from attn_course.functional import attend

    X, W_value = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(5, 7))
    W_query, W_key = rng.normal(size=(2, 5, 6)) / 2
    wanted = attend(X @ W_query, X @ W_key, X @ W_value)
    close(self_attention(X, W_query, W_key, W_value), wanted, "reads")


@check(points=1, hidden=True, extreme=True)
def loud_scores(self_attention, rng):
    """Scores of up to 1,000,000."""
    from attn_course.functional import attend

    X, W_value = rng.normal(size=(3, 4, 5)), rng.normal(size=(5, 7))
    W_query, W_key = rng.normal(size=(2, 5, 6)) * 400
    wanted = attend(X @ W_query, X @ W_key, X @ W_value)
    close(self_attention(X, W_query, W_key, W_value), wanted, "reads")


@misconception(caught_by=three_tokens_on_paper)
def nothing_is_mapped(X, W_query, W_key, W_value):
    """X plays all three parts as it comes, so like asks for like, and what is read is
    as wide as X. Each part has a table of its own."""
    return _read(X, X, X)


@misconception(caught_by=three_tokens_on_paper)
def asks_with_its_own_label(X, W_query, W_key, W_value):
    """One table serves queries and keys, so the scores are symmetric, and everybody is
    asked back as much as they ask. Which table is never used?"""
    return _read(X @ W_query, X @ W_query, X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def labelled_with_its_wish(X, W_query, W_key, W_value):
    """The table of the keys makes your queries too, so each token asks for its like.
    Which table is never used?"""
    return _read(X @ W_key, X @ W_key, X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def the_asked_ask(X, W_query, W_key, W_value):
    """Your scores are turned round: token i has the row that says how the others like
    it. Rows belong to those who ask. Which table makes a query?"""
    return _read(X @ W_key, X @ W_query, X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def values_as_they_come(X, W_query, W_key, W_value):
    """The weights are right, and they mix the rows of X itself. What is handed out has
    a table of its own."""
    return _read(X @ W_query, X @ W_key, X)


@misconception(caught_by=three_tokens_on_paper)
def only_the_others(X, W_query, W_key, W_value):
    """You left everybody out of their own read. A token is among those it asks: the
    diagonal of the weights is a place like any other."""
    scores = X @ W_query @ np.swapaxes(X @ W_key, -1, -2) / np.sqrt(W_key.shape[1])
    exps = np.exp(scores) * (1 - np.eye(X.shape[-2]))
    return exps / exps.sum(axis=-1, keepdims=True) @ (X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def shares_down_the_columns(X, W_query, W_key, W_value):
    """Your columns sum to one. The table is square here, so no shape complains: which
    of the two axes belongs to those who are asked?"""
    return _read(X @ W_query, X @ W_key, X @ W_value, axis=-2)


@misconception(caught_by=three_tokens_on_paper)
def one_whole_for_all(X, W_query, W_key, W_value):
    """Your weights sum to one over the whole table. Each token that asks has a whole of
    its own to share out: over which axis?"""
    return _read(X @ W_query, X @ W_key, X @ W_value, axis=None)


@misconception(caught_by=three_tokens_on_paper)
def weights_turned_round(X, W_query, W_key, W_value):
    """The weights are right and are used turned round: token i is given what the others
    wanted of it. Each row of the result is a row of weights times the values."""
    return _read(X @ W_query, X @ W_key, X @ W_value, mix="...kq,...kc->...qc")


@misconception(caught_by=three_tokens_on_paper)
def root_of_the_model(X, W_query, W_key, W_value):
    """Your root is that of the entries of X. A score adds up what a query and a key
    share: how many products are in that sum?"""
    scale = X.shape[-1] ** -0.5
    return _read(X @ W_query, X @ W_key, X @ W_value, scale=scale)


@misconception(caught_by=three_tokens_on_paper)
def no_scale(X, W_query, W_key, W_value):
    """Everything is in place but the scale: with wide keys the scores get large, and
    softmax almost picks a single token."""
    return _read(X @ W_query, X @ W_key, X @ W_value, scale=1.0)


@misconception(caught_by=three_tokens_on_paper)
def partners_only(X, W_query, W_key, W_value):
    """You compared each query with the key of its own place only, one number for each
    token. Every query needs to meet every key."""
    scores = (X @ W_query * (X @ W_key)).sum(axis=-1) / np.sqrt(W_key.shape[1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return weights[..., None, :] @ (X @ W_value) + np.zeros((X.shape[-2], 1))


@misconception(caught_by=samples_never_meet)
def across_the_batch(X, W_query, W_key, W_value):
    """Your samples read each other: the first axis was taken for the positions. Two
    readers should not see each other's page."""
    if X.ndim < 3:
        return _read(X @ W_query, X @ W_key, X @ W_value)
    turned = np.moveaxis(X, 0, -2)
    mixed = _read(turned @ W_query, turned @ W_key, turned @ W_value)
    return np.moveaxis(mixed, -2, 0)


@misconception(caught_by=samples_never_meet)
def all_axes_turned(X, W_query, W_key, W_value):
    """The keys do not stand as the product wants them: entries down, positions across,
    in every sample. `K.T` does that for one sequence; of a batch it turns all axes."""
    scores = X @ W_query @ (X @ W_key).T / np.sqrt(W_key.shape[1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ (X @ W_value)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(X, W_query, W_key, W_value):
    """Right for one sequence. With batches in front, axis 1 is no longer that of the
    asked: from which end of the shape does it always have the same place?"""
    return _read(X @ W_query, X @ W_key, X @ W_value, axis=1)


@misconception(caught_by=loud_scores)
def no_shift(X, W_query, W_key, W_value):
    """exp of a large score fits in no float, and inf / inf is nan. Something may be
    subtracted from a whole row of scores that changes nothing in theory."""
    scores = X @ W_query @ np.swapaxes(X @ W_key, -1, -2) / np.sqrt(W_key.shape[1])
    exps = np.exp(scores)
    return exps / exps.sum(axis=-1, keepdims=True) @ (X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def hides_the_future(X, W_query, W_key, W_value):
    """You hide what comes later. There is no mask here: every token asks all tokens,
    those after it as well."""
    scores = X @ W_query @ np.swapaxes(X @ W_key, -1, -2) / np.sqrt(W_key.shape[1])
    scores = np.where(np.tri(X.shape[-2], dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ (X @ W_value)


@misconception(caught_by=three_tokens_on_paper)
def divides_by_the_width(X, W_query, W_key, W_value):
    """You scale in the right direction and a bit too far: the spread of a dot product
    grows with the root of the width."""
    scale = 1 / W_key.shape[1]
    return _read(X @ W_query, X @ W_key, X @ W_value, scale=scale)


@misconception(caught_by=three_tokens_on_paper)
def root_of_the_positions(X, W_query, W_key, W_value):
    """Your root is that of the number of tokens. A score adds up what a query and a key
    share: tokens or entries?"""
    scale = X.shape[-2] ** -0.5
    return _read(X @ W_query, X @ W_key, X @ W_value, scale=scale)
