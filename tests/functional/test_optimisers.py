"""The optimisers: PyTorch's, step for step, and what must never depend on scale."""

import copy

import numpy as np
import pytest
import torch

from attn_course.functional import (
    AdamState,
    adam,
    clip_by_norm,
    sgd,
    tree_leaves,
    tree_map,
)

rng = np.random.default_rng(0)
START = {"weight": rng.normal(size=(3, 5)), "biases": [rng.normal(size=5), None]}
TARGET = tree_map(lambda leaf: rng.normal(size=leaf.shape), START)
CURVES = tree_map(lambda leaf: rng.uniform(0.1, 9, size=leaf.shape), START)


def slopes(parameters):
    """The gradient of a bowl of another width in each direction."""
    return tree_map(lambda p, t, c: c * (p - t), parameters, TARGET, CURVES)


def by_torch(make, steps):
    """Let an optimiser of PyTorch step down the same bowl; return its parameters."""
    leaves = [torch.tensor(leaf, requires_grad=True) for leaf in tree_leaves(START)]
    optimiser, path = make(leaves), []
    for _ in range(steps):
        optimiser.zero_grad()
        for leaf, target, curve in zip(
            leaves, tree_leaves(TARGET), tree_leaves(CURVES), strict=True
        ):
            (
                torch.tensor(curve) * (leaf - torch.tensor(target)) ** 2 / 2
            ).sum().backward()
        optimiser.step()
        path.append([leaf.detach().numpy().copy() for leaf in leaves])
    return path


def same(parameters, wanted):
    for got, leaf in zip(tree_leaves(parameters), wanted, strict=True):
        np.testing.assert_allclose(got, leaf, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ({}, {}, torch.optim.Adam),
        (
            {"betas": (0.5, 0.9), "eps": 0.1},
            {"betas": (0.5, 0.9), "eps": 0.1},
            torch.optim.Adam,
        ),
        ({"decay": 0.3}, {"weight_decay": 0.3}, torch.optim.AdamW),
    ],
)
def test_adam_is_torchs_for_fifty_steps(ours, theirs, kind):
    parameters, state = START, None
    for wanted in by_torch(lambda leaves: kind(leaves, lr=0.05, **theirs), 50):
        gradients = slopes(parameters)
        parameters, state = adam(parameters, gradients, state, rate=0.05, **ours)
        same(parameters, wanted)
    assert state.step == 50


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_torchs_for_fifty_steps(momentum):
    parameters, velocity = START, None
    options = {"lr": 0.02, "momentum": momentum}
    for wanted in by_torch(lambda leaves: torch.optim.SGD(leaves, **options), 50):
        parameters, velocity = sgd(
            parameters, slopes(parameters), velocity, rate=0.02, momentum=momentum
        )
        same(parameters, wanted)


def test_the_first_step_of_adam_has_the_size_of_the_rate_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e6):
        gradients = tree_map(lambda leaf, size=size: size * leaf, START)
        moved, _ = adam(START, gradients, rate=0.05)
        for old, new in zip(tree_leaves(START), tree_leaves(moved), strict=True):
            np.testing.assert_allclose(old - new, 0.05 * np.sign(old), rtol=1e-3)


def test_without_bias_correction_the_first_step_would_be_three_times_as_long():
    _, state = adam(START, START, rate=0.05)
    raw = state.mean["weight"] / np.sqrt(state.square["weight"])
    np.testing.assert_allclose(abs(raw), 0.1 / 0.001**0.5, rtol=1e-12)  # 3.16


def test_weights_decay_even_where_the_gradient_is_zero():
    still = tree_map(np.zeros_like, START)
    moved, _ = adam(START, still, rate=0.1, decay=0.5)
    np.testing.assert_allclose(moved["weight"], 0.95 * START["weight"], rtol=1e-14)
    moved, _ = adam(START, still, rate=0.0, decay=0.5)
    np.testing.assert_array_equal(moved["weight"], START["weight"])


