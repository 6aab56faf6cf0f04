r"""Heads: what a pre-trained encoder is used for, one small layer each.

An encoder is shared by giving it to several heads; fine-tuning one then moves the
others.

References
----------
J. Devlin, M.-W. Chang, K. Lee and K. Toutanova, "BERT: Pre-training of Deep
Bidirectional Transformers for Language Understanding", NAACL 2019, section 4.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.configured import configured
from attn_course.nn.masked_language_model import BidirectionalEncoder

Tokens = Int[torch.Tensor, "batch positions"]
Places = Float[torch.Tensor, "batch positions"]


class Regressor(nn.Module):
    """Numbers for a whole sequence, read off its first position.

    Examples
    --------
    >>> import torch
    >>> encoder = BidirectionalEncoder(vocab=11, model=8, heads=2, layers=1)
    >>> Regressor(encoder, outputs=2)(torch.tensor([[1, 5, 6, 0]])).shape
    torch.Size([1, 2])
    """

    @configured
    def __init__(
        self, encoder: BidirectionalEncoder, outputs: int = 1, *, dropout: float = 0.0
    ):
        super().__init__()
        expect.counts(type(self).__name__, outputs=outputs)
        self.encoder = encoder
        self.pool = nn.Linear(encoder.model, encoder.model)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(encoder.model, outputs)

    def forward(
        self, tokens: Tokens, segments: Tokens | None = None
    ) -> Float[torch.Tensor, "batch outputs"]:
        """Return the numbers of each sequence."""
        first = self.encoder(tokens, segments)[:, 0]
        return self.output(self.dropout(torch.tanh(self.pool(first))))


class Classifier(Regressor):
    """Logits over classes for a whole sequence, read off its first position.

    Examples
    --------
    >>> import torch
    >>> encoder = BidirectionalEncoder(vocab=11, model=8, heads=2, layers=1)
    >>> Classifier(encoder, classes=3)(torch.tensor([[1, 5, 6, 0]])).shape
    torch.Size([1, 3])
    """

    @configured
    def __init__(
        self, encoder: BidirectionalEncoder, classes: int, *, dropout: float = 0.0
    ):
        super().__init__(encoder, classes, dropout=dropout)


class SpanReader(nn.Module):
    """Logits for where an answer starts and where it ends.

    Examples
    --------
    >>> import torch
    >>> encoder = BidirectionalEncoder(vocab=11, model=8, heads=2, layers=1)
    >>> tokens = torch.tensor([[1, 5, 6, 0]])
    >>> start, end = SpanReader(encoder)(tokens, allowed=tokens > 4)
    >>> start.isfinite().tolist()
    [[False, True, True, False]]
    """

    @configured
    def __init__(self, encoder: BidirectionalEncoder):
        super().__init__()
        self.encoder = encoder
        self.output = nn.Linear(encoder.model, 2)

    def forward(
        self,
        tokens: Tokens,
        segments: Tokens | None = None,
        *,
        allowed: Bool[torch.Tensor, "batch positions"] | None = None,
    ) -> tuple[Places, Places]:
        """Return logits of starts and of ends, minus infinity where not allowed.

        `allowed` says where an answer may lie: in the text, not in the question.
        Default: everywhere but on padding.
        """
        allowed = tokens != self.encoder.padding if allowed is None else allowed
        expect.mask("SpanReader", allowed, tokens.shape)
        logits = self.output(self.encoder(tokens, segments))
        start, end = logits.masked_fill(~allowed[..., None], -torch.inf).unbind(dim=-1)
        return start, end


def best_span(start: Places, end: Places, longest: int) -> Int[torch.Tensor, "batch 2"]:
    r"""Return first and last position of the span with the largest sum of logits.

    .. math::  \arg\max_{s \le e < s + n} \; \ell^\text{start}_s + \ell^\text{end}_e

    The two maxima taken apart may lie in the wrong order, or far from each other.

    Examples
    --------
    >>> import torch
    >>> start, end = torch.tensor([[0.0, 2.0, 3.0]]), torch.tensor([[5.0, 2.0, 0.0]])
    >>> best_span(start, end, longest=2)
    tensor([[0, 0]])
    """
    expect.counts("best_span", longest=longest)
    positions = start.shape[-1]
    both = start[:, :, None] + end[:, None, :]
    fits = torch.ones(positions, positions, dtype=torch.bool, device=start.device)
    fits = fits.triu() & ~fits.triu(longest)
    places = both.masked_fill(~fits, -torch.inf).flatten(1).argmax(dim=-1)
    return torch.stack([places // positions, places % positions], dim=-1)
