r"""How far back a gradient reaches in a plain recurrent network.

The last state depends on an earlier one through a product of Jacobians, one factor a
step. Such products shrink or grow geometrically, by about the spectral radius of the
recurrent weights where the network is nearly linear, and faster towards zero where tanh
saturates. Attention reaches any position in one step, with no product.

References
----------
R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
networks", ICML 2013, section 2.
"""

import numpy as np
from jaxtyping import Float

from attn_course.functional import expect

Square = Float[np.ndarray, "hidden hidden"]


def step_jacobians(
    hidden: Float[np.ndarray, "... positions hidden"], from_hidden: Square
) -> Float[np.ndarray, "... positions hidden hidden"]:
    r"""Return how each state of a plain network moves with the state before it.

    .. math::

       \frac{\partial h_{t,j}}{\partial h_{t-1,i}} = (1 - h_{t,j}^2) \, U_{ij}

    The row of a matrix is the entry j of the later state, its column the entry i of the
    earlier one.

    Parameters
    ----------
    hidden
        The states after each position, as `run_cell` returns them for `rnn_cell`.
    from_hidden
        The U above.

    Raises
    ------
    ValueError
        If sizes do not fit, or a state is not inside [-1, 1], as tanh leaves it.

    Examples
    --------
    >>> import numpy as np
    >>> step_jacobians(np.array([[0.0], [0.5]]), np.array([[2.0]]))[:, 0, 0]
    array([2. , 1.5])
    """
    expect.axes("step_jacobians", 2, hidden=hidden)
    expect.finite("step_jacobians", hidden=hidden, from_hidden=from_hidden)
    width = hidden.shape[-1]
    expect.shape("step_jacobians", (width, width), from_hidden=from_hidden)
    if abs(hidden).max(initial=0) > 1:
        raise ValueError(
            f"step_jacobians: wanted states from -1 to 1, got {abs(hidden).max():.3g}"
        )
    return (1 - hidden**2)[..., :, None] * from_hidden.T


def jacobian_norms(
    hidden: Float[np.ndarray, "... positions hidden"], from_hidden: Square
) -> Float[np.ndarray, "... positions+1"]:
    r"""Return how strongly the last state still depends on the state k steps earlier.

    .. math::

       \Bigl\lVert \frac{\partial h_T}{\partial h_{T-k}} \Bigr\rVert_2
       = \Bigl\lVert J_T J_{T-1} \cdots J_{T-k+1} \Bigr\rVert_2,
       \qquad k = 0, 1, \dots, T

    Entry k of the result belongs to a distance of k steps; entry 0 is 1, and the last
    entry is about the state before the first position. The norm is the largest factor
    by which a small change is stretched. Arguments and errors are those of
    `step_jacobians`.

    Examples
    --------
    >>> import numpy as np
    >>> jacobian_norms(np.zeros((3, 2)), np.diag([0.5, 0.1]))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    factors = step_jacobians(hidden, from_hidden)
    product = np.eye(hidden.shape[-1], dtype=hidden.dtype)
    norms = np.ones((*hidden.shape[:-2], hidden.shape[-2] + 1), hidden.dtype)
    for k in range(1, norms.shape[-1]):
        product = product @ factors[..., -k, :, :]
        norms[..., k] = np.linalg.norm(product, 2, axis=(-2, -1))
    return norms


def spectral_radius(matrix: Square) -> float:
    r"""Return the largest modulus of an eigenvalue.

    .. math::  \rho(U) = \max_i |\lambda_i(U)|

    Powers of the matrix shrink in the end if it is below 1, and grow if it is above.

    Raises
    ------
    ValueError
        If the matrix is not square, or empty.

    Examples
    --------
    >>> import numpy as np
    >>> spectral_radius(np.diag([0.5, -3.0]))
    3.0
    """
    expect.finite("spectral_radius", matrix=matrix)
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(
            f"spectral_radius: wanted a square matrix, got shape {matrix.shape}"
        )
    expect.shape("spectral_radius", (len(matrix), len(matrix)), matrix=matrix)
    return float(abs(np.linalg.eigvals(matrix)).max())


def with_spectral_radius(matrix: Square, radius: float) -> Square:
    r"""Return the matrix scaled so that its spectral radius is the one wanted.

    .. math::  U' = \frac{r}{\rho(U)} \, U

    Raises
    ------
    ValueError
        If the matrix is not square, its own radius is 0, or `radius` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> with_spectral_radius(np.diag([2.0, 1.0]), 0.5)
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    expect.positive("with_spectral_radius", radius=radius)
    own = spectral_radius(matrix)
    if own == 0:
        raise ValueError("with_spectral_radius: wanted a matrix of radius > 0, got 0")
    return matrix * (float(radius) / own)
