r"""The loss of tokens: cross-entropy, for each token that is not padding.

References
----------
C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception
Architecture for Computer Vision", CVPR 2016, section 7 (label smoothing).
"""

import torch
from jaxtyping import Float, Int
from torch.nn import functional

from attn_course.nn import expect


def token_losses(
    logits: Float[torch.Tensor, "*places vocab"],
    targets: Int[torch.Tensor, "*places"],
    *,
    padding: int | None = None,
    smoothing: float = 0.0,
) -> Float[torch.Tensor, " tokens"]:
    r"""Return the loss of each target that is not padding, in one row.

    .. math::

       \ell = -\sum_v q_v \log p_v, \qquad
       q_v = (1 - \varepsilon) \, [v = y] + \varepsilon / V

    The mean over this row is a mean over tokens: padding neither adds to it nor thins
    it out, and no logit at padding gets a gradient.

    Parameters
    ----------
    logits
        In nats, before any softmax.
    smoothing
        The epsilon above: the share of the target that is spread over the whole
        vocabulary, the right token included.

    Examples
    --------
    >>> import torch
    >>> logits = torch.zeros(1, 3, 4)
    >>> token_losses(logits, torch.tensor([[1, 2, 0]]), padding=0)
    tensor([1.3863, 1.3863])
    """
    expect.share("token_losses", smoothing=smoothing)
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"token_losses: wanted targets of shape {tuple(logits.shape[:-1])}, "
            f"got {tuple(targets.shape)}"
        )
    kept = torch.ones_like(targets, dtype=torch.bool)
    if padding is not None:
        kept = targets != padding
    return functional.cross_entropy(
        logits[kept], targets[kept], reduction="none", label_smoothing=smoothing
    )
