r"""### Run a cell over rows of different lengths

A plain recurrent cell makes the next state from an input and the last state,

$$ h_t = \tanh(x_t W + h_{t-1} U + b). $$

Write `run_rnn(inputs, lengths, start, from_input, from_hidden, bias)`, which runs it
over every row of a batch and returns the state after each position. The state before
the first position is `start`, one for each row.

Rows have different lengths: row i has `lengths[i]` positions, and what stands behind
them is filling. **Filling is no time:** there the state stays what it was after the
last real position. So the last column of the result always holds the last real state.

NumPy only. A loop over the positions is meant to be there; one over the rows is not
needed.
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
    minutes=18,
    hints=(
        "What does position t need that position t − 1 leaves behind? That one thing "
        "is carried through the loop.",
        "In the loop, `inputs[:, t]` has shape (rows, inputs): all rows take the "
        "step together. Which rows are still real at position t?",
        "Make the next state for all rows, then let `np.where` choose: new where `t "
        "< lengths`, old elsewhere. The condition needs a second axis. Gather the "
        "states and stack them along axis 1.",
    ),
)


@answer
def run_rnn(inputs, lengths, start, from_input, from_hidden, bias):
    """The state after each position; at filling, the last real state again.

    inputs       (rows, positions, inputs)  float
    lengths      (rows,)                    int, from 1 to positions
    start        (rows, hidden)             float
    from_input   (inputs, hidden)           float, the W above
    from_hidden  (hidden, hidden)           float, the U above
    bias         (hidden,)                  float
    returns      (rows, positions, hidden)  float
    """
    ### BEGIN SOLUTION
    state, states = start, []
    for t in range(inputs.shape[1]):
        after = np.tanh(inputs[:, t] @ from_input + state @ from_hidden + bias)
        state = np.where((t < lengths)[:, None], after, state)
        states.append(state)
    return np.stack(states, axis=1)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, short and full rows, starts that are not zero."""
    rows, positions, size, hidden = rng.permutation(np.arange(2, 8))[:4]
    lengths = rng.integers(1, positions, size=rows, endpoint=True)
    return (
        rng.normal(size=(rows, positions, size)),
        lengths,
        rng.normal(size=(rows, hidden)) / 2,
        rng.normal(size=(size, hidden)) / 2,
        rng.normal(size=(hidden, hidden)) / 2,
        rng.normal(size=hidden) / 2,
    )


@alternative
def row_by_row(inputs, lengths, start, from_input, from_hidden, bias):
    """Each row for itself, cut to its length, then filled up."""
    states = np.empty((*inputs.shape[:2], len(bias)))
    for i, length in enumerate(lengths):
        state = start[i]
        for t in range(length):
            state = np.tanh(inputs[i, t] @ from_input + state @ from_hidden + bias)
            states[i, t] = state
        states[i, length:] = state
    return states


@alternative
def inputs_first(inputs, lengths, start, from_input, from_hidden, bias):
    """All inputs are mapped at once; only the recurrence needs a loop."""
    pushes = inputs @ from_input + bias
    states = np.empty_like(pushes)
    state = start.copy()
    for t in range(pushes.shape[1]):
        real = lengths > t
        state[real] = np.tanh(pushes[real, t] + state[real] @ from_hidden)
        states[:, t] = state
    return states


@check(points=1)
def one_entry_on_paper(run_rnn):
    """One entry, W = 1, U = 0.5: the trace of the first input fades."""
    firsts = [[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 1.0], [0.5, 0.5, 0.0, -1.0]]
    inputs = np.stack([firsts, np.ones((3, 4))], axis=-1)  # the second has weight 0
    states = run_rnn(
        inputs,
        np.array([4, 4, 4]),
        np.zeros((3, 1)),
        np.array([[1.0], [0.0]]),
        np.array([[0.5]]),
        np.zeros(1),
    )
    wanted = np.zeros((3, 4, 1))
    for i, row in enumerate(firsts):
        last = 0.0
        for t, x in enumerate(row):
            last = wanted[i, t, 0] = np.tanh(x + 0.5 * last)
    close(states, wanted, "states")


