"""Many heads: torch's own layer with the same weights, groups, caches, windows."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from attn_course.nn import (
    ALiBi,
    MultiHeadAttention,
    RelativeBias,
    Rotary,
    causal_mask,
    window_mask,
)

from .weights import load_attention, shake

BATCH, HEADS, QUERIES, KEYS, MODEL, MEMORY = 2, 3, 5, 7, 12, 11


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def pair(memory_width=None):
    """A layer of torch's and ours with the same weights, in float64."""
    theirs = nn.MultiheadAttention(
        MODEL, HEADS, batch_first=True, kdim=memory_width, vdim=memory_width
    ).double()
    ours = MultiHeadAttention(MODEL, HEADS, memory_width=memory_width).double()
    shake(theirs)
    load_attention(ours, theirs)
    return ours, theirs


@pytest.mark.parametrize("masked", [False, True])
def test_self_attention_is_torchs_with_the_same_weights(masked):
    ours, theirs = pair()
    x = normal(BATCH, QUERIES, MODEL)
    allowed = torch.rand(BATCH, QUERIES, QUERIES) < 0.5
    allowed |= torch.eye(QUERIES, dtype=torch.bool)
    hidden = ~allowed.repeat_interleave(HEADS, dim=0)  # there, True hides
    wanted, wanted_weights = theirs(
        x, x, x, attn_mask=hidden if masked else None, average_attn_weights=False
    )
    options = {"allowed": allowed[:, None]} if masked else {}
    output, weights = ours(x, return_weights=True, **options)
    torch.testing.assert_close(output, wanted)
    torch.testing.assert_close(weights, wanted_weights)
    torch.testing.assert_close(ours(x, **options), wanted)


@pytest.mark.parametrize("memory_width", [None, MEMORY])
def test_cross_attention_with_padding_is_torchs(memory_width):
    ours, theirs = pair(memory_width)
    x, memory = normal(BATCH, QUERIES, MODEL), normal(BATCH, KEYS, memory_width or 12)
    real = torch.arange(KEYS) < torch.tensor([[4], [7]])
    wanted, _ = theirs(x, memory, memory, key_padding_mask=~real)
    got = ours(x, memory, allowed=real[:, None, None, :])
    assert got.shape == (BATCH, QUERIES, MODEL)
    torch.testing.assert_close(got, wanted)


def test_gradients_are_torchs_too():
    ours, theirs = pair()
    x = normal(BATCH, QUERIES, MODEL)
    target = normal(BATCH, QUERIES, MODEL)
    hidden = ~causal_mask(QUERIES)
    (theirs(x, x, x, attn_mask=hidden)[0] * target).sum().backward()
    (ours(x, causal=True) * target).sum().backward()
    mine = [p.weight.grad for p in (ours.q_proj, ours.k_proj, ours.v_proj)]
    torch.testing.assert_close(torch.cat(mine), theirs.in_proj_weight.grad)
    torch.testing.assert_close(ours.out_proj.weight.grad, theirs.out_proj.weight.grad)


def test_parameters_are_four_squares_whatever_the_heads():
    for heads in (1, 3, 4, 12):
        layer = MultiHeadAttention(MODEL, heads)
        count = sum(p.numel() for p in layer.parameters())
        assert count == 4 * MODEL**2 + 4 * MODEL
    bare = MultiHeadAttention(MODEL, HEADS, bias=False)
    assert sum(p.numel() for p in bare.parameters()) == 4 * MODEL**2


def test_as_many_groups_as_heads_are_no_groups():
    plain, grouped = (MultiHeadAttention(MODEL, 3, groups=g) for g in (None, 3))
    grouped.load_state_dict(plain.state_dict())
    x = torch.randn(BATCH, QUERIES, MODEL)
    assert torch.equal(plain(x), grouped(x))


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_heads_of_a_group_share_keys_and_values(groups):
    """The same as a layer without groups whose projections repeat."""
    grouped = MultiHeadAttention(24, 6, groups=groups).double()
    plain = MultiHeadAttention(24, 6).double()
    state = grouped.state_dict()
    for name in ("k_proj.weight", "k_proj.bias", "v_proj.weight", "v_proj.bias"):
        parts = state[name].unflatten(0, (groups, 4))
        state[name] = parts.repeat_interleave(6 // groups, dim=0).flatten(0, 1)
    plain.load_state_dict(state)
    x = normal(BATCH, QUERIES, 24)
    torch.testing.assert_close(grouped(x), plain(x))


def test_a_query_that_may_see_nothing_reads_only_the_bias():
    layer = MultiHeadAttention(MODEL, HEADS)
    output = layer(torch.randn(1, 5, MODEL), allowed=torch.arange(5)[:, None] != 2)
    assert torch.equal(output[0, 2], layer.out_proj.bias)


def test_permuting_the_memory_changes_nothing():
    layer = MultiHeadAttention(MODEL, HEADS).double()
    x, memory = normal(BATCH, QUERIES, MODEL), normal(BATCH, KEYS, MODEL)
    order = torch.randperm(KEYS)
    torch.testing.assert_close(layer(x, memory[:, order]), layer(x, memory))


def test_no_sample_sees_another_and_causal_heads_see_no_future():
    layer = MultiHeadAttention(MODEL, HEADS)
    x = torch.randn(BATCH, QUERIES, MODEL, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x, causal=True)[1, 2].sum(), x)
    reached = slope.abs().sum(-1) > 0
    assert reached.int().tolist() == [[0] * 5, [1, 1, 1, 0, 0]]


