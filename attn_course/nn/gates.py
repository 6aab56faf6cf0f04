r"""Gates on feature maps: which channels count, and which places.

A gate multiplies by numbers between 0 and 1 that need not sum to one: it weakens, and
shares nothing out. Nothing here is softmax attention.

References
----------
J. Hu, L. Shen and G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018.
S. Woo, J. Park, J.-Y. Lee and I. S. Kweon, "CBAM: Convolutional Block Attention
Module", ECCV 2018, section 3.
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect

Maps = Float[torch.Tensor, "batch channels rows columns"]


class SqueezeExcitation(nn.Module):
    r"""Weigh each channel by what the means of all channels say.

    .. math::

       y_c = g_c x_c, \qquad g = \sigma(W_2 \operatorname{ReLU}(W_1 \bar x))

    Parameters
    ----------
    reduction
        By how much the hidden layer is narrower than the channels; divides them.

    Examples
    --------
    >>> import torch
    >>> gate = SqueezeExcitation(channels=6, reduction=2)
    >>> gate(torch.randn(2, 6, 5, 3)).shape, gate.weights(torch.randn(2, 6, 5, 3)).shape
    (torch.Size([2, 6, 5, 3]), torch.Size([2, 6, 1, 1]))
    """

    def __init__(self, channels: int, reduction: int = 4):
        super().__init__()
        self.channels = channels
        self.net = _narrowed(type(self).__name__, channels, reduction)

    def weights(self, maps: Maps) -> Float[torch.Tensor, "batch channels 1 1"]:
        """Return a number between 0 and 1 for each channel."""
        feature_maps(type(self).__name__, maps, self.channels)
        return self.net(maps.mean(dim=(2, 3))).sigmoid()[..., None, None]

    def forward(self, maps: Maps) -> Maps:
        """Return the maps, weighed."""
        return maps * self.weights(maps)


class ChannelGate(SqueezeExcitation):
    r"""Weigh each channel by the means and the maxima of all channels, as in CBAM.

    .. math::  g = \sigma(f(\bar x) + f(\max x))

    The small network f is the same for both.

    Examples
    --------
    >>> import torch
    >>> ChannelGate(channels=6, reduction=2)(torch.randn(2, 6, 5, 3)).shape
    torch.Size([2, 6, 5, 3])
    """

    def weights(self, maps: Maps) -> Float[torch.Tensor, "batch channels 1 1"]:
        """Return a number between 0 and 1 for each channel."""
        feature_maps(type(self).__name__, maps, self.channels)
        both = self.net(maps.mean(dim=(2, 3))) + self.net(maps.amax(dim=(2, 3)))
        return both.sigmoid()[..., None, None]


class SpatialGate(nn.Module):
    r"""Weigh each place by mean and maximum over the channels around it, as in CBAM.

    .. math::  g = \sigma(\operatorname{conv}([\bar x; \max x]))

    Parameters
    ----------
    size
        Side of the convolution, odd; 7 in the paper.

    Examples
    --------
    >>> import torch
    >>> gate = SpatialGate(size=3)
    >>> gate(torch.randn(2, 6, 5, 3)).shape, gate.weights(torch.randn(2, 6, 5, 3)).shape
    (torch.Size([2, 6, 5, 3]), torch.Size([2, 1, 5, 3]))
    """

    def __init__(self, size: int = 7):
        super().__init__()
        expect.counts("SpatialGate", size=size)
        if size % 2 == 0:
            raise ValueError(f"SpatialGate: wanted an odd size, got {size}")
        self.conv = nn.Conv2d(2, 1, size, padding=size // 2, bias=False)

    def weights(self, maps: Maps) -> Float[torch.Tensor, "batch 1 rows columns"]:
        """Return a number between 0 and 1 for each place."""
        feature_maps("SpatialGate", maps)
        both = maps.mean(dim=1, keepdim=True), maps.amax(dim=1, keepdim=True)
        return self.conv(torch.cat(both, dim=1)).sigmoid()

    def forward(self, maps: Maps) -> Maps:
        """Return the maps, weighed."""
        return maps * self.weights(maps)


class CBAM(nn.Sequential):
    """The gate on channels, then the gate on places.

    Examples
    --------
    >>> import torch
    >>> CBAM(channels=6, reduction=2, size=3)(torch.randn(2, 6, 5, 3)).shape
    torch.Size([2, 6, 5, 3])
    """

    def __init__(self, channels: int, reduction: int = 4, size: int = 7):
        super().__init__(ChannelGate(channels, reduction), SpatialGate(size))


def feature_maps(who: str, maps: torch.Tensor, channels: int | None = None) -> None:
    """Want maps with that many channels, or with any number of them."""
    fits = maps.ndim == 4 and channels in (None, maps.shape[1])
    if not fits:
        raise ValueError(
            f"{who}: wanted maps of shape (batch, {channels or 'channels'}, rows, "
            f"columns), got {tuple(maps.shape)}"
        )


def _narrowed(who, channels, reduction):
    expect.counts(who, channels=channels, reduction=reduction)
    hidden = expect.divides(who, reduction, channels, of="channels", into="parts")
    return nn.Sequential(
        nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)
    )
