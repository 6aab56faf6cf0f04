"""The feed-forward layers: a loop, PyTorch, and both judges of the backward passes."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    feed_forward,
    feed_forward_backward,
    swiglu,
    swiglu_backward,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3, 5))
WEIGHTS = [rng.normal(size=size) for size in ((5, 7), 7, (7, 4), 4)]
GATED = [rng.normal(size=size) for size in ((5, 7), (5, 7), (7, 4))]
UPSTREAM = rng.normal(size=(2, 3, 4))
BENDS = {
    "relu": torch.nn.functional.relu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "silu": torch.nn.functional.silu,
}


@pytest.mark.parametrize("name", BENDS)
@pytest.mark.parametrize("leading", [(), (2, 3)])
def test_feed_forward_agrees_with_its_judges(name, leading, check_backward):
    check_backward(
        lambda *arrays: feed_forward(*arrays, name),
        lambda u, *arrays: feed_forward_backward(u, *arrays, name),
        lambda x, w, b, v, c: BENDS[name](x @ w + b) @ v + c,
        rng.normal(size=(*leading, 5)),
        *WEIGHTS,
    )


@pytest.mark.parametrize("leading", [(), (2, 3)])
def test_swiglu_agrees_with_its_judges(leading, check_backward):
    check_backward(
        swiglu,
        swiglu_backward,
        lambda x, w, v, out: (BENDS["silu"](x @ w) * (x @ v)) @ out,
        rng.normal(size=(*leading, 5)),
        *GATED,
    )


def test_feed_forward_follows_its_formula_one_entry_at_a_time():
    in_weight, in_bias, out_weight, out_bias = WEIGHTS
    got = feed_forward(X, *WEIGHTS)
    for i, j, k in np.ndindex(2, 3, 4):
        total = out_bias[k]
        for h in range(7):
            inner = in_bias[h] + sum(X[i, j, m] * in_weight[m, h] for m in range(5))
            total += max(inner, 0) * out_weight[h, k]
        np.testing.assert_allclose(got[i, j, k], total, rtol=1e-11, atol=1e-13)


def test_no_position_sees_another():
    for layer, weights in ((feed_forward, WEIGHTS), (swiglu, GATED)):
        alone = layer(X[1, 2], *weights)
        np.testing.assert_allclose(layer(X, *weights)[1, 2], alone, rtol=1e-12)


def test_without_a_bend_two_layers_are_one():
    in_weight, _, out_weight, out_bias = WEIGHTS
    far = np.full(7, 1e3)  # no unit is ever off
    got = feed_forward(X, in_weight, far, out_weight, out_bias)
    wanted = X @ (in_weight @ out_weight) + far @ out_weight + out_bias
    np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    upstream, x, *arrays = (a.astype(dtype) for a in (UPSTREAM, X, *WEIGHTS, *GATED))
    copies = [array.copy() for array in (upstream, x, *arrays)]
    plain, gated = arrays[:4], arrays[4:]
    results = [swiglu(x, *gated), *swiglu_backward(upstream, x, *gated)]
    for name in BENDS:
        results.append(feed_forward(x, *plain, name))
        results.extend(feed_forward_backward(upstream, x, *plain, name))
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, copy in zip((upstream, x, *arrays), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_what_does_not_fit():
    with pytest.raises(
        ValueError, match="one of relu, gelu, gelu_tanh, silu, got 'exp'"
    ):
        feed_forward(X, *WEIGHTS, "exp")
    with pytest.raises(ValueError, match="feed_forward_backward: wanted one of relu"):
        feed_forward_backward(UPSTREAM, X, *WEIGHTS, "exp")
    for call, message in (
        (lambda: feed_forward(X, *WEIGHTS[2:], *WEIGHTS[:2]), r"in_weight .*\(5, 4\)"),
        (lambda: feed_forward(X, *WEIGHTS[:2], *WEIGHTS[:2]), r"out_weight .*\(7, 7\)"),
        (lambda: feed_forward(X * np.nan, *WEIGHTS), "finite x"),
        (lambda: feed_forward(np.array(1.0), *WEIGHTS), "x with at least 1 axes"),
        (
            lambda: swiglu(X, GATED[0], GATED[1][0], GATED[2]),
            "in_weight with at least 2",
        ),
        (
            lambda: swiglu(X, GATED[0][:, :1], *GATED[1:]),
            r"gate_weight .*\(5, 7\)",
        ),
        (lambda: swiglu(X, *GATED[:2], GATED[0]), r"out_weight of shape \(7, 7\), got"),
        (lambda: swiglu(X * np.nan, *GATED), "finite x"),
        (
            lambda: feed_forward_backward(UPSTREAM[0], X, *WEIGHTS),
            r"feed_forward_backward: wanted upstream of shape \(2, 3, 4\), got",
        ),
        (
            lambda: swiglu_backward(UPSTREAM[0], X, *GATED),
            r"swiglu_backward: wanted upstream of shape \(2, 3, 4\), got \(3, 4\)",
        ),
        (
            lambda: swiglu_backward(UPSTREAM, X, GATED[0][:, :1], *GATED[1:]),
            r"swiglu_backward: wanted gate_weight of shape \(5, 7\), got \(5, 1\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
