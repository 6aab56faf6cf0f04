"""Gates on feature maps: channels and places apart, against plain sums."""

import pytest
import torch

from attn_course.nn import CBAM, ChannelGate, SpatialGate, SqueezeExcitation

torch.manual_seed(0)
MAPS = torch.randn(2, 6, 5, 3, dtype=torch.float64)
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def network(net, row):
    """The small network of a channel gate, for one row of channels."""
    hidden = (net[0].weight @ row + net[0].bias).clamp(min=0)
    return net[2].weight @ hidden + net[2].bias


def test_squeeze_and_excitation_weighs_channels_by_their_means():
    gate = SqueezeExcitation(6, reduction=2).double()
    for sample, weighed in zip(MAPS, gate(MAPS), strict=True):
        means = torch.stack([channel.sum() / 15 for channel in sample])
        shares = 1 / (1 + torch.exp(-network(gate.net, means)))
        for channel, wanted, share in zip(weighed, sample, shares, strict=True):
            torch.testing.assert_close(channel, share * wanted, **EXACT)


def test_cbams_channel_gate_adds_what_the_maxima_say():
    gate = ChannelGate(6, reduction=3).double()
    for sample, got in zip(MAPS, gate.weights(MAPS), strict=True):
        means = sample.flatten(1).mean(dim=1)
        tops = sample.flatten(1).max(dim=1).values
        sums = network(gate.net, means) + network(gate.net, tops)
        torch.testing.assert_close(got[:, 0, 0], sums.sigmoid(), **EXACT)


def test_the_spatial_gate_is_a_window_over_mean_and_maximum():
    gate = SpatialGate(size=3).double()
    kernel = gate.conv.weight[0]
    got = gate.weights(MAPS)
    assert got.shape == (2, 1, 5, 3)
    for n, row, column in torch.cartesian_prod(*map(torch.arange, (2, 5, 3))):
        total = 0
        for i, j in torch.cartesian_prod(torch.arange(3), torch.arange(3)):
            y, x = row + i - 1, column + j - 1
            if 0 <= y < 5 and 0 <= x < 3:
                here = MAPS[n, :, y, x]
                total += kernel[0, i, j] * here.mean() + kernel[1, i, j] * here.max()
        torch.testing.assert_close(got[n, 0, row, column], total.sigmoid(), **EXACT)


@pytest.mark.parametrize("make", [SqueezeExcitation, ChannelGate])
def test_a_channel_gate_does_not_care_where(make):
    gate = make(6, reduction=2).double()
    order = torch.randperm(15)
    mixed = MAPS.flatten(2)[..., order].view_as(MAPS)
    torch.testing.assert_close(gate.weights(mixed), gate.weights(MAPS), **EXACT)


def test_a_spatial_gate_does_not_care_which_channel():
    gate = SpatialGate(size=3).double()
    mixed = MAPS[:, torch.randperm(6)]
    torch.testing.assert_close(gate.weights(mixed), gate.weights(MAPS), **EXACT)


def test_cbam_is_the_one_after_the_other():
    gate = CBAM(6, reduction=2, size=3).double()
    first = MAPS * gate[0].weights(MAPS)
    torch.testing.assert_close(gate(MAPS), first * gate[1].weights(first), **EXACT)


@pytest.mark.parametrize("make", [SqueezeExcitation, ChannelGate])
def test_weights_are_between_nothing_and_all_and_need_not_sum_to_one(make):
    weights = make(6, reduction=2).double().weights(MAPS)
    assert ((weights > 0) & (weights < 1)).all()
    assert (weights.sum(dim=1) - 1).abs().min() > 0.1


def test_refuses_maps_and_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"SqueezeExcitation: .*\(batch, 6, rows, col"):
        SqueezeExcitation(6, reduction=2).double()(MAPS[:, :5])
    with pytest.raises(
        ValueError, match=r"SpatialGate: .*\(batch, channels, rows, col"
    ):
        SpatialGate(3).double()(MAPS[0])
    with pytest.raises(
        ValueError, match="ChannelGate: wanted channels that falls into"
    ):
        ChannelGate(6, reduction=4)
    with pytest.raises(ValueError, match="SpatialGate: wanted an odd size, got 4"):
        SpatialGate(4)
