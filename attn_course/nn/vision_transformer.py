r"""A Vision Transformer: an image as a row of patches, read by an encoder.

.. math::

   z_0 = [x_\text{class}; x_1 E; \dots; x_N E] + P, \qquad
   \text{logits} = \operatorname{encoder}(z_0)_0 \, W

The encoder is pre-norm with GELU, as in the paper. It knows of no neighbourhood but
what it learns of positions, so on few images a convolution may well do better.

References
----------
A. Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image
Recognition at Scale", ICLR 2021, equations 1-4.
"""

import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.configured import configured
from attn_course.nn.positions import Learned
from attn_course.nn.stack import Encoder

Images = Float[torch.Tensor, "batch rows columns colours"]


def patchify(images: Images, size: int) -> Float[torch.Tensor, "batch patches pixels"]:
    """Cut images into squares, row by row, each laid out as one row of numbers.

    Raises
    ------
    ValueError
        If the sides do not fall into squares.

    Examples
    --------
    >>> import torch
    >>> image = torch.arange(16.0).view(1, 4, 4, 1)
    >>> patchify(image, 2)[0, 1].tolist()
    [2.0, 3.0, 6.0, 7.0]
    """
    if images.ndim != 4:
        raise ValueError(
            f"patchify: wanted images of shape (batch, rows, columns, colours), "
            f"got {tuple(images.shape)}"
        )
    for side in images.shape[1:3]:
        expect.divides("patchify", size, side, of="a side", into="pixels a patch")
    grid = images.unflatten(1, (-1, size)).unflatten(3, (-1, size))
    return grid.transpose(2, 3).flatten(3).flatten(1, 2)


class VisionTransformer(nn.Module):
    """Patches and a class token in, the logits of the classes out.

    Parameters
    ----------
    side, patch, colours
        Pixels of a side of the image and of a patch; numbers a pixel.
    classes
        How many there are to tell apart.
    model, heads, layers, hidden, dropout
        Sizes of the `Encoder`.

    Examples
    --------
    >>> import torch
    >>> model = VisionTransformer(side=8, patch=2, classes=10, model=16, heads=2)
    >>> model(torch.rand(3, 8, 8, 1)).shape, model.encode(torch.rand(3, 8, 8, 1)).shape
    (torch.Size([3, 10]), torch.Size([3, 17, 16]))
    """

    @configured
    def __init__(
        self,
        side: int,
        patch: int,
        classes: int,
        *,
        colours: int = 1,
        model: int = 64,
        heads: int = 4,
        layers: int = 2,
        hidden: int | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        who = "VisionTransformer"
        expect.counts(who, side=side, patch=patch, classes=classes, colours=colours)
        self.shape = side, side, colours
        self.patch = patch
        grid = expect.divides(who, patch, side, of="a side", into="pixels a patch")
        self.embed = nn.Linear(patch**2 * colours, model)
        self.token = nn.Parameter(torch.empty(model))
        nn.init.normal_(self.token, std=0.02)
        self.positions = Learned(model, grid**2 + 1)
        sizes = model, heads, layers, hidden
        self.encoder = Encoder(*sizes, dropout=dropout, activation="gelu")
        self.head = nn.Linear(model, classes)

    def forward(self, images: Images) -> Float[torch.Tensor, "batch classes"]:
        """Return the logits, read off the class token."""
        return self.head(self.encode(images)[:, 0])

    def encode(self, images: Images) -> Float[torch.Tensor, "batch positions model"]:
        """Return what became of the class token, first, and of each patch."""
        if images.shape[1:] != self.shape:
            raise ValueError(
                f"VisionTransformer: wanted images of shape {('batch', *self.shape)}, "
                f"got {tuple(images.shape)}"
            )
        rows = self.embed(patchify(images, self.patch))
        token = self.token.expand(len(images), 1, -1)
        return self.encoder(self.positions(torch.cat([token, rows], dim=1)))
