"""Running cells over sequences: PyTorch's layers, padding, and the two directions."""

from functools import partial

import numpy as np
import pytest
import torch

from attn_course.functional import (
    CellWeights,
    gru_cell,
    lstm_cell,
    rnn_cell,
    run_bidirectional,
    run_cell,
)

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(3, 5, 4))  # batch, positions, inputs
LENGTHS = np.array([5, 2, 4])
REAL = np.arange(5) < LENGTHS[:, None]
WIDTH = 7
LAYERS = {
    rnn_cell: torch.nn.RNN,
    lstm_cell: torch.nn.LSTM,
    gru_cell: torch.nn.GRU,
}
CELLS = pytest.mark.parametrize("cell", LAYERS, ids=lambda cell: cell.__name__)


def layer_and_steps(cell, **kind):
    """A layer of PyTorch, and our steps with its weights."""
    layer = LAYERS[cell](4, WIDTH, batch_first=True, dtype=torch.float64, **kind)
    generator = torch.Generator().manual_seed(0)
    steps = []
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.5, generator=generator)
    for names in layer._all_weights:
        weights = CellWeights(*(getattr(layer, n).detach().numpy().T for n in names))
        steps.append(lambda x, s, weights=weights: cell(x, s, weights))
    return layer, steps


def start(cell, seed=0):
    states = np.random.default_rng(seed).normal(size=(2, 3, WIDTH))
    return tuple(states) if cell is lstm_cell else states[0]


def hidden_of(state):
    return state[0] if isinstance(state, tuple) else state


def as_tensors(*states):
    """States of the directions, stacked as PyTorch wants them."""
    if isinstance(states[0], tuple):
        return tuple(
            torch.tensor(np.stack(parts)) for parts in zip(*states, strict=True)
        )
    return torch.tensor(np.stack(states))


@CELLS
def test_agrees_with_the_layer_of_torch(cell):
    layer, (step,) = layer_and_steps(cell)
    outputs, last = run_cell(step, INPUTS, start(cell))
    theirs, final = layer(torch.tensor(INPUTS), as_tensors(start(cell)))
    np.testing.assert_allclose(outputs, theirs.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        hidden_of(last), hidden_of(final).detach()[0], rtol=1e-9, atol=1e-12
    )


@CELLS
def test_both_directions_agree_with_torch_over_packed_sequences(cell):
    layer, steps = layer_and_steps(cell, bidirectional=True)
    states = start(cell, 1), start(cell, 2)
    outputs, finals = run_bidirectional(*steps, INPUTS, states, real=REAL)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(INPUTS), LENGTHS, batch_first=True, enforce_sorted=False
    )
    theirs, final = layer(packed, as_tensors(*states))
    theirs, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(outputs[REAL], theirs[REAL], rtol=1e-9, atol=1e-12)
    for ours, wanted in zip(finals, hidden_of(final).detach(), strict=True):
        np.testing.assert_allclose(hidden_of(ours), wanted, rtol=1e-9, atol=1e-12)


@CELLS
def test_padding_keeps_the_state_whatever_stands_there(cell):
    _, (step,) = layer_and_steps(cell)
    outputs, last = run_cell(step, INPUTS, start(cell), real=REAL)
    other = np.where(REAL[..., None], INPUTS, 1e100)
    again, same = run_cell(step, other, start(cell), real=REAL)
    np.testing.assert_array_equal(outputs, again)
    np.testing.assert_array_equal(last, same)
    for b, length in enumerate(LENGTHS):
        end = outputs[b, length - 1]
        assert (outputs[b, length:] == end).all()
        np.testing.assert_array_equal(hidden_of(last)[b], end)


@CELLS
def test_reversing_the_input_swaps_the_halves(cell):
    _, (one, other) = layer_and_steps(cell, bidirectional=True)
    states = start(cell, 1), start(cell, 2)
    outputs, _ = run_bidirectional(one, other, INPUTS, states, real=REAL)
    mirrored, _ = run_bidirectional(
        other, one, INPUTS[:, ::-1], states[::-1], real=REAL[:, ::-1]
    )
    halves = np.split(mirrored[:, ::-1], 2, axis=-1)
    np.testing.assert_array_equal(outputs, np.concatenate(halves[::-1], axis=-1))


