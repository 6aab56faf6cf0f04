"""Masks as tensors: against their definition, entry by entry, and combined."""

import pytest
import torch

from attn_course.nn import causal_mask, padding_mask, window_mask


@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (1, 4), (4, 2)])
def test_the_future_is_hidden_and_the_queries_stand_at_the_end(queries, keys):
    wanted = [[j <= i + keys - queries for j in range(keys)] for i in range(queries)]
    assert causal_mask(queries, keys).tolist() == wanted


@pytest.mark.parametrize("window", [1, 2, 3, 9])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7)])
def test_a_window_shows_what_is_near(window, queries, keys):
    wanted = [
        [abs(j - (i + keys - queries)) < window for j in range(keys)]
        for i in range(queries)
    ]
    assert window_mask(window, queries, keys).tolist() == wanted


def test_keys_are_as_many_as_queries_if_nothing_is_said():
    assert torch.equal(causal_mask(5), causal_mask(5, 5))
    assert torch.equal(window_mask(2, 5), window_mask(2, 5, 5))


def test_padding_is_hidden_from_every_head_and_query():
    tokens = torch.tensor([[4, 9, 9], [4, 4, 9]])
    allowed = padding_mask(tokens, padding=9)
    assert allowed.shape == (2, 1, 1, 3)
    assert allowed.expand(2, 5, 7, 3).any(dim=(1, 2)).tolist() == [
        [True, False, False],
        [True, True, False],
    ]


def test_masks_are_combined_with_and():
    both = causal_mask(3) & padding_mask(torch.tensor([[4, 9, 4]]), padding=9)
    assert both[0, 0].int().tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 1]]
