r"""### Back through attention, mask and all

The forward pass was $O = A V$, with the weights $A = \operatorname{softmax}(S)$, row by
row, of the scores $S = Q K^\top / \sqrt{d}$. A key that is not allowed gets weight
zero. Now `upstream` comes back, the gradient of the loss with respect to $O$. Write

`attention_backward(upstream, queries, keys, values, allowed)`.

It returns three arrays, in this order: the gradients of the loss with respect to
`queries`, `keys` and `values`.

Compute the weights anew from the arguments; nothing was kept. By the mask contract a
query that may attend to nothing has read zeros, so its gradient is zeros, and it pulls
at no key and no value. `allowed` has shape (queries, keys), is True where a query may
attend, and is the same for all samples. Scores are moderate here. Any number of leading
axes.

When it is right, put it in the place of the function of that name before the training
loop of this page: the loss curve must not change by a hair.
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
    level="stretch",
    minutes=30,
    hints=(
        "Go backwards, one line of the forward pass at a time: the read, then softmax, "
        "then the scale, then the product. Each has two or three lines on this page.",
        "The read is a product, so the values get Aᵀ upstream and the weights upstream "
        "Vᵀ. Exercise 2 leads to the scores. Where does the root of d come in again?",
        "Weights: exponentials times `allowed`, over their row sum where it is not 0. "
        "Then the scores' gradient times keys, and its transpose times queries, both "
        "over √d. Transpose the last two axes: `np.swapaxes(x, -1, -2)`.",
    ),
)


@answer
def attention_backward(upstream, queries, keys, values, allowed):
    """Gradients with respect to queries, keys and values.

    upstream  (..., queries, channels)  float
    queries   (..., queries, width)     float
    keys      (..., keys, width)        float
    values    (..., keys, channels)     float
    allowed   (queries, keys)           bool, rows may be False throughout
    returns   three things: gradients of queries, of keys and of values
    """
    ### BEGIN SOLUTION
    scale = 1 / np.sqrt(queries.shape[-1])
    scores = scale * queries @ np.swapaxes(keys, -1, -2)
    weights = np.exp(scores) * allowed
    weights /= np.where(allowed.any(axis=-1), weights.sum(axis=-1), 1)[..., None]
    d_values = np.swapaxes(weights, -1, -2) @ upstream
    d_weights = upstream @ np.swapaxes(values, -1, -2)
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    d_scores = scale * weights * (d_weights - mean)
    return d_scores @ keys, np.swapaxes(d_scores, -1, -2) @ queries, d_values
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with and without a batch, some queries that may see nothing."""
    batch, n_queries, n_keys, width, channels = rng.permutation(np.arange(2, 8))[:5]
    leading = [(), (batch,)][rng.integers(2)]
    queries = rng.normal(size=(*leading, n_queries, width))
    keys = rng.normal(size=(*leading, n_keys, width))
    values = rng.normal(size=(*leading, n_keys, channels))
    allowed = rng.random((n_queries, n_keys)) < 0.6
    allowed[0] &= rng.random() < 0.5
    upstream = rng.normal(size=(*leading, n_queries, channels))
    return upstream, queries, keys, values, allowed


@alternative
def one_pair_at_a_time(upstream, queries, keys, values, allowed):
    """By loops over queries and keys, for all samples at once."""
    gradients = [np.zeros_like(x) for x in (queries, keys, values)]
    width = queries.shape[-1]
    for i, seen in enumerate(allowed):
        places = np.flatnonzero(seen)
        query, pull = queries[..., i, :], upstream[..., i, :]
        exps = [np.exp((query * keys[..., j, :]).sum(-1) / width**0.5) for j in places]
        shares = [e / sum(exps) for e in exps]
        gains = [(pull * values[..., j, :]).sum(axis=-1) for j in places]
        mean = sum(a * g for a, g in zip(shares, gains, strict=True))
        for j, a, g in zip(places, shares, gains, strict=True):
            slope = (a * (g - mean) / width**0.5)[..., None]
            gradients[0][..., i, :] += slope * keys[..., j, :]
            gradients[1][..., j, :] += slope * query
            gradients[2][..., j, :] += a[..., None] * pull
    return tuple(gradients)


@alternative
def through_minus_infinity(upstream, queries, keys, values, allowed):
    """Hidden scores are minus infinity; the mean is taken over what was read."""
    root = np.sqrt(queries.shape[-1])
    scores = np.einsum("...qd,...kd->...qk", queries, keys) / root
    scores = np.where(allowed, scores, -np.inf)
    top = np.where(allowed.any(axis=-1), scores.max(axis=-1), 0)[..., None]
    exps = np.exp(scores - top)
    weights = exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1e-300)
    read = np.einsum("...qk,...kc->...qc", weights, values)
    d_weights = np.einsum("...qc,...kc->...qk", upstream, values)
    mean = (upstream * read).sum(axis=-1)[..., None]
    d_scores = weights * (d_weights - mean)
    d_queries = np.einsum("...qk,...kd->...qd", d_scores, keys) / root
    d_keys = np.einsum("...qk,...qd->...kd", d_scores, queries) / root
    return d_queries, d_keys, np.einsum("...qk,...qc->...kc", weights, upstream)


