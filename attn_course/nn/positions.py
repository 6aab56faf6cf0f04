r"""Where am I? Positions added to the embeddings: fixed sinusoids, or a learnt table.

Attention itself cannot tell one order of the keys from another; these vectors are what
the first layer sees of the order. Positions that enter the scores instead are in
`rotary` and `relative`.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5 (sinusoids).
J. Gehring et al., "Convolutional Sequence to Sequence Learning", ICML 2017 (learnt).
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect


class Sinusoidal(nn.Module):
    r"""Add sines and cosines, a pair for each frequency, in neighbouring columns.

    .. math::

       p_{t, 2i} = \sin(t \, \omega_i), \quad p_{t, 2i+1} = \cos(t \, \omega_i), \qquad
       \omega_i = 10000^{-2i/d}

    Angles are in radians. The table is a buffer that is not saved: it follows from the
    sizes alone.

    Examples
    --------
    >>> import torch
    >>> Sinusoidal(model=4, longest=8)(torch.zeros(1, 2, 4)).round(decimals=4)
    tensor([[[0.0000, 1.0000, 0.0000, 1.0000],
             [0.8415, 0.5403, 0.0100, 1.0000]]])
    """

    def __init__(self, model: int, longest: int = 5000, *, base: float = 10000.0):
        super().__init__()
        expect.counts("Sinusoidal", model=model, longest=longest)
        expect.divides("Sinusoidal", 2, model, of="a model", into="columns a pair")
        expect.positive("Sinusoidal", base=base)
        self.longest = longest
        angles = torch.outer(
            torch.arange(longest, dtype=torch.float64), frequencies(model, base)
        )
        table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
        self.register_buffer("table", table, persistent=False)

    def forward(
        self, x: Float[torch.Tensor, "batch positions model"], start: int = 0
    ) -> Float[torch.Tensor, "batch positions model"]:
        """Add to each row the vector of its position, counted from `start`."""
        end = start + x.shape[1]
        expect.room("Sinusoidal", self.longest, end)
        return x + self.table[start:end].to(x.dtype)


class Learned(nn.Module):
    """Add a vector of its own to each position, learnt like any other weight.

    Positions that training never reached keep the numbers they were born with.

    Examples
    --------
    >>> import torch
    >>> positions = Learned(model=4, longest=8)
    >>> x = torch.zeros(1, 2, 4)
    >>> torch.equal(positions(x, start=3)[0], positions.weight[3:5])
    True
    """

    def __init__(self, model: int, longest: int):
        super().__init__()
        expect.counts("Learned", model=model, longest=longest)
        self.weight = nn.Parameter(torch.empty(longest, model))
        nn.init.normal_(self.weight, std=0.02)

    def forward(
        self, x: Float[torch.Tensor, "batch positions model"], start: int = 0
    ) -> Float[torch.Tensor, "batch positions model"]:
        """Add to each row the vector of its position, counted from `start`."""
        end = start + x.shape[1]
        expect.room("Learned", len(self.weight), end)
        return x + self.weight[start:end]


def frequencies(
    width: int, base: float, device: torch.device | None = None
) -> Float[torch.Tensor, " pairs"]:
    r"""Return how far each pair turns in one position, in radians, fastest first.

    .. math::  \omega_i = b^{-2i/d}, \qquad i = 0, \dots, d/2 - 1

    Examples
    --------
    >>> frequencies(4, base=100.0).tolist()
    [1.0, 0.1]
    """
    exponents = torch.arange(0, width, 2, dtype=torch.float64, device=device) / width
    return base**-exponents
