r"""### A layer of the decoder

A pre-norm layer of a decoder changes its rows three times, and each time adds the
change to what it has:

$$
\begin{aligned}
X &\leftarrow X + \operatorname{read}\bigl(N(X),\, N(X);\ \text{own}\bigr)
    &&\text{what has been written so far,} \\
X &\leftarrow X + \operatorname{read}\bigl(N(X),\, M;\ \text{across}\bigr)
    &&\text{what the encoder has read,} \\
X &\leftarrow X + \operatorname{ReLU}\bigl(N(X)\, W^{\text{in}}\bigr)\, W^{\text{out}}
    &&\text{each position for itself.}
\end{aligned}
$$

$N$ takes from every position its own mean and divides by its own standard deviation,
$\sqrt{\text{variance} + 10^{-5}}$, with no gain and no bias. The memory $M$ comes from
an encoder that ends in a norm, and is read as it is. There is one head:
$\operatorname{read}(A, B;\ W) = \softmax\bigl(A W^Q (B W^K)^\top / \sqrt{d}\bigr)\, B
W^V W^O$, where $d$ is the width of a query, and softmax leaves out what is not allowed.
A position reads itself and earlier positions of its own sentence; across, it reads the
rows of the memory that are `real`.

Write `decoder_layer(x, memory, real, own, across, W_in, W_out)`. `own` and `across`
hold four tables each, in the order query, key, value, output. At least one row of every
memory is real.
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
    minutes=30,
    hints=(
        "Two of the three lines are the same function with other arguments. Write that "
        "function first: rows that ask, rows that are asked, four tables, a mask.",
        "The mask of the first read is a triangle, that of the second has one row for "
        "each sentence of the batch: `real` needs an axis in the middle.",
        "Inside, define `norm(x)` and `read(asks, asked, maps, allowed)`, with scores "
        "of −∞ where not allowed. Then three lines, each of the form x = x + …, each "
        "with the norm of the x that it finds.",
    ),
)


@answer
def decoder_layer(x, memory, real, own, across, W_in, W_out):
    """The rows after one layer.

    x        (batch, positions, model)  float
    memory   (batch, keys, model)       float
    real     (batch, keys)              bool, False for padding
    own      (4, model, model)          float
    across   (4, model, model)          float
    W_in     (model, hidden)            float
    W_out    (hidden, model)            float
    returns  (batch, positions, model)  float
    """

    ### BEGIN SOLUTION
    def norm(x):
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5)

    def read(asks, asked, maps, allowed):
        q, k, v = asks @ maps[0], asked @ maps[1], asked @ maps[2]
        scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
        scores = np.where(allowed, scores, -np.inf)
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return exps / exps.sum(axis=-1, keepdims=True) @ v @ maps[3]

    x = x + read(norm(x), norm(x), own, np.tri(x.shape[1], dtype=bool))
    x = x + read(norm(x), memory, across, real[:, None])
    return x + np.maximum(norm(x) @ W_in, 0) @ W_out
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, memories of every length, now and then loud tables."""
    batch, positions, keys, model, hidden = rng.permutation([2, 3, 5, 6, 7])
    real = np.arange(keys) < rng.integers(1, keys + 1, size=(batch, 1))
    loud = rng.choice([1.0, 100.0])
    return (
        rng.normal(size=(batch, positions, model)),
        rng.normal(size=(batch, keys, model)),
        real,
        loud * rng.normal(size=(4, model, model)) / 2,
        loud * rng.normal(size=(4, model, model)) / 2,
        rng.normal(size=(model, hidden)),
        rng.normal(size=(hidden, model)),
    )


