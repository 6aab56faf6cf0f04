r"""Running a recurrent cell over a sequence, in one direction or in both.

A step maps (input of one position, state) to the next state: a cell with its weights
bound, such as ``lambda x, s: lstm_cell(x, s, weights)``. The state is an array, or a
tuple of arrays of which the first is the hidden state that others may see.

Padding is no time: at positions that are not real the state stays what it was, and the
output repeats it. So the last state is that of the last real position, and reading
backwards over padding on the right starts at the last real position too.

References
----------
M. Schuster and K. K. Paliwal, "Bidirectional Recurrent Neural Networks", IEEE
Transactions on Signal Processing 45(11), 2673-2681, 1997.
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015, section 3.2 (both directions as one encoder).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect

Sequence = Float[np.ndarray, "... positions inputs"]
Outputs = Float[np.ndarray, "... positions hidden"]
Both = Float[np.ndarray, "... positions both"]
State = Float[np.ndarray, "..."] | tuple[Float[np.ndarray, "..."], ...]
Step = Callable[[Any, Any], Any]


def run_cell(
    step: Step,
    inputs: Sequence,
    state: State,
    *,
    real: Bool[np.ndarray, "... positions"] | None = None,
) -> tuple[Outputs, State]:
    r"""Run a cell from the first position to the last.

    .. math::  s_t = \operatorname{step}(x_t, s_{t-1})

    Parameters
    ----------
    state
        The state before the first position, often zeros.
    real
        True at positions that hold an input, False at padding. Default: all are real.

    Returns
    -------
    tuple[Outputs, State]
        The hidden state after each position, and the whole state after the last.

    Raises
    ------
    ValueError
        If sizes do not fit, `real` is not boolean, or `step` changes the shape of its
        state.

    Examples
    --------
    >>> import numpy as np
    >>> inputs, start = np.array([[1.0], [2.0], [4.0]]), np.zeros(1)
    >>> real = np.array([True, True, False])
    >>> outputs, last = run_cell(lambda x, s: x + s, inputs, start, real=real)
    >>> outputs[:, 0], last
    (array([1., 3., 3.]), array([3.]))
    """
    real = _expect_sequence("run_cell", inputs, state, real)
    hidden = _hidden(state)
    dtype = np.result_type(inputs, hidden)
    outputs = np.empty((*inputs.shape[:-1], hidden.shape[-1]), dtype)
    for t in range(inputs.shape[-2]):
        state = _keep(step(inputs[..., t, :], state), state, real[..., t, None])
        outputs[..., t, :] = _hidden(state)
    return outputs, state


def run_bidirectional(
    forward: Step,
    backward: Step,
    inputs: Sequence,
    states: tuple[State, State],
    *,
    real: Bool[np.ndarray, "... positions"] | None = None,
) -> tuple[Both, tuple[State, State]]:
    r"""Run one cell forwards and another backwards, and join what they know.

    .. math::  h_t = [\overrightarrow{h}_t ; \overleftarrow{h}_t]

    The first half at a position knows what comes before it, the second half what comes
    after it, and both know the position itself.

    Parameters
    ----------
    states
        The states from which the two start: the forward one before the first position,
        the backward one after the last.
    real
        As for `run_cell`.

    Returns
    -------
    tuple[Both, tuple[State, State]]
        Both hidden states at each position, and the last state of each direction: the
        forward one at the last real position, the backward one at the first.

    Raises
    ------
    ValueError
        Where `run_cell` raises.

    Examples
    --------
    >>> import numpy as np
    >>> inputs, start = np.array([[1.0], [2.0], [4.0]]), np.zeros(1)
    >>> add = lambda x, s: x + s
    >>> run_bidirectional(add, add, inputs, (start, start))[0]
    array([[1., 7.],
           [3., 6.],
           [7., 4.]])
    """
    real = _expect_sequence("run_bidirectional", inputs, states[0], real)
    ahead, last = run_cell(forward, inputs, states[0], real=real)
    back, first = run_cell(
        backward, inputs[..., ::-1, :], states[1], real=real[..., ::-1]
    )
    return np.concatenate([ahead, back[..., ::-1, :]], axis=-1), (last, first)


def _hidden(state):
    return state[0] if isinstance(state, tuple) else state


def _keep(after, before, real):
    """The state after where a position is real, the state before where it is not."""
    if isinstance(before, tuple):
        pairs = zip(after, before, strict=True)
        return tuple(_keep(one, other, real) for one, other in pairs)
    expect.shape("run_cell", before.shape, **{"the state of `step`": after})
    return np.where(real, after, before)


def _expect_sequence(who, inputs, state, real):
    """Check the arguments of a run; return which positions are real."""
    expect.axes(who, 2, inputs=inputs)
    expect.finite(who, inputs=inputs)
    for part in state if isinstance(state, tuple) else (state,):
        expect.axes(who, 1, state=part)
        expect.finite(who, state=part)
        expect.shape(who, (*inputs.shape[:-2], part.shape[-1]), state=part)
    if real is None:
        return np.ones(inputs.shape[:-1], dtype=bool)
    expect.mask(who, real, inputs.shape[:-1])
    expect.shape(who, inputs.shape[:-1], real=real)
    return real
