r"""The masks of libraries, in and out: True does not mean the same everywhere.

================================  ==============  ===============  ================
where                             True, or 1      as floats        all keys hidden
================================  ==============  ===============  ================
this course                       may attend      not taken        reads zeros
``scaled_dot_product_attention``  may attend      added            reads zeros
``torch.nn.MultiheadAttention``   **is hidden**   added            nan, with weights
Keras, ``attention_mask``         may attend      not taken here   not tried here
Hugging Face, of tokens           1 is kept       not taken here   depends on the model
================================  ==============  ===============  ================

Added means: to the scores, so 0 leaves a key alone and minus infinity hides it. What
PyTorch does with a query whose keys are all hidden was seen with version 2.13 on a CPU.

All results are new NumPy arrays, ready for ``torch.from_numpy`` and its like.

References
----------
PyTorch, documentation of ``torch.nn.MultiheadAttention`` and of
``torch.nn.functional.scaled_dot_product_attention``.
Keras, documentation of ``keras.layers.MultiHeadAttention``.
Hugging Face, Transformers, glossary, "attention mask".
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from attn_course.functional import expect

Mask = Bool[np.ndarray, "..."]
HIDDEN = -1e4  # what is added to hide is at most this; BERT's code adds just so much


def to_torch_mha(allowed: Mask) -> Mask:
    """Turn a mask round for ``torch.nn.MultiheadAttention``, where True hides.

    Good for both of its arguments: ``attn_mask`` from [queries, keys] or from
    [batch, heads, queries, keys], of which the first two axes become one, and
    ``key_padding_mask`` from [batch, keys].

    Raises
    ------
    ValueError
        If the mask is not boolean or has neither two nor four axes.

    Examples
    --------
    >>> import numpy as np
    >>> to_torch_mha(np.array([[True, False]]))
    array([[False,  True]])
    """
    allowed = _boolean("to_torch_mha", allowed)
    if allowed.ndim not in (2, 4):
        raise ValueError(
            f"to_torch_mha: wanted [queries, keys], [batch, keys] or [batch, heads, "
            f"queries, keys], got shape {allowed.shape}"
        )
    batch = np.prod(allowed.shape[:-2], dtype=int)
    return ~allowed.reshape(*[batch] * (allowed.ndim > 2), *allowed.shape[-2:])


def from_torch_mha(
    mask: Mask | Float[np.ndarray, "..."], heads: int | None = None
) -> Mask:
    """Turn round a mask that was made for ``torch.nn.MultiheadAttention``.

    Parameters
    ----------
    mask
        As booleans, True is hidden; floats are as in `from_additive`.
    heads
        Needed for a mask of three axes, to become [batch, heads, queries, keys].

    Raises
    ------
    ValueError
        If the first of three axes does not fall into that many heads.

    Examples
    --------
    >>> import numpy as np
    >>> from_torch_mha(np.array([[False, True]]))
    array([[ True, False]])
    """
    floats = getattr(mask, "dtype", np.dtype(bool)).kind == "f"
    allowed = from_additive(mask) if floats else ~_boolean("from_torch_mha", mask)
    if allowed.ndim == 2:
        return allowed
    if allowed.ndim != 3 or heads is None:
        raise ValueError(
            f"from_torch_mha: wanted two axes, or three and the number of heads, "
            f"got shape {allowed.shape} and heads={heads}"
        )
    expect.counts("from_torch_mha", 1, heads=heads)
    total, *table = allowed.shape
    batch = expect.divides(
        "from_torch_mha", heads, total, of="a first axis", into="heads"
    )
    return allowed.reshape(batch, heads, *table)


def to_sdpa(allowed: Mask) -> Mask:
    """Return the mask for ``scaled_dot_product_attention``: True means the same there.

    Examples
    --------
    >>> import numpy as np
    >>> to_sdpa(np.array([[True, False]]))
    array([[ True, False]])
    """
    return _boolean("to_sdpa", allowed).copy()


def from_sdpa(mask: Mask | Float[np.ndarray, "..."]) -> Mask:
    """Return what ``scaled_dot_product_attention`` allows under this ``attn_mask``.

    Examples
    --------
    >>> import numpy as np
    >>> from_sdpa(np.array([[0.0, -np.inf]]))
    array([[ True, False]])
    """
    if getattr(mask, "dtype", np.dtype(bool)).kind == "f":
        return from_additive(mask)
    return _boolean("from_sdpa", mask).copy()


def to_additive(
    allowed: Mask, dtype: type[np.floating] = np.float32, *, finite: bool = False
) -> Float[np.ndarray, "..."]:
    """Return what to add to the scores: 0 where allowed, minus infinity where hidden.

    Parameters
    ----------
    dtype
        That of the scores.
    finite
        Whether to hide by the lowest finite number instead, as models of Hugging Face
        do. A query that may see nothing then attends to all keys evenly, and two such
        masks added overflow: join masks before.

    Examples
    --------
    >>> import numpy as np
    >>> to_additive(np.array([True, False]))
    array([  0., -inf], dtype=float32)
    >>> to_additive(np.array([True, False]), np.float16, finite=True).tolist()
    [0.0, -65504.0]
    """
    allowed = _boolean("to_additive", allowed)
    lowest = np.finfo(dtype).min if finite else -np.inf
    return np.where(allowed, 0, lowest).astype(dtype)


def from_additive(bias: Float[np.ndarray, "..."]) -> Mask:
    """Return True where 0 is added, False where so much is taken off that it hides.

    At least 10,000, that is, or infinity. What lies between is no mask but a bias.

    Raises
    ------
    ValueError
        If something else is added.

    Examples
    --------
    >>> import numpy as np
    >>> from_additive(np.array([0.0, -1e9, -np.inf]))
    array([ True, False, False])
    """
    expect.floats("from_additive", bias=bias)
    between = bias[(bias != 0) & ~(bias <= HIDDEN)]
    if between.size:
        raise ValueError(
            f"from_additive: wanted 0 or at most {HIDDEN:g}, got {between.flat[0]}"
        )
    return bias == 0


def to_keras(allowed: Mask) -> Mask:
    """Return the mask for Keras: True means the same there.

    Good for ``attention_mask`` of its ``MultiHeadAttention``, [batch, queries, keys],
    and for the masks of padding that its layers hand on, [batch, keys]. The order of
    arguments differs, though: that layer takes the query, the value, then the key.

    Examples
    --------
    >>> import numpy as np
    >>> to_keras(np.array([[[True, False]]]))
    array([[[ True, False]]])
    """
    return _boolean("to_keras", allowed).copy()


def from_keras(mask: Mask | Int[np.ndarray, "..."]) -> Mask:
    """Return what Keras allows under this mask, boolean or of zeros and ones.

    Examples
    --------
    >>> import numpy as np
    >>> from_keras(np.array([[1, 0]]))
    array([[ True, False]])
    """
    return _from_ones("from_keras", mask)


def to_hugging_face(allowed: Mask) -> Int[np.ndarray, "..."]:
    """Return 1 for what is kept and 0 for what is hidden, as tokenisers do.

    For the ``attention_mask`` of a model, which is [batch, keys].

    Examples
    --------
    >>> import numpy as np
    >>> to_hugging_face(np.array([[True, False]]))
    array([[1, 0]])
    """
    return _boolean("to_hugging_face", allowed).astype(np.int64)


def from_hugging_face(mask: Mask | Int[np.ndarray, "..."]) -> Mask:
    """Return True where a tokeniser wrote 1.

    The masks inside a model, which are added, are for `from_additive`.

    Examples
    --------
    >>> import numpy as np
    >>> from_hugging_face(np.array([[1, 1, 0]]))
    array([[ True,  True, False]])
    """
    return _from_ones("from_hugging_face", mask)


def _boolean(who, mask):
    return expect.mask(who, mask, np.shape(mask))


def _from_ones(who, mask):
    if isinstance(mask, np.ndarray) and mask.dtype.kind == "b":
        return mask.copy()
    expect.whole(who, 0, 1, mask=mask)
    return mask == 1
