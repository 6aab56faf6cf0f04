r"""A bidirectional encoder, and a head that fills in hidden tokens.

References
----------
J. Devlin, M.-W. Chang, K. Lee and K. Toutanova, "BERT: Pre-training of Deep
Bidirectional Transformers for Language Understanding", NAACL 2019, section 3.
"""

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.configured import configured
from attn_course.nn.masks import padding_mask
from attn_course.nn.norms import norm_named
from attn_course.nn.positions import Learned
from attn_course.nn.stack import Encoder

Tokens = Int[torch.Tensor, "batch positions"]


class BidirectionalEncoder(nn.Module):
    """Turn tokens into vectors that know of what stands before and after them.

    Token, position and segment each have an embedding; their sum is normalised.

    Parameters
    ----------
    vocab
        Size of the vocabulary.
    model, heads, layers, hidden
        Sizes of the stack; see `Encoder`.
    longest
        Positions there is room for.
    segments
        How many kinds of segment there are: question and text, for instance.
    padding
        The token that fills up short sequences. Nothing reads it.
    options
        Further keywords, for the blocks. BERT's order is post-norm,
        ``norm_first=False``, which needs a warm-up.

    Examples
    --------
    >>> import torch
    >>> encoder = BidirectionalEncoder(vocab=11, model=8, heads=2, layers=1)
    >>> encoder(torch.tensor([[1, 5, 6, 0]])).shape
    torch.Size([1, 4, 8])
    """

    @configured
    def __init__(
        self,
        vocab: int,
        *,
        model: int = 128,
        heads: int = 4,
        layers: int = 4,
        hidden: int | None = None,
        dropout: float = 0.0,
        longest: int = 512,
        segments: int = 2,
        padding: int = 0,
        activation: str = "gelu",
        norm: str = "layer",
        **options,
    ):
        super().__init__()
        expect.counts("BidirectionalEncoder", vocab=vocab, segments=segments)
        self.model, self.padding = model, padding
        self.embed = nn.Embedding(vocab, model)
        self.segment_embed = nn.Embedding(segments, model)
        for table in (self.embed, self.segment_embed):
            nn.init.normal_(table.weight, std=0.02)
        self.positions = Learned(model, longest)
        self.norm = norm_named(norm, model)
        self.dropout = nn.Dropout(dropout)
        options = {"dropout": dropout, "activation": activation, **options}
        self.blocks = Encoder(model, heads, layers, hidden, norm=norm, **options)

    def forward(
        self, tokens: Tokens, segments: Tokens | None = None
    ) -> Float[torch.Tensor, "batch positions model"]:
        """Return one vector a position; where there is padding it means nothing.

        `segments` says to which segment each token belongs. Default: all to 0.
        """
        segments = torch.zeros_like(tokens) if segments is None else segments
        x = self.positions(self.embed(tokens)) + self.segment_embed(segments)
        x = self.dropout(self.norm(x))
        return self.blocks(x, allowed=padding_mask(tokens, self.padding))


class MaskedLanguageModel(nn.Module):
    """Logits for the token at each position itself, from what stands around it.

    Train it with a loss on the positions that were corrupted, and on no others: the
    others can be copied. The output projection is the embedding of the tokens.

    Examples
    --------
    >>> import torch
    >>> encoder = BidirectionalEncoder(vocab=11, model=8, heads=2, layers=1)
    >>> MaskedLanguageModel(encoder)(torch.tensor([[1, 5, 6, 0]])).shape
    torch.Size([1, 4, 11])
    """

    @configured
    def __init__(self, encoder: BidirectionalEncoder):
        super().__init__()
        self.encoder = encoder
        model, vocab = encoder.model, encoder.embed.num_embeddings
        self.transform = nn.Sequential(
            nn.Linear(model, model), nn.GELU(), nn.LayerNorm(model)
        )
        self.output = nn.Linear(model, vocab)
        self.output.weight = encoder.embed.weight
        nn.init.zeros_(self.output.bias)

    def forward(
        self, tokens: Tokens, segments: Tokens | None = None
    ) -> Float[torch.Tensor, "batch positions vocab"]:
        """Return logits over the vocabulary for each position."""
        return self.output(self.transform(self.encoder(tokens, segments)))
