r"""Stacks of blocks, on vectors: no tokens, no positions, no logits.

A pre-norm stack ends with one more norm, since its last sum has had none; a post-norm
stack does not.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.1.
"""

from collections.abc import Sequence

from torch import nn

from attn_course.nn import expect
from attn_course.nn.block import DecoderBlock, EncoderBlock, Mask, Memory, Rows
from attn_course.nn.multihead import Cache
from attn_course.nn.norms import norm_named


class Encoder(nn.Module):
    """Blocks of self-attention, one after the other.

    Parameters beside `layers` are those of `EncoderBlock`.

    Examples
    --------
    >>> import torch
    >>> encoder = Encoder(model=8, heads=2, layers=3)
    >>> encoder(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self, model: int, heads: int, layers: int, hidden: int | None = None, **options
    ):
        super().__init__()
        expect.counts("Encoder", layers=layers)
        self.layers = nn.ModuleList(
            EncoderBlock(model, heads, hidden, **options) for _ in range(layers)
        )
        self.norm = _last_norm(model, **options)

    def forward(
        self, x: Rows, *, allowed: Mask | None = None, causal: bool = False
    ) -> Rows:
        """Pass the rows through all blocks."""
        for layer in self.layers:
            x = layer(x, allowed=allowed, causal=causal)
        return self.norm(x)

    def step(
        self,
        x: Rows,
        caches: Sequence[Cache] | None = None,
        *,
        allowed: Mask | None = None,
    ) -> tuple[Rows, list[Cache]]:
        """Continue a causal sequence, with one cache a layer."""
        longer = []
        for layer, cache in zip(self.layers, _each(caches, self.layers), strict=True):
            x, cache = layer.step(x, cache, allowed=allowed)
            longer.append(cache)
        return self.norm(x), longer


class Decoder(nn.Module):
    """Blocks of causal self-attention and of attention to a memory.

    Parameters beside `layers` are those of `DecoderBlock`.

    Examples
    --------
    >>> import torch
    >>> decoder = Decoder(model=8, heads=2, layers=3)
    >>> decoder(torch.randn(3, 5, 8), torch.randn(3, 7, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self, model: int, heads: int, layers: int, hidden: int | None = None, **options
    ):
        super().__init__()
        expect.counts("Decoder", layers=layers)
        self.layers = nn.ModuleList(
            DecoderBlock(model, heads, hidden, **options) for _ in range(layers)
        )
        self.norm = _last_norm(model, **options)

    def forward(
        self,
        x: Rows,
        memory: Memory,
        *,
        allowed: Mask | None = None,
        memory_allowed: Mask | None = None,
    ) -> Rows:
        """Pass the rows through all blocks; each reads the same memory."""
        masks = {"allowed": allowed, "memory_allowed": memory_allowed}
        for layer in self.layers:
            x = layer(x, memory, **masks)
        return self.norm(x)

    def step(
        self,
        x: Rows,
        memory: Memory,
        caches: Sequence[Cache] | None = None,
        *,
        memory_allowed: Mask | None = None,
    ) -> tuple[Rows, list[Cache]]:
        """Continue a sequence, with one cache a layer."""
        longer = []
        for layer, cache in zip(self.layers, _each(caches, self.layers), strict=True):
            x, cache = layer.step(x, memory, cache, memory_allowed=memory_allowed)
            longer.append(cache)
        return self.norm(x), longer


def _last_norm(model, *, norm_first=True, norm="layer", **_):
    return norm_named(norm, model) if norm_first else nn.Identity()


def _each(caches, layers):
    return [None] * len(layers) if caches is None else caches
