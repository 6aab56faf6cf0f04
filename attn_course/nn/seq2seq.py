r"""Recurrent sequence to sequence, with attention and without.

Both models can stand in for a `Transformer`: ``forward(source, target)`` gives logits,
``decode(source, most)`` writes. Padding stands on the right.

References
----------
I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to Sequence Learning with Neural
Networks", NeurIPS 2014.
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
Statistical Machine Translation", EMNLP 2014, section 2.2, and appendix A of
arXiv:1406.1078 (no attention).
D. Bahdanau, K. Cho and Y. Bengio, "Neural Machine Translation by Jointly Learning to
Align and Translate", ICLR 2015.
M.-T. Luong, H. Pham and C. D. Manning, "Effective Approaches to Attention-based Neural
Machine Translation", EMNLP 2015.
"""

import torch
from jaxtyping import Float, Int
from torch import nn

from attn_course.nn import expect
from attn_course.nn.bahdanau import BahdanauDecoder
from attn_course.nn.configured import configured
from attn_course.nn.decoding import beam_search
from attn_course.nn.luong import LuongDecoder
from attn_course.nn.recurrent import BiLSTMEncoder, GRUEncoder, token_table
from attn_course.nn.summary import SummaryDecoder

Source = Int[torch.Tensor, "batch keys"]
Target = Int[torch.Tensor, "batch queries"]
Logits = Float[torch.Tensor, "batch queries vocab"]
Alignment = Float[torch.Tensor, "batch queries keys"]


class EncoderDecoder(nn.Module):
    """What is the same whatever encoder and decoder are."""

    def forward(
        self, source: Source, target: Target, *, return_weights: bool = False
    ) -> Logits | tuple[Logits, Alignment | None]:
        """Return logits for the token after each position of `target`.

        `target` is what the decoder reads: the wanted tokens, shifted right. That it
        reads them, and not what it would have written, is teacher forcing.
        """
        token_table(type(self).__name__, target, self.target_vocab)
        if len(target) != len(source) or target.shape[1] == 0:
            raise ValueError(
                f"{type(self).__name__}: wanted a target for each source, so "
                f"({len(source)}, 1 or more), got {tuple(target.shape)}"
            )
        read = self.encoder(source)
        state, steps = self.decoder.start(read), []
        for tokens in target.unbind(dim=1):
            logits, state, weights = self.decoder.step(tokens, state, read)
            steps.append((logits, weights))
        logits, weights = stacked(steps)
        return (logits, weights) if return_weights else logits

    @torch.no_grad()
    def decode(
        self,
        source: Source,
        most: int,
        *,
        width: int = 1,
        alpha: float = 1.0,
        return_weights: bool = False,
    ) -> Target | tuple[Target, Alignment | None]:
        """Write a target for each source, greedily or with a beam of that width.

        Returned is what comes after the start token: at most that many tokens, the end
        token among them, then padding. `alpha` is that of `beam_search`. With
        `return_weights`, also where each step looked; rows of steps after the end token
        mean nothing.
        """
        expect.counts("decode", most=most, width=width)
        if width == 1:
            written, weights = self._greedy(source, most)
            return (written, weights) if return_weights else written
        found = [self._search(row[None], most, width, alpha) for row in source]
        written = nn.utils.rnn.pad_sequence(found, True, self.padding)
        written = written.to(source.device)
        if not return_weights:
            return written
        before = torch.full_like(written[:, :1], self.start)
        read = torch.cat([before, written[:, :-1]], dim=1)
        return written, self(source, read, return_weights=True)[1]

    def _greedy(self, source, most):
        read = self.encoder(source)
        state, steps = self.decoder.start(read), []
        tokens = source.new_full(source.shape[:1], self.start)
        ended = torch.zeros_like(tokens, dtype=torch.bool)
        while len(steps) < most and not ended.all():
            logits, state, weights = self.decoder.step(tokens, state, read)
            tokens = logits.argmax(dim=-1).masked_fill(ended, self.padding)
            ended = ended | (tokens == self.end)
            steps.append((tokens, weights))
        return stacked(steps)

    def _search(self, source, most, width, alpha):
        def log_probs(prefixes):
            many = source.expand(len(prefixes), -1)
            return self(many, prefixes)[:, -1].log_softmax(dim=-1)

        best, *_ = beam_search(
            log_probs,
            source.new_tensor([self.start]),
            end=self.end,
            longest=most,
            width=width,
            alpha=alpha,
        )
        return torch.tensor(best.tokens)


class Seq2Seq(EncoderDecoder):
    """A bidirectional LSTM reads; a decoder with attention writes.

    Parameters
    ----------
    source_vocab, target_vocab
        Ids of the two languages.
    model, hidden
        Entries of an embedding; entries of each direction of the encoder. The decoder's
        state is twice as wide.
    score
        "additive" is Bahdanau's decoder; "dot", "general" and "concat" are Luong's.
    padding, start, end
        The ids that fill up a sequence, begin it and end it.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = Seq2Seq(source_vocab=9, target_vocab=11, model=4, hidden=5)
    >>> source = torch.tensor([[7, 5, 2], [8, 2, 0]])
    >>> logits, weights = model(source, torch.tensor([[1], [1]]), return_weights=True)
    >>> logits.shape, weights.shape, weights[1, 0, 2].item()
    (torch.Size([2, 1, 11]), torch.Size([2, 1, 3]), 0.0)
    >>> model.decode(source, most=4).shape
    torch.Size([2, 4])
    """

    @configured
    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        *,
        model: int,
        hidden: int,
        score: str = "additive",
        padding: int = 0,
        start: int = 1,
        end: int = 2,
    ):
        super().__init__()
        expect.counts("Seq2Seq", target_vocab=target_vocab)
        self.padding, self.start, self.end = padding, start, end
        self.target_vocab = target_vocab
        self.encoder = BiLSTMEncoder(source_vocab, model, hidden, padding=padding)
        sizes = target_vocab, model, 2 * hidden, hidden
        expect.choice("Seq2Seq", ("additive", "dot", "general", "concat"), score=score)
        if score == "additive":
            self.decoder = BahdanauDecoder(*sizes)
        else:
            self.decoder = LuongDecoder(*sizes, score=score)


class RNNEncoderDecoder(EncoderDecoder):
    """The whole source squeezed into one vector of fixed size; no attention.

    Parameters are those of `Seq2Seq`. There are no weights: where they are asked for,
    None comes.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = RNNEncoderDecoder(source_vocab=9, target_vocab=11, model=4, hidden=5)
    >>> model(torch.tensor([[7, 5, 2]]), torch.tensor([[1, 4]])).shape
    torch.Size([1, 2, 11])
    """

    @configured
    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        *,
        model: int,
        hidden: int,
        padding: int = 0,
        start: int = 1,
        end: int = 2,
    ):
        super().__init__()
        expect.counts("RNNEncoderDecoder", target_vocab=target_vocab)
        self.padding, self.start, self.end = padding, start, end
        self.target_vocab = target_vocab
        self.encoder = GRUEncoder(source_vocab, model, hidden, padding=padding)
        self.decoder = SummaryDecoder(target_vocab, model, hidden)


def stacked(steps):
    """Put the outputs of all steps side by side, and the weights if there are any."""
    outputs, weights = zip(*steps, strict=True)
    looked = None if weights[0] is None else torch.stack(weights, dim=1)
    return torch.stack(outputs, dim=1), looked
