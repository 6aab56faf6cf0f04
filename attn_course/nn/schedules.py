r"""Learning rates that change with the step: a slow start, then down.

Each function returns a schedule for `fit`, or to be stepped after each update by hand.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 3 (Noam).
I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
ICLR 2017, equation 5 (cosine).
"""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from attn_course.nn import expect


def noam(optimiser: Optimizer, *, model: int, warmup: int) -> LambdaLR:
    r"""Rise in a line through the warm-up, then fall with the root of the step.

    .. math::

       \eta_s = \eta \, d_\text{model}^{-1/2} \, \min(s^{-1/2}, \; s \, w^{-3/2})

    Steps s are counted from 1: the first update is made with the rate of s = 1. The
    optimiser's own rate is the factor in front, and 1 in the paper.

    Examples
    --------
    >>> import torch
    >>> optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = noam(optimiser, model=4, warmup=4)
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(round(optimiser.param_groups[0]["lr"], 4))
    ...     optimiser.step()
    ...     schedule.step()
    >>> rates
    [0.0625, 0.125, 0.1875, 0.25, 0.2236, 0.2041]
    """
    expect.counts("noam", model=model, warmup=warmup)

    def factor(done: int) -> float:
        step = done + 1
        return model**-0.5 * min(step**-0.5, step * warmup**-1.5)

    return LambdaLR(optimiser, factor)


def warmup_cosine(
    optimiser: Optimizer, *, warmup: int, steps: int, floor: float = 0.0
) -> LambdaLR:
    r"""Rise in a line to the optimiser's rate, then fall along half a cosine.

    .. math::

       \eta_s = \eta \begin{cases} s / w & s \le w \\
       f + (1 - f) \, \frac{1}{2} \bigl(1 + \cos(\pi \, \frac{s - w}{S - w})\bigr)
       & w < s \le S \\ f & s > S \end{cases}

    Steps s are counted from 1. The floor f is a share of the optimiser's rate.

    Raises
    ------
    ValueError
        If the warm-up is not shorter than `steps`, or the floor is not from 0 up to 1.

    Examples
    --------
    >>> import torch
    >>> optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = warmup_cosine(optimiser, warmup=2, steps=6)
    >>> rates = []
    >>> for _ in range(7):
    ...     rates.append(round(optimiser.param_groups[0]["lr"], 4))
    ...     optimiser.step()
    ...     schedule.step()
    >>> rates
    [0.5, 1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    expect.counts("warmup_cosine", warmup=warmup, steps=steps)
    expect.share("warmup_cosine", floor=floor)
    if warmup >= steps:
        raise ValueError(
            f"warmup_cosine: wanted a warm-up shorter than {steps} steps, got {warmup}"
        )

    def factor(done: int) -> float:
        step = min(done + 1, steps)
        if step <= warmup:
            return step / warmup
        turn = math.pi * (step - warmup) / (steps - warmup)
        return floor + (1 - floor) * (1 + math.cos(turn)) / 2

    return LambdaLR(optimiser, factor)
