"""The product of Jacobians: what a small push long ago still does."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    CellWeights,
    jacobian_norms,
    rnn_cell,
    run_cell,
    spectral_radius,
    step_jacobians,
    with_spectral_radius,
)

rng = np.random.default_rng(0)
WEIGHTS = CellWeights(
    rng.normal(size=(3, 5)), rng.normal(size=(5, 5)) / 2, *rng.normal(size=(2, 5))
)
INPUTS = rng.normal(size=(2, 7, 3))  # batch, positions, inputs
START = rng.normal(size=(2, 5))


def states(inputs=INPUTS, start=START, weights=WEIGHTS):
    return run_cell(lambda x, s: rnn_cell(x, s, weights), inputs, start)[0]


def test_each_factor_is_what_finite_differences_of_the_cell_say():
    hidden = states()
    factors = step_jacobians(hidden, WEIGHTS.from_hidden)
    for t in range(1, 7):
        for i, push in enumerate(1e-6 * np.eye(5)):
            up, down = (
                rnn_cell(INPUTS[:, t], hidden[:, t - 1] + p, WEIGHTS)
                for p in (push, -push)
            )
            wanted = (up - down) / 2e-6
            np.testing.assert_allclose(factors[:, t, :, i], wanted, atol=1e-9)


def test_the_norms_are_those_of_torch_through_the_whole_run():
    """Autograd of the last state with respect to each earlier one."""
    norms = jacobian_norms(states(), WEIGHTS.from_hidden)
    matrices = [torch.tensor(w) for w in WEIGHTS]
    for b in range(2):
        for k in range(8):
            inputs = torch.tensor(INPUTS[b])

            def last(state, first=7 - k, inputs=inputs):
                for x in inputs[first:]:
                    summed = x @ matrices[0] + matrices[2] + state @ matrices[1]
                    state = torch.tanh(summed + matrices[3])
                return state

            since = torch.tensor(states()[b, 6 - k] if k < 7 else START[b])
            wanted = np.linalg.svd(torch.autograd.functional.jacobian(last, since))[1]
            np.testing.assert_allclose(norms[b, k], wanted[0], rtol=1e-10)


def test_the_last_norm_bounds_what_a_push_at_the_start_does_at_the_end():
    norms = jacobian_norms(states(), WEIGHTS.from_hidden)
    pushes = rng.normal(size=(50, 5))
    pushes *= 1e-6 / np.linalg.norm(pushes, axis=-1, keepdims=True)
    ends = np.array([states(start=START + push)[:, -1] for push in pushes])
    moved = np.linalg.norm(ends - states()[:, -1], axis=-1) / 1e-6
    assert (moved <= norms[:, -1] * (1 + 1e-3)).all()
    assert (moved.max(axis=0) > norms[:, -1] / 3).all()


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5])
def test_at_rest_the_norm_goes_like_powers_of_the_spectral_radius(radius):
    recurrent = with_spectral_radius(WEIGHTS.from_hidden, radius)
    norms = jacobian_norms(np.zeros((60, 5)), recurrent)
    late = np.log(norms[60] / norms[20]) / 40
    assert abs(late - np.log(radius)) < 0.03


def test_an_orthogonal_network_at_rest_keeps_every_norm_at_one():
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    norms = jacobian_norms(np.zeros((2, 30, 5)), turn)
    np.testing.assert_allclose(norms, np.ones((2, 31)), rtol=1e-12)


def test_saturated_units_pass_nothing_on():
    norms = jacobian_norms(np.ones((4, 5)), WEIGHTS.from_hidden)
    assert norms.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


@given(st.floats(0.01, 100))
def test_scaling_gives_the_radius_that_is_wanted(radius):
    scaled = with_spectral_radius(WEIGHTS.from_hidden, radius)
    np.testing.assert_allclose(spectral_radius(scaled), radius, rtol=1e-12)
    ratio = scaled / WEIGHTS.from_hidden
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-12)


def test_the_radius_is_the_rate_at_which_powers_grow():
    power = np.linalg.matrix_power(WEIGHTS.from_hidden, 512)
    rate = np.linalg.norm(power) ** (1 / 512)
    np.testing.assert_allclose(spectral_radius(WEIGHTS.from_hidden), rate, rtol=0.01)


def test_without_positions_only_the_distance_nought_is_left():
    norms = jacobian_norms(np.zeros((2, 0, 5)), WEIGHTS.from_hidden)
    assert norms.tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    hidden, recurrent = states().astype(dtype), WEIGHTS.from_hidden.astype(dtype)
    copies = hidden.copy(), recurrent.copy()
    assert jacobian_norms(hidden, recurrent).dtype == dtype
    assert with_spectral_radius(recurrent, np.float64(2)).dtype == dtype
    np.testing.assert_array_equal(hidden, copies[0])
    np.testing.assert_array_equal(recurrent, copies[1])


def test_refuses_what_is_no_run_of_a_plain_network():
    recurrent = WEIGHTS.from_hidden
    for hidden, message in (
        (states() * 3, "states from -1 to 1, got"),
        (states()[0, 0], "hidden with at least 2 axes"),
        (states()[..., :4], r"from_hidden of shape \(4, 4\), got \(5, 5\)"),
        (states() * np.nan, "finite hidden"),
    ):
        with pytest.raises(ValueError, match=message):
            jacobian_norms(hidden, recurrent)
    with pytest.raises(ValueError, match=r"square matrix, got shape \(2, 5, 5\)"):
        spectral_radius(np.stack([recurrent] * 2))
    with pytest.raises(ValueError, match=r"square matrix, got shape \(0, 0\)"):
        spectral_radius(np.ones((0, 0)))
    with pytest.raises(ValueError, match=r"matrix of shape \(4, 4\), got \(4, 5\)"):
        spectral_radius(recurrent[:4])
    with pytest.raises(ValueError, match="positive radius, got -1"):
        with_spectral_radius(recurrent, -1.0)
    with pytest.raises(ValueError, match="matrix of radius > 0, got 0"):
        with_spectral_radius(np.triu(np.ones((3, 3)), 1), 1.0)
