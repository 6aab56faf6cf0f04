"""Costs: against what PyTorch counts, real arrays, real layers and plain counting."""

import inspect

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

from attn_course.functional import (
    append_to_cache,
    attention_flops,
    attention_intensity,
    block_parameters,
    costs,
    dot_scores,
    empty_cache,
    feed_forward_flops,
    kv_cache_bytes,
    projection_flops,
    score_bytes,
)

BATCH, HEADS, QUERIES, KEYS, WIDTH, CHANNELS = 2, 3, 5, 7, 11, 13
MODEL, HIDDEN = 24, 36
FUNCTIONS = [
    f for _, f in inspect.getmembers(costs, inspect.isfunction) if f.__name__[0] != "_"
]


def counted(work):
    """The FLOPs that PyTorch counts; it does not count inside of fused kernels."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        work()
    return counter.get_total_flops()


def test_attention_is_what_pytorch_counts():
    query = torch.randn(BATCH, HEADS, QUERIES, WIDTH)
    keys = torch.randn(BATCH, HEADS, KEYS, WIDTH)
    values = torch.randn(BATCH, HEADS, KEYS, CHANNELS)
    sizes = {"heads": HEADS, "batch": BATCH, "channels": CHANNELS}
    formula = attention_flops(QUERIES, KEYS, WIDTH, **sizes)
    assert formula == counted(lambda: (query @ keys.mT).softmax(-1) @ values)


def test_attention_is_two_operations_for_each_term_of_its_sums():
    terms = 0
    for _ in np.ndindex(BATCH, HEADS, QUERIES, KEYS):
        terms += WIDTH  # of the score
        terms += CHANNELS  # of the mixture
    sizes = {"heads": HEADS, "batch": BATCH, "channels": CHANNELS}
    assert attention_flops(QUERIES, KEYS, WIDTH, **sizes) == 2 * terms


@pytest.mark.parametrize("groups", [None, 1, 2, 6])
def test_projections_are_what_pytorch_counts(groups):
    width = MODEL // 6
    inner = width * (groups or 6)
    maps = [torch.nn.Linear(MODEL, n) for n in (MODEL, inner, inner, MODEL)]
    x = torch.randn(BATCH, QUERIES, MODEL)
    formula = projection_flops(QUERIES, MODEL, heads=6, groups=groups, batch=BATCH)
    assert formula == counted(lambda: [linear(x) for linear in maps])


@pytest.mark.parametrize("gated", [False, True])
def test_feed_forward_is_what_pytorch_counts(gated):
    rise, gate = torch.nn.Linear(MODEL, HIDDEN), torch.nn.Linear(MODEL, HIDDEN)
    fall = torch.nn.Linear(HIDDEN, MODEL)
    x = torch.randn(BATCH, QUERIES, MODEL)

    def run():
        return fall(rise(x) * gate(x) if gated else rise(x).relu())

    formula = feed_forward_flops(QUERIES, MODEL, HIDDEN, gated=gated, batch=BATCH)
    assert formula == counted(run)


def test_a_whole_layer_of_pytorch_costs_the_sum():
    layer = torch.nn.TransformerEncoderLayer(MODEL, 6, HIDDEN, batch_first=True)
    formula = (
        projection_flops(QUERIES, MODEL, heads=6, batch=BATCH)
        + attention_flops(QUERIES, QUERIES, MODEL // 6, heads=6, batch=BATCH)
        + feed_forward_flops(QUERIES, MODEL, HIDDEN, batch=BATCH)
    )
    x = torch.randn(BATCH, QUERIES, MODEL)
    assert formula == counted(lambda: layer(x))


def test_parameters_are_those_of_pytorchs_encoder_layer():
    layer = torch.nn.TransformerEncoderLayer(MODEL, 6, HIDDEN)
    assert block_parameters(MODEL, HIDDEN) == sum(p.numel() for p in layer.parameters())
    bare = torch.nn.TransformerEncoderLayer(MODEL, 6, HIDDEN, bias=False)
    count = sum(p.numel() for p in bare.parameters())
    assert block_parameters(MODEL, HIDDEN, bias=False) == count


@pytest.mark.parametrize("bias", [False, True])
def test_parameters_of_a_gated_block_with_groups_are_those_of_its_layers(bias):
    maps = [(24, 24), (24, 8), (24, 8), (24, 24), (24, 36), (24, 36), (36, 24)]
    layers = [torch.nn.Linear(*sizes, bias=bias) for sizes in maps]
    norm = torch.nn.LayerNorm if bias else torch.nn.RMSNorm
    layers += [norm(24), norm(24)]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    options = {"heads": 6, "groups": 2, "gated": True, "bias": bias}
    assert block_parameters(24, 36, **options) == count


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_bytes_are_those_of_real_arrays(dtype):
    caches = [
        empty_cache((BATCH, 3), WIDTH, WIDTH, room=KEYS, dtype=dtype) for _ in range(4)
    ]
    new = np.ones((BATCH, 3, KEYS, WIDTH), dtype)
    filled = [append_to_cache(cache, new, new) for cache in caches]
    held = sum(cache.keys.nbytes + cache.values.nbytes for cache in filled)
    assert held == kv_cache_bytes(4, 3, WIDTH, KEYS, dtype=dtype, batch=BATCH)
    scores = dot_scores(new[..., :QUERIES, :], new)
    formula = score_bytes(QUERIES, KEYS, heads=3, batch=BATCH, dtype=dtype)
    assert scores.nbytes == formula


@pytest.mark.parametrize(("queries", "groups"), [(1, 6), (1, 2), (7, 6), (7, 1)])
def test_intensity_is_arithmetic_over_the_arrays_that_come_and_go(queries, groups):
    query = np.zeros((6, queries, WIDTH), np.float32)
    keys, values = np.zeros((2, groups, KEYS, WIDTH), np.float32)
    moved = 2 * query.nbytes + keys.nbytes + values.nbytes
    tensors = (torch.from_numpy(a)[None] for a in (query, keys, values))
    flops = attention_flops(queries, KEYS, WIDTH, heads=6)
    output = scaled_dot_product_attention(*tensors, enable_gqa=True)
    assert output.numpy().nbytes == query.nbytes
    got = attention_intensity(queries, KEYS, WIDTH, heads=6, groups=groups)
    assert got == pytest.approx(flops / moved)


def test_decoding_does_not_get_richer_with_length_and_prefill_does():
    decoding = [attention_intensity(1, n, 64, heads=8) for n in (100, 1000, 10_000)]
    prefill = [attention_intensity(n, n, 64, heads=8) for n in (100, 1000, 10_000)]
    assert max(decoding) < 0.5
    np.testing.assert_allclose(prefill, [25, 250, 2500])
    shared = attention_intensity(1, 10_000, 64, heads=8, groups=2)
    assert shared / decoding[-1] == pytest.approx(4, rel=1e-3)


def test_doubling_the_length_quadruples_attention_and_doubles_the_rest():
    assert attention_flops(20, 20, 8) == 4 * attention_flops(10, 10, 8)
    assert score_bytes(20, 20) == 4 * score_bytes(10, 10)
    assert kv_cache_bytes(2, 3, 5, 20) == 2 * kv_cache_bytes(2, 3, 5, 10)
    assert projection_flops(20, 8, heads=2) == 2 * projection_flops(10, 8, heads=2)


def test_at_twice_the_width_attention_costs_as_much_as_its_projections():
    length, model = 128, 64  # 4 n^2 d = 8 n d^2
    scoring = attention_flops(length, length, model // 4, heads=4)
    assert scoring == projection_flops(length, model, heads=4)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong", [-1, 2.5, True])
def test_refuses_sizes_that_count_nothing(function, wrong):
    names = inspect.signature(function).parameters
    sizes = {
        name: 1
        for name, parameter in names.items()
        if parameter.default is inspect.Parameter.empty
    }
    for name in sizes:
        with pytest.raises(ValueError, match=f"{function.__name__}: wanted .*{name}"):
            function(**{**sizes, name: wrong})


def test_refuses_heads_and_groups_that_do_not_divide():
    with pytest.raises(ValueError, match="a model that falls into 5 heads, got 24"):
        projection_flops(2, 24, heads=5)
    with pytest.raises(ValueError, match="heads that falls into 4 groups, got 6"):
        block_parameters(24, 36, heads=6, groups=4)
    with pytest.raises(ValueError, match="heads that falls into 4 groups, got 6"):
        attention_intensity(1, 2, 3, heads=6, groups=4)
