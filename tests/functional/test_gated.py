"""Gates: open they are not there, shut they are a wall; in a score they are Ilse's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from attn_course.functional import attend, gate_output, gated_pool

rng = np.random.default_rng(0)
STATES = rng.normal(size=(2, 5, 3))  # batch, positions, width
OUTPUT = rng.normal(size=(2, 5, 7))
WEIGHT, BIAS = rng.normal(size=(3, 7)), rng.normal(size=7)
BAGS = rng.normal(size=(2, 5, 11, 3))  # batch, bags, instances, width
CONTENT, GATE = rng.normal(size=(2, 3, 4))  # width, hidden
READOUT = rng.normal(size=4)
REAL = rng.random((2, 5, 11)) < 0.6
REAL[1, 2] = False
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def test_the_gate_is_the_sigmoid_of_scipy():
    wanted = expit(STATES @ WEIGHT + BIAS) * OUTPUT
    np.testing.assert_allclose(gate_output(OUTPUT, STATES, WEIGHT, BIAS), wanted)


def test_an_open_gate_is_no_gate_and_a_shut_one_lets_nothing_through():
    plain = attend(STATES, STATES, OUTPUT)
    opened = gate_output(plain, STATES, WEIGHT, np.full(7, 1e3))
    np.testing.assert_array_equal(opened, plain)
    shut = gate_output(plain, STATES, WEIGHT, np.full(7, -1e3))
    np.testing.assert_array_equal(shut, 0)


def test_entries_do_not_compete():
    bias = np.where(np.arange(7) == 2, -1e3, BIAS)
    without = gate_output(OUTPUT, STATES, WEIGHT, bias)
    wanted = gate_output(OUTPUT, STATES, WEIGHT, BIAS) * (np.arange(7) != 2)
    np.testing.assert_array_equal(without, wanted)


def test_pooling_agrees_with_a_loop_over_instances():
    mean, weights = gated_pool(
        BAGS, CONTENT, GATE, READOUT, where=REAL, return_weights=True
    )
    for place in np.ndindex(2, 5):
        shares = np.zeros(11)
        for k in np.flatnonzero(REAL[place]):
            h = BAGS[place][k]
            score = READOUT @ (np.tanh(CONTENT.T @ h) * expit(GATE.T @ h))
            shares[k] = np.exp(score)
        shares /= shares.sum() or 1
        np.testing.assert_allclose(weights[place], shares, **CLOSE)
        np.testing.assert_allclose(mean[place], shares @ BAGS[place], **CLOSE)


def test_pooling_agrees_with_torch():
    bags, content, gate, readout = map(torch.from_numpy, (BAGS, CONTENT, GATE, READOUT))
    scores = (torch.tanh(bags @ content) * torch.sigmoid(bags @ gate)) @ readout
    wanted = (scores.softmax(-1)[..., None] * bags).sum(-2).numpy()
    got = gated_pool(BAGS, CONTENT, GATE, READOUT)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_an_empty_bag_gives_zeros():
    mean, weights = gated_pool(
        BAGS, CONTENT, GATE, READOUT, where=REAL, return_weights=True
    )
    assert (mean[1, 2] == 0).all()
    assert (weights[1, 2] == 0).all()
    assert (
        gated_pool(BAGS[..., :0, :], CONTENT, GATE, READOUT).tolist()
        == [[[0.0] * 3] * 5] * 2
    )


def test_a_readout_of_zeros_gives_the_plain_mean():
    got = gated_pool(BAGS, CONTENT, GATE, np.zeros(4))
    np.testing.assert_allclose(got, BAGS.mean(axis=-2), **CLOSE)


def test_a_shut_gate_silences_the_content():
    bags = np.concatenate([BAGS, np.ones_like(BAGS[..., :1])], axis=-1)
    content = np.vstack([CONTENT, np.zeros(4)])
    shut = np.vstack([np.zeros((3, 4)), np.full(4, -1e3)])
    got = gated_pool(bags, content, shut, READOUT)
    np.testing.assert_allclose(got, bags.mean(axis=-2), **CLOSE)


@given(st.permutations(range(11)))
def test_the_order_of_the_instances_does_not_matter(order):
    got = gated_pool(BAGS[..., order, :], CONTENT, GATE, READOUT)
    np.testing.assert_allclose(got, gated_pool(BAGS, CONTENT, GATE, READOUT), **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    gate = (array.astype(dtype) for array in (OUTPUT, STATES, WEIGHT, BIAS))
    assert gate_output(*gate).dtype == dtype
    pool = (array.astype(dtype) for array in (BAGS, CONTENT, GATE, READOUT))
    assert gated_pool(*pool, where=REAL).dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"output of shape \(2, 4, 7\), got \(2, 5"):
        gate_output(OUTPUT, STATES[:, :4], WEIGHT, BIAS)
    with pytest.raises(ValueError, match=r"weight of shape \(3, 7\), got \(7, 3\)"):
        gate_output(OUTPUT, STATES, WEIGHT.T, BIAS)
    with pytest.raises(ValueError, match=r"bias of shape \(7,\), got \(1,\)"):
        gate_output(OUTPUT, STATES, WEIGHT, BIAS[:1])
    with pytest.raises(ValueError, match=r"gate_output: wanted states as .* floats"):
        gate_output(OUTPUT, STATES > 0, WEIGHT, BIAS)
    with pytest.raises(ValueError, match=r"content of shape \(3, 3\), got \(4, 3\)"):
        gated_pool(BAGS, CONTENT.T, GATE.T, READOUT)
    with pytest.raises(ValueError, match=r"gate of shape \(3, 4\), got \(3, 1\)"):
        gated_pool(BAGS, CONTENT, GATE[:, :1], READOUT)
    with pytest.raises(ValueError, match=r"readout of shape \(4,\), got \(3,\)"):
        gated_pool(BAGS, CONTENT, GATE, READOUT[1:])
    with pytest.raises(ValueError, match="finite instances"):
        gated_pool(BAGS * np.nan, CONTENT, GATE, READOUT)
    with pytest.raises(ValueError, match="boolean mask"):
        gated_pool(BAGS, CONTENT, GATE, READOUT, where=np.ones(11))


def test_leaves_its_inputs_alone():
    given_ = (OUTPUT, STATES, WEIGHT, BIAS, BAGS, CONTENT, GATE, READOUT, REAL)
    before = [array.copy() for array in given_]
    gate_output(*given_[:4])
    gated_pool(*given_[4:8], where=REAL)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
