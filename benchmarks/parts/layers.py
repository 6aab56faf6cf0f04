"""attn_course.nn against PyTorch's own attention: what the contract costs."""

from collections.abc import Iterator

import torch
from timing import Row, seconds
from torch.nn.functional import scaled_dot_product_attention

from attn_course.nn import MultiHeadAttention, attention

BATCH, HEADS, WIDTH = 2, 8, 64
MODEL = HEADS * WIDTH


@torch.no_grad()
def rows(quick: bool) -> Iterator[Row]:
    for n in (16,) if quick else (256, 512, 1024):
        rounds = 3 if quick else 20480 // n
        t = seconds(rounds, **_core(n), **_layer(n))
        core = "attention core / SDPA"
        yield Row(core, str(n), t["core"] / t["sdpa"], most=1.1)
        yield Row(f"{core}, causal", str(n), t["causal"] / t["sdpa_causal"], most=1.1)
        yield Row(f"{core}, written out", str(n), t["weights"] / t["sdpa"])
        layer = t["layer"] / t["torch_layer"]
        yield Row("MultiHeadAttention / torch's", str(n), layer, most=1.1)


def _core(n: int) -> dict:
    q, k, v = torch.randn(3, BATCH, HEADS, n, WIDTH)
    sdpa = scaled_dot_product_attention
    return {
        "sdpa": lambda: sdpa(q, k, v),
        "core": lambda: attention(q, k, v),
        "weights": lambda: attention(q, k, v, return_weights=True),
        "sdpa_causal": lambda: sdpa(q, k, v, is_causal=True),
        "causal": lambda: attention(q, k, v, causal=True),
    }


def _layer(n: int) -> dict:
    x = torch.randn(BATCH, n, MODEL)
    ours = MultiHeadAttention(MODEL, HEADS).eval()
    theirs = torch.nn.MultiheadAttention(MODEL, HEADS, batch_first=True).eval()
    return {
        "layer": lambda: ours(x),
        "torch_layer": lambda: theirs(x, x, x, need_weights=False),
    }
