"""Initial weights: their spread, what stays, and what they are good for."""

import pytest
import torch
from torch import nn

from attn_course.nn import Encoder, LanguageModel, gpt2_, xavier_


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_xavier_keeps_within_its_bound_and_fills_it():
    layer = xavier_(nn.Linear(30, 50))
    bound = (6 / 80) ** 0.5
    assert layer.weight.abs().max() <= bound
    assert layer.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.1)
    assert (layer.bias == 0).all()


def test_xavier_leaves_embeddings_and_what_is_tied_to_them():
    model = LanguageModel(11, model=8, heads=2, layers=1)
    before = model.embed.weight.clone()
    assert torch.equal(xavier_(model).output.weight, before)
    assert (model.blocks.layers[0].self_attn.q_proj.bias == 0).all()


def test_gpt2_makes_what_is_added_smaller_with_the_root_of_the_depth():
    model = gpt2_(LanguageModel(300, model=64, heads=2, layers=8), layers=8)
    assert model.embed.weight.std().item() == pytest.approx(0.02, rel=0.05)
    for layer in model.blocks.layers:
        for linear in (layer.self_attn.k_proj, layer.feed_forward.linear1):
            assert linear.weight.std().item() == pytest.approx(0.02, rel=0.05)
        for linear in (layer.self_attn.out_proj, layer.feed_forward.linear2):
            assert linear.weight.std().item() == pytest.approx(0.005, rel=0.05)
            assert (linear.bias == 0).all()


def test_so_the_stream_does_not_grow_with_the_depth():
    x = torch.randn(2, 7, 64)
    grown = []
    for layers in (2, 32):
        blocks = gpt2_(Encoder(64, 4, layers), layers, std=0.1).layers
        y = x
        for block in blocks:
            y = block(y)
        grown.append((y - x).std().item())
    assert grown[1] == pytest.approx(grown[0], rel=0.3)


def test_refuses_no_layers_and_no_spread():
    with pytest.raises(ValueError, match="gpt2_: wanted layers as a whole number"):
        gpt2_(nn.Linear(2, 3), layers=0)
    with pytest.raises(ValueError, match="gpt2_: wanted a positive std, got 0"):
        gpt2_(nn.Linear(2, 3), layers=1, std=0)