def variants():
    width = MODEL // HEADS
    return {
        "plain": {},
        "groups": {"groups": 1},
        "rotary": {"rotary": Rotary(width)},
        "neighbours": {"rotary": Rotary(width, pairing="neighbours")},
        "alibi": {"relative": ALiBi(HEADS)},
        "relative": {"relative": RelativeBias(HEADS, reach=2)},
        "window": {"window": 3},
        "all": {"groups": 1, "rotary": Rotary(4), "window": 4, "dropout": 0.5},
    }


@pytest.mark.parametrize("name", variants())
@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 9)))
def test_however_it_is_cut_into_steps_the_outputs_are_those_of_one_go(name, cuts):
    torch.manual_seed(0)
    layer = MultiHeadAttention(MODEL, HEADS, **variants()[name]).double().eval()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    x = normal(BATCH, 9, MODEL)
    allowed = torch.rand(BATCH, 1, 9, 9) < 0.7
    cache, outputs = None, []
    for start, end in itertools.pairwise([0, *sorted(cuts), 9]):
        output, cache = layer.step(
            x[:, start:end], cache, allowed=allowed[..., start:end, :end]
        )
        assert cache.length == end
        outputs.append(output)
    wanted = layer(x, causal=True, allowed=allowed)
    torch.testing.assert_close(torch.cat(outputs, dim=1), wanted)


def test_a_cache_is_never_changed_and_holds_only_the_groups():
    layer = MultiHeadAttention(MODEL, 4, groups=2)
    _, cache = layer.step(torch.randn(BATCH, QUERIES, MODEL))
    assert cache.keys.shape == cache.values.shape == (BATCH, 2, QUERIES, 3)
    before = cache.keys.clone(), cache.values.clone()
    x = torch.randn(BATCH, 1, MODEL)
    once, longer = layer.step(x, cache)
    twice, _ = layer.step(x, cache)
    assert torch.equal(once, twice)
    assert longer.length == QUERIES + 1
    assert all(map(torch.equal, before, cache))


@pytest.mark.parametrize("causal", [False, True])
def test_a_window_is_a_mask_and_a_wide_one_is_none(causal):
    near, wide, plain = (
        MultiHeadAttention(MODEL, HEADS, window=w) for w in (2, 5, None)
    )
    near.load_state_dict(plain.state_dict())
    wide.load_state_dict(plain.state_dict())
    x = torch.randn(BATCH, QUERIES, MODEL)
    by_mask = plain(x, allowed=window_mask(QUERIES, QUERIES, 1, 1), causal=causal)
    torch.testing.assert_close(near(x, causal=causal), by_mask)
    torch.testing.assert_close(wide(x, causal=causal), plain(x, causal=causal))
    assert not torch.allclose(near(x), plain(x))


def test_rotary_heads_notice_order_but_not_where_the_sequence_starts():
    layer = MultiHeadAttention(MODEL, HEADS, rotary=Rotary(4)).double()
    x = normal(1, QUERIES, MODEL)
    flipped = layer(x.flip(1)).flip(1)
    assert not torch.allclose(flipped, layer(x))
    before = normal(1, 3, MODEL)  # hidden, but it moves the rest by three
    late = torch.cat([before, x], dim=1)
    moved = layer(late, allowed=torch.arange(8) >= 3)[:, 3:]
    torch.testing.assert_close(moved, layer(x))


def test_dropout_is_for_training_only():
    layer = MultiHeadAttention(MODEL, HEADS, dropout=0.5)
    x = torch.randn(BATCH, QUERIES, MODEL)
    assert not torch.allclose(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": 10}, "a model that falls into 3 heads, got 10"),
        ({"groups": 2}, "heads that falls into 2 groups, got 3"),
        ({"groups": 0}, "groups as a whole number above zero, got 0"),
        ({"heads": 2.0}, r"heads as a whole number above zero, got 2\.0"),
        ({"dropout": 1.0}, r"dropout of at least 0 and below 1, got 1\.0"),
        ({"window": -1}, "window as a whole number above zero, got -1"),
        ({"window": 0}, "window as a whole number above zero, got 0"),
        ({"rotary": Rotary(6)}, "a rotary of width 4, got 6"),
    ],
)
def test_refuses_sizes_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=f"MultiHeadAttention: wanted {message}"):
        MultiHeadAttention(**{"model": MODEL, "heads": HEADS, **options})


def test_refuses_rows_of_another_width_and_masks_that_are_numbers():
    layer = MultiHeadAttention(MODEL, HEADS, window=2)
    with pytest.raises(ValueError, match=r"query of width 12, got \(2, 5, 11\)"):
        layer(torch.randn(2, 5, 11))
    with pytest.raises(ValueError, match="boolean mask"):
        layer(torch.randn(2, 5, 12), allowed=torch.ones(5, 5))
    with pytest.raises(ValueError, match=r"memory of width 12, got \(2, 3, 11\)"):
        layer(torch.randn(2, 5, 12), torch.randn(2, 3, 11))
    for call in (layer, layer.step):  # without a batch the heads would be scrambled
        with pytest.raises(ValueError, match=r"query of shape \(batch, positions, 12"):
            call(torch.randn(5, 12))
