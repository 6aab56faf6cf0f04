"""Every attention of the PyTorch part, called with NumPy arrays like the others."""

import numpy as np
import torch

from attn_course import nn

from .attentions import WITH_PLACES, Entry, parts, together


def tensors(*arrays):
    return [
        None if a is None else torch.from_numpy(np.ascontiguousarray(a)) for a in arrays
    ]


def called(**options):
    """`nn.attention`, by the library's kernel or step by step, as the options ask."""

    def attention(q, k, v, allowed):
        *read, mask = tensors(q, k, v, allowed)
        made = nn.attention(*read, allowed=mask, **options)
        return (made[0] if isinstance(made, tuple) else made).numpy()

    return attention


def scored_by(make):
    def attention(q, k, v, allowed):
        torch.manual_seed(0)
        score = make(q.shape[-1], k.shape[-1]).to(tensors(q)[0].dtype)
        return called(score=lambda q, k: score(q, k).detach())(q, k, v, allowed)

    return attention


def layer(step_by_step=False, **options):
    """A `MultiHeadAttention` whose projections change nothing."""

    def attention(q, k, v, allowed):
        whole, own, others = parts(q, v)
        module = nn.MultiHeadAttention(len(whole), 1, bias=False, **options)
        module = module.to(tensors(q)[0].dtype)
        maps = (own, own, others, whole)
        names = ("q_proj", "k_proj", "v_proj", "out_proj")
        for name, matrix in zip(names, maps, strict=True):
            getattr(module, name).weight.data = tensors(matrix.T)[0]
        x, memory = (flat(a) for a in together(q, k, v))
        if allowed is not None and allowed.ndim == q.ndim:
            allowed = flat(allowed)[:, None]  # the same for every head
        x, memory, allowed = tensors(x, memory, allowed)
        with torch.no_grad():
            made = module(x, memory, allowed=allowed, return_weights=step_by_step)
        output = (made[0] if step_by_step else made).numpy()[..., q.shape[-1] :]
        return output.reshape(*q.shape[:-1], v.shape[-1])

    return attention


def flat(array):
    """Make all leading axes one, which is the batch."""
    batch = int(np.prod(array.shape[:-2]))
    return array.reshape(batch, *array.shape[-2:])


def alibi(q, k, v, allowed):
    bias = nn.ALiBi(1)(q.shape[-2], k.shape[-2])[0].to(tensors(q)[0].dtype)
    return called(bias=bias)(q, k, v, allowed)


MODULES = {
    "nn.attention": Entry(called()),
    "nn.attention, step by step": Entry(called(return_weights=True)),
    "nn.attention, ALiBi": Entry(alibi, WITH_PLACES, square=True),
    "nn.General": Entry(scored_by(nn.General)),
    "nn.Additive": Entry(scored_by(lambda q, k: nn.Additive(q, k, 3))),
    "nn.Cosine": Entry(scored_by(lambda q, k: nn.Cosine())),
    "nn.MultiHeadAttention": Entry(layer()),
    "nn.MultiHeadAttention, step by step": Entry(layer(step_by_step=True)),
    "nn.MultiHeadAttention, window": Entry(
        layer(window=3),
        WITH_PLACES | {"rows sum to one": "a window may hold no allowed key"},
        square=True,
    ),
}
