r"""What attention costs, before anything is run: arithmetic, memory, and their ratio.

Conventions. A multiplication and its addition are **two** FLOPs. Only the products of
matrices are counted: softmax, norms, biases and activations grow with the same sizes
but without the factor of a width, and come to a few per cent. A causal mask that is
applied to a full table of scores saves nothing; one that lets half of the pairs be
skipped halves `attention_flops`. Training costs about three times the forward pass.

Bytes are those of the numbers themselves, without what a language or a library adds.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, table 1 (orders).
N. Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need",
arXiv:1911.02150, 2019 (arithmetic against memory in incremental decoding).
J. Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, 2020,
section 2.1 (parameters and FLOPs of a block).
S. Williams, A. Waterman and D. Patterson, "Roofline: An Insightful Visual Performance
Model for Multicore Architectures", Communications of the ACM 52(4), 65-76, 2009.
"""

import numpy as np

from attn_course.functional import expect


def attention_flops(
    queries: int,
    keys: int,
    width: int,
    *,
    channels: int | None = None,
    heads: int = 1,
    batch: int = 1,
) -> int:
    r"""Return the FLOPs of scoring every key for every query, and of mixing the values.

    .. math::  2 B H Q K (d + d_v)

    Sharing keys and values among heads changes nothing here, only what must be read.

    Parameters
    ----------
    width, channels
        Of one head. Default for `channels`: `width`.

    Examples
    --------
    >>> attention_flops(queries=2, keys=3, width=5)
    120
    >>> attention_flops(4000, 4000, 64) / attention_flops(1000, 1000, 64)
    16.0
    """
    channels = width if channels is None else channels
    sizes = {"queries": queries, "keys": keys, "width": width, "channels": channels}
    expect.counts("attention_flops", 0, **sizes, heads=heads, batch=batch)
    return 2 * batch * heads * queries * keys * (width + channels)


def projection_flops(
    positions: int, model: int, *, heads: int, groups: int | None = None, batch: int = 1
) -> int:
    r"""Return the FLOPs of the projections to queries, keys, values, and back.

    .. math::  4 B n \, d_\text{model}^2 \left(1 + \frac{G}{H}\right)

    Parameters
    ----------
    groups
        Sets of keys and values. Default: one for each head, for :math:`8 B n d^2`.

    Raises
    ------
    ValueError
        If `model` does not fall into the heads, or the heads into the groups.

    Examples
    --------
    >>> projection_flops(positions=10, model=8, heads=4)
    5120
    >>> projection_flops(positions=10, model=8, heads=4, groups=1)
    3200
    """
    expect.counts("projection_flops", 0, positions=positions, batch=batch)
    inner = _shared_width("projection_flops", model, heads, groups)
    return 4 * batch * positions * model * (model + inner)


def feed_forward_flops(
    positions: int, model: int, hidden: int, *, gated: bool = False, batch: int = 1
) -> int:
    r"""Return the FLOPs of the two matrices of a feed-forward layer; gated, of three.

    .. math::  4 B n \, d_\text{model} \, d_\text{hidden} \quad
               (\text{gated: } 6 B n \, d_\text{model} \, d_\text{hidden})

    Examples
    --------
    >>> feed_forward_flops(positions=10, model=8, hidden=32)
    10240
    """
    sizes = {"positions": positions, "model": model, "hidden": hidden, "batch": batch}
    expect.counts("feed_forward_flops", 0, **sizes)
    return (6 if gated else 4) * batch * positions * model * hidden


def block_parameters(
    model: int,
    hidden: int,
    *,
    heads: int = 1,
    groups: int | None = None,
    gated: bool = False,
    bias: bool = True,
) -> int:
    r"""Return how many numbers a self-attention block learns, with its two norms.

    .. math::

       \underbrace{2 d^2 (1 + G/H)}_{\text{attention}} +
       \underbrace{2 d \, d_\text{hidden}}_{\text{feed-forward}} +
       \underbrace{\text{biases}} + \underbrace{4 d}_{\text{norms}}

    The number of heads does not matter as long as each has keys and values of its own.
    A norm has a gain and a shift; without biases, a gain alone (RMS norm).

    Examples
    --------
    >>> block_parameters(model=512, hidden=2048)  # the encoder layer of the paper
    3152384
    """
    expect.counts("block_parameters", 0, hidden=hidden)
    inner = _shared_width("block_parameters", model, heads, groups)
    matrices = 3 if gated else 2
    weights = 2 * model * (model + inner) + matrices * model * hidden
    biases = 2 * model + 2 * inner + (matrices - 1) * hidden + model
    return weights + (biases + 4 * model if bias else 2 * model)