@check(points=1)
def start_bias_and_both_matrices(run_rnn):
    """One step from starts that are not zero, every product written out."""
    rows = np.array([[0.5, -1.0, 0.2, 0.1], [0.3, 0.4, 0.0, 0.2], [0.0, 0.1, 0.6, 0.3]])
    starts = np.array([[0.4, -0.6], [0.2, 0.3], [-0.5, 0.1]])
    states = run_rnn(
        rows[:, None],
        np.array([1, 1, 1]),
        starts,
        np.array([[1.0, 2.0], [0.5, 0.0], [1.0, -1.0], [0.0, 2.0]]),
        np.array([[0.0, 1.0], [0.5, -1.0]]),
        np.array([0.1, -0.2]),
    )
    sums = [
        [a + 0.5 * b + c + 0.5 * q + 0.1, 2 * a - c + 2 * d + p - q - 0.2]
        for (a, b, c, d), (p, q) in zip(rows, starts, strict=True)
    ]
    close(states, np.tanh(sums)[:, None], "states")


@check(points=1)
def filling_is_no_time(run_rnn):
    """Behind the end of a row its state stays, whatever stands there."""
    inputs = np.array([[[1.0], [7.0], [9.0]], [[0.5], [1.0], [8.0]]])
    W, U = np.array([[0.2, 0.4, -0.1, 0.3]]), 0.5 * np.eye(4)[::-1]
    states = run_rnn(inputs, np.array([1, 2]), np.zeros((2, 4)), W, U, np.zeros(4))
    one = np.tanh(1.0 * W[0])
    half = np.tanh(0.5 * W[0])
    two = np.tanh(1.0 * W[0] + half @ U)
    close(states, np.array([[one, one, one], [half, two, two]]), "states")


@check(points=2, hidden=True)
def batches_against_the_course(run_rnn, rng):
    """Random batches with rows of all lengths, against the functions of the course."""
    from attn_course.functional import CellWeights, rnn_cell, run_cell

    for _ in range(3):
        inputs, start = rng.normal(size=(6, 7, 3)), rng.normal(size=(6, 4)) / 2
        weights = CellWeights(
            rng.normal(size=(3, 4)),
            rng.normal(size=(4, 4)) / 2,
            rng.normal(size=4),
            np.zeros(4),
        )
        lengths = rng.permutation(6) + 1
        wanted, _ = run_cell(
            lambda x, h, weights=weights: rnn_cell(x, h, weights),
            inputs,
            start,
            real=np.arange(7) < lengths[:, None],
        )
        close(run_rnn(inputs, lengths, start, *weights[:3]), wanted, "states")


def _run(inputs, lengths, start, step, fill=None):
    """Run a step; where a row is over, keep its state, or let `fill` say."""
    state, states = start, []
    for t in range(inputs.shape[1]):
        after = step(inputs[:, t], state)
        over = state if fill is None else fill(after, state)
        state = np.where((t < lengths)[:, None], after, over)
        states.append(state)
    return np.stack(states, axis=1)


@misconception(caught_by=filling_is_no_time)
def filling_moves_the_state(inputs, lengths, start, from_input, from_hidden, bias):
    """Your state moves on over the filling, as if something had been read there.
    Compare a row's last column with its state at its last real position."""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    return _run(inputs, lengths, start, step, lambda after, state: after)


@misconception(caught_by=filling_is_no_time)
def filling_is_zero(inputs, lengths, start, from_input, from_hidden, bias):
    """Behind the end of a row your states are zero. Asked for is that the state stays:
    a reader who stops has not forgotten what was read."""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    return _run(inputs, lengths, start, step, lambda after, state: 0 * state)


