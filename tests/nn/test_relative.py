"""Positions as a bias: entry by entry, and alike for a cache and for one go."""

import pytest
import torch

from attn_course.functional import alibi_bias
from attn_course.nn import ALiBi, RelativeBias


@pytest.mark.parametrize("heads", [1, 4, 8])
def test_alibi_is_slope_times_distance(heads):
    bias = ALiBi(heads)(5, 5)
    assert bias.shape == (heads, 5, 5)
    for h in range(heads):
        for i in range(5):
            for j in range(5):
                wanted = -(2 ** (-8 * (h + 1) / heads)) * abs(i - j)
                assert bias[h, i, j] == pytest.approx(wanted, rel=1e-6)


def test_the_slopes_of_eight_heads_are_the_papers():
    assert ALiBi(8).slopes.tolist() == [2.0**-h for h in range(1, 9)]


def test_other_numbers_of_heads_mix_two_series_as_the_authors_code_does():
    first, between = [2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8], [2.0**-1, 2.0**-3]
    assert ALiBi(6).slopes.tolist() == first + between


@pytest.mark.parametrize("heads", range(1, 18))
def test_alibi_is_numpys(heads):
    wanted = torch.from_numpy(alibi_bias(heads, 3, 5)).float()
    torch.testing.assert_close(ALiBi(heads)(3, 5), wanted)


def test_relative_bias_is_clipped_and_tells_before_from_after():
    bias = RelativeBias(heads=3, reach=2)
    torch.nn.init.normal_(bias.weight)
    table = bias(5, 5)
    assert table.shape == (3, 5, 5)
    for i in range(5):
        for j in range(5):
            wanted = bias.weight[:, min(max(j - i, -2), 2) + 2]
            assert torch.equal(table[:, i, j], wanted)
    assert len(table[0].unique()) == 5


@pytest.mark.parametrize("make", [ALiBi, lambda heads: RelativeBias(heads, reach=3)])
def test_fewer_queries_than_keys_are_the_last_rows(make):
    bias = make(3)
    for parameter in bias.parameters():
        torch.nn.init.normal_(parameter)
    assert torch.equal(bias(2, 7), bias(7, 7)[:, 5:])


def test_relative_bias_learns_and_alibi_does_not():
    bias = RelativeBias(heads=2, reach=1)
    bias(3, 3).sum().backward()
    assert bias.weight.grad.tolist() == [[3, 3, 3]] * 2
    assert list(ALiBi(2).parameters()) == []
    assert list(ALiBi(2).state_dict()) == []


def test_refuses_no_heads_and_no_reach():
    with pytest.raises(ValueError, match="ALiBi: wanted heads as a whole number"):
        ALiBi(0)
    with pytest.raises(ValueError, match="RelativeBias: wanted reach as a whole"):
        RelativeBias(2, reach=0)
