r"""The feed-forward half of a block: each position by itself, wider and back.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 2.
D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415,
2016.
N. Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202, 2020, equation 6.
"""

import torch
from jaxtyping import Float
from torch import nn
from torch.nn import functional

from attn_course.nn import expect

Rows = Float[torch.Tensor, "... model"]
CURVES = {"relu": functional.relu, "gelu": functional.gelu}


class FeedForward(nn.Module):
    r"""Widen, bend, narrow.

    .. math::

       y = f(x W_1 + b_1) \, W_2 + b_2, \qquad
       f(z) = \max(0, z) \text{ or } z \, \Phi(z)

    The second curve is GELU, where :math:`\Phi` is the normal distribution function.

    Examples
    --------
    >>> import torch
    >>> layer = FeedForward(model=4, hidden=16)
    >>> layer(torch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    def __init__(
        self, model: int, hidden: int, *, activation: str = "relu", dropout: float = 0.0
    ):
        super().__init__()
        expect.counts("FeedForward", model=model, hidden=hidden)
        expect.choice("FeedForward", CURVES, activation=activation)
        expect.share("FeedForward", dropout=dropout)
        self.linear1 = nn.Linear(model, hidden)
        self.linear2 = nn.Linear(hidden, model)
        self.activation = activation
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Rows) -> Rows:
        """Change each position by itself."""
        bent = CURVES[self.activation](self.linear1(x))
        return self.linear2(self.dropout(bent))


class SwiGLU(nn.Module):
    r"""Widen twice, let one half gate the other, narrow.

    .. math::

       y = \bigl(\operatorname{silu}(x W_1) \odot x W_3\bigr) W_2, \qquad
       \operatorname{silu}(z) = \frac{z}{1 + e^{-z}}

    There are three matrices in place of two and no biases. With `hidden` two thirds of
    what `FeedForward` would have, the two are of one size.

    Examples
    --------
    >>> import torch
    >>> SwiGLU(model=4, hidden=10)(torch.zeros(2, 3, 4)).abs().max()
    tensor(0., grad_fn=<MaxBackward1>)
    """

    def __init__(self, model: int, hidden: int, *, dropout: float = 0.0):
        super().__init__()
        expect.counts("SwiGLU", model=model, hidden=hidden)
        expect.share("SwiGLU", dropout=dropout)
        self.linear1 = nn.Linear(model, hidden, bias=False)
        self.linear2 = nn.Linear(hidden, model, bias=False)
        self.linear3 = nn.Linear(model, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Rows) -> Rows:
        """Change each position by itself."""
        gated = functional.silu(self.linear1(x)) * self.linear3(x)
        return self.linear2(self.dropout(gated))


def feed_forward_named(
    name: str, model: int, hidden: int, dropout: float = 0.0
) -> nn.Module:
    """Make the layer that a block asks for by name: "relu", "gelu" or "swiglu".

    Examples
    --------
    >>> type(feed_forward_named("swiglu", 8, 24)).__name__
    'SwiGLU'
    """
    expect.choice("feed_forward_named", [*CURVES, "swiglu"], activation=name)
    if name == "swiglu":
        return SwiGLU(model, hidden, dropout=dropout)
    return FeedForward(model, hidden, activation=name, dropout=dropout)
