r"""Norms: each position is brought to one scale, without a look at its neighbours.

Both work along the last axis and nowhere else, so no position of a sequence and no
sample of a batch can tell through them what another holds.

References
----------
J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016.
B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019,
equation 4.
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect


class LayerNorm(nn.Module):
    r"""Bring each row to mean 0 and variance 1, then scale and shift its entries.

    .. math::

       y = \frac{x - \bar x}{\sqrt{\operatorname{var}(x) + \varepsilon}} \odot g + b,
       \qquad \operatorname{var}(x) = \overline{(x - \bar x)^2}

    The variance is that of the row itself, divided by n and not by n - 1. Written out
    to be read; `torch.nn.LayerNorm` is the same and fused.

    Examples
    --------
    >>> import torch
    >>> LayerNorm(2)(torch.tensor([[1.0, 5.0]])).detach().round(decimals=4)
    tensor([[-1.,  1.]])
    """

    def __init__(self, model: int, *, eps: float = 1e-5):
        super().__init__()
        expect.counts("LayerNorm", model=model)
        expect.positive("LayerNorm", eps=eps)
        self.model, self.eps = model, eps
        self.weight = nn.Parameter(torch.ones(model))
        self.bias = nn.Parameter(torch.zeros(model))

    def forward(
        self, x: Float[torch.Tensor, "... model"]
    ) -> Float[torch.Tensor, "... model"]:
        """Normalise the last axis."""
        expect.width("LayerNorm", self.model, x=x)
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = centred.square().mean(dim=-1, keepdim=True)
        return centred * torch.rsqrt(variance + self.eps) * self.weight + self.bias


class RMSNorm(nn.Module):
    r"""Bring the root mean square of each row to 1, then scale its entries.

    .. math::  y = \frac{x}{\sqrt{\overline{x^2} + \varepsilon}} \odot g

    Nothing is subtracted and nothing is added: a row keeps its direction.

    Examples
    --------
    >>> import torch
    >>> RMSNorm(2)(torch.tensor([[1.0, 7.0]])).detach().round(decimals=4)
    tensor([[0.2000, 1.4000]])
    """

    def __init__(self, model: int, *, eps: float = 1e-6):
        super().__init__()
        expect.counts("RMSNorm", model=model)
        expect.positive("RMSNorm", eps=eps)
        self.model, self.eps = model, eps
        self.weight = nn.Parameter(torch.ones(model))

    def forward(
        self, x: Float[torch.Tensor, "... model"]
    ) -> Float[torch.Tensor, "... model"]:
        """Normalise the last axis."""
        expect.width("RMSNorm", self.model, x=x)
        square = x.square().mean(dim=-1, keepdim=True)
        return x * torch.rsqrt(square + self.eps) * self.weight


def norm_named(name: str, model: int) -> nn.Module:
    """Make the norm that a block asks for by name: "layer" or "rms".

    For "layer" it is PyTorch's, the same as `LayerNorm` and twice as fast.

    Examples
    --------
    >>> norm_named("layer", 8)
    LayerNorm((8,), eps=1e-05, elementwise_affine=True, bias=True)
    """
    kinds = {"layer": nn.LayerNorm, "rms": RMSNorm}
    expect.choice("norm_named", kinds, norm=name)
    return kinds[name](model)
