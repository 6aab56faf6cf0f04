"""First weights: their distribution, PyTorch's, and what they keep over many layers."""

import numpy as np
import pytest
import torch
from scipy import stats

from attn_course.functional import kaiming_normal, relu, xavier_uniform

EACH = pytest.mark.parametrize("draw", [xavier_uniform, kaiming_normal])


def draws(seed=0):
    return np.random.default_rng(seed)


def test_follow_the_distributions_of_the_papers():
    reach = (6 / 500) ** 0.5
    weight = xavier_uniform(200, 300, draws())
    assert abs(weight).max() <= reach
    uniform = stats.uniform(-reach, 2 * reach)
    assert stats.kstest(weight.ravel(), uniform.cdf).pvalue > 0.01
    normal = stats.norm(0, (2 / 200) ** 0.5)
    weight = kaiming_normal(200, 300, draws())
    assert stats.kstest(weight.ravel(), normal.cdf).pvalue > 0.01


def test_are_as_wide_as_those_of_torch_whose_weights_are_transposed():
    source = torch.Generator().manual_seed(0)
    theirs = torch.empty(300, 200)  # outputs, inputs
    torch.nn.init.xavier_uniform_(theirs, generator=source)
    ours = xavier_uniform(200, 300, draws())
    assert ours.std() == pytest.approx(theirs.std().item(), rel=0.02)
    torch.nn.init.kaiming_normal_(theirs, nonlinearity="relu", generator=source)
    ours = kaiming_normal(200, 300, draws())
    assert ours.std() == pytest.approx(theirs.std().item(), rel=0.02)


def test_xavier_keeps_the_size_of_signal_and_gradient_over_many_layers():
    source = draws()
    forward = backward = source.normal(size=(100, 128))
    for _ in range(20):
        weight = xavier_uniform(128, 128, source)
        forward, backward = forward @ weight, backward @ weight.T
    for signal in (forward, backward):
        assert 1 / 3 < (signal**2).mean() < 3


def test_behind_a_relu_kaiming_keeps_the_size_and_xavier_loses_it():
    sizes = {}
    for draw in (kaiming_normal, xavier_uniform):
        source = draws()
        signal = source.normal(size=(100, 128))
        for _ in range(20):
            signal = relu(signal) @ draw(128, 128, source)
        sizes[draw] = (signal**2).mean()
    assert 1 / 5 < sizes[kaiming_normal] < 5
    assert sizes[xavier_uniform] < 1e-4  # halved twenty times


@EACH
def test_the_same_generator_gives_the_same_weight(draw):
    np.testing.assert_array_equal(draw(3, 5, draws()), draw(3, 5, draws()))
    assert (draw(3, 5, draws()) != draw(3, 5, draws(1))).any()
    assert draw(3, 5, draws()).dtype == np.float64


@EACH
def test_refuses_a_map_from_or_to_nothing(draw):
    with pytest.raises(
        ValueError, match=f"{draw.__name__}: wanted inputs of at least 1"
    ):
        draw(0, 5, draws())
    with pytest.raises(ValueError, match=r"whole outputs, got 2\.5"):
        draw(3, 2.5, draws())
