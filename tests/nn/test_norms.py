"""Norms: torch's own, what they do to a row, and that rows keep to themselves."""

import pytest
import torch
from torch import nn

from attn_course.nn import LayerNorm, RMSNorm
from attn_course.nn.norms import norm_named

torch.manual_seed(0)
X = torch.randn(2, 3, 7, dtype=torch.float64) * 5 + 2
THEIRS = {LayerNorm: nn.LayerNorm(7), RMSNorm: nn.RMSNorm(7, eps=1e-6)}
BOTH = pytest.mark.parametrize("kind", [LayerNorm, RMSNorm])


@BOTH
def test_is_torchs_with_the_same_weights_and_so_is_its_gradient(kind):
    ours, theirs = kind(7).double(), THEIRS[kind].double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter)
    ours.load_state_dict(theirs.state_dict())
    slopes = []
    for norm in (ours, theirs):
        x = X.clone().requires_grad_()
        norm(x).pow(3).sum().backward()
        slopes.append((x.grad, norm.weight.grad))
    torch.testing.assert_close(ours(X), theirs(X))
    torch.testing.assert_close(*slopes)


def test_a_row_gets_mean_zero_and_variance_one_by_n():
    y = LayerNorm(7, eps=1e-30).double()(X)
    torch.testing.assert_close(y.mean(-1), torch.zeros(2, 3).double())
    torch.testing.assert_close(y.var(-1, correction=0), torch.ones_like(y[..., 0]))


def test_rms_keeps_the_direction():
    y = RMSNorm(7, eps=1e-30).double()(X)
    torch.testing.assert_close(y.square().mean(-1), torch.ones_like(y[..., 0]))
    torch.testing.assert_close(
        y / y.norm(dim=-1, keepdim=True), nn.functional.normalize(X, dim=-1)
    )


@BOTH
def test_no_row_sees_another(kind):
    x = X.clone().requires_grad_()
    (slope,) = torch.autograd.grad(kind(7).double()(x)[1, 2, 3], x)
    assert (slope.abs().sum(-1) > 0).int().tolist() == [[0, 0, 0], [0, 0, 1]]


@BOTH
@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_scale_of_a_row_does_not_matter(kind, factor):
    norm = kind(7, eps=1e-30).double()
    torch.testing.assert_close(norm(factor * X), norm(X))


@BOTH
def test_keeps_the_dtype(kind):
    assert kind(7)(X.float()).dtype == torch.float32


@BOTH
def test_refuses_another_width_and_eps_of_zero(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__}: wanted x of width 5, got"):
        kind(5)(X)
    with pytest.raises(ValueError, match=f"{kind.__name__}: wanted a positive eps"):
        kind(5, eps=0)


def test_refuses_a_norm_it_does_not_know():
    with pytest.raises(ValueError, match=r"norm from \['layer', 'rms'\], got 'batch'"):
        norm_named("batch", 4)
