"""The causal language model: no future, a cache that changes nothing, sampling."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.nn import LanguageModel
from attn_course.nn.language_model import POSITIONS

VOCAB = 7
TOKENS = torch.tensor([[3, 1, 4, 1, 5, 2, 6], [2, 0, 1, 0, 2, 4, 6]])
KINDS = {
    **{kind: {"positions": kind} for kind in POSITIONS},
    "llama": {"norm": "rms", "activation": "swiglu", "groups": 1, "bias": False},
    "window": {"window": 3, "positions": "none"},
}
EACH = pytest.mark.parametrize("kind", KINDS)


def made(**options):
    torch.manual_seed(0)
    sizes = {"model": 12, "heads": 3, "layers": 2, "hidden": 10, "longest": 20}
    model = LanguageModel(VOCAB, **{**sizes, **options}).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


@EACH
def test_no_position_sees_a_later_token(kind):
    model = made(**KINDS[kind])
    logits = model(TOKENS)
    assert logits.shape == (2, 7, VOCAB)
    for cut in (1, 4, 6):
        torch.testing.assert_close(model(TOKENS[:, :cut]), logits[:, :cut])
    other = TOKENS.clone()
    other[:, 3] = 6
    changed = (model(other) - logits).abs().amax(-1) > 1e-12
    seen = 3 + 1 + 2 * 2 if kind == "window" else 7  # two layers of two steps back
    assert changed[0].nonzero().flatten().tolist() == list(range(3, min(7, seen)))


@EACH
@settings(max_examples=8)
@given(cuts=st.lists(st.integers(1, 6)))
def test_however_it_is_cut_into_steps_the_logits_are_those_of_one_go(kind, cuts):
    model = made(**KINDS[kind])
    caches, parts = None, []
    for start, end in itertools.pairwise([0, *sorted(set(cuts)), 7]):
        logits, caches = model.step(TOKENS[:, start:end], caches)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), model(TOKENS))


@EACH
def test_with_and_without_a_cache_the_same_is_written(kind):
    model = made(**KINDS[kind])
    written = [
        model.generate(
            TOKENS[:, :3],
            8,
            temperature=1.3,
            top_k=5,
            top_p=0.9,
            generator=torch.Generator().manual_seed(1),
            cached=cached,
        )
        for cached in (True, False)
    ]
    assert torch.equal(*written)
    assert written[0].shape == (2, 11)
    assert torch.equal(written[0][:, :3], TOKENS[:, :3])


def test_probabilities_of_all_strings_of_one_length_sum_to_one():
    model = made()
    strings = torch.tensor([[3, *s] for s in itertools.product(range(VOCAB), repeat=3)])
    logs = model(strings[:, :-1]).log_softmax(-1)
    totals = logs.gather(-1, strings[:, 1:, None]).sum(dim=(1, 2))
    torch.testing.assert_close(totals.exp().sum().item(), 1.0)


def test_temperature_zero_and_top_k_of_one_take_the_likeliest():
    model = made()
    likeliest = model.generate(TOKENS[:, :2], 6, temperature=0)
    assert torch.equal(model.generate(TOKENS[:, :2], 6, top_k=1), likeliest)
    assert torch.equal(model.generate(TOKENS[:, :2], 6, top_p=1e-9), likeliest)
    for place in range(2, 8):
        best = model(likeliest[:, :place])[:, -1].argmax(-1)
        assert torch.equal(likeliest[:, place], best)


def test_the_nucleus_is_taken_after_the_temperature():
    model = made()
    hot = model.generate(TOKENS[:1, :3].expand(300, 3), 1, temperature=50.0, top_p=0.99)
    assert len(hot[:, -1].unique()) == VOCAB


def test_without_positions_only_the_set_of_the_past_counts_in_one_layer():
    model = made(positions="none", layers=1)
    swapped = TOKENS[:, [1, 0, 3, 2, 4, 5, 6]]
    torch.testing.assert_close(model(swapped)[:, 4:], model(TOKENS)[:, 4:])
    assert not torch.allclose(model(swapped)[:, 3], model(TOKENS)[:, 3])


def test_tied_weights_are_one_parameter():
    tied, free = made(), made(tied=False)
    assert tied.output.weight is tied.embed.weight
    counts = [sum(p.numel() for p in model.parameters()) for model in (tied, free)]
    assert counts[1] - counts[0] == VOCAB * 12


def test_learns_to_count():
    torch.manual_seed(0)
    model = LanguageModel(VOCAB, model=16, heads=2, layers=1)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    tokens = (torch.arange(VOCAB)[:, None] + torch.arange(9)) % VOCAB
    for _ in range(40):
        optimiser.zero_grad()
        logits = model(tokens[:, :-1])
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), tokens[:, 1:].flatten()
        )
        loss.backward()
        optimiser.step()
    written = model.eval().generate(torch.tensor([[2, 3]]), 6, temperature=0)
    assert written.tolist() == [[2, 3, 4, 5, 6, 0, 1, 2]]


def test_refuses_no_prompt_unknown_positions_and_a_sequence_with_no_room():
    with pytest.raises(ValueError, match="a prompt of at least one token"):
        made().generate(TOKENS[:, :0], 3)
    with pytest.raises(ValueError, match=r"positions from .*, got 'somewhere'"):
        made(positions="somewhere")
    with pytest.raises(ValueError, match="at most 20 positions, got 21"):
        made(positions="learned").generate(TOKENS, 15)
    with pytest.raises(ValueError, match="a positive temperature, got -1"):
        made().generate(TOKENS, 1, temperature=-1)
    with pytest.raises(ValueError, match="a model that falls into 5 heads, got 12"):
        made(heads=5)
