r"""The backward pass of a linear map, which every layer has.

References
----------
I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section
6.5.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect


def project_backward(
    upstream: Float[np.ndarray, "... outputs"],
    x: Float[np.ndarray, "... inputs"],
    weight: Float[np.ndarray, "inputs outputs"],
    bias: Float[np.ndarray, " outputs"] | None = None,
) -> tuple[
    Float[np.ndarray, "... inputs"],
    Float[np.ndarray, "inputs outputs"],
    Float[np.ndarray, " outputs"] | None,
]:
    r"""Return the gradients of `project` with respect to `x`, weight and bias.

    .. math::

       G^X = U W^\top, \qquad G^W = X^\top U, \qquad G^b = \sum_i U_{i \cdot}

    A weight is used at every position of every sample, so its gradient is a sum over
    all of them. The gradient of a bias that is None is None.

    Raises
    ------
    ValueError
        If sizes do not fit, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> x, weight = np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]])
    >>> upstream, bias = np.ones((1, 1)), np.zeros(1)
    >>> d_x, d_weight, d_bias = project_backward(upstream, x, weight, bias)
    >>> d_x, d_weight[:, 0], d_bias
    (array([[ 1., 10.]]), array([1., 2.]), array([1.]))
    """
    who = "project_backward"
    expect.axes(who, 1, x=x)
    expect.axes(who, 2, weight=weight)
    expect.finite(who, upstream=upstream, x=x, weight=weight)
    expect.shape(who, (x.shape[-1], weight.shape[-1]), weight=weight)
    expect.shape(who, (*x.shape[:-1], weight.shape[-1]), upstream=upstream)
    if bias is not None:
        expect.finite(who, bias=bias)
        expect.shape(who, weight.shape[1:], bias=bias)
    rows = tuple(range(x.ndim - 1))
    d_weight = np.tensordot(x, upstream, axes=(rows, rows))
    d_bias = None if bias is None else upstream.sum(axis=rows)
    return upstream @ weight.T, d_weight, d_bias