def test_the_first_half_knows_the_past_and_the_second_the_future():
    _, steps = layer_and_steps(gru_cell, bidirectional=True)
    states = start(gru_cell), start(gru_cell)
    outputs, _ = run_bidirectional(*steps, INPUTS, states)
    moved = INPUTS.copy()
    moved[:, 2] += 1
    changed = (run_bidirectional(*steps, moved, states)[0] != outputs).reshape(
        3, 5, 2, 7
    )
    assert changed.any(axis=(0, 3)).T.tolist() == [
        [False, False, True, True, True],
        [True, True, True, False, False],
    ]


def test_one_sequence_needs_no_batch_axis_and_none_may_be_empty():
    _, (step,) = layer_and_steps(lstm_cell)
    whole, _ = run_cell(step, INPUTS, start(lstm_cell))
    alone, _ = run_cell(step, INPUTS[1], tuple(part[1] for part in start(lstm_cell)))
    np.testing.assert_allclose(alone, whole[1], rtol=1e-12)
    outputs, last = run_cell(step, INPUTS[:, :0], start(lstm_cell))
    assert outputs.shape == (3, 0, WIDTH)
    np.testing.assert_array_equal(last, start(lstm_cell))


def test_running_in_two_parts_is_running_once():
    _, (step,) = layer_and_steps(lstm_cell)
    whole, last = run_cell(step, INPUTS, start(lstm_cell))
    first, between = run_cell(step, INPUTS[:, :2], start(lstm_cell))
    second, end = run_cell(step, INPUTS[:, 2:], between)
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)
    np.testing.assert_array_equal(end, last)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    weights = CellWeights(
        *(
            rng.normal(size=size).astype(dtype)
            for size in ((4, WIDTH), (WIDTH, WIDTH), WIDTH, WIDTH)
        )
    )
    step = partial(lambda w, x, s: rnn_cell(x, s, w), weights)
    inputs, state = INPUTS.astype(dtype), start(rnn_cell).astype(dtype)
    copies = inputs.copy(), state.copy()
    outputs, (last, _) = run_bidirectional(
        step, step, inputs, (state, state), real=REAL
    )
    assert outputs.dtype == last.dtype == dtype
    np.testing.assert_array_equal(inputs, copies[0])
    np.testing.assert_array_equal(state, copies[1])


def test_refuses_what_does_not_fit():
    def add(x, s):
        return x + s

    state = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"real of shape \(3, 5\), got \(5,\)"):
        run_cell(add, INPUTS, state, real=REAL[0])
    with pytest.raises(ValueError, match="boolean mask"):
        run_cell(add, INPUTS, state, real=REAL.astype(float))
    with pytest.raises(ValueError, match=r"state of shape \(3, 4\), got \(4,\)"):
        run_cell(add, INPUTS, state[0])
    with pytest.raises(
        ValueError, match=r"state of `step` of shape \(3, 4\), got \(3,"
    ):
        run_cell(lambda x, s: s[:, :1], INPUTS, state)
    with pytest.raises(ValueError, match="state with at least 1 axes"):
        run_cell(add, INPUTS, np.array(1.0))
    with pytest.raises(ValueError, match="finite state, got nan"):
        run_cell(add, INPUTS, (state, state * np.nan))
    with pytest.raises(ValueError, match="inputs with at least 2 axes"):
        run_bidirectional(add, add, INPUTS[0, 0], (state, state))
    with pytest.raises(ValueError, match="finite inputs"):
        run_bidirectional(add, add, INPUTS * np.nan, (state, state))


def test_a_narrow_state_does_not_narrow_the_outputs():
    inputs, state = INPUTS[..., :1], np.zeros((3, 1), np.float32)
    outputs, last = run_cell(lambda x, s: x + s, inputs, state)
    assert outputs.dtype == last.dtype == np.float64
    np.testing.assert_allclose(outputs, inputs.cumsum(axis=1), rtol=1e-12)
