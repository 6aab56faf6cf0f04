"""Copies weights from torch's own layers into those of the course."""

import torch
from torch import nn


def shake(module):
    """Give every parameter of torch's a value that no default could hide."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)


def load_attention(ours, theirs):
    """From `nn.MultiheadAttention`."""
    if theirs.in_proj_weight is None:  # where the memory has a width of its own
        weights = theirs.q_proj_weight, theirs.k_proj_weight, theirs.v_proj_weight
    else:
        weights = theirs.in_proj_weight.chunk(3)
    projections = ours.q_proj, ours.k_proj, ours.v_proj
    biases = theirs.in_proj_bias.chunk(3)
    with torch.no_grad():
        for mine, weight, bias in zip(projections, weights, biases, strict=True):
            mine.weight.copy_(weight)
            mine.bias.copy_(bias)
    ours.out_proj.load_state_dict(theirs.out_proj.state_dict())


def load_block(ours, theirs):
    """From `nn.TransformerEncoderLayer` or `nn.TransformerDecoderLayer`."""
    load_attention(ours.self_attn, theirs.self_attn)
    same = ["norm1", "norm2"]
    if hasattr(theirs, "multihead_attn"):
        load_attention(ours.cross_attn, theirs.multihead_attn)
        same.append("norm3")
    for name in same:
        getattr(ours, name).load_state_dict(getattr(theirs, name).state_dict())
    for name in ("linear1", "linear2"):
        mine, copied = getattr(ours.feed_forward, name), getattr(theirs, name)
        mine.load_state_dict(copied.state_dict())


def load_stack(ours, theirs):
    """From `nn.TransformerEncoder` or `nn.TransformerDecoder`."""
    for mine, copied in zip(ours.layers, theirs.layers, strict=True):
        load_block(mine, copied)
    if theirs.norm is not None:
        ours.norm.load_state_dict(theirs.norm.state_dict())
