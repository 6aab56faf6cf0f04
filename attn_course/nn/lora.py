r"""LoRA: fine-tune a linear layer by a product of two thin matrices beside it.

.. math::  y = x \Bigl(W + \frac{\alpha}{r} B A\Bigr)^\top + b, \qquad
   A \in \mathbb{R}^{r \times \text{in}}, \quad B \in \mathbb{R}^{\text{out} \times r}

W and b stay as they are. B starts at zero, so that nothing changes at first.

References
----------
E. J. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022,
section 4.1 (arXiv:2106.09685, 2021).
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import nn
from torch.nn import functional

from attn_course.nn import expect


class LoRA(nn.Module):
    """A frozen linear layer with an adapter of low rank.

    Parameters
    ----------
    linear
        The layer that is adapted; its parameters no longer train.
    rank
        The r above. The adapter has rank * (in + out) numbers.
    alpha
        Strength of the adapter; it is divided by the rank. Default: the rank, that is,
        a factor of 1.

    Examples
    --------
    >>> import torch
    >>> linear, x = torch.nn.Linear(5, 3), torch.randn(2, 5)
    >>> adapted = LoRA(linear, rank=1)
    >>> torch.equal(adapted(x), linear(x))
    True
    >>> [name for name, p in adapted.named_parameters() if p.requires_grad]
    ['a', 'b']
    """

    def __init__(self, linear: nn.Linear, rank: int, *, alpha: float | None = None):
        super().__init__()
        if not isinstance(linear, nn.Linear):
            raise ValueError(
                f"LoRA: wanted a linear layer, got {type(linear).__name__}"
            )
        expect.counts("LoRA", rank=rank)
        alpha = rank if alpha is None else alpha
        expect.positive("LoRA", alpha=alpha)
        self.linear = linear.requires_grad_(False)
        weight = linear.weight
        self.a = nn.Parameter(weight.new_empty(rank, linear.in_features))
        self.b = nn.Parameter(weight.new_zeros(linear.out_features, rank))
        nn.init.normal_(self.a, std=linear.in_features**-0.5)
        self.scale = alpha / rank
        self.register_buffer("_merged", None, persistent=False)

    def forward(
        self, x: Float[torch.Tensor, "... inputs"]
    ) -> Float[torch.Tensor, "... outputs"]:
        """Apply the layer and add what the adapter makes of `x`."""
        if self._merged is not None:
            return functional.linear(x, self._merged, self.linear.bias)
        return self.linear(x) + self.scale * (x @ self.a.T @ self.b.T)

    def change(self) -> Float[torch.Tensor, "outputs inputs"]:
        r"""Return what the adapter adds to the weight: :math:`(\alpha / r) B A`."""
        return self.scale * (self.b @ self.a)

    def merge(self) -> "LoRA":
        """Work with the sum of both from now on, at the price of the layer alone.

        It is for using the model: nothing trains. The weight of the layer itself is
        not touched, so that `unmerge` gives back the same model to the last bit.
        """
        self._merged = (self.linear.weight + self.change()).detach()
        return self

    def unmerge(self) -> "LoRA":
        """Work with layer and adapter side by side again."""
        self._merged = None
        return self

    def merged(self) -> nn.Linear:
        """Return an ordinary linear layer that does the same."""
        plain = nn.Linear(
            *reversed(self.linear.weight.shape), self.linear.bias is not None
        )
        plain.to(self.linear.weight)
        with torch.no_grad():
            plain.weight.copy_(self.linear.weight + self.change())
            if plain.bias is not None:
                plain.bias.copy_(self.linear.bias)
        return plain


def add_lora(
    model: nn.Module,
    rank: int,
    *,
    alpha: float | None = None,
    names: Iterable[str] = ("q_proj", "v_proj"),
) -> nn.Module:
    """Freeze a model and give adapters to its linear layers of these names.

    The model itself is changed, and returned. By default the projections of queries
    and values get an adapter, as in most experiments of the paper.

    Raises
    ------
    ValueError
        If no linear layer has one of the names.

    Examples
    --------
    >>> from attn_course.nn import MultiHeadAttention
    >>> layer = add_lora(MultiHeadAttention(model=8, heads=2), rank=1)
    >>> [name for name, p in layer.named_parameters() if p.requires_grad]
    ['q_proj.a', 'q_proj.b', 'v_proj.a', 'v_proj.b']
    """
    names = set(names)
    found = [
        (parent, name)
        for parent in model.modules()
        for name, child in parent.named_children()
        if name in names and isinstance(child, nn.Linear)
    ]
    if not found:
        raise ValueError(
            f"add_lora: wanted linear layers named {sorted(names)}, got none"
        )
    model.requires_grad_(False)
    for parent, name in found:
        setattr(parent, name, LoRA(getattr(parent, name), rank, alpha=alpha))
    return model


def fold_lora(model: nn.Module) -> nn.Module:
    """Replace each adapted layer by an ordinary one that does the same; undo the rest.

    The model itself is changed, and returned. It has the layers it was made with, so
    that it can be saved, and all its parameters train again.

    Examples
    --------
    >>> from attn_course.nn import MultiHeadAttention
    >>> layer = add_lora(MultiHeadAttention(model=8, heads=2), rank=1)
    >>> type(fold_lora(layer).q_proj).__name__
    'Linear'
    """
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, LoRA):
                setattr(parent, name, child.merged())
    return model.requires_grad_(True)
