"""Recorded weights: those of the layer, all three attentions, and no trace left."""

import pytest
import torch

from attn_course.nn import (
    LanguageModel,
    MultiHeadAttention,
    Transformer,
    recorded_weights,
)

TOKENS = torch.tensor([[3, 1, 4], [1, 5, 2]])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_outputs_stay_and_nothing_is_left_behind():
    model = LanguageModel(7, model=12, heads=3, layers=2).double()
    wanted = model(TOKENS)
    with recorded_weights(model) as weights:
        torch.testing.assert_close(model(TOKENS), wanted)
    assert list(weights) == [f"blocks.layers.{i}.self_attn" for i in range(2)]
    for table in weights.values():
        assert table.shape == (2, 3, 3, 3)
        torch.testing.assert_close(table.sum(-1), torch.ones(2, 3, 3).double())
        assert (table.triu(1) == 0).all()
    kept = dict(weights)
    assert torch.equal(model(TOKENS), wanted)
    assert weights == kept
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_three_attentions_of_a_transformer_are_told_apart():
    model = Transformer(7, 6, model=8, heads=2, layers=1)
    with recorded_weights(model) as weights:
        model(TOKENS, torch.tensor([[1, 4], [1, 5]]))
    assert {name: tuple(table.shape[2:]) for name, table in weights.items()} == {
        "encoder.layers.0.self_attn": (3, 3),
        "decoder.layers.0.self_attn": (2, 2),
        "decoder.layers.0.cross_attn": (2, 3),
    }


def test_are_the_weights_that_the_layer_itself_would_return():
    layer = MultiHeadAttention(8, 2)
    x = torch.randn(2, 5, 8, requires_grad=True)
    with recorded_weights(layer) as weights:
        output = layer(x)
        asked, own = layer(x, return_weights=True)
    assert torch.equal(output, asked)
    assert torch.equal(weights[""], own)
    (slope,) = torch.autograd.grad(own[0, 0, 0, 0], x)
    assert (slope != 0).any()


def test_hooks_go_even_when_the_block_breaks():
    layer = MultiHeadAttention(8, 2)
    with pytest.raises(RuntimeError, match="broken"), recorded_weights(layer):
        raise RuntimeError("broken")
    assert not layer._forward_hooks
