"""Every attention of the package, called in one way, with the laws it does not claim.

An entry takes NumPy arrays and a mask and gives the output. What it cannot be given, or
does not promise, stands beside it by the name of the law, with the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

import attn_course.functional as F

NO_MASK = "takes no mask"
KEYS_ONLY = "takes a mask over the keys, the same for every query"
WITH_KEYS_ONLY = {
    "the future has no influence": KEYS_ONLY,
    "a query with nothing allowed reads zeros": KEYS_ONLY,
}
WITHOUT_MASK = {
    "the future has no influence": NO_MASK,
    "padding has no influence": NO_MASK,
    "a query with nothing allowed reads zeros": NO_MASK,
}
PLACES = "positions are part of what it does"
WITH_PLACES = {
    "order of the memory does not matter": PLACES,
    "order of the queries carries over": PLACES,
}


@dataclass(frozen=True)
class Entry:
    attention: Callable
    excepted: Mapping[str, str] = field(default_factory=dict)
    square: bool = False
    mask: str = "pairs"
    sizes: Mapping[str, int] = field(default_factory=dict)


def over_keys(allowed):
    """Turn a mask whose rows are all alike into one over the keys."""
    if allowed is None or allowed.ndim == 1:
        return allowed
    if allowed.shape[-2] == 0:
        return np.ones((*allowed.shape[:-2], allowed.shape[-1]), dtype=bool)
    assert (allowed == allowed[..., :1, :]).all(), KEYS_ONLY
    return allowed[..., 0, :]


def unmasked(allowed):
    assert allowed is None or allowed.all(), NO_MASK


def weights(query, seed=0, width=None, rows=5):
    """Draw a matrix that fits the width of the queries, the same at every call."""
    made = np.random.default_rng(seed).normal(size=(query.shape[-1], width or rows))
    return made.astype(query.dtype)


def scored_by(score):
    """Attend with a score of one's own."""
    return lambda q, k, v, allowed: F.attend(q, k, v, allowed=allowed, score=score)


def general(q, k):
    return F.general_scores(q, k, weights(q, 1, width=k.shape[-1]))


def additive(q, k):
    vector = weights(q, 4)[0]
    return F.additive_scores(q, k, weights(q, 2), weights(k, 3), vector)


def by_features(q, k):
    ones = np.full(q.shape[-1], 0.5, dtype=q.dtype)
    return F.feature_scores(q, k, np.multiply, ones)


def sparse(q, k, v, allowed):
    scores = F.scaled_dot_scores(q, k)
    return F.sparsemax(scores, where=allowed) @ v


def hardest(q, k, v, allowed):
    _, shares = F.attend(q, k, v, allowed=allowed, return_weights=True)
    return F.argmax_read(shares, v)[0]


def by_blocks(q, k, v, allowed):
    """Stream over the keys in blocks of two."""
    scores = F.scaled_dot_scores(q, k)
    scores = scores if allowed is None else np.where(allowed, scores, -np.inf)
    blocks = (
        (scores[..., i : i + 2], v[..., i : i + 2, :])
        for i in range(0, max(k.shape[-2], 1), 2)
    )
    return F.read_state(F.stream_softmax(blocks))


def windowed(q, k, v, allowed, before, after):
    return F.window_attend(q, k, v, before, after, allowed_keys=over_keys(allowed))


