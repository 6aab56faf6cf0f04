r"""### One step of an LSTM

The reader of this page is made of LSTM cells. Write `lstm_cell(x, h, c, W, U, b)`: from
the input of one position and the two states before it, the two states after it,

$$ i, f, o = \sigma(x W_{i,f,o} + h U_{i,f,o} + b_{i,f,o}), \quad
   g = \tanh(x W_g + h U_g + b_g), $$

$$ c' = f \odot c + i \odot g, \qquad h' = o \odot \tanh c'. $$

The four blocks stand side by side in the columns of `W` and `U`, and in `b`, in
PyTorch's order: **i, f, g, o**. Each block has as many columns as the state has
entries. σ is $1 / (1 + e^{-z})$; what it is given is of moderate size.

Return the hidden state and the memory, in this order. Change none of the arguments.
NumPy only, and no loop over the batch.
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
    minutes=15,
    hints=(
        "Compute all four blocks at once: one sum of two products and the bias, with "
        "four times as many columns as the state has entries. Then cut it up.",
        "`np.split` cuts an array into equal pieces along an axis. Three of the pieces "
        "go through σ and one through tanh: which is which in the order i, f, g, o?",
        "The memory after the step is the old memory times f, plus i times g. Only "
        "then comes the hidden state: o times the tanh of the *new* memory.",
    ),
)


@answer
def lstm_cell(x, h, c, W, U, b):
    """Hidden state and memory after one step.

    x  (batch, inputs)   float
    h  (batch, hidden)   float, the hidden state before the step
    c  (batch, hidden)   float, the memory before the step
    W  (inputs, blocks)  float, blocks i, f, g, o side by side
    U  (hidden, blocks)  float
    b  (blocks,)         float
    returns two things: h' and c', each (batch, hidden)
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    memory = f * c + i * np.tanh(g)
    return o * np.tanh(memory), memory
    ### END SOLUTION


@inputs
def draw(rng):
    """Small cells with numbers of order one."""
    batch, width, hidden = rng.permutation(np.arange(2, 7))[:3]
    shapes = (batch, width), (batch, hidden), (batch, hidden), (width, 4 * hidden)
    parts = [rng.normal(size=shape) for shape in shapes]
    return *parts, rng.normal(size=(hidden, 4 * hidden)), rng.normal(size=4 * hidden)


@alternative
def row_by_row(x, h, c, W, U, b):
    """Each sample and each entry for itself."""
    n = h.shape[1]
    hidden, memory = np.zeros_like(h), np.zeros_like(c)
    for s in range(len(x)):
        z = np.array([x[s] @ W[:, k] + h[s] @ U[:, k] + b[k] for k in range(4 * n)])
        for e in range(n):
            into, keep, out = (1 / (1 + np.exp(-z[e + k * n])) for k in (0, 1, 3))
            memory[s, e] = keep * c[s, e] + into * np.tanh(z[e + 2 * n])
            hidden[s, e] = out * np.tanh(memory[s, e])
    return hidden, memory


@alternative
def gates_through_tanh(x, h, c, W, U, b):
    """The logistic function is a tanh, moved and shrunk."""
    n = h.shape[1]
    z = np.concatenate([x, h], axis=1) @ np.concatenate([W, U]) + b
    gates = 0.5 + 0.5 * np.tanh(z / 2)
    after = gates[:, n : 2 * n] * c + gates[:, :n] * np.tanh(z[:, 2 * n : 3 * n])
    return gates[:, 3 * n :] * np.tanh(after), after


@check(points=1, extreme=True)
def gates_shut_and_open(lstm_cell):
    """Gates forced open or shut by the bias: kept, overwritten, hidden."""
    shut, open_ = -50.0, 50.0
    x, h = np.zeros((3, 2)), np.zeros((3, 1))
    c = np.array([[2.0], [-1.0], [0.5]])
    W, U = np.zeros((2, 4)), np.zeros((1, 4))
    for i, f, o, memory, seen in (
        (shut, open_, open_, c, np.tanh(c)),  # kept and shown
        (open_, shut, open_, np.tanh(1.5) + 0 * c, np.tanh(np.tanh(1.5)) + 0 * c),
        (shut, open_, shut, c, 0 * c),  # kept and not shown
        (open_, open_, 0.0, c + np.tanh(1.5), np.tanh(c + np.tanh(1.5)) / 2),
    ):
        got = lstm_cell(x, h, c, W, U, np.array([i, f, 1.5, o]))
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, the hidden state and the memory, got {got!r}"
        close(np.round(got[1], 9), np.round(memory, 9), "memory")
        close(np.round(got[0], 9), np.round(seen, 9), "hidden state")


@check(points=1)
def one_step_on_paper(lstm_cell):
    """One sample, every number written out."""
    x, h, c = np.array([[1.0, -1.0, 2.0]]), np.array([[0.5, 0.2]]), np.array([[0.4, 1]])
    W = np.arange(24.0).reshape(3, 8) / 20 - 0.5
    U = np.arange(16.0)[::-1].reshape(2, 8) / 25 - 0.3
    b = np.linspace(-0.4, 0.3, 8)
    z = [
        sum(x[0, p] * W[p, k] for p in range(3))
        + sum(h[0, p] * U[p, k] for p in range(2))
        + b[k]
        for k in range(8)
    ]
    one = [1 / (1 + np.exp(-a)) for a in z]
    memory = [one[2 + e] * c[0, e] + one[e] * np.tanh(z[4 + e]) for e in range(2)]
    got = lstm_cell(x, h, c, W, U, b)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the hidden state and the memory, got {got!r}"
    close(got[1], np.array([memory]), "memory")
    seen = [[one[6 + e] * np.tanh(memory[e]) for e in range(2)]]
    close(got[0], np.array(seen), "hidden state")


