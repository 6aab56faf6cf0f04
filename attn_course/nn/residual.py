r"""Residual blocks, and self-attention over the places of a feature map.

A residual block has no attention in it. A gate from `gates` may stand on its residual
branch, and a `NonLocalBlock` may follow it.

References
----------
K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition",
CVPR 2016, equations 1 and 2 and figure 2.
X. Wang, R. Girshick, A. Gupta and K. He, "Non-local Neural Networks", CVPR 2018.
H. Zhang, I. Goodfellow, D. Metaxas and A. Odena, "Self-Attention Generative Adversarial
Networks", ICML 2019, section 3.
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.attention import attention
from attn_course.nn.gates import feature_maps

Maps = Float[torch.Tensor, "batch channels rows columns"]


class ResidualBlock(nn.Module):
    r"""Two convolutions of 3 by 3, added to what comes in: :math:`relu(x + g(F(x)))`.

    Parameters
    ----------
    channels, outputs
        Maps coming in and going out. Where they differ, what is added goes through a
        convolution of 1 by 1.
    gate
        The g above, on the residual branch; for instance `SqueezeExcitation`. Default:
        none, the block of the paper.

    Examples
    --------
    >>> import torch
    >>> ResidualBlock(channels=3, outputs=5)(torch.randn(2, 3, 8, 7)).shape
    torch.Size([2, 5, 8, 7])
    """

    def __init__(
        self,
        channels: int,
        outputs: int | None = None,
        *,
        gate: nn.Module | None = None,
    ):
        super().__init__()
        outputs = channels if outputs is None else outputs
        expect.counts("ResidualBlock", channels=channels, outputs=outputs)
        self.channels = channels
        self.branch = nn.Sequential(
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.gate = nn.Identity() if gate is None else gate
        same = channels == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, outputs, 1)

    def forward(self, maps: Maps) -> Float[torch.Tensor, "batch outputs rows columns"]:
        """Return the sum, cut off at zero."""
        feature_maps("ResidualBlock", maps, self.channels)
        return torch.relu(self.shortcut(maps) + self.gate(self.branch(maps)))


class NonLocalBlock(nn.Module):
    r"""Let every place of a map read from every other; at the start, change nothing.

    .. math::

       y = \gamma \, W_o \sum_j a_{ij} W_v x_j + x, \qquad
       a_{i\cdot} = \operatorname{softmax}_j (W_q x_i \cdot W_k x_j)

    Scores are not scaled, as in SAGAN. Gamma is learnt, and zero at the start: the
    network is first what it would be without, and takes to distant places step by step.

    Parameters
    ----------
    reduction
        By how much queries, keys and values are narrower than the maps; divides them.

    Examples
    --------
    >>> import torch
    >>> layer, maps = NonLocalBlock(channels=8), torch.randn(2, 8, 5, 3)
    >>> torch.equal(layer(maps), maps)
    True
    """

    def __init__(self, channels: int, reduction: int = 8):
        super().__init__()
        who = "NonLocalBlock"
        expect.counts(who, channels=channels, reduction=reduction)
        width = expect.divides(who, reduction, channels, of="channels", into="parts")
        self.query, self.key, self.value = (
            nn.Linear(channels, width, bias=False) for _ in range(3)
        )
        self.output = nn.Linear(width, channels, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(
        self, maps: Maps, *, return_weights: bool = False
    ) -> Maps | tuple[Maps, Float[torch.Tensor, "batch places places"]]:
        """Return the maps with what was read; places are counted row by row."""
        feature_maps("NonLocalBlock", maps, self.query.in_features)
        rows = maps.flatten(2).mT  # [batch, places, channels]
        read, weights = attention(
            self.query(rows),
            self.key(rows),
            self.value(rows),
            score=lambda query, keys: query @ keys.mT,
            return_weights=True,
        )
        read = self.output(read).mT.unflatten(2, maps.shape[2:])
        output = self.gamma * read + maps
        return (output, weights) if return_weights else output
