"""The loss of tokens: torch's, the definition, and padding that leaves no trace."""

import pytest
import torch
from torch.nn import functional

from attn_course.nn import token_losses

torch.manual_seed(0)
LOGITS = torch.randn(2, 3, 5, dtype=torch.float64)
TARGETS = torch.tensor([[1, 4, 0], [2, 0, 0]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_mean_is_torchs_with_padding_left_out(smoothing):
    wanted = functional.cross_entropy(
        LOGITS.mT, TARGETS, ignore_index=0, label_smoothing=smoothing
    )
    got = token_losses(LOGITS, TARGETS, padding=0, smoothing=smoothing)
    assert got.shape == (3,)
    torch.testing.assert_close(got.mean(), wanted)


def test_is_the_cross_entropy_with_the_smoothed_target():
    logs, share = LOGITS.log_softmax(-1), 0.3
    target = (1 - share) * functional.one_hot(TARGETS, 5) + share / 5
    wanted = -(target * logs).sum(-1).flatten()
    torch.testing.assert_close(token_losses(LOGITS, TARGETS, smoothing=share), wanted)


def test_the_lowest_smoothed_loss_is_the_entropy_of_the_target():
    right = torch.tensor([0.91] + [0.01] * 9).log()  # ten tokens, smoothing 0.1
    got = token_losses(right, torch.tensor(0), smoothing=0.1)
    assert got.item() == pytest.approx(0.500, abs=5e-4)


def test_logits_at_padding_get_no_slope():
    logits = LOGITS.clone().requires_grad_()
    token_losses(logits, TARGETS, padding=0, smoothing=0.1).mean().backward()
    reached = (logits.grad != 0).any(-1)
    assert torch.equal(reached, TARGETS != 0)


def test_refuses_targets_that_do_not_fit_and_smoothing_of_one():
    with pytest.raises(ValueError, match=r"targets of shape \(2, 3\), got \(3, 2\)"):
        token_losses(LOGITS, TARGETS.T)
    with pytest.raises(ValueError, match="smoothing of at least 0 and below 1"):
        token_losses(LOGITS, TARGETS, smoothing=1.0)
