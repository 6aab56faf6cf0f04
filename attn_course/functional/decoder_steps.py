r"""One step of a recurrent decoder that attends to the source, in two orders.

Bahdanau: look, then move. The query is the state *before* the step, and what is read
goes into the cell together with the token. Luong: move, then look. The cell sees the
token alone, the query is the state *after* the step, and what is read is combined with
it on the way to the vocabulary. In both the decoder asks and the source answers, so
weights run over source positions: one row a step.

The cell and the score come with their weights bound, for instance
``lambda x, s: gru_cell(x, s, weights)``. A state may be an array, or a tuple of arrays
of which the first, the hidden state, is the query.

References
----------
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, equations 4 to 6 and appendix A.1.2.
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015, section 3, equation 5.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.softmax import softmax

State = Float[np.ndarray, "..."] | tuple[Float[np.ndarray, "..."], ...]
Inputs = Float[np.ndarray, "... inputs"]
Memory = Float[np.ndarray, "... keys memory"]
Context = Float[np.ndarray, "... memory"]
Weights = Float[np.ndarray, "... keys"]
Allowed = Bool[np.ndarray, "..."] | None
Step = Callable[[Any, Any], Any]
Score = Callable[
    [Float[np.ndarray, "... queries hidden"], Float[np.ndarray, "... keys memory"]],
    Float[np.ndarray, "... queries keys"],
]


def bahdanau_step(
    state: State,
    inputs: Inputs,
    memory: Memory,
    *,
    cell: Step,
    score: Score,
    allowed: Allowed = None,
) -> tuple[State, Context, Weights]:
    r"""Attend from the previous state, then move with the token and what was read.

    .. math::

       a_{tj} = \operatorname{softmax}_j s(h_{t-1}, m_j), \qquad
       c_t = \sum_j a_{tj} m_j, \qquad
       h_t = \operatorname{cell}([y_{t-1} ; c_t], h_{t-1})

    Parameters
    ----------
    state
        The state before the step.
    inputs
        The embedding of the previous token, y above.
    memory
        What the encoder made of each source position, m above: keys and values.
    cell
        Maps ([token; context], state) to the next state.
    score
        Maps (queries, keys) to one number a pair. In the paper it is
        `additive_scores`, with the alignment model's weights bound.
    allowed
        True for source positions that may be read, as against padding; broadcasts to
        the leading axes and the source positions.

    Returns
    -------
    tuple[State, Context, Weights]
        The state after the step, what was read, and with which weights.

    Raises
    ------
    ValueError
        If sizes do not fit, or where `softmax` and the cell raise.

    Examples
    --------
    >>> import numpy as np
    >>> from attn_course.functional import dot_scores
    >>> memory, token = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5])
    >>> state, context, weights = bahdanau_step(
    ...     np.zeros(2), token, memory, cell=lambda x, s: x[1:], score=dot_scores
    ... )
    >>> weights, context, state
    (array([0.5, 0.5]), array([0.5, 0.5]), array([0.5, 0.5]))
    """
    _expect_token("bahdanau_step", inputs, memory)
    context, weights = _look("bahdanau_step", state, memory, score, allowed)
    state = cell(np.concatenate([inputs, context], axis=-1), state)
    return state, context, weights


def luong_step(
    state: State,
    inputs: Inputs,
    memory: Memory,
    *,
    cell: Step,
    score: Score,
    weight: Float[np.ndarray, "both model"],
    allowed: Allowed = None,
) -> tuple[State, Float[np.ndarray, "... model"], Weights]:
    r"""Move with the token, then attend from the new state and combine.

    .. math::

       h_t = \operatorname{cell}(y_{t-1}, h_{t-1}), \qquad
       c_t = \sum_j \operatorname{softmax}_j s(h_t, m_j) \, m_j, \qquad
       \tilde h_t = \tanh([c_t ; h_t] W_c)

    Parameters
    ----------
    inputs
        The embedding of the previous token. For the paper's input feeding (section
        3.3), join the previous step's attentional state to it.
    weight
        As for `luong_combine`. Other parameters are those of `bahdanau_step`.

    Returns
    -------
    tuple[State, Float[np.ndarray, "... model"], Weights]
        The state after the step, the attentional state that goes on to the vocabulary,
        and the weights. The attentional state is no part of the recurrence.

    Raises
    ------
    ValueError
        If sizes do not fit, or where `softmax` and the cell raise.

    Examples
    --------
    >>> import numpy as np
    >>> from attn_course.functional import dot_scores
    >>> memory, token = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 50.0])
    >>> state, attentional, weights = luong_step(
    ...     np.zeros(2),
    ...     token,
    ...     memory,
    ...     cell=lambda x, s: x + s,
    ...     score=dot_scores,
    ...     weight=np.eye(4)[:, :2],
    ... )
    >>> weights.round(3), attentional.round(3)
    (array([0., 1.]), array([0.   , 0.762]))
    """
    _expect_token("luong_step", inputs, memory)
    state = cell(inputs, state)
    context, weights = _look("luong_step", state, memory, score, allowed)
    return state, luong_combine(context, _hidden(state), weight), weights


def luong_combine(
    context: Context,
    hidden: Float[np.ndarray, "... hidden"],
    weight: Float[np.ndarray, "both model"],
) -> Float[np.ndarray, "... model"]:
    r"""Combine what was read with the decoder's state.

    .. math::  \tilde h = \tanh([c ; h] W_c)

    The context comes first, as in the paper; there is no bias.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> weight = np.array([[1.0], [10.0]])
    >>> luong_combine(np.array([0.5]), np.array([0.0]), weight).round(3)
    array([0.462])
    """
    who = "luong_combine"
    expect.axes(who, 1, context=context, hidden=hidden)
    expect.finite(who, context=context, hidden=hidden, weight=weight)
    expect.axes(who, 2, weight=weight)
    expect.shape(who, (*context.shape[:-1], hidden.shape[-1]), hidden=hidden)
    rows = context.shape[-1] + hidden.shape[-1]
    expect.shape(who, (rows, weight.shape[-1]), weight=weight)
    return np.tanh(np.concatenate([context, hidden], axis=-1) @ weight)


def _look(who, state, memory, score, allowed):
    """What one state reads from the source, and with which weights."""
    hidden = _hidden(state)
    expect.axes(who, 1, state=hidden)
    expect.shape(who, (*memory.shape[:-2], hidden.shape[-1]), state=hidden)
    scores = score(hidden[..., None, :], memory)  # [..., 1, keys]
    wanted = (*memory.shape[:-2], 1, memory.shape[-2])
    expect.shape(who, wanted, **{"what `score` returns": scores})
    if allowed is not None:
        allowed = expect.mask(who, allowed, memory.shape[:-1])[..., None, :]
    weights = softmax(scores, where=allowed)
    return (weights @ memory)[..., 0, :], weights[..., 0, :]


def _expect_token(who, inputs, memory):
    expect.axes(who, 2, memory=memory)
    expect.axes(who, 1, inputs=inputs)
    expect.finite(who, inputs=inputs, memory=memory)
    expect.shape(who, (*memory.shape[:-2], inputs.shape[-1]), inputs=inputs)


def _hidden(state):
    return state[0] if isinstance(state, tuple) else state
