"""Masks as tensors: against their definition, entry by entry, and combined."""

import pytest
import torch

import attn_course.functional as numpy_side
from attn_course.nn import causal_mask, padding_mask, window_mask


@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (1, 4), (4, 2)])
def test_the_future_is_hidden_and_the_queries_stand_at_the_end(queries, keys):
    wanted = [[j <= i + keys - queries for j in range(keys)] for i in range(queries)]
    assert causal_mask(queries, keys).tolist() == wanted


@pytest.mark.parametrize("sides", [(0, 0), (1, 0), (0, 2), (2, 1), (9, 9)])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (7, 3)])
def test_a_window_shows_what_is_near_as_in_numpy(sides, queries, keys):
    before, after = sides
    wanted = [
        [-before <= j - (i + keys - queries) <= after for j in range(keys)]
        for i in range(queries)
    ]
    assert window_mask(queries, keys, *sides).tolist() == wanted
    assert numpy_side.window_mask(queries, keys, *sides).tolist() == wanted


def test_refuses_a_window_with_a_negative_side():
    with pytest.raises(ValueError, match="sides of at least 0, got 1 and -1"):
        window_mask(3, 3, 1, -1)


def test_keys_are_as_many_as_queries_if_nothing_is_said():
    assert torch.equal(causal_mask(5), causal_mask(5, 5))


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
