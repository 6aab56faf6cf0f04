"""LoRA: nothing at first, low rank, only the adapter learns, and there and back."""

import copy

import pytest
import torch
from torch import nn

from attn_course.nn import LanguageModel, LoRA, add_lora, fold_lora, load, save

X = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0))
TOKENS = torch.tensor([[1, 4, 2, 0]])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def adapted(**options):
    layer = LoRA(nn.Linear(7, 5), rank=2, **options)
    nn.init.normal_(layer.b)
    return layer


def test_changes_nothing_at_first():
    linear = nn.Linear(7, 5)
    assert torch.equal(LoRA(linear, rank=2)(X), linear(X))


def test_adds_a_product_of_low_rank_times_alpha_over_rank():
    layer = adapted(alpha=6.0)
    weight = layer.linear.weight + 6 / 2 * layer.b @ layer.a
    torch.testing.assert_close(layer(X), X @ weight.T + layer.linear.bias)
    assert torch.linalg.matrix_rank(layer.change()) == 2


def test_only_the_adapter_learns():
    layer = adapted()
    before = copy.deepcopy(layer.linear.state_dict())
    optimiser = torch.optim.AdamW(layer.parameters(), lr=0.1)
    layer(X).square().mean().backward()
    assert layer.linear.weight.grad is None
    assert (layer.a.grad != 0).any()
    assert (layer.b.grad != 0).any()
    optimiser.step()
    assert all(torch.equal(a, before[k]) for k, a in layer.linear.state_dict().items())
    trained = [p.numel() for p in layer.parameters() if p.requires_grad]
    assert sum(trained) == 2 * (7 + 5)


def test_at_first_only_b_has_a_slope():
    layer = LoRA(nn.Linear(7, 5), rank=2)
    layer(X).square().mean().backward()
    assert (layer.a.grad == 0).all()
    assert (layer.b.grad != 0).any()


@pytest.mark.parametrize("bias", [True, False])
def test_merged_it_gives_the_same_and_unmerged_the_same_bits(bias):
    layer = LoRA(nn.Linear(7, 5, bias=bias), rank=2)
    nn.init.normal_(layer.b)
    before, weight = layer(X), layer.linear.weight.clone()
    torch.testing.assert_close(layer.merge()(X), before)
    torch.testing.assert_close(layer.merged()(X), before)
    assert torch.equal(layer.unmerge()(X), before)
    assert torch.equal(layer.linear.weight, weight)
    assert set(layer.state_dict()) == {"a", "b", "linear.weight"} | (
        {"linear.bias"} if bias else set()
    )


def test_keeps_the_dtype_of_the_layer():
    layer = LoRA(nn.Linear(7, 5).double(), rank=3).merge()
    assert layer(X.double()).dtype == torch.float64


def test_a_whole_model_is_adapted_trained_folded_and_saved(tmp_path):
    model = LanguageModel(5, model=8, heads=2, layers=2)
    before = model.eval()(TOKENS)
    add_lora(model, rank=1)
    assert torch.equal(model(TOKENS), before)
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    assert len(names) == 2 * 2 * 2  # layers, projections, a and b
    assert all(name.split(".")[-2] in ("q_proj", "v_proj") for name in names)
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(2):
        model(TOKENS).square().mean().backward()
        optimiser.step()
    after = model(TOKENS)
    assert not torch.allclose(after, before)
    fold_lora(model)
    torch.testing.assert_close(model(TOKENS), after)
    assert all(p.requires_grad for p in model.parameters())
    save(model, tmp_path / "model.pt")
    assert torch.equal(load(tmp_path / "model.pt")[0](TOKENS), model(TOKENS))


def test_refuses_other_layers_ranks_of_nothing_and_names_it_cannot_find():
    with pytest.raises(ValueError, match="wanted a linear layer, got Embedding"):
        LoRA(nn.Embedding(3, 4), rank=1)
    with pytest.raises(ValueError, match="rank as a whole number above zero, got 0"):
        LoRA(nn.Linear(7, 5), rank=0)
    with pytest.raises(ValueError, match="a positive alpha, got 0"):
        LoRA(nn.Linear(7, 5), rank=1, alpha=0)
    with pytest.raises(ValueError, match=r"linear layers named \['w'\], got none"):
        add_lora(nn.Linear(7, 5), rank=1, names=["w"])
