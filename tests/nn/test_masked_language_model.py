"""The bidirectional encoder: both sides are seen, padding is not, and it fills gaps."""

import pytest
import torch

from attn_course.nn import BidirectionalEncoder, MaskedLanguageModel, token_losses

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 0, 0], [2, 5, 3, 5, 4, 6, 2]])
SEGMENTS = torch.tensor([[0, 0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1, 1]])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def made(**options):
    sizes = {"model": 12, "heads": 3, "layers": 2, "hidden": 10, "longest": 20}
    return BidirectionalEncoder(7, **{**sizes, **options}).double().eval()


@pytest.mark.parametrize("norm_first", [True, False])
def test_padding_changes_nothing_but_every_real_position_matters(norm_first):
    encoder = made(norm_first=norm_first)
    states = encoder(TOKENS, SEGMENTS)
    assert states.shape == (2, 7, 12)
    torch.testing.assert_close(
        encoder(TOKENS[:1, :5], SEGMENTS[:1, :5]), states[:1, :5]
    )
    for place in range(5):
        other = TOKENS.clone()
        other[0, place] = 6
        changed = (encoder(other, SEGMENTS)[0, :5] - states[0, :5]).abs().amax(-1)
        assert (changed > 1e-9).all()


def test_segments_matter_and_are_all_zero_if_nothing_is_said():
    encoder = made()
    assert not torch.allclose(encoder(TOKENS), encoder(TOKENS, SEGMENTS))
    assert torch.equal(encoder(TOKENS), encoder(TOKENS, SEGMENTS * 0))


def test_the_output_projection_is_the_embedding():
    model = MaskedLanguageModel(made()).double()
    assert model.output.weight is model.encoder.embed.weight
    hidden = model.transform(model.encoder(TOKENS))
    wanted = hidden @ model.encoder.embed.weight.T + model.output.bias
    torch.testing.assert_close(model(TOKENS), wanted)


def test_learns_to_fill_gaps_from_both_sides():
    """x, ?, x + y with the gap y: neither side alone says it. 6 marks the gap."""
    pairs = torch.cartesian_prod(torch.arange(1, 3), torch.arange(1, 3))
    tokens = torch.stack([pairs[:, 0], pairs[:, 1], pairs.sum(1) + 1], dim=1)
    seen, gap = tokens.clone(), torch.tensor([False, True, False]).expand(4, 3)
    seen[gap] = 6
    encoder = BidirectionalEncoder(7, model=16, heads=2, layers=1, longest=3)
    model = MaskedLanguageModel(encoder)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(130):
        optimiser.zero_grad()
        loss = token_losses(model(seen)[gap], tokens[gap]).mean()
        loss.backward()
        optimiser.step()
    assert torch.equal(model(seen)[gap].argmax(-1), tokens[gap])


def test_a_loss_on_the_gaps_sends_no_slope_through_other_logits():
    model = MaskedLanguageModel(made()).double()
    logits = model(TOKENS)
    logits.retain_grad()
    gaps = torch.tensor([[0, 1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0, 0]]).bool()
    token_losses(logits[gaps], TOKENS[gaps]).mean().backward()
    assert torch.equal((logits.grad != 0).any(-1), gaps)


def test_refuses_more_positions_than_there_is_room_for():
    with pytest.raises(ValueError, match="at most 5 positions, got 7"):
        made(longest=5)(TOKENS)
    with pytest.raises(ValueError, match="segments as a whole number above zero"):
        made(segments=0)