@check(points=1)
def one_query_on_paper(attention_backward):
    """A zero query, two keys, three channels: even weights, numbers for paper."""
    upstream = np.array([[1.0, 0.0, 2.0]])
    queries = np.array([[0.0, 0.0, 0.0, 0.0]])
    keys = np.array([[2.0, 0.0, 4.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    values = np.array([[8.0, 5.0, 0.0], [0.0, 5.0, 2.0]])
    got = attention_backward(upstream, queries, keys, values, np.ones((1, 2), bool))
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, "wanted three things: gradients of queries, of keys and of values"
    close(got[0], np.array([[1.0, -1.0, 2.0, 0.0]]), "gradient of queries")
    close(got[1], np.zeros((2, 4)), "gradient of keys")
    close(got[2], np.array([[0.5, 0, 1], [0.5, 0, 1]]), "gradient of values")


@check(points=1)
def moving_all_keys_is_not_felt(attention_backward, rng):
    """Adding one vector to all keys changes no weight: the keys' gradient sums to 0."""
    queries, keys = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 5, 4))
    values, upstream = rng.normal(size=(6, 5, 2)), rng.normal(size=(6, 3, 2))
    allowed = np.ones((3, 5), dtype=bool)
    got = attention_backward(upstream, queries, keys, values, allowed)
    vector = np.array([1.0, -2.0, 0.0, 1.0])
    moved = attention_backward(upstream, queries, keys + vector, values, allowed)
    first, last = np.sum(got[1][:, :-1], axis=-2), got[1][:, -1]
    close(-first, last, "gradient of the last key, which evens out all others,")
    for one, other, name in zip(got, moved, ("queries", "keys", "values"), strict=True):
        close(other, one, f"gradient of {name} with moved keys")
    along_keys = np.sum(got[1] * keys)  # c Q and K / c give the same scores
    close(np.sum(got[0] * queries), along_keys, "gradient along Q, as of keys along K")
    close(np.sum(got[2], axis=-2), upstream.sum(axis=-2), "gradient of values, summed")


@check(points=1)
def hidden_keys_and_empty_rows(attention_backward):
    """A hidden key is not pulled at; a query that sees nothing pulls at none."""
    upstream = np.array([[1.0], [1.0], [5.0]]) * np.ones(5)
    queries, keys = np.zeros((3, 4)), np.arange(8.0).reshape(2, 4)
    values = np.array([[3.0, 1, 2, 0, 0], [1.0, 0, 1, 0, 0]])
    allowed = np.array([[True, True], [True, False], [False, False]])
    got = attention_backward(upstream, queries, keys, values, allowed)
    assert all(np.isfinite(part).all() for part in got), (
        "some gradients are nan or infinite: what do you divide by in the last row?"
    )
    close(got[0], np.array([[-2.0] * 4, [0.0] * 4, [0.0] * 4]), "gradient of queries")
    close(got[2], np.array([[1.5] * 5, [0.5] * 5]), "gradient of values")


@check(points=3, hidden=True)
def batches_against_differences(attention_backward, rng):
    """Batches with a mask, against nudges of every single entry."""
    from attn_course.functional import attend, numerical_gradient

    queries, keys = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5, 3))
    values, upstream = rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 4, 6))
    allowed = rng.random((4, 5)) < 0.6
    allowed[0], allowed[1], allowed[2, :2] = False, True, [True, False]

    def loss(queries, keys, values):
        return (upstream * attend(queries, keys, values, allowed=allowed)).sum()

    got = attention_backward(upstream, queries, keys, values, allowed)
    d_queries = numerical_gradient(lambda x: loss(x, keys, values), queries)
    d_keys = numerical_gradient(lambda x: loss(queries, x, values), keys)
    d_values = numerical_gradient(lambda x: loss(queries, keys, x), values)
    close(got[0], d_queries, "gradient of queries")
    close(got[1], d_keys, "gradient of keys")
    close(got[2], d_values, "gradient of values")


def shares(queries, keys, allowed):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(scores) * allowed
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total)


def back_to_scores(upstream, weights, values):
    d_weights = upstream @ np.swapaxes(values, -1, -2)
    return weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True))


@misconception(caught_by=one_query_on_paper)
def scale_forgotten_on_the_way_back(upstream, queries, keys, values, allowed):
    """All but one factor: the scores were divided by the root of the width on the way
    out, so queries and keys feel them by that much less. Values never met the scale."""
    weights = shares(queries, keys, allowed)
    d_scores = back_to_scores(upstream, weights, values)
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=moving_all_keys_is_not_felt)
def scale_for_the_queries_only(upstream, queries, keys, values, allowed):
    """Your queries have the root of the width and your keys lack it. Both stand in the
    same product, so both feel the scores by the same factor."""
    weights = shares(queries, keys, allowed)
    d_scores = back_to_scores(upstream, weights, values)
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    d_queries = d_scores @ keys / np.sqrt(queries.shape[-1])
    return d_queries, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=one_query_on_paper)
