r"""The encoder-decoder Transformer, from source tokens to logits over target tokens.

Three attentions: the source reads itself, the target reads what is written so far, and
the target reads the source.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.
O. Press and L. Wolf, "Using the Output Embedding to Improve Language Models", EACL
2017 (tied embeddings).
"""

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.configured import configured
from attn_course.nn.decoding import beam_search
from attn_course.nn.masks import padding_mask
from attn_course.nn.positions import Learned, Sinusoidal
from attn_course.nn.stack import Decoder, Encoder

Source = Int[torch.Tensor, "batch keys"]
Target = Int[torch.Tensor, "batch queries"]
Memory = Float[torch.Tensor, "batch keys model"]
Logits = Float[torch.Tensor, "batch queries vocab"]
POSITIONS = {"sinusoidal": Sinusoidal, "learned": Learned}


class Transformer(nn.Module):
    r"""Encode the source, decode the target.

    .. math::

       X = \sqrt{d_\text{model}} \, E[\text{tokens}] + P, \qquad
       \text{logits} = \operatorname{decoder}(Y, \operatorname{encoder}(X)) \, E'^\top

    Parameters
    ----------
    source_vocab, target_vocab
        Sizes of the two vocabularies.
    model, heads, layers, hidden
        Sizes of both stacks; see `Encoder`.
    longest
        Positions there is room for, on either side.
    padding
        The token that fills up short sequences, in both vocabularies. Nothing reads it.
    start, end
        Tokens that begin and end a target.
    positions
        "sinusoidal", as in the paper, or "learned".
    tied
        Whether the output projection is the embedding of the target.
    options
        Further keywords, for the blocks: `norm_first`, `norm`, `activation`. The
        paper's order is post-norm, ``norm_first=False``, which needs a warm-up.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = Transformer(20, 30, model=8, heads=2, layers=1)
    >>> source = torch.tensor([[5, 6, 7], [8, 9, 0]])
    >>> target = torch.tensor([[4, 5, 2, 0], [6, 7, 8, 2]])
    >>> model(source, shift_right(target, model.start)).shape
    torch.Size([2, 4, 30])
    """

    @configured
    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        *,
        model: int = 512,
        heads: int = 8,
        layers: int = 6,
        hidden: int | None = None,
        dropout: float = 0.0,
        longest: int = 512,
        padding: int = 0,
        start: int = 1,
        end: int = 2,
        positions: str = "sinusoidal",
        tied: bool = True,
        **options,
    ):
        super().__init__()
        expect.counts(
            "Transformer", source_vocab=source_vocab, target_vocab=target_vocab
        )
        expect.choice("Transformer", POSITIONS, positions=positions)
        self.padding, self.start, self.end = padding, start, end
        self.source_embed = _embedding(source_vocab, model)
        self.target_embed = _embedding(target_vocab, model)
        self.source_positions = POSITIONS[positions](model, longest)
        self.target_positions = POSITIONS[positions](model, longest)
        self.dropout = nn.Dropout(dropout)
        sizes = model, heads, layers, hidden
        self.encoder = Encoder(*sizes, dropout=dropout, **options)
        self.decoder = Decoder(*sizes, dropout=dropout, **options)
        self.output = nn.Linear(model, target_vocab, bias=False)
        if tied:
            self.output.weight = self.target_embed.weight

    def forward(self, source: Source, target: Target) -> Logits:
        """Return logits for the token after each position of `target`.

        `target` is what the decoder reads: the wanted tokens, shifted right.
        """
        return self.read(target, self.encode(source), source)

    def encode(self, source: Source) -> Memory:
        """Turn source tokens into vectors that know of one another."""
        x = self._embedded(source, self.source_embed, self.source_positions)
        return self.encoder(x, allowed=padding_mask(source, self.padding))

    def read(self, target: Target, memory: Memory, source: Source) -> Logits:
        """Read the memory; `source` says which of its rows are padding."""
        x = self._embedded(target, self.target_embed, self.target_positions)
        hidden = padding_mask(source, self.padding)
        return self.output(self.decoder(x, memory, memory_allowed=hidden))

    @torch.no_grad()
    def decode(
        self, source: Source, most: int, *, width: int = 1, alpha: float = 1.0
    ) -> Int[torch.Tensor, "batch written"]:
        """Write a target for each source, greedily or with a beam of that width.

        Returned is what comes after the start token: at most that many tokens, the end
        token among them, then padding. `alpha` is that of `beam_search`. The model
        should be in evaluation mode.
        """
        expect.counts("decode", most=most, width=width)
        if width == 1:
            return self._greedy(source, most)
        found = [self._search(row[None], most, width, alpha) for row in source]
        return nn.utils.rnn.pad_sequence(found, True, self.padding).to(source.device)

    def _greedy(self, source, most):
        memory, hidden = self.encode(source), padding_mask(source, self.padding)
        token = torch.full_like(source[:, :1], self.start)
        ended, caches, written = torch.zeros_like(token, dtype=torch.bool), None, []
        for place in range(most):
            x = self._embedded(token, self.target_embed, self.target_positions, place)
            x, caches = self.decoder.step(x, memory, caches, memory_allowed=hidden)
            token = self.output(x).argmax(dim=-1).masked_fill(ended, self.padding)
            written.append(token)
            ended = ended | (token == self.end)
            if ended.all():
                break
        return torch.cat(written, dim=1)

    def _search(self, source, most, width, alpha):
        memory = self.encode(source)

        def log_probs(prefixes):
            many = [t.expand(len(prefixes), *t.shape[1:]) for t in (memory, source)]
            return self.read(prefixes, *many)[:, -1].log_softmax(dim=-1)

        prompt, sizes = (
            source.new_tensor([self.start]),
            {"longest": most, "width": width},
        )
        best, *_ = beam_search(log_probs, prompt, end=self.end, alpha=alpha, **sizes)
        return torch.tensor(best.tokens)

    def _embedded(self, tokens, embed, positions, start=0):
        scaled = embed(tokens) * embed.embedding_dim**0.5
        return self.dropout(positions(scaled, start))


def shift_right(
    target: Int[torch.Tensor, "batch positions"], start: int
) -> Int[torch.Tensor, "batch positions"]:
    """Return what the decoder reads while `target` is wanted: each token one later.

    Examples
    --------
    >>> import torch
    >>> shift_right(torch.tensor([[5, 6, 2]]), start=1)
    tensor([[1, 5, 6]])
    """
    return torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)


def _embedding(vocab, model):
    """Make an embedding whose entries are of size one once they are scaled."""
    embed = nn.Embedding(vocab, model)
    nn.init.normal_(embed.weight, std=model**-0.5)
    return embed
