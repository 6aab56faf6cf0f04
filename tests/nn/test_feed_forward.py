"""The feed-forward layers: their formulas, and that positions keep to themselves."""

import pytest
import torch
from torch.nn import functional

from attn_course.nn import FeedForward, SwiGLU
from attn_course.nn.feed_forward import feed_forward_named

torch.manual_seed(0)
X = torch.randn(2, 3, 5, dtype=torch.float64)
CURVES = {"relu": torch.relu, "gelu": lambda z: z * torch.special.ndtr(z)}


@pytest.mark.parametrize("activation", CURVES)
def test_widens_bends_and_narrows(activation):
    layer = FeedForward(5, 11, activation=activation).double()
    state = layer.state_dict()
    wide = X @ state["linear1.weight"].T + state["linear1.bias"]
    bent = CURVES[activation](wide)
    wanted = bent @ state["linear2.weight"].T + state["linear2.bias"]
    torch.testing.assert_close(layer(X), wanted)


def test_one_half_gates_the_other():
    layer = SwiGLU(5, 7).double()
    w1, w2, w3 = (layer.state_dict()[f"linear{i}.weight"] for i in (1, 2, 3))
    gate = X @ w1.T
    wanted = (gate * torch.sigmoid(gate) * (X @ w3.T)) @ w2.T
    torch.testing.assert_close(layer(X), wanted)


@pytest.mark.parametrize("name", ["relu", "gelu", "swiglu"])
def test_each_position_changes_by_itself(name):
    layer = feed_forward_named(name, 5, 7).double()
    order = torch.randperm(3)
    torch.testing.assert_close(layer(X[:, order]), layer(X)[:, order])
    torch.testing.assert_close(layer(X)[1, 2], layer(X[1, 2]))


@pytest.mark.parametrize("name", ["relu", "gelu", "swiglu"])
def test_dropout_is_for_training_only(name):
    layer = feed_forward_named(name, 5, 64, dropout=0.5).double()
    assert not torch.allclose(layer(X), layer(X))
    layer.eval()
    assert torch.equal(layer(X), layer(X))


def test_two_thirds_of_the_width_make_the_gated_layer_as_large():
    plain = sum(p.numel() for p in FeedForward(12, 48).parameters() if p.ndim == 2)
    gated = sum(p.numel() for p in SwiGLU(12, 32).parameters())
    assert plain == gated


def test_gelu_is_torchs():
    assert torch.equal(CURVES["relu"](X), functional.relu(X))
    torch.testing.assert_close(CURVES["gelu"](X), functional.gelu(X))


def test_refuses_curves_it_does_not_know_and_sizes_of_nothing():
    with pytest.raises(ValueError, match=r"from \['relu', 'gelu', 'swiglu'\], got 't"):
        feed_forward_named("tanh", 5, 7)
    with pytest.raises(ValueError, match=r"FeedForward: wanted activation from"):
        FeedForward(5, 7, activation="swiglu")
    with pytest.raises(ValueError, match="SwiGLU: wanted hidden as a whole number"):
        SwiGLU(5, 0)
