r"""Positions as a bias: numbers added to the scores that depend on the distance alone.

Both modules give a table for [heads, queries, keys]. Where there are fewer queries than
keys, the queries are the last positions.

References
----------
O. Press, N. A. Smith and M. Lewis, "Train Short, Test Long: Attention with Linear
Biases Enables Input Length Extrapolation", ICLR 2022, section 3.
P. Shaw, J. Uszkoreit and A. Vaswani, "Self-Attention with Relative Position
Representations", NAACL 2018, section 3 (clipped distances).
C. Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", JMLR 21(140), 2020, section 2.1 (one number for each distance and head).
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.masks import offsets


class ALiBi(nn.Module):
    r"""Subtract from each score the distance times the slope of the head.

    .. math::  b_{hij} = -m_h \, |i - j|, \qquad m_h = 2^{-8 h / H}, \quad h = 1..H

    for H a power of two. Else, as in the authors' code, the slopes of the next lower
    power come first, and then every second one of the next higher, from the first on.
    Nothing is learnt. The paper has causal attention in mind, where j never exceeds i;
    without a causal mask both directions are treated alike.

    Examples
    --------
    >>> ALiBi(heads=8)(2, 2)[0]
    tensor([[-0.0000, -0.5000],
            [-0.5000, -0.0000]])
    """

    def __init__(self, heads: int):
        super().__init__()
        expect.counts("ALiBi", heads=heads)
        lower = 1 << heads.bit_length() - 1
        slopes = 2.0 ** (-8 * torch.arange(1, lower + 1) / lower)
        between = 2.0 ** (-8 * torch.arange(1, 2 * lower, 2) / (2 * lower))
        slopes = torch.cat([slopes, between[: heads - lower]])
        self.register_buffer("slopes", slopes, persistent=False)

    def forward(
        self, queries: int, keys: int
    ) -> Float[torch.Tensor, "heads {queries} {keys}"]:
        """Return the bias of the last `queries` positions over all keys."""
        distances = offsets(queries, keys, self.slopes.device).abs()
        return -self.slopes[:, None, None] * distances


class RelativeBias(nn.Module):
    r"""Add a number learnt for each head and each distance, up to a reach.

    .. math::  b_{hij} = w_{h, \operatorname{clip}(j - i, -r, r)}

    Distances beyond the reach share the number at its end. Before and after are told
    apart. All numbers start at zero.

    Examples
    --------
    >>> import torch
    >>> bias = RelativeBias(heads=1, reach=1)
    >>> with torch.no_grad():
    ...     bias.weight.copy_(torch.tensor([[-1.0, 0.0, 1.0]]))  # before, here, after
    Parameter containing:
    tensor([[-1.,  0.,  1.]], requires_grad=True)
    >>> bias(3, 3)[0].tolist()
    [[0.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, -1.0, 0.0]]
    """

    def __init__(self, heads: int, reach: int):
        super().__init__()
        expect.counts("RelativeBias", heads=heads, reach=reach)
        self.reach = reach
        self.weight = nn.Parameter(torch.zeros(heads, 2 * reach + 1))

    def forward(
        self, queries: int, keys: int
    ) -> Float[torch.Tensor, "heads {queries} {keys}"]:
        """Return the bias of the last `queries` positions over all keys."""
        steps = offsets(queries, keys, self.weight.device)
        return self.weight[:, steps.clamp(-self.reach, self.reach) + self.reach]