def _norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def _read(asks, asked, maps, allowed, scale=None, axis=-1):
    """Attention; wrong answers change one thing."""
    q, k, v = (rows @ table for rows, table in zip((asks, asked, asked), maps))  # noqa: B905
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = np.where(allowed, np.einsum("bqd,bkd->bqk", q, k) * scale, -np.inf)
    top = scores.max(axis=axis, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    return exps / exps.sum(axis=axis, keepdims=True) @ v @ maps[3]


@alternative
def position_by_position(x, memory, real, own, across, W_in, W_out):
    """What is not allowed is never looked at, so that no mask is needed."""

    def read(query, rows, maps):
        scores = rows @ maps[1] @ (query @ maps[0]) / len(query) ** 0.5
        exps = np.exp(scores - scores.max())
        return exps @ rows @ maps[2] @ maps[3] / exps.sum()

    after = np.empty_like(x)
    for b, t in np.ndindex(x.shape[:2]):
        row, seen = x[b, t], _norm(x[b, : t + 1])
        row = row + read(seen[-1], seen, own)
        row = row + read(_norm(row), memory[b][real[b]], across)
        after[b, t] = row + np.clip(_norm(row) @ W_in, 0, None) @ W_out
    return after


@check(points=1, extreme=True)
def copies_what_was_written_first(decoder_layer):
    """All scores are equal: the first read is a mean of what has been written."""
    x = np.array([[[1.0, -1, 1, -1], [1.0, 1, -1, -1], [-1.0, 1, 1, -1]]] * 2)
    zeros, plain = (
        np.zeros((4, 4, 4)),
        np.stack([np.zeros((4, 4))] * 2 + [np.eye(4)] * 2),
    )
    got = decoder_layer(
        x,
        np.ones((2, 5, 4)),
        np.ones((2, 5), dtype=bool),
        plain,
        zeros,
        np.zeros((4, 6)),
        np.zeros((6, 4)),
    )
    small = 1 / np.sqrt(1 + 1e-5)  # the norm of rows that have mean 0, variance 1
    means = np.cumsum(x, axis=1) / np.array([1.0, 2, 3])[:, None]
    close(got, x + small * means, "rows")


@check(points=1)
def reads_what_is_real(decoder_layer):
    """All scores are equal: the second read is the mean of the real memory."""
    x = np.array([[[1.0, -1, 1], [2.0, 0, 1]]] * 4)
    memory = np.arange(60.0).reshape(4, 5, 3) ** 2 / 50
    real = np.arange(5) < np.array([[1], [5], [3], [4]])
    plain = np.stack([np.zeros((3, 3))] * 2 + [np.eye(3), 2 * np.eye(3)])
    got = decoder_layer(
        x, memory, real, np.zeros((4, 3, 3)), plain, np.zeros((3, 6)), np.zeros((6, 3))
    )
    means = [rows[keep].mean(axis=0) for rows, keep in zip(memory, real, strict=True)]
    close(got, x + 2 * np.array(means)[:, None], "rows")


@check(points=1, extreme=True)
def each_position_for_itself(decoder_layer):
    """Nothing is read: the third line alone, with entries above and below zero."""
    x = np.array([[[1.0, -1, 1, -1], [4.0, 4, 0, 0], [3.0, 1, 3, 1]]] * 2)
    zeros = np.zeros((4, 4, 4))
    W_in, W_out = np.eye(4, 6), np.eye(6, 4) * np.array([1.0, 2, 3, 4])
    W_in[0, 4], W_out[4] = -2.0, 5.0
    normal = np.array([[1.0, -1, 1, -1], [1.0, 1, -1, -1], [1.0, -1, 1, -1]])
    normal = normal / np.sqrt(1 + 1e-5 / np.array([[1.0], [4], [1]]))
    up = np.maximum(normal, 0) * np.array([1.0, 2, 3, 4])
    wanted = x + up + 10 * np.maximum(-normal[:, :1], 0)
    memory, real = np.ones((2, 5, 4)), np.ones((2, 5), dtype=bool)
    close(decoder_layer(x, memory, real, zeros, zeros, W_in, W_out), wanted, "rows")


@check(points=3, hidden=True)
def against_the_course(decoder_layer, rng):
    """Random tables and memories of every length, against functions of the course."""
    from attn_course.functional import attend, causal_mask, layer_norm

    for batch, positions, keys, model, hidden in ((3, 5, 7, 6, 8), (2, 7, 3, 5, 9)):
        x = rng.normal(size=(batch, positions, model))
        memory = rng.normal(size=(batch, keys, model))
        real = np.arange(keys) < rng.integers(1, keys, size=(batch, 1))
        own, across = rng.normal(size=(2, 4, model, model)) / 2
        W_in = rng.normal(size=(model, hidden))
        W_out = rng.normal(size=(hidden, model)) / 2

        def read(asks, asked, maps, allowed):
            q, k, v = asks @ maps[0], asked @ maps[1], asked @ maps[2]
            return attend(q, k, v, allowed=allowed) @ maps[3]

        got = decoder_layer(x, memory, real, own, across, W_in, W_out)
        rows = layer_norm(x, eps=1e-5)
        x = x + read(rows, rows, own, causal_mask(positions))
        x = x + read(layer_norm(x, eps=1e-5), memory, across, real[:, None])
        fed = np.maximum(layer_norm(x, eps=1e-5) @ W_in, 0) @ W_out
        close(got, x + fed, "rows")


@check(points=1, hidden=True, extreme=True)
def loud_scores(decoder_layer, rng):
    """Scores of up to a million."""
    from attn_course.functional import attend, causal_mask, layer_norm

    x, memory = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))
    own, across = rng.normal(size=(2, 4, 6, 6))
    own[:2], across[:2] = own[:2] * 200, across[:2] * 200
    real = np.arange(5) < np.array([[3], [5]])
    W_in, W_out = np.zeros((6, 7)), np.zeros((7, 6))
    got = decoder_layer(x, memory, real, own, across, W_in, W_out)
    q, k, v = (layer_norm(x, eps=1e-5) @ table for table in own[:3])
    x = x + attend(q, k, v, allowed=causal_mask(4)) @ own[3]
    q, k, v = (
        layer_norm(x, eps=1e-5) @ across[0],
        memory @ across[1],
        memory @ across[2],
    )
    close(got, x + attend(q, k, v, allowed=real[:, None]) @ across[3], "rows")


