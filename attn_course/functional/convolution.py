r"""Convolution along a sequence, as attention whose weights know positions alone.

Each tap of the kernel is a head. Its weights are one-hot: position i reads position
i + t with weight one, whatever stands there, and the tap's matrix maps the value that
was read. The heads are summed. So a convolution has a fixed table of weights where
attention computes its own from the contents; it sees as far as its taps reach, and
attention as far as the sequence goes.

A tap that points beyond either end reads nothing: a row of zeros, by the mask contract
of the course, which is what padding with zeros does. As in every deep-learning library
the kernel is not flipped.

References
----------
J.-B. Cordonnier, A. Loukas and M. Jaggi, "On the Relationship between Self-Attention
and Convolutional Layers", ICLR 2020.
F. Yu and V. Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions",
ICLR 2016 (dilation).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from attn_course.functional import expect


def convolve(
    values: Float[np.ndarray, "... positions channels"],
    kernel: Float[np.ndarray, "taps channels outputs"],
    *,
    dilation: int = 1,
) -> Float[np.ndarray, "... positions outputs"]:
    r"""Convolve along the positions, with as many positions out as in.

    .. math::  o_i = \sum_{t=0}^{T-1} v_{i + r (t - (T-1)/2)} \, W_t

    Parameters
    ----------
    kernel
        One matrix for each tap, an odd number of them, the middle one for the own
        place.
    dilation
        The r above: how many positions lie between neighbouring taps, plus one.

    Raises
    ------
    ValueError
        If sizes do not fit, the number of taps is even, or `dilation` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[1.0], [2.0], [4.0]])
    >>> difference = np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1)  # right minus left
    >>> convolve(values, difference)[:, 0]
    array([ 2.,  3., -2.])
    """
    expect.axes("convolve", 2, values=values)
    expect.axes("convolve", 3, kernel=kernel)
    expect.finite("convolve", values=values, kernel=kernel)
    wanted = (len(kernel), values.shape[-1], kernel.shape[-1])
    expect.shape("convolve", wanted, kernel=kernel)
    _expect_taps("convolve", len(kernel), dilation)
    reach = dilation * (len(kernel) // 2)
    margins = [(0, 0)] * (values.ndim - 2) + [(reach, reach), (0, 0)]
    padded = np.pad(values, margins)
    count = values.shape[-2]
    starts = range(0, 2 * reach + 1, dilation)
    return sum(
        padded[..., start : start + count, :] @ matrix
        for start, matrix in zip(starts, kernel, strict=True)
    )


def convolution_weights(
    positions: int, taps: int, *, dilation: int = 1
) -> Float[np.ndarray, "{taps} {positions} {positions}"]:
    r"""Return the attention weights that make a convolution, one table for each tap.

    .. math::  a^{(t)}_{ij} = \bigl[\, j = i + r (t - (T-1)/2) \,\bigr],
       \qquad o = \sum_t A^{(t)} V W_t

    Read row i of a table as any row of attention weights: it has a single one, or is
    all zeros where the tap points beyond the sequence. They are float64.

    Raises
    ------
    ValueError
        If a number is not whole or too small, or the number of taps is even.

    Examples
    --------
    >>> convolution_weights(3, taps=3)[0]  # the left tap reads the left neighbour
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.]])
    """
    expect.counts("convolution_weights", 0, positions=positions)
    _expect_taps("convolution_weights", taps, dilation)
    offsets = dilation * (np.arange(taps) - taps // 2)
    return np.stack([np.eye(positions, k=int(offset)) for offset in offsets])


def receptive_fields(
    taps: Sequence[int], dilations: Sequence[int] | None = None
) -> Int[np.ndarray, " layers"]:
    r"""Return how many positions one output depends on, after each layer of a stack.

    .. math::  R_l = 1 + \sum_{m \le l} (T_m - 1) \, r_m

    Equal layers see further by a constant at each layer; dilations that double see
    twice as far. One layer of full attention sees everything.

    Parameters
    ----------
    taps, dilations
        One number a layer, from the input upwards. Default: no dilation, all ones.

    Raises
    ------
    ValueError
        If a number is not whole or below 1, or there is not one dilation a layer.

    Examples
    --------
    >>> receptive_fields([3, 3, 3, 3])
    array([3, 5, 7, 9])
    >>> receptive_fields([3, 3, 3, 3], dilations=[1, 2, 4, 8])
    array([ 3,  7, 15, 31])
    """
    dilations = [1] * len(taps) if dilations is None else dilations
    if len(dilations) != len(taps):
        raise ValueError(
            f"receptive_fields: wanted one dilation for each of {len(taps)} layers, "
            f"got {len(dilations)}"
        )
    for count, gap in zip(taps, dilations, strict=True):
        expect.counts("receptive_fields", 1, taps=count, dilation=gap)
    steps = [(t - 1) * r for t, r in zip(taps, dilations, strict=True)]
    return 1 + np.cumsum(np.array(steps, dtype=np.int64))


def _expect_taps(who, taps, dilation):
    expect.counts(who, 1, taps=taps, dilation=dilation)
    if taps % 2 == 0:
        raise ValueError(f"{who}: wanted an odd number of taps, got {taps}")
