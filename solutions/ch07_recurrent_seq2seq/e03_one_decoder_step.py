r"""### Move, then look: one step of Luong's decoder

Write `decoder_step(token, fed, state, memory, real, cell, general, combine)`, one step
in Luong's order, with input feeding:

1. **Move.** What goes in is the embedding of the token written last, *then* what the
   step before combined, side by side: $x = [y ; \tilde h]$, the argument `token` before
   `fed`. `cell(x, state)` gives the new state.
2. **Look.** The *new* state scores each position of the source, $e_j = h W_a m_j$ with
   `general` for $W_a$. Softmax over the real positions (at least one a sample; the
   scores may be large); padding gets weight exactly 0. The context is
   $c = \sum_j a_j m_j$.
3. **Combine.** $\tilde h = \tanh([c ; h] \, W_c)$, context first, with `combine` for
   $W_c$.

Return three things: the new state, what was combined, and the weights. What was
combined goes on to the vocabulary and is fed to the next step; it does not replace the
state.
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
        "Three moves, in the order of the statement. Before you write the second, ask: "
        "which state is the query, the one you were given or the one you just made?",
        "Call the new state `after`. `after @ general` has one row a sample, as wide "
        'as the memory; with each position: `np.einsum("bm,bpm->bp", ...)`.',
        "Scores where `real`, minus infinity elsewhere; subtract each row's largest; "
        "exponentials; divide by their total. Then `np.concatenate([context, after], "
        "axis=1)` goes through `combine` and tanh.",
    ),
)


@answer
def decoder_step(token, fed, state, memory, real, cell, general, combine):
    """The next state, what is combined for the vocabulary, and the weights.

    token    (batch, embedding)          float
    fed      (batch, model)              float, what the step before combined
    state    (batch, hidden)             float
    memory   (batch, positions, memory)  float
    real     (batch, positions)          bool, at least one True in each row
    cell     a function of (batch, embedding + model) and a state; gives a state
    general  (hidden, memory)            float
    combine  (both, model)               float, both = memory + hidden
    returns  three things: (batch, hidden), (batch, model) and (batch, positions)
    """
    ### BEGIN SOLUTION
    state = cell(np.concatenate([token, fed], axis=1), state)
    scores = np.einsum("bm,bpm->bp", state @ general, memory)
    scores = np.where(real, scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exps / exps.sum(axis=1, keepdims=True)
    context = np.einsum("bp,bpm->bm", weights, memory)
    combined = np.tanh(np.concatenate([context, state], axis=1) @ combine)
    return state, combined, weights
    ### END SOLUTION


@inputs
def draw(rng):
    """Small decoders round a plain recurrent cell, with padding in the source."""
    sizes = rng.permutation(np.arange(2, 9))[:6]
    batch, positions, embedding, model, hidden, memory = sizes
    real = np.arange(positions) < rng.integers(1, positions + 1, size=(batch, 1))
    inner = rng.normal(size=(embedding + model + hidden, hidden)) / 2

    def cell(x, state):
        return np.tanh(np.concatenate([x, state], axis=1) @ inner)

    shapes = (batch, embedding), (batch, model), (batch, hidden)
    parts = [rng.normal(size=shape) for shape in shapes]
    source = rng.normal(size=(batch, positions, memory))
    general = rng.normal(size=(hidden, memory))
    combine = rng.normal(size=(memory + hidden, model)) / 2
    return *parts, source, real, cell, general, combine


@alternative
def sample_by_sample(token, fed, state, memory, real, cell, general, combine):
    """Each sample looks at its real positions by itself."""
    after = cell(np.hstack([token, fed]), state)
    weights = np.zeros(real.shape)
    rows = []
    for b, h in enumerate(after):
        kept = np.flatnonzero(real[b])
        e = np.array([h @ general @ memory[b, j] for j in kept])
        e = np.exp(e - max(e))
        weights[b, kept] = e / sum(e)
        context = weights[b] @ memory[b]
        rows.append(
            np.tanh(context @ combine[: len(context)] + h @ combine[len(context) :])
        )
    return after, np.array(rows), weights


@alternative
def by_matrix_products(token, fed, state, memory, real, cell, general, combine):
    """Queries as rows of one; no einsum."""
    after = cell(np.column_stack([token, fed]), state)
    scores = ((after @ general)[:, None] @ memory.transpose(0, 2, 1))[:, 0]
    top = np.where(real, scores, -np.inf).max(axis=1)[:, None]
    exps = np.where(real, np.exp(np.minimum(scores - top, 0)), 0)
    weights = exps / exps.sum(axis=1)[:, None]
    context = (weights[:, None] @ memory)[:, 0]
    return after, np.tanh(np.c_[context, after] @ combine), weights


@check(points=1)
def a_step_on_paper(decoder_step):
    """A cell that adds up; scores 0 and ln 9 give weights 0.1 and 0.9."""

    def adds_up(x, state):
        into = np.zeros((8, 2))
        into[0, 0], into[4, 0], into[7, 1] = 2.0, 0.5, 0.1
        return state + x @ into

    third = np.log(3.0)
    memory = np.zeros((1, 7, 4))
    memory[0, 1], memory[0, 2] = [1.0, 0, 2, 0], [9.0, 9, 9, 9]
    combine = np.zeros((6, 5))
    combine[0, 0], combine[2, 1], combine[4, 2], combine[5, 3] = 1.0, 0.5, 0.25, 1.0
    got = decoder_step(
        np.array([[third / 2, 7.0, 1.0]]),
        np.array([[3.0, third, 5.0, 6.0, 2.0]]),
        np.array([[third / 2, 0.3]]),
        memory,
        np.arange(7)[None] < 2,
        adds_up,
        np.array([[1.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]),
        combine,
    )
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three things, got {got!r}"
    close(got[0], np.array([[2 * third, 0.5]]), "new state")
    close(got[2], np.array([[0.1, 0.9, 0, 0, 0, 0, 0]]), "weights")
    close(got[1], np.tanh([[0.9, 0.9, third / 2, 0.5, 0.0]]), "what is combined")


@check(points=1, extreme=True)
def padding_and_large_scores(decoder_step):
    """Scores of thousands, and padding that would score highest."""

    def keeps(x, state):
        return state + 0.0 * x.sum()

    memory = np.array(
        [[[1000.0], [1001.0], [9000.0], [0.0]], [[2.0], [-100.0], [700.0], [5.0]]]
    )
    real = np.array([[True, True, False, False], [False, True, False, False]])
    got = decoder_step(
        np.zeros((2, 5)),
        np.zeros((2, 3)),
        np.array([[1.0, 0, 0, 0, 0, 0], [0.0, 1, 0, 0, 0, 0]]),
        memory,
        real,
        keeps,
        np.array([[1.0], [1.0], [0], [0], [0], [0]]),
        np.eye(7, 3) / 1000,
    )
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three things, got {got!r}"
    near = 1 / (1 + np.e)
    wanted = np.array([[near, 1 - near, 0, 0], [0.0, 1, 0, 0]])
    close(got[2], wanted, "weights")
    read = np.array([[1000 + 1 - near, 1, 0], [-100.0, 0, 1]])
    close(got[1], np.tanh(read / 1000), "what is combined")


@check(points=2, hidden=True)
def against_the_course(decoder_step, rng):
    """Random decoders, step after step, against the function of the course."""
    from attn_course.functional import luong_step

    batch, positions, embedding, model, hidden, width = 3, 6, 4, 5, 2, 7
    inner = rng.normal(size=(embedding + model + hidden, hidden))

    def cell(x, state):
        return np.tanh(np.concatenate([x, state], axis=1) @ inner)

    memory = rng.normal(size=(batch, positions, width))
    real = np.arange(positions) < np.array([[6], [4], [2]])
    general = rng.normal(size=(hidden, width))
    combine = rng.normal(size=(width + hidden, model)) / 2
    state, fed = rng.normal(size=(batch, hidden)), np.zeros((batch, model))
    for _ in range(3):
        token = rng.normal(size=(batch, embedding))
        got = decoder_step(token, fed, state, memory, real, cell, general, combine)
        three = isinstance(got, tuple | list) and len(got) == 3
        assert three, f"wanted three things, got {got!r}"
        state, fed, weights = luong_step(
            state,
            np.concatenate([token, fed], axis=1),
            memory,
            cell=cell,
            score=lambda q, m: q @ general @ np.swapaxes(m, -1, -2),
            weight=combine,
            allowed=real,
        )
        close(got[0], state, "new state")
        close(got[2], weights, "weights")
        close(got[1], fed, "what is combined")


def _step(token, fed, state, memory, real, cell, general, combine, **fault):
    """The right step; a fault replaces one of its parts."""
    feed = fault.get("feed", lambda y, h: np.concatenate([y, h], axis=1))
    after = cell(feed(token, fed), state)
    query = state if fault.get("early") else after
    scores = np.einsum("bm,bpm->bp", query @ general, memory)
    if "share" in fault:
        weights = fault["share"](scores, real)
    else:
        weights = _softmax(np.where(real, scores, -np.inf))
    context = np.einsum("bp,bpm->bm", weights, memory)
    join = fault.get("join", lambda c, h: np.concatenate([c, h], axis=1))
    bend = fault.get("bend", np.tanh)
    return after, bend(join(context, query) @ combine), weights


def _softmax(scores, axis=1):
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


@misconception(caught_by=a_step_on_paper)
def looks_before_it_moves(token, fed, state, memory, real, cell, general, combine):
    """You ask with the state from before the step, as Bahdanau's decoder does. Here the
    cell moves first, and the new state asks."""
    return _step(token, fed, state, memory, real, cell, general, combine, early=True)


@misconception(caught_by=a_step_on_paper)
def state_before_context(token, fed, state, memory, real, cell, general, combine):
    """You put the state in front of the context before you combine. Both orders fit
    `combine`, and only one of them fits what it has learnt: context first."""

    def join(c, h):
        return np.concatenate([h, c], axis=1)

    return _step(token, fed, state, memory, real, cell, general, combine, join=join)


@misconception(caught_by=a_step_on_paper)
def fed_before_token(token, fed, state, memory, real, cell, general, combine):
    """The cell gets what was fed first and the token after it. Which of the two stands
    in front?"""

    def feed(y, h):
        return np.concatenate([h, y], axis=1)

    return _step(token, fed, state, memory, real, cell, general, combine, feed=feed)


@misconception(caught_by=a_step_on_paper)
def nothing_is_fed(token, fed, state, memory, real, cell, general, combine):
    """What the step before combined never reaches the cell: without input feeding the
    decoder does not know where it has looked. Hand `fed` on beside the token."""
    return _step(token, 0 * fed, state, memory, real, cell, general, combine)


@misconception(caught_by=a_step_on_paper)
def no_bend_at_the_end(token, fed, state, memory, real, cell, general, combine):
    """Context and state are combined and not bent. The formula has one more function
    around the product."""
    return _step(
        token, fed, state, memory, real, cell, general, combine, bend=lambda z: z
    )


@misconception(caught_by=padding_and_large_scores)
def padding_takes_part(token, fed, state, memory, real, cell, general, combine):
    """Padding got weight. Its states are no source; with nothing to stop it, it
    may even score highest. Where does `real` come in?"""
    return _step(
        token,
        fed,
        state,
        memory,
        real,
        cell,
        general,
        combine,
        share=lambda s, real: _softmax(s),
    )


@misconception(caught_by=padding_and_large_scores)
def hides_after_sharing(token, fed, state, memory, real, cell, general, combine):
    """Padding took its share and lost it afterwards, and what is left sums to less than
    one. Hide before you share."""

    def share(scores, real):
        return _softmax(scores) * real

    return _step(token, fed, state, memory, real, cell, general, combine, share=share)


@misconception(caught_by=padding_and_large_scores)
def no_shift(token, fed, state, memory, real, cell, general, combine):
    """Scores may be large here, and the exponential of 1000 fits in no float. What may
    be subtracted from a whole row without changing its weights?"""

    def share(scores, real):
        with np.errstate(over="ignore", invalid="ignore"):
            exps = np.exp(scores) * real
            return exps / exps.sum(axis=1, keepdims=True)

    return _step(token, fed, state, memory, real, cell, general, combine, share=share)


@misconception(caught_by=padding_and_large_scores)
def no_shift_of_what_is_real(token, fed, state, memory, real, cell, general, combine):
    """Padding is hidden well, and a score of 1000 is still too much for the
    exponential. What may be subtracted from a row without changing its weights?"""

    def share(scores, real):
        with np.errstate(over="ignore", invalid="ignore"):
            exps = np.exp(np.where(real, scores, -np.inf))
            return exps / exps.sum(axis=1, keepdims=True)

    return _step(token, fed, state, memory, real, cell, general, combine, share=share)


@misconception(caught_by=a_step_on_paper)
def hides_with_a_zero_score(token, fed, state, memory, real, cell, general, combine):
    """Padding has a score of 0 with you, and 0 may even be the highest of a row. Which
    score gives an exponential of exactly 0?"""
    return _step(
        token,
        fed,
        state,
        memory,
        real,
        cell,
        general,
        combine,
        share=lambda s, real: _softmax(np.where(real, s, 0.0)),
    )


@misconception(caught_by=padding_and_large_scores)
def shift_by_the_padding(token, fed, state, memory, real, cell, general, combine):
    """The shift is that of the highest score, and padding had it: all real positions
    vanish, and 0 / 0 is nan. Among whom should the highest be looked for?"""

    def share(scores, real):
        exps = np.exp(scores - scores.max(axis=1, keepdims=True)) * real
        with np.errstate(invalid="ignore"):
            return exps / exps.sum(axis=1, keepdims=True)

    return _step(token, fed, state, memory, real, cell, general, combine, share=share)


@misconception(caught_by=a_step_on_paper)
def context_alone(token, fed, state, memory, real, cell, general, combine):
    """The state is missing from what is combined, so the vocabulary hears only what was
    read. Both stand side by side before the product."""

    def join(c, h):
        return np.concatenate([c, 0 * h], axis=1)

    return _step(token, fed, state, memory, real, cell, general, combine, join=join)


@misconception(caught_by=against_the_course)
def shares_across_the_batch(token, fed, state, memory, real, cell, general, combine):
    """Your columns sum to one: the samples share each position among themselves. A
    sample shares out its own whole, among its own positions."""

    def share(scores, real):
        exps = np.where(real, np.exp(np.minimum(scores, 300)), 0)
        return exps / np.maximum(exps.sum(axis=0), 1e-300)

    return _step(token, fed, state, memory, real, cell, general, combine, share=share)


@misconception(caught_by=a_step_on_paper)
def the_state_is_not_handed_on(token, fed, state, memory, real, cell, general, combine):
    """You return the state that you were given, so that the decoder stands still. Which
    state does the next step start from?"""
    _, combined, weights = _step(
        token, fed, state, memory, real, cell, general, combine
    )
    return state, combined, weights


@misconception(caught_by=a_step_on_paper)
def divided_by_the_root(token, fed, state, memory, real, cell, general, combine):
    """You divide the scores by the root of the width. That is the score of another
    paper; this one has the product as it is, and its learnt table can scale it."""
    shrunk = general / np.sqrt(memory.shape[-1])
    return _step(token, fed, state, memory, real, cell, shrunk, combine)


@misconception(caught_by=a_step_on_paper)
def asks_before_and_combines_after(
    token, fed, state, memory, real, cell, general, combine
):
    """You combine the new state and yet ask with the old one. The cell moves first in
    this decoder: whose question should the source answer?"""
    after = cell(np.concatenate([token, fed], axis=1), state)
    scores = np.einsum("bm,bpm->bp", state @ general, memory)
    weights = _softmax(np.where(real, scores, -np.inf))
    context = np.einsum("bp,bpm->bm", weights, memory)
    joined = np.concatenate([context, after], axis=1)
    return after, np.tanh(joined @ combine), weights


@misconception(caught_by=a_step_on_paper)
def asks_after_and_combines_before(
    token, fed, state, memory, real, cell, general, combine
):
    """The right state asks, and another one is combined: `state` is from before the
    step. Which of the two has seen the token?"""

    def join(c, h):
        return np.concatenate([c, state], axis=1)

    return _step(token, fed, state, memory, real, cell, general, combine, join=join)
