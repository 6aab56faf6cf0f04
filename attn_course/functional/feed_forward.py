r"""The feed-forward half of a block: each position by itself, wider and back.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.3, equation 2.
N. Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202, 2020, equation 6.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import activations, expect
from attn_course.functional.multihead import project
from attn_course.functional.projection_backward import project_backward

Rows = Float[np.ndarray, "... model"]
Output = Float[np.ndarray, "... outputs"]
Into = Float[np.ndarray, "model hidden"]
OutOf = Float[np.ndarray, "hidden outputs"]

CURVES = {
    "relu": (activations.relu, activations.relu_backward),
    "gelu": (activations.gelu, activations.gelu_backward),
    "gelu_tanh": (activations.gelu_tanh, activations.gelu_tanh_backward),
    "silu": (activations.silu, activations.silu_backward),
}


def feed_forward(
    x: Rows,
    in_weight: Into,
    in_bias: Float[np.ndarray, " hidden"],
    out_weight: OutOf,
    out_bias: Float[np.ndarray, " outputs"],
    activation: str = "relu",
) -> Output:
    r"""Widen each row, bend it, and bring it back.

    .. math::  y = f(x W_1 + b_1) \, W_2 + b_2

    In a block there are as many outputs as inputs; with another number it is any net of
    two layers.

    Parameters
    ----------
    activation
        The f above: "relu", "gelu", "gelu_tanh" or "silu".

    Raises
    ------
    ValueError
        If sizes do not fit, numbers are not finite, or the activation is another.

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones((2, 2))
    >>> feed_forward(np.array([[1.0, -5.0]]), ones, np.array([9.0, 0.0]), ones, ones[0])
    array([[6., 6.]])
    """
    bend, _ = _curve("feed_forward", activation)
    _require("feed_forward", x, in_weight, out_weight)
    return project(bend(project(x, in_weight, in_bias)), out_weight, out_bias)


def feed_forward_backward(
    upstream: Output,
    x: Rows,
    in_weight: Into,
    in_bias: Float[np.ndarray, " hidden"],
    out_weight: OutOf,
    out_bias: Float[np.ndarray, " outputs"],
    activation: str = "relu",
) -> tuple[
    Rows, Into, Float[np.ndarray, " hidden"], OutOf, Float[np.ndarray, " outputs"]
]:
    r"""Return the gradients of `feed_forward`: of `x`, then of weights and biases.

    .. math::  G^z = (U W_2^\top) \odot f'(z), \qquad z = x W_1 + b_1

    The rest are the gradients of the two linear maps, as in `project_backward`: the
    second with upstream U, the first with :math:`G^z`. Errors are those of
    `feed_forward`.

    Examples
    --------
    >>> import numpy as np
    >>> x, eye, zeros = np.array([[3.0, -5.0]]), np.eye(2), np.zeros(2)
    >>> d_x, *_ = feed_forward_backward(np.ones((1, 2)), x, eye, zeros, eye, zeros)
    >>> d_x
    array([[1., 0.]])
    """
    who = "feed_forward_backward"
    bend, bend_backward = _curve(who, activation)
    _require(who, x, in_weight, out_weight, upstream)
    inner = project(x, in_weight, in_bias)
    d_bent, *d_out = project_backward(upstream, bend(inner), out_weight, out_bias)
    d_inner = bend_backward(d_bent, inner)
    return *project_backward(d_inner, x, in_weight, in_bias), *d_out


def swiglu(x: Rows, gate_weight: Into, in_weight: Into, out_weight: OutOf) -> Output:
    r"""Widen each row twice, let one half gate the other, and bring it back.

    .. math::  y = \bigl( \operatorname{silu}(x W) \odot x V \bigr) W_2

    There are three matrices in place of two, and no biases. With two thirds of the
    hidden entries the number of weights is that of `feed_forward`.

    Parameters
    ----------
    gate_weight, in_weight, out_weight
        The W, V and W_2 above.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> swiglu(np.array([[-3.0], [3.0]]), one, one, one).round(3)
    array([[0.427],
           [8.573]])
    """
    _require("swiglu", x, in_weight, out_weight)
    expect.shape("swiglu", in_weight.shape, gate_weight=gate_weight)
    gated = activations.silu(project(x, gate_weight)) * project(x, in_weight)
    return project(gated, out_weight)


def swiglu_backward(
    upstream: Output, x: Rows, gate_weight: Into, in_weight: Into, out_weight: OutOf
) -> tuple[Rows, Into, Into, OutOf]:
    r"""Return the gradients of `swiglu`: of `x`, then of the three weights.

    .. math::

       G^{xW} = G \odot xV \odot \operatorname{silu}'(xW), \qquad
       G^{xV} = G \odot \operatorname{silu}(xW), \qquad G = U W_2^\top

    Both halves read the same x, so their two gradients for it are added. Errors are
    those of `swiglu`.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> d_x, *d_weights = swiglu_backward(one, 9 * one, one, one, one)
    >>> d_x.round(2)
    array([[18.01]])
    """
    _require("swiglu_backward", x, in_weight, out_weight, upstream)
    expect.shape("swiglu_backward", in_weight.shape, gate_weight=gate_weight)
    gate, straight = project(x, gate_weight), project(x, in_weight)
    open_gate = activations.silu(gate)
    d_gated, d_out, _ = project_backward(upstream, open_gate * straight, out_weight)
    d_gate = activations.silu_backward(d_gated * straight, gate)
    x_by_gate, d_gate_weight, _ = project_backward(d_gate, x, gate_weight)
    x_by_straight, d_in, _ = project_backward(d_gated * open_gate, x, in_weight)
    return x_by_gate + x_by_straight, d_gate_weight, d_in, d_out


def _curve(who, name):
    if name not in CURVES:
        raise ValueError(f"{who}: wanted one of {', '.join(CURVES)}, got {name!r}")
    return CURVES[name]


def _require(who, x, in_weight, out_weight, upstream=None):
    """Want two maps that fit the rows and each other; `project` looks at the rest."""
    expect.axes(who, 1, x=x)
    expect.axes(who, 2, in_weight=in_weight, out_weight=out_weight)
    hidden, outputs = in_weight.shape[-1], out_weight.shape[-1]
    expect.shape(who, (x.shape[-1], hidden), in_weight=in_weight)
    expect.shape(who, (hidden, outputs), out_weight=out_weight)
    if upstream is not None:
        expect.shape(who, (*x.shape[:-1], outputs), upstream=upstream)
