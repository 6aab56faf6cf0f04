r"""Many heads: several reads side by side, each through projections of its own.

.. math::

   \text{head}_h = \operatorname{attention}(X W^Q_h, M W^K_h, M W^V_h), \qquad
   Y = [\text{head}_1, \dots, \text{head}_H] \, W^O

M is the memory, which is X itself in self-attention. Heads split the entries of a
position, never the positions. With fewer groups of keys and values than heads, several
heads share one group.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.2.
N. Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need",
arXiv:1911.02150, 2019 (one group for all heads).
J. Ainslie, J. Lee-Thorp, M. de Jong, Y. Zemlyanskiy, F. Lebrón and S. Sanghai, "GQA:
Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
EMNLP 2023 (groups).
I. Beltagy, M. E. Peters and A. Cohan, "Longformer: The Long-Document Transformer",
arXiv:2004.05150, 2020 (windows).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.attention import attention
from attn_course.nn.masks import window_mask
from attn_course.nn.rotary import Rotary

Rows = Float[torch.Tensor, "batch queries model"]
Mask = Bool[torch.Tensor, "..."]


class Cache(NamedTuple):
    """Keys and values of the positions read so far, one pair for each group of heads.

    A cache is never changed: `MultiHeadAttention.step` returns a longer one.

    Examples
    --------
    >>> import torch
    >>> layer = MultiHeadAttention(model=8, heads=2)
    >>> _, cache = layer.step(torch.randn(1, 3, 8))
    >>> _, longer = layer.step(torch.randn(1, 2, 8), cache)
    >>> cache.length, longer.length
    (3, 5)
    """

    keys: Float[torch.Tensor, "batch groups keys width"]
    values: Float[torch.Tensor, "batch groups keys width"]

    @property
    def length(self) -> int:
        """How many positions have been read."""
        return self.keys.shape[2]


class MultiHeadAttention(nn.Module):
    """Self-attention, or attention to a memory, with several heads.

    Parameters
    ----------
    model
        Entries of a position, going in and coming out; a multiple of `heads`.
    groups
        How many sets of keys and values there are; divides `heads`. Default: one for
        each head. With 1 all heads share them.
    memory_width
        Entries of a position of the memory. Default: `model`.
    bias
        Whether the four projections have one.
    dropout
        The share of weights that are dropped while training.
    rotary
        Turns queries and keys by their positions; as wide as one head.
    relative
        Gives a bias for (queries, keys): `ALiBi` or `RelativeBias`.
    window
        Keys this far away, or further, are hidden. Default: none is.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> layer = MultiHeadAttention(model=8, heads=2)
    >>> output, weights = layer(torch.randn(3, 5, 8), return_weights=True)
    >>> output.shape, weights.shape
    (torch.Size([3, 5, 8]), torch.Size([3, 2, 5, 5]))
    """

    def __init__(
        self,
        model: int,
        heads: int,
        *,
        groups: int | None = None,
        memory_width: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        rotary: Rotary | None = None,
        relative: nn.Module | None = None,
        window: int | None = None,
    ):
        super().__init__()
        who = "MultiHeadAttention"
        groups = heads if groups is None else groups
        memory_width = model if memory_width is None else memory_width
        expect.counts(who, model=model, heads=heads, groups=groups)
        expect.counts(who, memory_width=memory_width)
        if window is not None:
            expect.counts(who, window=window)
        expect.share(who, dropout=dropout)
        width = expect.divides(who, heads, model, of="a model", into="heads")
        expect.divides(who, groups, heads, of="heads", into="groups")
        if rotary is not None and rotary.width != width:
            raise ValueError(
                f"{who}: wanted a rotary of width {width}, got {rotary.width}"
            )
        self.model, self.heads, self.groups = model, heads, groups
        self.memory_width = memory_width
        self.dropout, self.window = dropout, window
        self.rotary, self.relative = rotary, relative
        self.q_proj = nn.Linear(model, model, bias)
        self.k_proj = nn.Linear(memory_width, groups * width, bias)
        self.v_proj = nn.Linear(memory_width, groups * width, bias)
        self.out_proj = nn.Linear(model, model, bias)

    def forward(
        self,
        query: Rows,
        memory: Float[torch.Tensor, "batch keys memory"] | None = None,
        *,
        allowed: Mask | None = None,
        causal: bool = False,
        return_weights: bool = False,
    ) -> Rows | tuple[Rows, Float[torch.Tensor, "batch heads queries keys"]]:
        """Let each row of `query` read from the memory, or from `query` itself.

        `allowed` broadcasts to [batch, heads, queries, keys]. A query that may attend
        to nothing reads zeros, and gets the bias of the output projection.
        """
        expect.rows("MultiHeadAttention", self.model, query=query)
        memory = query if memory is None else memory
        expect.rows("MultiHeadAttention", self.memory_width, memory=memory)
        queries, read = self._project(query, memory, 0)
        return self._read(queries, read, allowed, causal, return_weights)

    def step(
        self, query: Rows, cache: Cache | None = None, *, allowed: Mask | None = None
    ) -> tuple[Rows, Cache]:
        """Read the next positions, causally, and return (output, longer cache).

        `query` holds as many new positions as one likes. They see the positions of the
        cache, themselves, and what stands before them among the new ones. `allowed` is
        over all keys, old and new. However a sequence is cut into steps, the outputs
        are those of `forward` with `causal`.
        """
        expect.rows("MultiHeadAttention", self.model, query=query)
        start = 0 if cache is None else cache.length
        queries, new = self._project(query, query, start)
        if cache is not None:
            pairs = zip(cache, new, strict=True)
            new = Cache(*(torch.cat(pair, dim=2) for pair in pairs))
        return self._read(queries, new, allowed, causal=True), new

    def _project(self, query, memory, start):
        """Return the queries of each head, and keys and values of each group."""
        queries = self._split(self.q_proj(query), self.heads)
        keys = self._split(self.k_proj(memory), self.groups)
        values = self._split(self.v_proj(memory), self.groups)
        if self.rotary is not None:
            queries, keys = self.rotary(queries, start), self.rotary(keys, start)
        return queries, Cache(keys, values)

    def _read(self, queries, read, allowed, causal, return_weights=False):
        repeats = self.heads // self.groups
        keys, values = read
        if repeats > 1:  # heads of one group stand side by side
            keys, values = (t.repeat_interleave(repeats, dim=1) for t in read)
        sizes = queries.shape[2], keys.shape[2]
        if allowed is not None:
            expect.mask("MultiHeadAttention", allowed, (*queries.shape[:2], *sizes))
        if self.window is not None:
            reach = self.window - 1
            near = window_mask(*sizes, reach, reach, device=queries.device)
            allowed = near if allowed is None else allowed & near
        result = attention(
            queries,
            keys,
            values,
            allowed=allowed,
            causal=causal,
            bias=None if self.relative is None else self.relative(*sizes),
            dropout=self.dropout if self.training else 0.0,
            return_weights=return_weights,
        )
        if return_weights:
            return self._merge(result[0]), result[1]
        return self._merge(result)

    def _split(self, rows, parts):
        """Cut the last axis into parts, and put them before the positions."""
        return rows.unflatten(-1, (parts, -1)).transpose(1, 2)

    def _merge(self, heads):
        return self.out_proj(heads.transpose(1, 2).flatten(-2))