def _triangle(x):
    return np.tri(x.shape[1], dtype=bool)


def _finish(x, memory, real, across, W_in, W_out):
    """The second and third line, done right."""
    x = x + _read(_norm(x), memory, across, real[:, None])
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=copies_what_was_written_first)
def no_causal_mask(x, memory, real, own, across, W_in, W_out):
    """Every position reads the whole sentence, what is not written yet included. Which
    rows exist when the first token is chosen?"""
    x = x + _read(_norm(x), _norm(x), own, np.ones(x.shape[1], dtype=bool))
    return _finish(x, memory, real, across, W_in, W_out)


@misconception(caught_by=reads_what_is_real)
def padding_is_read(x, memory, real, own, across, W_in, W_out):
    """The rows of the memory that stand for padding are read along with the others.
    Where does `real` come in?"""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    return _finish(x, memory, np.ones_like(real), across, W_in, W_out)


@misconception(caught_by=reads_what_is_real)
def the_memory_is_normed_again(x, memory, real, own, across, W_in, W_out):
    """You norm the memory too. It comes from an encoder that ends in a norm; in the
    formula it stands without one."""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    return _finish(x, _norm(memory), real, across, W_in, W_out)


@misconception(caught_by=against_the_course)
def across_before_own(x, memory, real, own, across, W_in, W_out):
    """You read the memory first and your own sentence afterwards. Both are residual,
    and still the order matters: what would the first query know?"""
    x = x + _read(_norm(x), memory, across, real[:, None])
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=copies_what_was_written_first)
def post_norm(x, memory, real, own, across, W_in, W_out):
    """Your norm comes after each sum: a post-norm layer, as in the paper of 2017.
    Follow x through the formula: what is normed there, and what is not?"""
    x = _norm(x + _read(x, x, own, _triangle(x)))
    x = _norm(x + _read(x, memory, across, real[:, None]))
    return _norm(x + np.maximum(x @ W_in, 0) @ W_out)


@misconception(caught_by=against_the_course)
def asks_without_a_norm(x, memory, real, own, across, W_in, W_out):
    """Who asks across is not normed: only the memory is read as it is. Look at the
    first argument of `read` in the second line."""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    x = x + _read(x, memory, across, real[:, None])
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=against_the_course)
def one_norm_for_all(x, memory, real, own, across, W_in, W_out):
    """You norm once, at the start, and all three lines use that. Each line has the norm
    of the x that it finds, with the earlier changes in it."""
    rows = _norm(x)
    x = x + _read(rows, rows, own, _triangle(x))
    x = x + _read(rows, memory, across, real[:, None])
    return x + np.maximum(rows @ W_in, 0) @ W_out


