"""The whole Transformer: torch's with the same weights, padding, causality, search."""

import pytest
import torch
from torch import nn

from attn_course.nn import Sinusoidal, Transformer, beam_search, shift_right

from .weights import load_stack, shake

SIZES = {"model": 12, "heads": 3, "layers": 2, "hidden": 17, "longest": 20}
SOURCE = torch.tensor([[5, 3, 7, 9, 0, 0], [4, 8, 6, 3, 5, 7]])
TARGET = torch.tensor([[6, 9, 10, 2, 0], [3, 5, 8, 4, 2]])
LOSS = nn.CrossEntropyLoss(ignore_index=0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def made(**options):
    return Transformer(10, 11, **{**SIZES, **options}).double().eval()


def test_shifting_right_starts_with_the_start_token_and_loses_the_last():
    assert shift_right(TARGET, 1).tolist() == [[1, 6, 9, 10, 2], [1, 3, 5, 8, 4]]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_is_torchs_transformer_between_embedding_and_projection():
    theirs = nn.Transformer(
        d_model=12,
        nhead=3,
        num_encoder_layers=2,
        num_decoder_layers=2,
        dim_feedforward=17,
        dropout=0.0,
        batch_first=True,
        norm_first=True,
    ).double()
    shake(theirs)
    ours = made()
    load_stack(ours.encoder, theirs.encoder)
    load_stack(ours.decoder, theirs.decoder)
    place, hidden = Sinusoidal(12, 20), SOURCE == 0
    read = shift_right(TARGET, 1)
    states = theirs(
        place(ours.source_embed.weight[SOURCE] * 12**0.5),
        place(ours.target_embed.weight[read] * 12**0.5),
        tgt_mask=torch.ones(5, 5).triu(1).bool(),
        src_key_padding_mask=hidden,
        memory_key_padding_mask=hidden,
    )
    wanted = states @ ours.target_embed.weight.T
    torch.testing.assert_close(ours(SOURCE, read), wanted)


@pytest.mark.parametrize("options", [{}, {"norm_first": False}, {"norm": "rms"}])
def test_more_padding_changes_nothing_and_the_future_neither(options):
    model = made(**options)
    read = shift_right(TARGET, 1)
    logits = model(SOURCE, read)
    wider = nn.functional.pad(SOURCE, (0, 3))
    torch.testing.assert_close(model(wider, read), logits)
    longer = torch.cat([read, torch.tensor([[5, 5], [7, 9]])], dim=1)
    torch.testing.assert_close(model(SOURCE, longer)[:, :5], logits)
    alone = model(SOURCE[:1, :4], read[:1])
    torch.testing.assert_close(alone, logits[:1])
    other = SOURCE.clone()
    other[:, 1] = 2
    assert not torch.allclose(model(other, read), logits)


def test_tied_weights_are_one_parameter_and_untied_are_two():
    tied, free = made(), made(tied=False)
    assert tied.output.weight is tied.target_embed.weight
    counts = [sum(p.numel() for p in model.parameters()) for model in (tied, free)]
    assert counts[1] - counts[0] == 11 * 12


def test_greedy_decoding_is_the_likeliest_next_token_over_and_over():
    model = made()
    written = model.decode(SOURCE, 7)
    for row, source in zip(written, SOURCE, strict=True):
        so_far = torch.tensor([[1]])
        for token in row.tolist():
            if 2 in so_far[0, 1:]:
                assert token == 0
                continue
            best = model(source[None], so_far)[0, -1].argmax().item()
            assert token == best
            so_far = torch.cat([so_far, torch.tensor([[best]])], dim=1)


def test_a_beam_is_that_of_beam_search_and_never_worse_than_greed():
    model = made()

    def total(source, row):
        tokens = row[: row.tolist().index(2) + 1] if 2 in row else row
        read = shift_right(tokens[None], 1)
        logs = model(source[None], read).log_softmax(-1)[0]
        return logs.gather(-1, tokens[:, None]).sum()

    greedy = model.decode(SOURCE, 4)
    beam = model.decode(SOURCE, 4, width=40, alpha=0.0)
    for source, one, other in zip(SOURCE, greedy, beam, strict=True):
        if 2 in one or 2 not in other:  # else one is cut, and does not compete
            assert total(source, other) >= total(source, one) - 1e-9

    def log_probs(prefixes):
        source = SOURCE[:1].expand(len(prefixes), -1)
        return model(source, prefixes)[:, -1].log_softmax(-1)

    options = {"end": 2, "longest": 4, "width": 3, "alpha": 1.0}
    best, *_ = beam_search(log_probs, torch.tensor([1]), **options)
    found = model.decode(SOURCE[:1], 4, width=3)
    assert found[0].tolist() == list(best.tokens)


def test_learns_to_copy_one_batch_and_writes_it():
    torch.manual_seed(0)
    model = Transformer(10, 11, model=16, heads=2, layers=1, longest=8)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        logits = model(SOURCE, shift_right(TARGET, 1))
        loss = LOSS(logits.flatten(0, 1), TARGET.flatten())
        loss.backward()
        optimiser.step()
    assert loss < 0.1
    assert torch.equal(model.eval().decode(SOURCE, 9), TARGET)


def test_every_parameter_gets_a_slope():
    model = made(tied=False, positions="learned")
    logits = model(SOURCE, shift_right(TARGET, 1))
    LOSS(logits.flatten(0, 1), TARGET.flatten()).backward()
    for name, parameter in model.named_parameters():
        if not name.endswith("k_proj.bias"):  # softmax cannot see it
            assert (parameter.grad != 0).any(), name


def test_refuses_positions_it_does_not_know_and_targets_that_are_too_long():
    with pytest.raises(ValueError, match=r"positions from \['sinusoidal', 'learned'"):
        made(positions="rotary")
    with pytest.raises(ValueError, match="wanted at most 20 positions, got 21"):
        made()(SOURCE, torch.ones(2, 21, dtype=torch.long))
    with pytest.raises(ValueError, match="decode: wanted width as a whole number"):
        made().decode(SOURCE, 3, width=0)
