"""The formulas of `costs`, against what is counted and held: all ratios near 1."""

from collections.abc import Iterator
from functools import partial

import torch
from parts.reads import HEADS, WIDTH, arrays
from timing import Row, extra_bytes
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from attn_course import functional as formulas
from attn_course.nn import LanguageModel

LEAST, MOST = 0.95, 1.05
VOCAB, MODEL, LAYERS, HIDDEN, GROUPS = 97, HEADS * WIDTH, 3, 4 * HEADS * WIDTH, 2


def rows(quick: bool) -> Iterator[Row]:
    n, batch = (16, 2) if quick else (512, 2)
    for groups in (HEADS, GROUPS):
        model = LanguageModel(
            VOCAB, model=MODEL, heads=HEADS, layers=LAYERS, hidden=HIDDEN, groups=groups
        ).eval()
        named = f"{groups} groups"
        for what, ratio in _ratios(model, n, batch, groups).items():
            yield Row(f"{what}, {named}: formula / real", str(n), ratio, LEAST, MOST)
    held = extra_bytes(partial(formulas.attend, *arrays(n)))
    score = formulas.score_bytes(n, n, heads=HEADS)
    if not quick:
        yield Row("memory of attend: formula / real", str(n), score / held, LEAST, MOST)


def _ratios(model: LanguageModel, n: int, batch: int, groups: int) -> dict[str, float]:
    tokens = torch.randint(VOCAB, (batch, n))
    with torch.no_grad():
        _, caches = model.step(tokens)
        # fused kernels are not counted
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            model(tokens)
    counted = counter.get_total_flops()
    held = sum(array.nbytes for cache in caches for array in cache)
    learnt = sum(p.numel() for p in model.blocks.layers.parameters())
    return {
        "FLOPs": _flops(n, batch, groups) / counted,
        "KV cache": formulas.kv_cache_bytes(LAYERS, groups, WIDTH, n, batch=batch)
        / held,
        "parameters": LAYERS
        * formulas.block_parameters(MODEL, HIDDEN, heads=HEADS, groups=groups)
        / learnt,
    }


def _flops(n: int, batch: int, groups: int) -> int:
    """Of the blocks, and of the output projection."""
    sizes = {"heads": HEADS, "batch": batch}
    block = formulas.projection_flops(n, MODEL, groups=groups, **sizes)
    block += formulas.attention_flops(n, n, WIDTH, **sizes)
    block += formulas.feed_forward_flops(n, MODEL, HIDDEN, batch=batch)
    return LAYERS * block + 2 * batch * n * MODEL * VOCAB