def in_blocks(q, k, v, allowed):
    """All blocks of two are chosen."""
    unmasked(allowed)
    layout = np.ones((q.shape[-2] // 2, k.shape[-2] // 2), dtype=bool)
    return F.block_sparse_attend(q, k, v, layout, 2)


def linear(q, k, v, allowed):
    return F.linear_attend(q, k, v, allowed_keys=over_keys(allowed))


def linear_step_by_step(q, k, v, allowed):
    unmasked(allowed)
    return F.linear_attend_recurrent(q, k, v)[0]


def with_memory(q, k, v, allowed):
    distances = weights(k, 5, rows=1)[:1].repeat(k.shape[-2], 0)
    distances = np.cumsum(distances, axis=0)
    biases = weights(q, 6, width=2).T
    return F.xl_attend(q, k, v, distances, *biases, allowed=allowed)


def spanned(q, k, v, allowed):
    return F.span_attend(q, k, v, 3.0, 2.0, allowed=allowed)


def past_sentinel(q, k, v, allowed):
    return F.sentinel_attend(q, k, v, allowed=allowed)


def by_gauss(q, k, v, allowed):
    centres = np.linspace(0, k.shape[-2], q.shape[-2], dtype=q.dtype)
    centres = np.broadcast_to(centres, q.shape[:-1]).copy()
    return F.local_p_attend(q, k, v, centres, 2.0, allowed=allowed)


def round_the_ring(q, k, v, allowed):
    unmasked(allowed)
    return F.ring_attend(q, k, v, 1 if k.shape[-2] % 2 else 2)


def kernel(q, k, v, allowed):
    return F.nadaraya_watson(q, k, v, 2.0, allowed=allowed)


def parts(query, values):
    """Matrices that put queries or keys, and values, into the entries of one head."""
    width, channels = query.shape[-1], values.shape[-1]
    whole = np.eye(width + channels, dtype=query.dtype)
    own = whole * (np.arange(width + channels) < width)
    return whole, own, whole - own


def together(query, keys, values):
    """A row of the memory is a key and its value, a row that asks a query and zeros.

    The head is wider than the query, so its scale is smaller; that is made up for.
    """
    room = np.zeros((*query.shape[:-1], values.shape[-1]), dtype=query.dtype)
    wider = (1 + values.shape[-1] / query.shape[-1]) ** 0.5
    x = np.concatenate([query * wider, room], axis=-1)
    return x, np.concatenate([keys, values], axis=-1)


def through_a_head(q, k, v, allowed):
    """Projections that change nothing: one head of the width of a key and a value."""
    whole, own, others = parts(q, v)
    weights = F.MultiHeadWeights(own, own, others, whole)
    if allowed is not None and allowed.ndim == q.ndim:
        allowed = allowed[..., None, :, :]  # the same for every head
    x, memory = together(q, k, v)
    output = F.multi_head_attention(x, memory, weights, 1, allowed=allowed)
    return output[..., q.shape[-1] :]


def in_one_group(q, k, v, allowed):
    """Two heads of one group ask the same; both must read what the first does."""
    twice = np.stack([q, q], axis=-3)
    one, other = k[..., None, :, :], v[..., None, :, :]
    if allowed is not None and allowed.ndim == q.ndim:
        allowed = allowed[..., None, :, :]
    output = F.grouped_attend(twice, one, other, allowed=allowed)
    np.testing.assert_array_equal(output[..., 0, :, :], output[..., 1, :, :])
    return output[..., 0, :, :]


def from_a_cache(q, k, v, allowed):
    """Positions enter the cache one by one, and ask as they enter."""
    unmasked(allowed)
    cache = F.empty_cache(
        k.shape[:-2], k.shape[-1], v.shape[-1], k.shape[-2], dtype=k.dtype
    )
    outputs = []
    for i in range(k.shape[-2]):
        now = np.s_[..., i : i + 1, :]
        cache = F.append_to_cache(cache, k[now], v[now])
        outputs.append(F.cached_attend(q[now], cache))
    return np.concatenate(outputs, axis=-2)


def short_rows(why):
    return {"rows sum to one": why}


FUNCTIONAL = {
    "attend": Entry(lambda q, k, v, a: F.attend(q, k, v, allowed=a)),
    "attend, general": Entry(scored_by(general)),
    "attend, additive": Entry(scored_by(additive)),
    "attend, cosine": Entry(scored_by(F.cosine_scores)),
    "attend, features": Entry(scored_by(by_features)),
    "nadaraya_watson": Entry(kernel),
    "sparsemax": Entry(sparse),
    "argmax_read": Entry(hardest),
    "tiled_attend": Entry(lambda q, k, v, a: F.tiled_attend(q, k, v, allowed=a)),
    "stream_softmax": Entry(by_blocks),
    "window_attend": Entry(
        partial(windowed, before=2, after=1),
        WITH_KEYS_ONLY | WITH_PLACES | short_rows("a window may hold no allowed key"),
        square=True,
        mask="keys",
    ),
    "block_sparse_attend": Entry(
        in_blocks, WITHOUT_MASK, mask="none", sizes={"queries": 4, "keys": 6}
    ),
    "linear_attend": Entry(linear, WITH_KEYS_ONLY, mask="keys"),
    "linear_attend_recurrent": Entry(
        linear_step_by_step, WITHOUT_MASK | WITH_PLACES, square=True, mask="none"
    ),
    "xl_attend": Entry(
        with_memory,
        WITH_PLACES | short_rows("the past of a query may hold no allowed key"),
        square=True,
    ),
    "span_attend": Entry(
        spanned,
        WITH_PLACES | short_rows("a span may hold no allowed key"),
        square=True,
    ),
    "sentinel_attend": Entry(past_sentinel, short_rows("some goes to the sentinel")),
    "local_p_attend": Entry(
        by_gauss,
        WITH_PLACES | short_rows("the window fades weights"),
    ),
    "multi_head_attention": Entry(through_a_head),
    "grouped_attend": Entry(in_one_group),
    "cached_attend": Entry(
        from_a_cache, WITHOUT_MASK | WITH_PLACES, square=True, mask="none"
    ),
    "ring_attend": Entry(round_the_ring, WITHOUT_MASK, mask="none"),
}
