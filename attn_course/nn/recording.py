"""Look at the weights of every attention of a model while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn.multihead import MultiHeadAttention

Weights = Float[torch.Tensor, "batch heads queries keys"]


@contextmanager
def recorded_weights(model: nn.Module) -> Iterator[dict[str, Weights]]:
    """Collect, while the block lasts, the weights of each `MultiHeadAttention`.

    What comes out of the model is unchanged. The dict is filled as the model runs, with
    the name of the layer as key; a second run overwrites the first. Weights belong to
    the graph, so that they have gradients where the model has. Steps with a cache are
    not recorded.

    Examples
    --------
    >>> import torch
    >>> from attn_course.nn import LanguageModel
    >>> model = LanguageModel(vocab=5, model=8, heads=2, layers=1)
    >>> with recorded_weights(model) as weights:
    ...     logits = model(torch.tensor([[1, 2, 3]]))
    >>> {name: tuple(table.shape) for name, table in weights.items()}
    {'blocks.layers.0.self_attn': (1, 2, 3, 3)}
    """
    weights, hooks, asked = {}, [], {}

    def ask(layer, args, kwargs):
        asked[layer] = kwargs.get("return_weights", False)
        return args, {**kwargs, "return_weights": True}

    def keeper(name):
        def keep(layer, args, result):
            weights[name] = result[1]
            return result if asked[layer] else result[0]

        return keep

    for name, layer in model.named_modules():
        if isinstance(layer, MultiHeadAttention):
            hooks.append(layer.register_forward_pre_hook(ask, with_kwargs=True))
            hooks.append(layer.register_forward_hook(keeper(name)))
    try:
        yield weights
    finally:
        for hook in hooks:
            hook.remove()