def score_bytes(
    queries: int, keys: int, *, heads: int = 1, batch: int = 1, dtype=np.float32
) -> int:
    r"""Return the bytes of the table of scores: what tiles do without.

    .. math::  B H Q K \cdot \text{bytes of a number}

    Examples
    --------
    >>> score_bytes(8192, 8192, heads=8) / 2**30  # GiB
    2.0
    """
    sizes = {"queries": queries, "keys": keys, "heads": heads, "batch": batch}
    expect.counts("score_bytes", 0, **sizes)
    return batch * heads * queries * keys * np.dtype(dtype).itemsize


def kv_cache_bytes(
    layers: int,
    groups: int,
    width: int,
    positions: int,
    *,
    dtype=np.float32,
    batch: int = 1,
) -> int:
    r"""Return the bytes of the keys and values that decoding keeps.

    .. math::  2 B L G n d \cdot \text{bytes of a number}

    Parameters
    ----------
    groups
        Sets of keys and values in a layer: as many as heads, unless heads share them.
    width
        Of one head, for keys and values alike.

    Examples
    --------
    >>> sizes = {"layers": 32, "width": 128, "positions": 4096, "dtype": "f2"}
    >>> kv_cache_bytes(groups=32, **sizes) / 2**30  # GiB
    2.0
    >>> kv_cache_bytes(groups=8, **sizes) / 2**30
    0.5
    """
    sizes = {"layers": layers, "groups": groups, "width": width}
    expect.counts("kv_cache_bytes", 0, **sizes, positions=positions, batch=batch)
    numbers = 2 * batch * layers * groups * positions * width
    return numbers * np.dtype(dtype).itemsize


def attention_intensity(
    queries: int,
    keys: int,
    width: int,
    *,
    heads: int,
    groups: int | None = None,
    dtype=np.float32,
) -> float:
    r"""Return the FLOPs for each byte that attention has to move, at the very least.

    .. math::

       \frac{4 H Q K d}{(2 H Q d + 2 G K d) \cdot \text{bytes of a number}}

    Queries, keys and values are read once and the output is written once; scores stay
    where they are computed. A processor that can do more FLOPs than this in the time of
    moving a byte waits for its memory. Prefill has as many queries as keys and is rich;
    decoding has one, and its intensity does not grow with the length: at most
    :math:`2 H / G` over the bytes of a number, which is why heads share groups.

    Examples
    --------
    >>> round(attention_intensity(4096, 4096, 64, heads=8), 3)  # prefill
    1024.0
    >>> round(attention_intensity(1, 4096, 64, heads=8), 3)  # decoding
    0.5
    >>> round(attention_intensity(1, 4096, 64, heads=8, groups=1), 3)
    3.992
    """
    who = "attention_intensity"
    groups = heads if groups is None else groups
    sizes = {"queries": queries, "keys": keys, "width": width, "heads": heads}
    expect.counts(who, 1, **sizes, groups=groups)
    expect.divides(who, groups, heads, of="a number of heads", into="groups")
    numbers = 2 * width * (heads * queries + groups * keys)
    flops = attention_flops(queries, keys, width, heads=heads)
    return flops / (numbers * np.dtype(dtype).itemsize)


def _shared_width(who, model, heads, groups):
    """Return how wide the keys of all groups are together."""
    groups = heads if groups is None else groups
    expect.counts(who, 1, model=model, heads=heads, groups=groups)
    width = expect.divides(who, heads, model, of="a model", into="heads")
    expect.divides(who, groups, heads, of="a number of heads", into="groups")
    return groups * width