@check(points=2, hidden=True)
def batches_against_the_reference(lstm_cell, rng):
    """Random batches of two sizes, against the function of the course."""
    from attn_course.functional import CellWeights
    from attn_course.functional import lstm_cell as reference

    for batch, width, hidden in ((5, 4, 3), (2, 3, 7)):
        x = rng.normal(size=(batch, width))
        h, c = rng.normal(size=(2, batch, hidden))
        W = rng.normal(size=(width, 4 * hidden))
        U = rng.normal(size=(hidden, 4 * hidden))
        b = rng.normal(size=4 * hidden)
        weights = CellWeights(W, U, b, np.zeros(4 * hidden))
        wanted = reference(x, (h, c), weights)
        got = lstm_cell(x, h, c, W, U, b)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, the hidden state and the memory, got {got!r}"
        close(got[0], wanted[0], "hidden state")
        close(got[1], wanted[1], "memory")


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _parts(x, h, W, U, b):
    """The four blocks, before any bend."""
    return np.split(x @ W + h @ U + b, 4, axis=-1)


@misconception(caught_by=one_step_on_paper)
def output_gate_before_the_candidate(x, h, c, W, U, b):
    """You read the blocks in the order i, f, o, g. Some books write them so; here the
    candidate g stands third and the output gate last."""
    i, f, o, g = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def input_and_forget_swapped(x, h, c, W, U, b):
    """Shutting the forget gate should empty the memory; yours lets it stand and shuts
    the input out. Which of the first two blocks goes with the old memory?"""
    f, i, g, o = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def memory_shown_as_it_is(x, h, c, W, U, b):
    """Your hidden state is the memory behind the output gate, without its tanh. The
    memory may grow; what is shown should stay between -1 and 1."""
    i, f, g, o = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * c, c


@misconception(caught_by=gates_shut_and_open)
def shows_the_old_memory(x, h, c, W, U, b):
    """The hidden state you show comes from the memory *before* the step, so it is one
    position late. Which of the two memories is meant in the formula?"""
    i, f, g, o = _parts(x, h, W, U, b)
    return _sigmoid(o) * np.tanh(c), _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)


@misconception(caught_by=gates_shut_and_open)
def candidate_through_the_gate_function(x, h, c, W, U, b):
    """All four blocks went through σ. A candidate between 0 and 1 could only ever add
    to the memory: which bend lets it take something away?"""
    i, f, g, o = map(_sigmoid, _parts(x, h, W, U, b))
    c = f * c + i * g
    return o * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def one_gate_for_both(x, h, c, W, U, b):
    """You let in what is not kept, 1 - f, as a GRU does. An LSTM has a gate of its own
    for what comes in: which block is it?"""
    _, f, g, o = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + (1 - _sigmoid(f)) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def no_forget_gate(x, h, c, W, U, b):
    """The old memory stays whole whatever the forget gate says. That is the cell of
    1997; the gate came in 2000, and the formula here has it."""
    i, _, g, o = _parts(x, h, W, U, b)
    c = c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=batches_against_the_reference)
def gates_do_not_hear_the_state(x, h, c, W, U, b):
    """Your gates depend on the input alone. What the cell has shown before should have
    a say in them as well: which product is missing?"""
    return lstm_cell(x, np.zeros_like(h), c, W, U, b)


@misconception(caught_by=one_step_on_paper)
def gates_hear_the_memory(x, h, c, W, U, b):
    """You multiply `U` by the memory. The gates hear the hidden state, what the cell
    shows; the memory itself is changed by them only."""
    return lstm_cell(x, c, c, W, U, b)


@misconception(caught_by=gates_shut_and_open)
def memory_first(x, h, c, W, U, b):
    """Both states are right and stand in each other's place. Which one was to come
    first?"""
    return lstm_cell(x, h, c, W, U, b)[::-1]


@misconception(caught_by=gates_shut_and_open)
def tanh_for_the_gates(x, h, c, W, U, b):
    """Your gates run from -1 to 1, so a shut gate turns the memory round instead of
    wiping it out. Which bend runs from 0 to 1?"""
    i, f, g, o = map(np.tanh, _parts(x, h, W, U, b))
    c = f * c + i * g
    return o * np.tanh(c), c


@misconception(caught_by=batches_against_the_reference)
def cut_like_a_zip(x, h, c, W, U, b):
    """You took every fourth column for a block. The columns of one block stand next to
    each other: i has the first ones, as many as the state has entries."""
    i, f, g, o = np.moveaxis((x @ W + h @ U + b).reshape(*h.shape, 4), -1, 0)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def candidate_not_bent(x, h, c, W, U, b):
    """What you write into the memory went through no bend at all, so one large input
    could flood it. Which function keeps the candidate between -1 and 1?"""
    i, f, g, o = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + _sigmoid(i) * g
    return _sigmoid(o) * np.tanh(c), c


@misconception(caught_by=gates_shut_and_open)
def bent_behind_the_gate(x, h, c, W, U, b):
    """The output gate is applied to the memory before the tanh. Bend the memory first;
    the gate then decides how much of that is shown."""
    i, f, g, o = _parts(x, h, W, U, b)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return np.tanh(_sigmoid(o) * c), c


@misconception(caught_by=gates_shut_and_open)
def bias_left_out(x, h, c, W, U, b):
    """With inputs and states of zero your gates stand at one half, whatever `b` says.
    What is added to the two products?"""
    return lstm_cell(x, h, c, W, U, np.zeros_like(b))
