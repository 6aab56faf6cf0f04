"""Residual and non-local blocks: what they add, and that they start from nothing."""

import pytest
import torch
from torch.nn import functional

from attn_course.nn import NonLocalBlock, ResidualBlock, SpatialGate, SqueezeExcitation

torch.manual_seed(0)
MAPS = torch.randn(2, 8, 5, 3, dtype=torch.float64)
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def standardised(maps, norm):
    """Batch norm in training: over batch and places, each channel alone."""
    mean = maps.mean(dim=(0, 2, 3), keepdim=True)
    spread = maps.var(dim=(0, 2, 3), keepdim=True, correction=0) + norm.eps
    scale, shift = norm.weight[:, None, None], norm.bias[:, None, None]
    return (maps - mean) / spread.sqrt() * scale + shift


@pytest.mark.parametrize("outputs", [8, 7])
def test_a_block_is_two_convolutions_added_to_what_comes_in(outputs):
    block = ResidualBlock(8, outputs).double()
    first, norm1, _, second, norm2 = block.branch
    hidden = functional.conv2d(MAPS, first.weight, padding=1)
    hidden = standardised(hidden, norm1).clamp(min=0)
    change = standardised(functional.conv2d(hidden, second.weight, padding=1), norm2)
    if outputs == 8:
        carried = MAPS
    else:
        weight = block.shortcut.weight[..., 0, 0]
        carried = torch.einsum("oc,bcyx->boyx", weight, MAPS)
        carried = carried + block.shortcut.bias[:, None, None]
    torch.testing.assert_close(block(MAPS), (carried + change).clamp(min=0), **EXACT)


@pytest.mark.parametrize("gate", [SqueezeExcitation(8, 2), SpatialGate(3)])
def test_a_gate_weighs_the_change_and_not_what_is_carried(gate):
    block = ResidualBlock(8, gate=gate).double()
    change = block.branch(MAPS)
    wanted = torch.relu(MAPS + change * gate.weights(change))
    torch.testing.assert_close(block(MAPS), wanted, **EXACT)


def test_with_a_branch_of_zeros_a_block_is_only_relu():
    block = ResidualBlock(8).double()
    torch.nn.init.zeros_(block.branch[-1].weight)
    torch.testing.assert_close(block(MAPS), MAPS.clamp(min=0), rtol=0, atol=0)


def test_at_the_start_non_local_changes_nothing_but_can_learn_to():
    block = NonLocalBlock(8, reduction=2).double()
    assert torch.equal(block(MAPS), MAPS)
    block(MAPS).square().sum().backward()
    assert block.gamma.grad != 0
    assert (block.query.weight.grad == 0).all()  # gamma has to move first


def test_non_local_mixes_all_places():
    block = NonLocalBlock(8, reduction=2).double()
    torch.nn.init.constant_(block.gamma, 0.7)
    output, weights = block(MAPS, return_weights=True)
    for n in range(2):
        places = [MAPS[n, :, y, x] for y in range(5) for x in range(3)]
        for i, (here, got) in enumerate(
            zip(places, output[n].flatten(1).T, strict=True)
        ):
            query = block.query.weight @ here
            scores = torch.stack([query @ (block.key.weight @ x) for x in places])
            shares = scores.exp() / scores.exp().sum()
            torch.testing.assert_close(weights[n, i], shares, **EXACT)
            read = sum(
                a * (block.value.weight @ x)
                for a, x in zip(shares, places, strict=True)
            )
            wanted = here + 0.7 * block.output.weight @ read
            torch.testing.assert_close(got, wanted, **EXACT)


def test_saved_and_read_a_block_gives_the_same():
    block = ResidualBlock(8, gate=SqueezeExcitation(8, 2)).double()
    block(MAPS)  # moves the running means
    other = ResidualBlock(8, gate=SqueezeExcitation(8, 2)).double()
    other.load_state_dict(block.state_dict())
    assert torch.equal(other.eval()(MAPS), block.eval()(MAPS))


def test_refuses_maps_that_do_not_fit():
    for block in (ResidualBlock(8).double(), NonLocalBlock(8).double()):
        with pytest.raises(ValueError, match=r"wanted maps of shape \(batch, 8, rows"):
            block(MAPS[:, :7])
        with pytest.raises(ValueError, match="wanted maps of shape"):
            block(MAPS[0])
    with pytest.raises(
        ValueError, match="wanted channels that falls into 8 parts, got"
    ):
        NonLocalBlock(9)
    with pytest.raises(ValueError, match="wanted outputs as a whole number"):
        ResidualBlock(8, 0)
