r"""Linear attention: a product of features in place of the exponential.

Because the score of a pair is a product, the sum over the keys can be taken before any
query is known: a table of features by channels stands for the whole memory, however
long. Time grows with the length alone; read one position at a time it is a recurrence
with a state of fixed size.

What is kept of `attend`: weights are non-negative and sum to one, so an output is a
mean of values. What is **not** kept, since there is no softmax: adding one number to
all scores, or one vector to all keys, changes the weights; no scale makes the weights
one-hot; and the table of weights has at most the rank of the features, so a long memory
is never read exactly.

References
----------
A. Katharopoulos, A. Vyas, N. Pappas and F. Fleuret, "Transformers are RNNs: Fast
Autoregressive Transformers with Linear Attention", ICML 2020, section 3.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect

BLOCK = 64  # positions that meet pair by pair; earlier ones come as a sum


class LinearState(NamedTuple):
    r"""What is left of the keys and values read so far.

    .. math::  S = \sum_j \phi(k_j) \, v_j^\top, \qquad z = \sum_j \phi(k_j)

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 2))
    >>> linear_attend_recurrent(one, one, one)[1]
    LinearState(products=array([[2., 2.],
           [2., 2.]]), mass=array([2., 2.]))
    """

    products: Float[np.ndarray, "... features channels"]
    mass: Float[np.ndarray, "... features"]


def elu1(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    r"""Return the exponential linear unit plus one, which is never negative.

    .. math::  \phi(x) = e^x \text{ for } x < 0, \qquad x + 1 \text{ for } x \ge 0

    Examples
    --------
    >>> import numpy as np
    >>> elu1(np.array([-1000.0, 0.0, 2.0]))
    array([0., 1., 3.])
    """
    expect.floats("elu1", x=x)
    return np.asarray(np.exp(np.minimum(x, 0)) + np.maximum(x, 0))


def linear_attend(
    query: Float[np.ndarray, "... queries width"],
    keys: Float[np.ndarray, "... keys width"],
    values: Float[np.ndarray, "... keys channels"],
    *,
    features: Callable = elu1,
    causal: bool = False,
    allowed_keys: Bool[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "... queries channels"]:
    r"""Read, for each query, the mean of the values weighted by a product of features.

    .. math::

       o_i = \frac{\phi(q_i)^\top \sum_j \phi(k_j) \, v_j^\top}
                  {\phi(q_i)^\top \sum_j \phi(k_j)}

    Parameters
    ----------
    query, keys, values
        The same leading axes in all three; as many values as keys.
    features
        The map above, applied to (..., positions, width); it returns (..., positions,
        features), finite and non-negative.
    causal
        Whether the sums end at j = i. Wants as many queries as keys.
    allowed_keys
        True for a key that takes part; broadcasts to the leading axes and the keys. A
        mask of pairs has no place here: it would forbid to sum before the query is
        known.

    Returns
    -------
    Float[np.ndarray, "... queries channels"]
        Zeros for a query whose denominator is zero.

    Raises
    ------
    ValueError
        If sizes do not fit or if a feature is negative.

    Examples
    --------
    >>> import numpy as np
    >>> linear_attend(np.zeros((1, 1)), np.array([[0.0], [2.0]]), np.eye(2))
    array([[0.25, 0.75]])
    """
    query, keys, values = _featured(
        "linear_attend", query, keys, values, features, allowed_keys
    )
    if not causal:
        return _share(*(query @ part for part in _summed(keys, values)))
    expect.same_length("linear_attend", query, keys)
    output = np.empty((*query.shape[:-1], values.shape[-1]), values.dtype)
    products, mass = _summed(keys[..., :0, :], values[..., :0, :])
    for start in range(0, keys.shape[-2], BLOCK):
        block = np.s_[..., start : start + BLOCK, :]
        q, k, v = query[block], keys[block], values[block]
        near = np.tril(q @ k.mT)
        total = near.sum(axis=-1, keepdims=True) + q @ mass
        output[block] = _share(near @ v + q @ products, total)
        more, heavier = _summed(k, v)
        products, mass = products + more, mass + heavier
    return output


def linear_attend_recurrent(
    query: Float[np.ndarray, "... positions width"],
    keys: Float[np.ndarray, "... positions width"],
    values: Float[np.ndarray, "... positions channels"],
    state: LinearState | None = None,
    *,
    features: Callable = elu1,
) -> tuple[Float[np.ndarray, "... positions channels"], LinearState]:
    r"""Read one position after the other, and return the state for what follows.

    .. math::

       S_i = S_{i-1} + \phi(k_i) \, v_i^\top, \qquad z_i = z_{i-1} + \phi(k_i), \qquad
       o_i = \frac{\phi(q_i)^\top S_i}{\phi(q_i)^\top z_i}

    The numbers are those of `linear_attend` with ``causal=True``, and so are the
    arguments and errors. Without a `state` the past is empty. Called on one position
    at a time, this is a step of generation whose cost does not grow.

    Examples
    --------
    >>> import numpy as np
    >>> past, now = np.array([[0.0]]), np.array([[2.0]])
    >>> _, state = linear_attend_recurrent(past, past, np.array([[10.0]]))
    >>> output, _ = linear_attend_recurrent(now, now, np.array([[20.0]]), state)
    >>> output
    array([[17.5]])
    """
    who = "linear_attend_recurrent"
    query, keys, values = _featured(who, query, keys, values, features, None)
    expect.same_length(who, query, keys)
    products, mass = _summed(keys[..., :0, :], values[..., :0, :])
    if state is not None:
        expect.shape(who, products.shape, products=state.products)
        expect.shape(who, mass.shape[:-1], mass=state.mass)
        products, mass = state.products, state.mass[..., None]
    output = np.empty((*query.shape[:-1], values.shape[-1]), values.dtype)
    for i in range(keys.shape[-2]):
        q, k, v = (part[..., i, None, :] for part in (query, keys, values))
        products, mass = products + k.mT * v, mass + k.mT
        output[..., i, None, :] = _share(q @ products, q @ mass)
    return output, LinearState(products, mass[..., 0])


def _featured(who, query, keys, values, features, allowed_keys):
    """Return features of queries and of keys, the hidden ones zero, and the values."""
    expect.memory(who, query, keys, values)
    expect.same_width(who, query, keys)
    mapped = {"features of query": features(query), "features of keys": features(keys)}
    expect.finite(who, **mapped)
    for name, given in zip(mapped, (query, keys), strict=True):
        if mapped[name].shape[:-1] != given.shape[:-1] or (mapped[name] < 0).any():
            raise ValueError(
                f"{who}: wanted {name} of shape {(*given.shape[:-1], '...')} and not "
                f"negative, got {mapped[name].shape} from {mapped[name].min(initial=0)}"
            )
    query, keys = mapped.values()
    if allowed_keys is not None:
        seen = expect.mask(who, allowed_keys, keys.shape[:-1])
        keys = np.where(seen[..., None], keys, 0)
    return query, keys, values.astype(np.result_type(query, keys, values), copy=False)


def _summed(keys, values):
    """Return the sums over the keys of products with values, and alone as a column."""
    return keys.mT @ values, keys.sum(axis=-2)[..., None]


def _share(sums, total):
    return sums / np.where(total == 0, 1, total)
