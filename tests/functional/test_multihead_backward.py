"""multi_head_backward: both judges, PyTorch's own layer, masks, and self-attention."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    MultiHeadWeights,
    multi_head_attention,
    multi_head_backward,
    numerical_gradient,
    relative_error,
    tree_leaves,
    tree_map,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3, 4))  # batch, queries, model
MEMORY = rng.normal(size=(2, 5, 7))  # batch, keys, memory_model
SIZES = ((4, 6), (7, 6), (7, 2), (2, 4), 6, 6, 2, 4)
WEIGHTS = MultiHeadWeights(*(rng.normal(size=size) for size in SIZES))
UPSTREAM = rng.normal(size=X.shape)
ALLOWED = rng.random((2, 1, 3, 5)) < 0.6
ALLOWED[1, 0, 2], ALLOWED[0, 0, :, 4] = False, False


def layer(allowed):
    return lambda x, memory, *weights: multi_head_attention(
        x, memory, MultiHeadWeights(*weights), 2, allowed=allowed
    )


def backward(allowed):
    def flat(upstream, x, memory, *weights):
        d_x, d_memory, d_weights = multi_head_backward(
            upstream, x, memory, MultiHeadWeights(*weights), 2, allowed=allowed
        )
        return d_x, d_memory, *(w for w in d_weights if w is not None)

    return flat


def by_torch(allowed):
    seen = torch.tensor(np.ones((2, 1, 3, 5), bool) if allowed is None else allowed)

    def attention(x, memory, q, k, v, out, *biases):
        q_bias, k_bias, v_bias, out_bias = biases or (0, 0, 0, 0)
        split = [
            rows.unflatten(-1, (2, -1)).transpose(1, 2)
            for rows in (x @ q + q_bias, memory @ k + k_bias, memory @ v + v_bias)
        ]
        shares = torch.exp(split[0] @ split[1].mT / 3**0.5) * seen
        total = shares.sum(-1, keepdim=True)
        read = shares / torch.where(total == 0, 1, total) @ split[2]
        return read.transpose(1, 2).flatten(-2) @ out + out_bias

    return attention


@pytest.mark.parametrize(("allowed", "biases"), [(ALLOWED, True), (None, False)])
def test_agrees_with_its_judges(allowed, biases, check_backward):
    weights = WEIGHTS if biases else WEIGHTS[:4]
    arrays = (0.5 * array for array in (X, MEMORY, *weights))
    check_backward(layer(allowed), backward(allowed), by_torch(allowed), *arrays)


def test_the_gradient_of_a_bias_that_is_none_is_none():
    _, _, gradient = multi_head_backward(
        UPSTREAM, X, MEMORY, MultiHeadWeights(*WEIGHTS[:4]), 2
    )
    assert gradient[4:] == (None, None, None, None)
    assert all(
        a.shape == b.shape for a, b in zip(gradient[:4], WEIGHTS[:4], strict=True)
    )


def test_agrees_with_torchs_own_layer_after_copying_the_weights():
    weights = MultiHeadWeights(
        *(0.5 * rng.normal(size=(4, 4)) for _ in range(4)), *rng.normal(size=(4, 4))
    )
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.tensor(np.hstack(weights[:3]).T))
        theirs.in_proj_bias.copy_(torch.tensor(np.hstack(weights[4:7])))
        theirs.out_proj.weight.copy_(torch.tensor(weights.output.T))
        theirs.out_proj.bias.copy_(torch.tensor(weights.output_bias))
    causal = np.tri(3, dtype=bool)
    x = torch.tensor(X, requires_grad=True)
    output, _ = theirs(x, x, x, attn_mask=~torch.tensor(causal), need_weights=False)
    output.backward(torch.tensor(UPSTREAM))

    d_x, d_memory, got = multi_head_backward(UPSTREAM, X, X, weights, 2, allowed=causal)
    for ours, wanted in (
        (d_x + d_memory, x.grad),  # x is the memory too
        (np.hstack(got[:3]).T, theirs.in_proj_weight.grad),
        (np.hstack(got[4:7]), theirs.in_proj_bias.grad),
        (got.output.T, theirs.out_proj.weight.grad),
        (got.output_bias, theirs.out_proj.bias.grad),
    ):
        np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-12)


def test_in_self_attention_the_gradient_of_x_is_the_sum_of_two():
    square = MultiHeadWeights(*(rng.normal(size=(4, 4)) for _ in range(4)))

    def loss(x):
        return (UPSTREAM * multi_head_attention(x, x, square, 4)).sum()

    d_x, d_memory, _ = multi_head_backward(UPSTREAM, X, X, square, 4)
    assert relative_error(d_x + d_memory, numerical_gradient(loss, X)) < 1e-6
    assert relative_error(d_x, numerical_gradient(loss, X)) > 0.01


def test_what_takes_no_part_has_gradient_exactly_zero():
    d_x, d_memory, _ = multi_head_backward(
        UPSTREAM, X, MEMORY, WEIGHTS, 2, allowed=ALLOWED
    )
    np.testing.assert_array_equal(d_x[1, 2], 0)
    np.testing.assert_array_equal(d_memory[0, 4], 0)


def test_a_bias_of_the_keys_is_never_learnt():
    """It adds the same to all scores of a query."""
    _, _, got = multi_head_backward(UPSTREAM, X, MEMORY, WEIGHTS, 2, allowed=ALLOWED)
    np.testing.assert_allclose(got.key_bias, 0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    given = tree_map(lambda a: a.astype(dtype), (UPSTREAM, X, MEMORY, WEIGHTS))
    copies = tree_map(np.copy, given)
    got = multi_head_backward(*given, 2, allowed=ALLOWED)
    assert {leaf.dtype for leaf in tree_leaves(got)} == {np.dtype(dtype)}
    for leaf, copy in zip(tree_leaves(given), tree_leaves(copies), strict=True):
        np.testing.assert_array_equal(leaf, copy)


def test_refuses_what_does_not_fit():
    with pytest.raises(
        ValueError, match="multi_head_backward: wanted upstream of shape"
    ):
        multi_head_backward(UPSTREAM[0], X, MEMORY, WEIGHTS, 2)
    with pytest.raises(ValueError, match="falls into 5 heads"):
        multi_head_backward(UPSTREAM, X, MEMORY, WEIGHTS, 5)
    with pytest.raises(ValueError, match=r"wanted .*weight of shape \(7, 6\)"):
        multi_head_backward(UPSTREAM, X, MEMORY, WEIGHTS._replace(key=WEIGHTS.query), 2)
    with pytest.raises(ValueError, match="boolean mask"):
        multi_head_backward(UPSTREAM, X, MEMORY, WEIGHTS, 2, allowed=np.ones(5))
