"""The block in both orders: PyTorch's layer, both judges, and what passes untouched."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    BlockWeights,
    MultiHeadWeights,
    block_weights,
    transformer_block,
    transformer_block_backward,
    tree_leaves,
    tree_map,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3, 4))  # batch, positions, model
UPSTREAM = rng.normal(size=X.shape)
WEIGHTS = tree_map(
    lambda leaf: leaf + 0.3 * rng.normal(size=leaf.shape), block_weights(4, 7, rng)
)
CAUSAL = np.tri(3, dtype=bool)
ORDERS = pytest.mark.parametrize("norm_first", [True, False], ids=["pre", "post"])


def rebuilt(leaves):
    return BlockWeights(
        MultiHeadWeights(*leaves[:4]), leaves[4:6], leaves[6:10], leaves[10:]
    )


def by_torch(norm_first):
    """PyTorch's own layer, as a function of x and of our arrays of weights."""
    layer = torch.nn.TransformerEncoderLayer(
        4, 2, 7, 0.0, norm_first=norm_first, batch_first=True, dtype=torch.float64
    )
    hidden = torch.tensor(~CAUSAL)

    def run(x, query, key, value, output, gain, shift, into, b, out, c, gain2, shift2):
        names = {
            "self_attn.in_proj_weight": torch.hstack([query, key, value]).T,
            "self_attn.in_proj_bias": torch.zeros(12, dtype=torch.float64),
            "self_attn.out_proj.weight": output.T,
            "self_attn.out_proj.bias": torch.zeros(4, dtype=torch.float64),
            "linear1.weight": into.T,
            "linear1.bias": b,
            "linear2.weight": out.T,
            "linear2.bias": c,
            "norm1.weight": gain,
            "norm1.bias": shift,
            "norm2.weight": gain2,
            "norm2.bias": shift2,
        }
        return torch.func.functional_call(layer, names, (x, hidden))

    return run


@ORDERS
def test_agrees_with_its_judges_one_of_them_the_layer_of_torch(
    norm_first, check_backward
):
    def forward(x, *leaves):
        return transformer_block(
            x, rebuilt(leaves), 2, allowed=CAUSAL, norm_first=norm_first
        )

    def backward(upstream, x, *leaves):
        d_x, d_weights = transformer_block_backward(
            upstream, x, rebuilt(leaves), 2, allowed=CAUSAL, norm_first=norm_first
        )
        return d_x, *tree_leaves(d_weights)

    check_backward(forward, backward, by_torch(norm_first), X, *tree_leaves(WEIGHTS))


@ORDERS
def test_no_position_sees_a_later_one_through_a_causal_mask(norm_first):
    options = {"allowed": CAUSAL, "norm_first": norm_first}
    changed = X.copy()
    changed[:, 2] = rng.normal(size=(2, 4))
    before = transformer_block(X, WEIGHTS, 2, **options)
    after = transformer_block(changed, WEIGHTS, 2, **options)
    np.testing.assert_array_equal(after[:, :2], before[:, :2])
    upstream = UPSTREAM * np.array([1.0, 1.0, 0.0])[:, None]
    d_x, _ = transformer_block_backward(upstream, X, WEIGHTS, 2, **options)
    np.testing.assert_array_equal(d_x[:, 2], 0)


def test_in_pre_norm_the_gradient_passes_a_silent_block_untouched():
    silent = tree_map(np.zeros_like, WEIGHTS)
    np.testing.assert_array_equal(transformer_block(X, silent, 2), X)
    d_x, _ = transformer_block_backward(UPSTREAM, X, silent, 2)
    np.testing.assert_array_equal(d_x, UPSTREAM)


def test_the_first_weights_are_float64_and_of_the_sizes_asked_for():
    weights = block_weights(4, 7, rng)
    shapes = tree_map(np.shape, weights)
    assert shapes.attention[:4] == ((4, 4),) * 4
    assert shapes.attention[4:] == (None,) * 4
    assert shapes.feed_forward == ((4, 7), (7,), (7, 4), (4,))
    assert {leaf.dtype for leaf in tree_leaves(weights)} == {np.dtype(np.float64)}


@ORDERS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype, norm_first):
    given = tree_map(lambda leaf: leaf.astype(dtype), (UPSTREAM, X, WEIGHTS))
    copies = tree_map(np.copy, given)
    results = [
        transformer_block(*given[1:], 2, norm_first=norm_first),
        *transformer_block_backward(*given, 2, norm_first=norm_first),
    ]
    assert {leaf.dtype for leaf in tree_leaves(results)} == {np.dtype(dtype)}
    for leaf, copy in zip(tree_leaves(given), tree_leaves(copies), strict=True):
        np.testing.assert_array_equal(leaf, copy)


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"upstream of shape \(2, 3, 4\)"):
        transformer_block_backward(UPSTREAM[0], X, WEIGHTS, 2)
    with pytest.raises(ValueError, match="falls into 3 heads"):
        transformer_block(X, WEIGHTS, 3)
    with pytest.raises(ValueError, match="inputs of at least 1"):
        block_weights(0, 7, rng)