@pytest.mark.parametrize("most", [0.01, 1.0, 1e3])
def test_clipping_is_torchs(most):
    leaves = [torch.tensor(leaf, requires_grad=True) for leaf in tree_leaves(START)]
    for leaf, gradient in zip(leaves, tree_leaves(CURVES), strict=True):
        leaf.grad = torch.tensor(gradient)
    length = torch.nn.utils.clip_grad_norm_(leaves, most)
    clipped, norm = clip_by_norm(CURVES, most)
    assert norm == pytest.approx(length.item(), rel=1e-13)
    for got, leaf in zip(tree_leaves(clipped), leaves, strict=True):
        np.testing.assert_allclose(got, leaf.grad, rtol=1e-6)  # theirs adds 1e-6 to it


@pytest.mark.parametrize("size", [1e-200, 1e-3, 1.0, 1e200])
def test_clipped_gradients_keep_their_direction_and_are_never_too_long(size):
    gradients = tree_map(lambda leaf: size * leaf, START)
    clipped, norm = clip_by_norm(gradients, 0.5)
    length = np.sqrt(sum((leaf**2).sum() for leaf in tree_leaves(START)))
    assert norm == pytest.approx(size * length, rel=1e-12)
    after = np.concatenate([leaf.ravel() for leaf in tree_leaves(clipped)])
    before = np.concatenate([leaf.ravel() for leaf in tree_leaves(START)])
    np.testing.assert_allclose(after, before * min(size, 0.5 / length), rtol=1e-12)


def test_what_is_zero_has_length_zero_and_stays():
    clipped, norm = clip_by_norm([np.zeros(3), np.zeros((0, 2)), None], 1.0)
    assert norm == 0
    assert [leaf.tolist() for leaf in tree_leaves(clipped)] == [[0, 0, 0], []]
    assert clip_by_norm({}, 1.0) == ({}, 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    trees = [tree_map(lambda leaf: leaf.astype(dtype), t) for t in (START, CURVES)]
    copies = copy.deepcopy(trees)
    rate = np.float64(0.1)
    moved, state = adam(*trees, rate=rate, decay=rate, eps=rate)
    again, later = adam(moved, trees[1], state, rate=rate)
    sent, velocity = sgd(*trees, rate=rate, momentum=rate)
    clipped, _ = clip_by_norm(trees[1], rate)
    results = [
        moved,
        state.mean,
        state.square,
        again,
        later.mean,
        sent,
        velocity,
        clipped,
    ]
    assert {leaf.dtype for leaf in tree_leaves(results)} == {np.dtype(dtype)}
    assert type(later) is AdamState
    assert state.step == 1
    for leaf, before in zip(tree_leaves(trees), tree_leaves(copies), strict=True):
        np.testing.assert_array_equal(leaf, before)


def test_refuses_gradients_that_do_not_fit_the_parameters():
    weights = {"w": np.ones((2, 3))}
    for step in (adam, sgd):
        for gradients, message in (
            ({"w": np.ones(3)}, rf"{step.__name__}: wanted gradient of shape \(2, 3\)"),
            ({"v": np.ones((2, 3))}, "a dict of w and a dict of v"),
            ({"w": np.full((2, 3), np.nan)}, "finite gradient, got nan"),
            ({"w": np.ones((2, 3), int)}, "gradient as an array of floats"),
        ):
            with pytest.raises(ValueError, match=message):
                step(weights, gradients, rate=0.1)


def test_refuses_numbers_out_of_range():
    for call, message in (
        (
            lambda: adam(START, START, rate=-1.0),
            "adam: wanted rate of at least 0, got -1",
        ),
        (lambda: adam(START, START, rate=np.nan), "rate of at least 0, got nan"),
        (lambda: adam(START, START, rate=1.0, decay=-1.0), "decay of at least 0"),
        (lambda: adam(START, START, rate=1.0, eps=0.0), "positive eps"),
        (lambda: adam(START, START, rate=1.0, betas=(0.9, 1.0)), r"beta in \[0, 1\)"),
        (lambda: sgd(START, START, rate=-1.0), "sgd: wanted rate of at least 0"),
        (lambda: sgd(START, START, rate=1.0, momentum=1.0), r"momentum in \[0, 1\)"),
        (lambda: clip_by_norm(START, 0.0), "positive most, got 0"),
        (lambda: clip_by_norm([np.array([np.inf])], 1.0), "finite gradient, got inf"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