@misconception(caught_by=filling_is_no_time)
def filling_read_as_zeros(inputs, lengths, start, from_input, from_hidden, bias):
    """You set the filling to zero and let the cell read it. A zero is an input, too:
    the state goes through U and tanh once more. What should a row do when it is
    over?"""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    real = np.arange(inputs.shape[1]) < lengths[:, None]
    return _run(inputs * real[..., None], np.full_like(lengths, 99), start, step)


@misconception(caught_by=start_bias_and_both_matrices)
def start_ignored(inputs, lengths, start, from_input, from_hidden, bias):
    """Your first step starts from zeros. Which argument says where each row starts?"""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    return _run(inputs, lengths, np.zeros_like(start), step)


@misconception(caught_by=start_bias_and_both_matrices)
def bias_forgotten(inputs, lengths, start, from_input, from_hidden, bias):
    """Input and state both arrive, the bias does not: it is added before tanh, at every
    step."""
    return _run(
        inputs,
        lengths,
        start,
        lambda x, h: np.tanh(x @ from_input + h @ from_hidden),
    )


@misconception(caught_by=start_bias_and_both_matrices)
def weights_on_the_left(inputs, lengths, start, from_input, from_hidden, bias):
    """U got transposed. States are rows here, so h stands on the left of U; check your
    product against h U with two entries by hand."""
    return _run(
        inputs,
        lengths,
        start,
        lambda x, h: np.tanh(x @ from_input + h @ from_hidden.T + bias),
    )


@misconception(caught_by=one_entry_on_paper)
def nothing_carried(inputs, lengths, start, from_input, from_hidden, bias):
    """Every step of yours begins again at `start`, so no position knows of the one
    before. What has to be handed on from one turn of the loop to the next?"""
    pushes = inputs @ from_input + (start @ from_hidden)[:, None] + bias
    return _run(np.tanh(pushes), lengths, start, lambda x, h: x)


@misconception(caught_by=one_entry_on_paper)
def tanh_on_the_input_only(inputs, lengths, start, from_input, from_hidden, bias):
    """tanh is taken of the input's part and the state's part is added outside. In the
    formula both are added first."""
    return _run(
        inputs,
        lengths,
        start,
        lambda x, h: np.tanh(x @ from_input + bias) + h @ from_hidden,
    )


@misconception(caught_by=one_entry_on_paper)
def no_tanh(inputs, lengths, start, from_input, from_hidden, bias):
    """The sums are right and nothing bends them: what is done to the sum before it
    becomes the state?"""
    return _run(
        inputs,
        lengths,
        start,
        lambda x, h: x @ from_input + h @ from_hidden + bias,
    )


@misconception(caught_by=one_entry_on_paper)
def states_before_the_step(inputs, lengths, start, from_input, from_hidden, bias):
    """Your states are one position late: the first is `start` itself. Asked for is the
    state *after* each position."""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    states = _run(inputs, lengths, start, step)
    return np.concatenate([start[:, None], states[:, :-1]], axis=1)


@misconception(caught_by=batches_against_the_course)
def one_position_too_many(inputs, lengths, start, from_input, from_hidden, bias):
    """Each row reads one position of its filling before it stops. A row of length 3 has
    the positions 0, 1 and 2: is your comparison strict?"""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    return _run(inputs, lengths + 1, start, step)


@misconception(caught_by=one_entry_on_paper)
def one_array_for_all_positions(inputs, lengths, start, from_input, from_hidden, bias):
    """All your columns are the same: the last state, everywhere. If one array is
    changed in place and put on a list each time, the list holds that one array many
    times."""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    states = _run(inputs, lengths, start, step)
    return np.repeat(states[:, -1:], inputs.shape[1], axis=1)


@misconception(caught_by=one_entry_on_paper)
def read_from_the_end(inputs, lengths, start, from_input, from_hidden, bias):
    """You read the rows from the last position to the first. Which input should the
    first state know?"""

    def step(x, h):
        return np.tanh(x @ from_input + h @ from_hidden + bias)

    return _run(inputs[:, ::-1], lengths, start, step)
