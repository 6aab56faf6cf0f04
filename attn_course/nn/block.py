r"""Blocks: attention, then a feed-forward layer, each added to what comes in.

Where the norm stands makes two orders. Both are in use, and weights trained with one
are of no use with the other:

.. math::

   \text{pre-norm: } x + f(\operatorname{norm}(x)) \qquad
   \text{post-norm: } \operatorname{norm}(x + f(x))

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.1 (post-norm).
R. Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020
(pre-norm).
"""

import torch
from jaxtyping import Bool, Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.feed_forward import feed_forward_named
from attn_course.nn.multihead import Cache, MultiHeadAttention
from attn_course.nn.norms import norm_named

Rows = Float[torch.Tensor, "batch positions model"]
Memory = Float[torch.Tensor, "batch keys model"]
Mask = Bool[torch.Tensor, "..."]


class _Block(nn.Module):
    """What both blocks have: self-attention, a feed-forward layer, residual sums."""

    def __init__(
        self,
        model: int,
        heads: int,
        hidden: int | None = None,
        *,
        dropout: float = 0.0,
        norm_first: bool = True,
        norm: str = "layer",
        activation: str = "relu",
        **attention,
    ):
        super().__init__()
        expect.share(type(self).__name__, dropout=dropout)
        hidden = 4 * model if hidden is None else hidden
        self.norm_first = norm_first
        self.self_attn = MultiHeadAttention(model, heads, dropout=dropout, **attention)
        self.feed_forward = feed_forward_named(activation, model, hidden, dropout)
        self.norm1, self.norm2 = norm_named(norm, model), norm_named(norm, model)
        self.dropout = nn.Dropout(dropout)

    def _enter(self, x, norm):
        """What a sublayer gets to see."""
        return norm(x) if self.norm_first else x

    def _leave(self, x, change, norm):
        """Add what the sublayer made of it."""
        x = x + self.dropout(change)
        return x if self.norm_first else norm(x)

    def _fed(self, x, norm):
        return self._leave(x, self.feed_forward(self._enter(x, norm)), norm)


class EncoderBlock(_Block):
    """Self-attention and a feed-forward layer; with `causal`, a GPT's block.

    Parameters
    ----------
    model, heads
        Sizes of `MultiHeadAttention`.
    hidden
        Width of the feed-forward layer. Default: four times `model`.
    dropout
        While training, of the weights, inside the feed-forward layer, and of what
        each half adds.
    norm_first
        True: pre-norm. False: post-norm.
    norm
        "layer" or "rms".
    activation
        "relu", "gelu" or "swiglu".
    attention
        Further keywords, for `MultiHeadAttention`.

    Examples
    --------
    >>> import torch
    >>> block = EncoderBlock(model=8, heads=2, rotary=None, groups=1)
    >>> block(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def forward(
        self, x: Rows, *, allowed: Mask | None = None, causal: bool = False
    ) -> Rows:
        """Let the positions read from one another, then change each by itself."""
        seen = self._enter(x, self.norm1)
        read = self.self_attn(seen, allowed=allowed, causal=causal)
        return self._fed(self._leave(x, read, self.norm1), self.norm2)

    def step(
        self, x: Rows, cache: Cache | None = None, *, allowed: Mask | None = None
    ) -> tuple[Rows, Cache]:
        """Continue a causal sequence; see `MultiHeadAttention.step`."""
        seen = self._enter(x, self.norm1)
        read, cache = self.self_attn.step(seen, cache, allowed=allowed)
        return self._fed(self._leave(x, read, self.norm1), self.norm2), cache


class DecoderBlock(_Block):
    """Causal self-attention, attention to a memory, and a feed-forward layer.

    Parameters are those of `EncoderBlock`; `attention` is for the self-attention. The
    decoder asks and the memory is asked: queries come from `x`, keys and values from
    `memory`.

    Examples
    --------
    >>> import torch
    >>> block = DecoderBlock(model=8, heads=2)
    >>> block(torch.randn(3, 5, 8), torch.randn(3, 7, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self,
        model: int,
        heads: int,
        hidden: int | None = None,
        *,
        dropout: float = 0.0,
        norm: str = "layer",
        **options,
    ):
        super().__init__(model, heads, hidden, dropout=dropout, norm=norm, **options)
        self.cross_attn = MultiHeadAttention(model, heads, dropout=dropout)
        self.norm3 = norm_named(norm, model)

    def forward(
        self,
        x: Rows,
        memory: Memory,
        *,
        allowed: Mask | None = None,
        memory_allowed: Mask | None = None,
    ) -> Rows:
        """Read what was written so far, then the memory, then change each position."""
        seen = self._enter(x, self.norm1)
        read = self.self_attn(seen, allowed=allowed, causal=True)
        x = self._leave(x, read, self.norm1)
        return self._ask(x, memory, memory_allowed)

    def step(
        self,
        x: Rows,
        memory: Memory,
        cache: Cache | None = None,
        *,
        memory_allowed: Mask | None = None,
    ) -> tuple[Rows, Cache]:
        """Continue a sequence; see `MultiHeadAttention.step`."""
        seen = self._enter(x, self.norm1)
        read, cache = self.self_attn.step(seen, cache)
        x = self._leave(x, read, self.norm1)
        return self._ask(x, memory, memory_allowed), cache

    def _ask(self, x, memory, memory_allowed):
        seen = self._enter(x, self.norm2)
        read = self.cross_attn(seen, memory, allowed=memory_allowed)
        return self._fed(self._leave(x, read, self.norm2), self.norm3)
