r"""Recurrent cells: one step of a plain network, an LSTM and a GRU.

Each takes the input of one position and the state, and returns the next state. Weights
stand on the right and hold their gates side by side, in the order that PyTorch uses:
input, forget, cell, output for the LSTM; reset, update, candidate for the GRU. They are
PyTorch's own, transposed; its two biases are kept apart because one form of the GRU
tells them apart.

Gates belong to the cell. Attention has none: what it hands on is scaled by weights that
sum to one, and these are shared out among positions.

References
----------
J. L. Elman, "Finding Structure in Time", Cognitive Science 14(2), 179-211, 1990.
S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8),
1735-1780, 1997.
F. A. Gers, J. Schmidhuber and F. Cummins, "Learning to Forget: Continual Prediction
with LSTM", Neural Computation 12(10), 2451-2471, 2000 (the forget gate).
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
Statistical Machine Translation", EMNLP 2014 (the GRU, which resets first).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect
from attn_course.functional.activations import sigmoid

Inputs = Float[np.ndarray, "... inputs"]
Hidden = Float[np.ndarray, "... hidden"]


class CellWeights(NamedTuple):
    """What a cell has learnt; `gates` is 1, 4 or 3 times the width of the state.

    Examples
    --------
    >>> import numpy as np
    >>> weights = CellWeights(np.eye(2), np.eye(2), np.zeros(2), np.zeros(2))
    >>> weights.from_input.shape
    (2, 2)
    """

    from_input: Float[np.ndarray, "inputs gates"]
    from_hidden: Float[np.ndarray, "hidden gates"]
    input_bias: Float[np.ndarray, " gates"]
    hidden_bias: Float[np.ndarray, " gates"]


def rnn_cell(inputs: Inputs, hidden: Hidden, weights: CellWeights) -> Hidden:
    r"""Return the next state of a plain recurrent network.

    .. math::  h' = \tanh(x W + b + h U + c)

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> weights = CellWeights(np.eye(2), np.eye(2), np.zeros(2), np.zeros(2))
    >>> rnn_cell(np.array([0.5, 0.0]), np.array([0.5, 0.0]), weights).round(3)
    array([0.762, 0.   ])
    """
    (from_input,), (from_hidden,) = _parts("rnn_cell", inputs, hidden, weights, 1)
    return np.tanh(from_input + from_hidden)


def lstm_cell(
    inputs: Inputs, state: tuple[Hidden, Hidden], weights: CellWeights
) -> tuple[Hidden, Hidden]:
    r"""Return the next state of an LSTM, the pair (hidden, cell).

    .. math::

       i, f, o &= \sigma(x W_{i,f,o} + b_{i,f,o} + h U_{i,f,o} + c_{i,f,o}) \\
       g &= \tanh(x W_g + b_g + h U_g + c_g) \\
       c' &= f \odot c + i \odot g, \qquad h' = o \odot \tanh c'

    Parameters
    ----------
    state
        The pair (hidden, cell). Only hidden is shown to the rest of the network.
    weights
        Gates in the order input, forget, cell (the g above), output.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> bias = np.array([-99.0, 99.0, 0.0, 99.0])  # nothing in, nothing lost, all out
    >>> weights = CellWeights(np.ones((1, 4)), np.ones((1, 4)), bias, np.zeros(4))
    >>> hidden, cell = lstm_cell(np.ones(1), (np.zeros(1), np.array([3.0])), weights)
    >>> cell
    array([3.])
    """
    hidden, cell = state
    expect.finite("lstm_cell", cell=cell)
    expect.shape("lstm_cell", np.shape(hidden), cell=cell)
    parts = zip(*_parts("lstm_cell", inputs, hidden, weights, 4), strict=True)
    into, forget, candidate, out = (x + h for x, h in parts)
    cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(candidate)
    return sigmoid(out) * np.tanh(cell), cell


def gru_cell(
    inputs: Inputs,
    hidden: Hidden,
    weights: CellWeights,
    *,
    reset_after: bool = True,
) -> Hidden:
    r"""Return the next state of a GRU.

    .. math::

       r, z &= \sigma(x W_{r,z} + b_{r,z} + h U_{r,z} + c_{r,z}) \\
       n &= \tanh\bigl(x W_n + b_n + r \odot (h U_n + c_n)\bigr)
            \quad \text{or} \quad
            \tanh\bigl(x W_n + b_n + (r \odot h) U_n + c_n\bigr) \\
       h' &= (1 - z) \odot n + z \odot h

    Parameters
    ----------
    weights
        Gates in the order reset, update, candidate.
    reset_after
        Whether the state is reset after its product with the weights: the first form,
        PyTorch's. False is the form of the first papers (Cho et al. 2014; Bahdanau et
        al. 2015). Some papers also swap z and 1 - z, which only renames the gate.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> bias = np.array([0.0, 99.0, 0.0])  # update gate at one: the state stays
    >>> weights = CellWeights(np.ones((1, 3)), np.ones((1, 3)), bias, np.zeros(3))
    >>> gru_cell(np.ones(1), np.array([0.3]), weights)
    array([0.3])
    """
    from_input, from_hidden = _parts("gru_cell", inputs, hidden, weights, 3)
    reset = sigmoid(from_input[0] + from_hidden[0])
    update = sigmoid(from_input[1] + from_hidden[1])
    if reset_after:
        past = reset * from_hidden[2]
    else:
        width = hidden.shape[-1]
        past = (reset * hidden) @ weights.from_hidden[:, -width:]
        past = past + weights.hidden_bias[-width:]
    candidate = np.tanh(from_input[2] + past)
    return (1 - update) * candidate + update * hidden


def _parts(who, inputs, hidden, weights, gates):
    """What input and state give to each gate, apart."""
    expect.axes(who, 1, inputs=inputs, hidden=hidden)
    expect.finite(who, inputs=inputs, hidden=hidden, **weights._asdict())
    expect.shape(who, (*inputs.shape[:-1], hidden.shape[-1]), hidden=hidden)
    size = gates * hidden.shape[-1]
    expect.shape(who, (inputs.shape[-1], size), from_input=weights.from_input)
    expect.shape(who, (hidden.shape[-1], size), from_hidden=weights.from_hidden)
    biases = {"input_bias": weights.input_bias, "hidden_bias": weights.hidden_bias}
    expect.shape(who, (size,), **biases)
    from_input = inputs @ weights.from_input + weights.input_bias
    from_hidden = hidden @ weights.from_hidden + weights.hidden_bias
    return np.split(from_input, gates, -1), np.split(from_hidden, gates, -1)
