"""Heads on one encoder: shapes, padding, spans by trying all, and saving."""

import pytest
import torch

from attn_course.nn import (
    BidirectionalEncoder,
    Classifier,
    MaskedLanguageModel,
    Regressor,
    SpanReader,
    best_span,
    load,
    save,
)

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 0, 0], [2, 5, 3, 5, 4, 6, 2]])


def encoder():
    torch.manual_seed(0)
    return BidirectionalEncoder(7, model=12, heads=3, layers=1, longest=20).eval()


HEADS = {
    "Classifier": lambda e: Classifier(e, classes=5),
    "Regressor": lambda e: Regressor(e, outputs=2, dropout=0.2),
    "SpanReader": SpanReader,
    "MaskedLanguageModel": MaskedLanguageModel,
}
EACH = pytest.mark.parametrize("name", HEADS)


def test_one_row_of_numbers_a_sequence():
    assert HEADS["Classifier"](encoder())(TOKENS).shape == (2, 5)
    assert HEADS["Regressor"](encoder())(TOKENS).shape == (2, 2)


@EACH
def test_a_head_trains_the_encoder_and_padding_does_not_matter(name):
    head = HEADS[name](encoder()).double().eval()
    outputs = head(TOKENS)
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    alone = head(TOKENS[:1, :5])
    alone = alone[0] if isinstance(alone, tuple) else alone
    torch.testing.assert_close(outputs[:1, :5], alone)
    alone.square().sum().backward()
    assert (head.encoder.blocks.layers[0].self_attn.v_proj.weight.grad != 0).any()


@EACH
def test_comes_back_from_a_file_with_its_encoder(name, tmp_path):
    head = HEADS[name](encoder()).eval()
    save(head, tmp_path / "head.pt", vocabulary={"a": 1})
    again, _ = load(tmp_path / "head.pt")
    assert type(again).__name__ == name
    pairs = [model(TOKENS) for model in (head, again)]
    if name == "SpanReader":
        pairs = [torch.stack(pair) for pair in pairs]
    assert torch.equal(*pairs)


def test_two_heads_may_share_an_encoder():
    shared = encoder()
    one, other = Classifier(shared, classes=5), Regressor(shared)
    assert one.encoder is other.encoder


def test_no_answer_starts_or_ends_where_it_may_not():
    reader = SpanReader(encoder())
    start, end = reader(TOKENS)
    assert torch.equal(start.isfinite(), TOKENS != 0)
    text = torch.tensor([0, 0, 1, 1, 1, 0, 0]).bool()
    start, end = reader(TOKENS, allowed=text.expand(2, 7))
    assert torch.equal(end.isfinite(), text.expand(2, 7))
    loss = torch.nn.functional.cross_entropy(start, torch.tensor([2, 4]))
    loss.backward()
    assert reader.output.weight.grad.isfinite().all()


@pytest.mark.parametrize("longest", [1, 2, 3, 9])
def test_the_best_span_is_the_best_of_all(longest):
    generator = torch.Generator().manual_seed(longest)
    start, end = torch.randn(2, 20, 6, generator=generator)
    found = best_span(start, end, longest)
    for row in range(20):
        spans = {
            (i, j): start[row, i] + end[row, j]
            for i in range(6)
            for j in range(i, min(6, i + longest))
        }
        assert tuple(found[row].tolist()) == max(spans, key=spans.get)


def test_refuses_heads_with_no_outputs():
    with pytest.raises(ValueError, match="outputs as a whole number above zero, got 0"):
        Regressor(encoder(), outputs=0)
    with pytest.raises(ValueError, match="Classifier: wanted outputs as a whole"):
        Classifier(encoder(), classes=0)
    with pytest.raises(ValueError, match="longest as a whole number above zero"):
        best_span(torch.zeros(1, 3), torch.zeros(1, 3), 0)