def past_the_softmax(upstream, queries, keys, values, allowed):
    """You hand the gradient of the weights straight to the scores, as if softmax were
    not between them. Exercise 2 is the missing step."""
    weights = shares(queries, keys, allowed)
    d_scores = upstream @ np.swapaxes(values, -1, -2) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=moving_all_keys_is_not_felt)
def without_the_mean(upstream, queries, keys, values, allowed):
    """Your way through softmax has one term of two: the mean that the query reads now
    is not subtracted, so raising one weight takes nothing from the others."""
    weights = shares(queries, keys, allowed)
    d_scores = weights * (upstream @ np.swapaxes(values, -1, -2))
    d_scores /= np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=hidden_keys_and_empty_rows)
def nan_in_the_empty_row(upstream, queries, keys, values, allowed):
    """The query that may see nothing has a row sum of 0, and 0 / 0 is nan; through the
    keys it reaches everybody. By the contract its weights are zeros."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    exps = np.exp(scores) * allowed
    with np.errstate(invalid="ignore"):
        weights = exps / exps.sum(axis=-1, keepdims=True)
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=hidden_keys_and_empty_rows)
def a_large_negative_number(upstream, queries, keys, values, allowed):
    """Filling hidden scores with −1e9 hides them while something else is seen. Where
    nothing is, all scores tie, and the empty row reads and pulls at what is hidden."""
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(allowed, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=hidden_keys_and_empty_rows)
def mask_on_the_way_back_only(upstream, queries, keys, values, allowed):
    """You mask the gradients, but the weights they are made of come from a softmax over
    all keys. What did the query really read on the way out?"""
    weights = shares(queries, keys, np.ones_like(allowed))
    d_scores = back_to_scores(upstream, weights, values) * allowed
    d_scores /= np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights * allowed, -1, -2) @ upstream


@misconception(caught_by=hidden_keys_and_empty_rows)
def hidden_after_sharing(upstream, queries, keys, values, allowed):
    """You hide after sharing: weights of hidden keys are set to zero, and those of the
    others no longer sum to one. Whose share had the hidden keys taken?"""
    weights = shares(queries, keys, np.ones_like(allowed)) * allowed
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=batches_against_differences)
def no_scale_at_all(upstream, queries, keys, values, allowed):
    """There is no root of the width in your function, neither on the way out nor on the
    way back. It makes the scores smaller, and what comes back through them as well."""
    narrow = queries * np.sqrt(queries.shape[-1])
    weights = shares(narrow, keys, allowed)
    d_scores = back_to_scores(upstream, weights, values)
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=hidden_keys_and_empty_rows)
def mask_ignored(upstream, queries, keys, values, allowed):
    """Your gradients are those of attention without a mask. Hide before you share: the
    weights of hidden keys are zero from the start."""
    weights = shares(queries, keys, np.ones_like(allowed))
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=batches_against_differences)
def samples_share_their_keys(upstream, queries, keys, values, allowed):
    """With a batch, you add the gradients of keys and values up over the samples. Every
    sample has keys of its own; only parameters are shared by all."""
    weights = shares(queries, keys, allowed)
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    d_values = np.swapaxes(weights, -1, -2) @ upstream
    before = tuple(range(keys.ndim - 2))
    return (
        d_scores @ keys,
        d_keys.sum(axis=before) + 0 * keys,
        d_values.sum(axis=before) + 0 * values,
    )


@misconception(caught_by=one_query_on_paper)
def root_of_the_channels(upstream, queries, keys, values, allowed):
    """You divide by the root of the number of channels. The d below the fraction is the
    width that a query and a key share; values may have another."""
    root = np.sqrt(values.shape[-1])
    narrow = queries * np.sqrt(queries.shape[-1]) / root
    weights = shares(narrow, keys, allowed)
    d_scores = back_to_scores(upstream, weights, values) / root
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=batches_against_differences)
def scale_forgotten_on_the_way_out(upstream, queries, keys, values, allowed):
    """Your weights are not those of the forward pass: the root of the width is in your
    way back, and the scores from which you compute the weights anew lack it."""
    weights = shares(queries * np.sqrt(queries.shape[-1]), keys, allowed)
    d_scores = back_to_scores(upstream, weights, values) / np.sqrt(queries.shape[-1])
    d_keys = np.swapaxes(d_scores, -1, -2) @ queries
    return d_scores @ keys, d_keys, np.swapaxes(weights, -1, -2) @ upstream


@misconception(caught_by=moving_all_keys_is_not_felt)
def all_axes_turned_round(upstream, queries, keys, values, allowed):
    """Right for one sample. With a batch in front, `.T` turns all axes round, and the
    product of queries and keys does not fit: only the last two should change places."""
    scores = queries @ keys.T / np.sqrt(queries.shape[-1])
    exps = np.exp(scores) * allowed
    total = exps.sum(axis=-1, keepdims=True)
    weights = exps / np.where(total == 0, 1, total)
    d_weights = upstream @ values.T
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    d_scores = weights * (d_weights - mean) / np.sqrt(queries.shape[-1])
    return d_scores @ keys, d_scores.T @ queries, weights.T @ upstream