@misconception(caught_by=copies_what_was_written_first)
def nothing_is_added(x, memory, real, own, across, W_in, W_out):
    """In your last line, if not in all three, x is replaced. The formula adds to it:
    what was there stays, and a line that finds nothing does no harm."""
    x = _read(_norm(x), _norm(x), own, _triangle(x))
    x = _read(_norm(x), memory, across, real[:, None])
    return np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=against_the_course)
def adds_to_the_norm(x, memory, real, own, across, W_in, W_out):
    """You add each change to the norm of x, not to x: after the first line the lengths
    of the rows are lost. What stands left of the plus sign?"""
    x = _norm(x) + _read(_norm(x), _norm(x), own, _triangle(x))
    x = _norm(x) + _read(_norm(x), memory, across, real[:, None])
    return _norm(x) + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=each_position_for_itself)
def no_bend(x, memory, real, own, across, W_in, W_out):
    """Nothing bends between the two tables of the third line, so that they are one
    table. What does ReLU do to an entry below zero?"""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    x = x + _read(_norm(x), memory, across, real[:, None])
    return x + _norm(x) @ W_in @ W_out


@misconception(caught_by=against_the_course)
def no_scale(x, memory, real, own, across, W_in, W_out):
    """Everything is in place but the root of the width: the scores are too large, and
    softmax too sure of itself."""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x), scale=1.0)
    x = x + _read(_norm(x), memory, across, real[:, None], scale=1.0)
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=reads_what_is_real)
def no_last_table(x, memory, real, own, across, W_in, W_out):
    """What is read goes into the sum as it is. There are four tables: the last one
    decides what a read writes."""
    own, across = (np.stack([*maps[:3], np.eye(x.shape[-1])]) for maps in (own, across))
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    return _finish(x, memory, real, across, W_in, W_out)


@misconception(caught_by=each_position_for_itself)
def no_norm_at_all(x, memory, real, own, across, W_in, W_out):
    """No line of yours has a norm. Try rows ten times as long: what should change, and
    what should not?"""
    x = x + _read(x, x, own, _triangle(x))
    x = x + _read(x, memory, across, real[:, None])
    return x + np.maximum(x @ W_in, 0) @ W_out


@misconception(caught_by=loud_scores)
def no_shift(x, memory, real, own, across, W_in, W_out):
    """Right for small scores. For large ones exp is infinite, and the rows turn to nan:
    what may be taken from a whole row of scores?"""

    def read(asks, asked, maps, allowed):
        q, k, v = asks @ maps[0], asked @ maps[1], asked @ maps[2]
        exps = allowed * np.exp(np.einsum("bqd,bkd->bqk", q, k) / q.shape[-1] ** 0.5)
        return exps / exps.sum(axis=-1, keepdims=True) @ v @ maps[3]

    x = x + read(_norm(x), _norm(x), own, _triangle(x))
    x = x + read(_norm(x), memory, across, real[:, None])
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out


@misconception(caught_by=against_the_course)
def own_and_across_exchanged(x, memory, real, own, across, W_in, W_out):
    """You read your own sentence with the tables for the memory, and the memory with
    your own. Both have the same shape, so nothing complains."""
    x = x + _read(_norm(x), _norm(x), across, _triangle(x))
    return _finish(x, memory, real, own, W_in, W_out)


@misconception(caught_by=against_the_course)
def the_memory_asks(x, memory, real, own, across, W_in, W_out):
    """The memory asks and your rows are asked, with the shares turned round to make the
    shapes fit. The decoder asks: its rows share out one whole each."""
    x = x + _read(_norm(x), _norm(x), own, _triangle(x))
    q, k = memory @ across[0], _norm(x) @ across[1]
    scores = np.einsum("bkd,bqd->bqk", q, k) / q.shape[-1] ** 0.5
    scores = np.where(real[:, None], scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = exps / exps.sum(axis=-1, keepdims=True)
    x = x + shares @ memory @ across[2] @ across[3]
    return x + np.maximum(_norm(x) @ W_in, 0) @ W_out
