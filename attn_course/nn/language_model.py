r"""A causal language model: each position predicts the token after it.

.. math::  p(x_1 \dots x_n) = \prod_t p(x_t \mid x_{<t})

References
----------
A. Radford et al., "Language Models are Unsupervised Multitask Learners", OpenAI, 2019,
section 2.3 (pre-norm, a last norm).
H. Touvron et al., "LLaMA: Open and Efficient Foundation Language Models",
arXiv:2302.13971, 2023, section 2.2 (RMS norm, SwiGLU, rotary positions).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.configured import configured
from attn_course.nn.multihead import Cache
from attn_course.nn.positions import Learned, Sinusoidal
from attn_course.nn.relative import ALiBi, RelativeBias
from attn_course.nn.rotary import Rotary
from attn_course.nn.sampling import sample
from attn_course.nn.stack import Encoder

Tokens = Int[torch.Tensor, "batch positions"]
Logits = Float[torch.Tensor, "batch positions vocab"]
POSITIONS = ("rotary", "learned", "sinusoidal", "alibi", "relative", "none")


class LanguageModel(nn.Module):
    """Causal pre-norm blocks between an embedding and its transpose, as in GPT-2.

    Parameters
    ----------
    vocab
        Size of the vocabulary.
    model, heads, layers, hidden
        Sizes of the stack; see `Encoder`.
    longest
        Positions there is room for. "learned" and "sinusoidal" positions end there;
        of "relative" ones this is the reach; the others have no end.
    positions
        "rotary", "learned", "sinusoidal", "alibi", "relative" or "none".
    tied
        Whether the output projection is the embedding.
    options
        Further keywords, for the blocks: `norm`, `activation`, `groups`, `window`, ...

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = LanguageModel(vocab=11, model=8, heads=2, layers=2).eval()
    >>> model(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 11])
    >>> model.generate(torch.tensor([[1, 2, 3]]), 4, temperature=0).shape
    torch.Size([1, 7])
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
        longest: int = 1024,
        positions: str = "rotary",
        tied: bool = True,
        activation: str = "gelu",
        **options,
    ):
        super().__init__()
        expect.counts("LanguageModel", vocab=vocab, heads=heads, longest=longest)
        expect.choice("LanguageModel", POSITIONS, positions=positions)
        self.embed = nn.Embedding(vocab, model)
        nn.init.normal_(self.embed.weight, std=0.02)
        added = {"learned": Learned, "sinusoidal": Sinusoidal}
        self.positions = (
            added[positions](model, longest) if positions in added else None
        )
        self.dropout = nn.Dropout(dropout)
        self.blocks = Encoder(
            model,
            heads,
            layers,
            hidden,
            dropout=dropout,
            activation=activation,
            **_inside(positions, model, heads, longest),
            **options,
        )
        self.output = nn.Linear(model, vocab, bias=False)
        if tied:
            self.output.weight = self.embed.weight

    def forward(
        self, tokens: Tokens, *, allowed: Bool[torch.Tensor, "..."] | None = None
    ) -> Logits:
        """Return logits for the token after each position.

        Padding at the end needs no mask: what is causal cannot see it.
        """
        x = self._embedded(tokens, 0)
        return self.output(self.blocks(x, allowed=allowed, causal=True))

    def step(
        self, tokens: Tokens, caches: Sequence[Cache] | None = None
    ) -> tuple[Logits, list[Cache]]:
        """Continue a sequence: return logits for the new tokens, and longer caches."""
        start = 0 if caches is None else caches[0].length
        x, caches = self.blocks.step(self._embedded(tokens, start), caches)
        return self.output(x), caches

    @torch.no_grad()
    def generate(
        self,
        prompt: Tokens,
        count: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        generator: torch.Generator | None = None,
        cached: bool = True,
    ) -> Int[torch.Tensor, "batch longer"]:
        """Return the prompt and `count` tokens drawn after it.

        The model should be in evaluation mode. With `cached`, each position is computed
        once; without, all of them again for each token, to the same effect.

        Parameters
        ----------
        temperature
            The logits are divided by it first of all; 0 takes the likeliest token.
        top_k, top_p
            Then only these are left; see the functions of that name.
        generator
            Where chance comes from. Default: the global generator of torch.

        Raises
        ------
        ValueError
            If the prompt is empty: there is nothing to continue.
        """
        if prompt.shape[1] == 0:
            raise ValueError("generate: wanted a prompt of at least one token, got 0")
        tokens, new, caches = prompt, prompt, None
        for _ in range(count):
            if cached:
                logits, caches = self.step(new, caches)
            else:
                logits = self(tokens)
            new = _next(logits[:, -1], temperature, top_k, top_p, generator)
            tokens = torch.cat([tokens, new], dim=1)
        return tokens

    def _embedded(self, tokens, start):
        x = self.embed(tokens)
        return self.dropout(x if self.positions is None else self.positions(x, start))


def _next(logits, temperature, top_k, top_p, generator):
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    expect.positive("generate", temperature=temperature)
    kept = {"k": top_k, "p": top_p}
    return sample(logits, temperature=temperature, **kept, generator=generator)


def _inside(positions: str, model: int, heads: int, longest: int) -> dict:
    """What the attention of each block needs to know of positions."""
    if positions == "rotary":
        width = expect.divides(
            "LanguageModel", heads, model, of="a model", into="heads"
        )
        return {"rotary": Rotary(width)}
    if positions == "alibi":
        return {"relative": ALiBi(heads)}
    if positions == "relative":
        return {"relative": RelativeBias(heads, longest)}
    return {}
