"""attend_backward: its two judges, masks, and a head trained without autograd."""

import numpy as np
import pytest
import torch

from attn_course.functional import attend, attend_backward

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 7))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 5, 7))
VALUES = rng.normal(size=(2, 3, 5, 6))
UPSTREAM = rng.normal(size=(2, 3, 4, 6))
ALLOWED = rng.random((2, 3, 4, 5)) < 0.6
ALLOWED[1, 2, 0] = False  # a query that sees nothing
ALLOWED[0, 1, :, 3] = False  # a key that nobody sees
CAUSAL = np.tri(4, 5, dtype=bool)
MEMORY = (QUERY, KEYS, VALUES)


def by_torch(allowed, scale):
    seen = torch.tensor(np.ones((4, 5), bool) if allowed is None else allowed)

    def attention(query, keys, values):
        shares = (
            torch.exp(query @ keys.mT * (7**-0.5 if scale is None else scale)) * seen
        )
        total = shares.sum(-1, keepdim=True)
        return shares / torch.where(total == 0, 1, total) @ values

    return attention


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize(
    "allowed", [None, CAUSAL, ALLOWED], ids=["all", "causal", "any"]
)
def test_agrees_with_its_judges(allowed, scale, check_backward):
    check_backward(
        lambda *memory: attend(*memory, allowed=allowed, scale=scale),
        lambda u, *memory: attend_backward(u, *memory, allowed=allowed, scale=scale),
        by_torch(allowed, scale),
        *(array[:, :2] if allowed is not ALLOWED else array for array in MEMORY),
    )


def test_agrees_with_the_gradient_of_torchs_own_attention():
    tensors = [torch.tensor(array, requires_grad=True) for array in MEMORY]
    output = torch.nn.functional.scaled_dot_product_attention(*tensors)
    output.backward(torch.tensor(UPSTREAM))
    for got, tensor in zip(attend_backward(UPSTREAM, *MEMORY), tensors, strict=True):
        np.testing.assert_allclose(got, tensor.grad, rtol=1e-10, atol=1e-12)


def test_what_takes_no_part_has_gradient_exactly_zero():
    d_query, d_keys, d_values = attend_backward(UPSTREAM, *MEMORY, allowed=ALLOWED)
    np.testing.assert_array_equal(d_query[1, 2, 0], 0)
    np.testing.assert_array_equal(d_keys[0, 1, 3], 0)
    np.testing.assert_array_equal(d_values[0, 1, 3], 0)
    for gradient in attend_backward(UPSTREAM, *MEMORY, allowed=np.zeros(5, bool)):
        np.testing.assert_array_equal(gradient, 0)


def test_a_query_that_sees_nothing_gives_no_gradient_to_the_memory():
    changed = UPSTREAM.copy()
    changed[1, 2, 0] = 1e9
    before = attend_backward(UPSTREAM, *MEMORY, allowed=ALLOWED)
    after = attend_backward(changed, *MEMORY, allowed=ALLOWED)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gradients_of_the_keys_of_one_memory_sum_to_zero():
    """The same vector added to all keys changes no weight."""
    _, d_keys, _ = attend_backward(UPSTREAM, *MEMORY, allowed=ALLOWED)
    np.testing.assert_allclose(d_keys.sum(axis=-2), 0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    arrays = [array.astype(dtype) for array in (UPSTREAM, *MEMORY)]
    copies = [array.copy() for array in arrays]
    for got, array in zip(
        attend_backward(*arrays, allowed=ALLOWED, scale=np.float64(1)),
        arrays[1:],
        strict=True,
    ):
        assert (got.dtype, got.shape) == (dtype, array.shape)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_no_keys_or_no_queries_is_no_gradient():
    got = attend_backward(UPSTREAM, QUERY, KEYS[..., :0, :], VALUES[..., :0, :])
    assert [array.shape[-2] for array in got] == [4, 0, 0]
    np.testing.assert_array_equal(got[0], 0)
    got = attend_backward(UPSTREAM[..., :0, :], QUERY[..., :0, :], KEYS, VALUES)
    np.testing.assert_array_equal(got[1], 0)


def test_refuses_what_does_not_fit():
    for upstream, memory, message in (
        (UPSTREAM[0], MEMORY, r"upstream of shape \(2, 3, 4, 6\), got \(3, 4, 6\)"),
        (UPSTREAM[..., :1], MEMORY, r"upstream of shape \(2, 3, 4, 6\)"),
        (UPSTREAM * np.inf, MEMORY, "finite upstream"),
        (UPSTREAM, (QUERY[..., :3], KEYS, VALUES), r"as wide as the queries \(3\)"),
        (UPSTREAM, (QUERY, KEYS, VALUES[:1]), "one value for each key"),
    ):
        with pytest.raises(ValueError, match=f"attend_backward: wanted .*{message}"):
            attend_backward(upstream, *memory)
    with pytest.raises(ValueError, match="boolean mask"):
        attend_backward(UPSTREAM, *MEMORY, allowed=np.ones(5))


def one_head(rows, targets, weights, causal, steps):
    """Train W_Q, W_K and W_V of one causal head by hand; return losses and weights."""
    losses = []
    for _ in range(steps):
        memory = [rows @ weight for weight in weights]
        error = attend(*memory, allowed=causal) - targets
        losses.append((error**2).mean())
        upstream = 2 * error / error.size
        gradients = attend_backward(upstream, *memory, allowed=causal)
        weights = [
            weight - 0.5 * np.einsum("btm,btw->mw", rows, gradient)
            for weight, gradient in zip(weights, gradients, strict=True)
        ]
    return losses, weights


def test_a_head_trained_by_hand_is_the_one_that_torch_trains_step_for_step():
    rows = rng.normal(size=(3, 5, 4))
    targets = np.cumsum(rows[..., :2], axis=1) / np.arange(1, 6)[:, None]
    starts = [0.3 * rng.normal(size=(4, width)) for width in (7, 7, 2)]
    losses, weights = one_head(rows, targets, starts, np.tri(5, dtype=bool), steps=30)
    assert losses[-1] < losses[0] / 10

    theirs = [torch.tensor(start, requires_grad=True) for start in starts]
    optimiser = torch.optim.SGD(theirs, lr=0.5)
    for ours in losses:
        memory = [torch.tensor(rows) @ weight for weight in theirs]
        read = torch.nn.functional.scaled_dot_product_attention(*memory, is_causal=True)
        loss = torch.nn.functional.mse_loss(read, torch.tensor(targets))
        np.testing.assert_allclose(ours, loss.item(), rtol=1e-10)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for ours, their in zip(weights, theirs, strict=True):
        np.testing.assert_allclose(ours, their.detach(), rtol=1e-10, atol=1e-12)
