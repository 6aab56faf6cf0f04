"""The three cells: PyTorch's numbers, their gates at the ends, their two forms."""

import numpy as np
import pytest
import torch

from attn_course.functional import CellWeights, gru_cell, lstm_cell, rnn_cell

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(2, 3, 5))
HIDDEN, CELL = rng.normal(size=(2, 2, 3, 7))
GATES = {rnn_cell: 1, lstm_cell: 4, gru_cell: 3}
THEIRS = {
    rnn_cell: torch.nn.RNNCell,
    lstm_cell: torch.nn.LSTMCell,
    gru_cell: torch.nn.GRUCell,
}
CELLS = pytest.mark.parametrize("cell", GATES, ids=lambda cell: cell.__name__)


def random_weights(gates, inputs=5, hidden=7):
    sizes = [(inputs, gates * hidden), (hidden, gates * hidden), *[gates * hidden] * 2]
    return CellWeights(*(rng.normal(size=size) for size in sizes))


def as_state(cell, dtype=np.float64):
    hidden, memory = HIDDEN.astype(dtype), CELL.astype(dtype)
    return (hidden, memory) if cell is lstm_cell else hidden


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@CELLS
def test_agrees_with_torch_after_copying_its_weights(cell):
    module = THEIRS[cell](5, 7, dtype=torch.float64)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(len(parameter)))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = CellWeights(*(getattr(module, name).numpy().T for name in names))
        hidden, memory = (torch.tensor(a.reshape(6, 7)) for a in (HIDDEN, CELL))
        state = (hidden, memory) if cell is lstm_cell else hidden
        theirs = module(torch.tensor(INPUTS.reshape(6, 5)), state)
    ours = cell(INPUTS, as_state(cell), weights)
    for got, wanted in zip(np.atleast_1d(ours), torch_list(theirs), strict=True):
        wanted = wanted.numpy().reshape(np.shape(got))
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-13)


def torch_list(state):
    return state if isinstance(state, tuple) else list(state.reshape(2, 3, 7))


def test_the_lstm_names_its_gates_in_the_order_input_forget_cell_output():
    weights = random_weights(4)
    sums = INPUTS @ weights.from_input + HIDDEN @ weights.from_hidden
    sums = (sums + weights.input_bias + weights.hidden_bias).reshape(2, 3, 4, 7)
    into, forget, candidate, out = np.moveaxis(sums, 2, 0)
    cell = sigmoid(forget) * CELL + sigmoid(into) * np.tanh(candidate)
    got = lstm_cell(INPUTS, (HIDDEN, CELL), weights)
    np.testing.assert_allclose(got[1], cell, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(got[0], sigmoid(out) * np.tanh(cell), rtol=1e-11)


def test_with_the_forget_gate_open_and_the_input_gate_shut_the_cell_is_kept():
    weights = random_weights(4)
    weights.input_bias[:7], weights.input_bias[7:14] = -500, 500
    _, kept = lstm_cell(INPUTS, (HIDDEN, CELL), weights)
    np.testing.assert_array_equal(kept, CELL)


def test_with_the_update_gate_at_one_the_gru_keeps_its_state():
    weights = random_weights(3)
    weights.input_bias[7:14] = 500
    for after in (True, False):
        kept = gru_cell(INPUTS, HIDDEN, weights, reset_after=after)
        np.testing.assert_array_equal(kept, HIDDEN)


@pytest.mark.parametrize("after", [True, False])
def test_both_forms_of_the_gru_follow_their_formula_one_unit_at_a_time(after):
    weights = random_weights(3)
    x, h = INPUTS[1, 2], HIDDEN[1, 2]
    w, u = (m.reshape(len(m), 3, 7) for m in weights[:2])
    b, c = (bias.reshape(3, 7) for bias in weights[2:])
    r, z = (
        [sigmoid(x @ w[:, g, n] + b[g, n] + h @ u[:, g, n] + c[g, n]) for n in range(7)]
        for g in (0, 1)
    )
    got = gru_cell(INPUTS, HIDDEN, weights, reset_after=after)[1, 2]
    for n in range(7):
        if after:
            past = r[n] * (sum(h[m] * u[m, 2, n] for m in range(7)) + c[2, n])
        else:
            past = sum(r[m] * h[m] * u[m, 2, n] for m in range(7)) + c[2, n]
        candidate = np.tanh(x @ w[:, 2, n] + b[2, n] + past)
        wanted = (1 - z[n]) * candidate + z[n] * h[n]
        np.testing.assert_allclose(got[n], wanted, rtol=1e-11, atol=1e-13)


def test_the_two_forms_of_the_gru_differ_but_not_where_nothing_is_reset():
    weights = random_weights(3)
    forms = [gru_cell(INPUTS, HIDDEN, weights, reset_after=a) for a in (True, False)]
    assert abs(forms[0] - forms[1]).max() > 0.1
    weights.input_bias[:7] = 500  # reset gate at one
    forms = [gru_cell(INPUTS, HIDDEN, weights, reset_after=a) for a in (True, False)]
    np.testing.assert_allclose(*forms, rtol=1e-12)


@CELLS
def test_large_inputs_do_not_overflow(cell):
    state = cell(INPUTS * 1e200, as_state(cell), random_weights(GATES[cell]))
    assert np.isfinite(state).all()


@CELLS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(cell, dtype):
    weights = CellWeights(*(w.astype(dtype) for w in random_weights(GATES[cell])))
    inputs, state = INPUTS.astype(dtype), as_state(cell, dtype)
    copies = [np.copy(array) for array in (inputs, state, *weights)]
    assert np.asarray(cell(inputs, state, weights)).dtype == dtype
    for array, copy in zip((inputs, state, *weights), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@CELLS
def test_refuses_sizes_that_do_not_fit(cell):
    gates = GATES[cell]
    weights, state = random_weights(gates), as_state(cell)
    for change, message in (
        (
            {"from_input": weights.from_input.T},
            rf"from_input of shape \(5, {7 * gates}",
        ),
        ({"from_hidden": np.ones((7, 1))}, rf"from_hidden of shape \(7, {7 * gates}"),
        ({"input_bias": np.ones(1)}, rf"input_bias of shape \({7 * gates},\)"),
        ({"hidden_bias": np.ones(1)}, rf"hidden_bias of shape \({7 * gates},\)"),
        ({"hidden_bias": np.full(7 * gates, np.nan)}, "finite hidden_bias"),
        ({"hidden_bias": np.arange(7 * gates)}, "hidden_bias as an array of floats"),
    ):
        with pytest.raises(ValueError, match=message):
            cell(INPUTS, state, weights._replace(**change))
    with pytest.raises(ValueError, match=r"hidden of shape \(1, 3, 7\)"):
        cell(INPUTS[:1], state, weights)


def test_the_lstm_refuses_a_cell_unlike_its_hidden_state():
    with pytest.raises(ValueError, match=r"cell of shape \(2, 3, 7\), got \(3, 7\)"):
        lstm_cell(INPUTS, (HIDDEN, CELL[0]), random_weights(4))
