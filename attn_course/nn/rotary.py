r"""Rotary positions: turn each pair of entries of queries and keys by its position.

A score then depends on how far apart the two are, and not on where they stand:

.. math::  (R_s q) \cdot (R_t k) = q \cdot R_{t-s} k

References
----------
J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
arXiv:2104.09864, 2021, section 3.2 (pairs of neighbours).
S. Black et al., "GPT-NeoX-20B: An Open-Source Autoregressive Language Model",
arXiv:2204.06745, 2022 (whose code pairs the first half with the second).
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.positions import frequencies


class Rotary(nn.Module):
    r"""Turn pair i of the entries at position t by the angle t times frequency i.

    .. math::

       \begin{pmatrix} x'_a \\ x'_b \end{pmatrix} =
       \begin{pmatrix} \cos t\omega_i & -\sin t\omega_i \\
                       \sin t\omega_i & \cos t\omega_i \end{pmatrix}
       \begin{pmatrix} x_a \\ x_b \end{pmatrix}, \qquad \omega_i = 10000^{-2i/d}

    Parameters
    ----------
    width
        Entries of one head; even.
    pairing
        "halves": pair i is made of the entries i and i + width / 2. "neighbours": of
        2i and 2i + 1. Equally good, but weights trained with one are of no use with
        the other.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    >>> Rotary(2)(x).round(decimals=4)
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """

    def __init__(self, width: int, *, base: float = 10000.0, pairing: str = "halves"):
        super().__init__()
        expect.counts("Rotary", width=width)
        expect.divides("Rotary", 2, width, of="a width", into="entries a pair")
        expect.positive("Rotary", base=base)
        expect.choice("Rotary", ("halves", "neighbours"), pairing=pairing)
        self.width, self.base, self.pairing = width, base, pairing

    def forward(
        self, x: Float[torch.Tensor, "... positions width"], start: int = 0
    ) -> Float[torch.Tensor, "... positions width"]:
        """Turn each row by its position, counted from `start`; its length stays."""
        expect.width("Rotary", self.width, x=x)
        places = torch.arange(start, start + x.shape[-2], device=x.device)
        angles = torch.outer(
            places.double(), frequencies(self.width, self.base, x.device)
        )  # in float64: in float32 a far position would lose digits
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = self._pairs(x)
        turned = first * cos - second * sin, first * sin + second * cos
        if self.pairing == "halves":
            return torch.cat(turned, dim=-1)
        return torch.stack(turned, dim=-1).flatten(-2)

    def _pairs(self, x):
        if self.pairing == "halves":
            return x.chunk(2, dim=-1)
        return x[..., 0::2], x[..., 1::2]

    def extra_repr(self) -> str:
        return f"{self.width}, base={self.base}, pairing={self.pairing!r}"
