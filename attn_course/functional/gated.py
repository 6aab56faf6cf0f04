r"""Gates: numbers between 0 and 1 that let through a part of each entry.

A softmax makes the keys compete for one share; a gate is a sigmoid, so each entry is
open or closed by itself. One gate stands behind an attention and can shut off what was
read; the other stands inside a score.

References
----------
M. Ilse, J. M. Tomczak and M. Welling, "Attention-based Deep Multiple Instance
Learning", ICML 2018, equations 7 and 9.
Z. Qiu et al., "Gated Attention for Large Language Models: Non-linearity, Sparsity, and
Attention-Sink-Free", NeurIPS 2025.
"""

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.activations import sigmoid
from attn_course.functional.softmax import softmax


def gate_output(
    output: Float[np.ndarray, "... positions channels"],
    states: Float[np.ndarray, "... positions width"],
    weight: Float[np.ndarray, "width channels"],
    bias: Float[np.ndarray, " channels"],
) -> Float[np.ndarray, "... positions channels"]:
    r"""Return what an attention read, each entry times a gate of its own.

    .. math::  y = \sigma(x W + b) \odot o

    Parameters
    ----------
    output
        The o above: what each position has read.
    states
        The x above: what each position held before it read.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> read, states = np.array([[8.0, 8.0, 8.0]]), np.array([[1.0]])
    >>> gate_output(read, states, np.array([[0.0, 900.0, -900.0]]), np.zeros(3))
    array([[4., 8., 0.]])
    """
    who = "gate_output"
    expect.axes(who, 2, output=output, states=states, weight=weight)
    expect.finite(who, output=output, states=states, weight=weight, bias=bias)
    expect.shape(who, (*states.shape[:-1], output.shape[-1]), output=output)
    expect.shape(who, (states.shape[-1], output.shape[-1]), weight=weight)
    expect.shape(who, output.shape[-1:], bias=bias)
    return sigmoid(states @ weight + bias) * output


def gated_pool(
    instances: Float[np.ndarray, "... instances width"],
    content: Float[np.ndarray, "width hidden"],
    gate: Float[np.ndarray, "width hidden"],
    readout: Float[np.ndarray, " hidden"],
    *,
    where: Bool[np.ndarray, "..."] | None = None,
    return_weights: bool = False,
) -> (
    Float[np.ndarray, "... width"]
    | tuple[Float[np.ndarray, "... width"], Float[np.ndarray, "... instances"]]
):
    r"""Return the mean of a bag of instances, weighted by a gated score.

    .. math::

       z = \sum_k a_k h_k, \qquad
       a = \operatorname{softmax}_k \bigl(
           w^\top (\tanh(V^\top h_k) \odot \sigma(U^\top h_k)) \bigr)

    The order of the instances does not matter.

    Parameters
    ----------
    instances
        The h above.
    content, gate, readout
        The V, U and w above. Between -1 and 1 `tanh` is nearly a straight line; the
        gate makes up for it.
    where
        True for an instance of the bag, as against padding; broadcasts to
        (..., instances). An empty bag gives zeros.
    return_weights
        Whether to return (mean, weights) in place of the mean alone.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> bag, straight = np.array([[0.0], [1.0]]), np.array([[1.0]])
    >>> gated_pool(bag, straight, straight, np.array([1000.0]))
    array([1.])
    """
    who = "gated_pool"
    expect.axes(who, 2, instances=instances, content=content)
    expect.finite(who, instances=instances, content=content, gate=gate, readout=readout)
    expect.shape(who, (instances.shape[-1], content.shape[-1]), content=content)
    expect.shape(who, content.shape, gate=gate)
    expect.shape(who, content.shape[-1:], readout=readout)
    scores = (np.tanh(instances @ content) * sigmoid(instances @ gate)) @ readout
    weights = softmax(scores, where=where)
    mean = (weights[..., None, :] @ instances)[..., 0, :]
    return (mean, weights) if return_weights else mean
