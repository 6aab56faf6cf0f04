r"""Schedules: the learning rate of each step, small at first, then large, then small.

Steps are counted from 1, as the updates of an optimiser are.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 5.3, equation 3.
I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
ICLR 2017, equation 5 (the half wave; without restarts here).
"""

import math

from attn_course.functional import expect


def noam(step: int, model: int, warmup: int) -> float:
    r"""Return a rate that rises in a straight line and falls like one over a root.

    .. math::

       \eta_t = d_\text{model}^{-1/2} \, \min \bigl( t^{-1/2}, \; t \, w^{-3/2} \bigr)

    The two meet at t = w, which is the peak, :math:`(d_\text{model} \, w)^{-1/2}`. The
    schedule got its name from an author of the paper.

    Parameters
    ----------
    model
        Entries of one position: wider models get lower rates.
    warmup
        The w above: how many steps the rate rises.

    Raises
    ------
    ValueError
        If a number is not whole and at least 1.

    Examples
    --------
    >>> [round(noam(step, model=512, warmup=4000), 6) for step in (1, 4000, 16000)]
    [0.0, 0.000699, 0.000349]
    """
    expect.counts("noam", 1, step=step, model=model, warmup=warmup)
    return model**-0.5 * min(step**-0.5, step * warmup**-1.5)


def warmup_cosine(step: int, *, warmup: int, steps: int, peak: float) -> float:
    r"""Return a rate that rises in a straight line and falls along half a cosine.

    .. math::

       \eta_t = \eta \, \frac{t}{w} \quad (t \le w), \qquad
       \eta_t = \frac{\eta}{2} \Bigl( 1 + \cos \frac{\pi (t - w)}{T - w} \Bigr)
       \quad (w < t \le T)

    Parameters
    ----------
    warmup
        The w above: the step of the peak. 0 for no rise.
    steps
        The T above: from this step on the rate is 0.
    peak
        The highest rate.

    Raises
    ------
    ValueError
        If a step is not whole, `step` is below 1, `steps` is not beyond `warmup`, or
        `peak` is not positive.

    Examples
    --------
    >>> steps = (1, 2, 4, 8, 12)
    >>> [round(warmup_cosine(t, warmup=4, steps=12, peak=1.0), 2) for t in steps]
    [0.25, 0.5, 1.0, 0.5, 0.0]
    """
    who = "warmup_cosine"
    expect.counts(who, 1, step=step)
    expect.counts(who, 0, warmup=warmup)
    expect.counts(who, warmup + 1, steps=steps)
    expect.positive(who, peak=peak)
    if step <= warmup:
        return float(peak) * step / warmup
    gone = min(1.0, (step - warmup) / (steps - warmup))
    return float(peak) * (1 + math.cos(math.pi * gone)) / 2
