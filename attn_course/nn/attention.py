r"""Attention as a read: score the keys, share out the weight, mix the values.

`attention` has two ways to the same result. Where the weights are asked for, or the
score is one's own, it is written out below. Else it is handed to
`torch.nn.functional.scaled_dot_product_attention`, which is faster and need not hold
the table of weights; what is added is the contract of the course: a query that may
attend to nothing reads zeros, and nothing is broadcast in silence.

References
----------
A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 1.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch.nn import functional

from attn_course.nn import expect
from attn_course.nn.masks import causal_mask

Queries = Float[torch.Tensor, "... queries width"]
Keys = Float[torch.Tensor, "... keys key_width"]
Scores = Float[torch.Tensor, "... queries keys"]
Output = Float[torch.Tensor, "... queries channels"]


def attention(
    query: Queries,
    keys: Keys,
    values: Float[torch.Tensor, "... keys channels"],
    *,
    allowed: Bool[torch.Tensor, "..."] | None = None,
    causal: bool = False,
    bias: Float[torch.Tensor, "..."] | None = None,
    score: Callable[[Queries, Keys], Scores] | None = None,
    dropout: float = 0.0,
    return_weights: bool = False,
) -> Output | tuple[Output, Scores]:
    r"""Read, for each query, the mean of the values weighted by softmax of the scores.

    .. math::

       o_i = \sum_j a_{ij} v_j, \qquad
       a_{i\cdot} = \operatorname{softmax}_j \Bigl(
           \frac{q_i \cdot k_j}{\sqrt{d}} + b_{ij} \Bigr)

    Parameters
    ----------
    query, keys, values
        The same leading axes in all three; as many values as keys.
    allowed
        True where a query may attend to a key; broadcasts to the scores. A query that
        may attend to nothing reads zeros.
    causal
        Whether to hide later positions as well. The queries are the last positions.
    bias
        Added to the scores, in nats; broadcasts to them.
    score
        Maps (query, keys) to one number a pair, in place of the scaled dot product;
        see `attn_course.nn.scores`.
    dropout
        The share of weights set to zero at random, the others growing by
        1 / (1 - dropout). It is applied at every call: a module passes 0 when it
        is not training.
    return_weights
        Whether to return (output, weights) in place of the output alone. Weights are
        those before dropout.

    Raises
    ------
    ValueError
        If sizes do not fit. Nothing but `allowed` and `bias` is ever broadcast.

    Examples
    --------
    >>> import torch
    >>> keys, values = torch.eye(2), torch.tensor([[10.0], [20.0]])
    >>> output, weights = attention(
    ...     torch.ones(2, 2), keys, values, causal=True, return_weights=True
    ... )
    >>> output
    tensor([[10.],
            [15.]])
    >>> weights
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    expect.memory("attention", query, keys, values)
    expect.share("attention", dropout=dropout)
    wanted = (*query.shape[:-1], keys.shape[-2])
    if allowed is not None:
        expect.mask("attention", allowed, wanted)
    if bias is not None:
        expect.bias("attention", bias, wanted)
    if score is None:
        expect.counts("attention", width=query.shape[-1])
        expect.width("attention", query.shape[-1], keys=keys)
        if not return_weights:
            return _fast(query, keys, values, allowed, causal, bias, dropout)
        scores = query @ keys.mT / query.shape[-1] ** 0.5
    else:
        scores = score(query, keys)
        if scores.shape != wanted:
            raise ValueError(
                f"attention: wanted scores of shape {wanted} from `score`, "
                f"got {tuple(scores.shape)}"
            )
    scores = scores if bias is None else scores + _cast(bias, scores)
    weights = masked_softmax(scores, _also_causal(allowed, causal, query, keys))
    output = functional.dropout(weights, dropout) @ values
    return (output, weights) if return_weights else output


def masked_softmax(
    scores: Scores, allowed: Bool[torch.Tensor, "..."] | None = None
) -> Scores:
    r"""Turn each row of scores into weights, zero wherever nothing is allowed.

    .. math::

       a_{ij} = \frac{m_{ij} e^{s_{ij}}}{\sum_k m_{ik} e^{s_{ik}}}, \qquad
       m_{ij} \in \{0, 1\}

    Scores must be finite. Hidden ones become the lowest number of their dtype, so that
    their exponential is zero; minus infinity would make the gradient of an empty row
    nan. A row with nothing allowed is zeros.

    Examples
    --------
    >>> import torch
    >>> allowed = torch.tensor([[True, True, False], [False, False, False]])
    >>> masked_softmax(torch.zeros(2, 3), allowed)
    tensor([[0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 0.0000]])
    """
    if allowed is None:
        return scores.softmax(dim=-1)
    expect.mask("masked_softmax", allowed, scores.shape)
    lowest = torch.finfo(scores.dtype).min
    weights = scores.masked_fill(~allowed, lowest).softmax(dim=-1)
    return weights.masked_fill(~allowed, 0)


def _fast(query, keys, values, allowed, causal, bias, dropout):
    """Attend by PyTorch's own kernels; rows that are empty are opened, then zeroed."""
    options = {"dropout_p": dropout}
    square = query.shape[-2] == keys.shape[-2]
    if causal and square and allowed is None and bias is None:
        options["is_causal"] = True
    else:
        allowed = _also_causal(allowed, causal, query, keys)
    if allowed is None:
        return functional.scaled_dot_product_attention(
            query, keys, values, attn_mask=_cast(bias, query), **options
        )
    seeing = allowed.any(dim=-1, keepdim=True)
    shown = torch.atleast_2d(allowed | ~seeing)
    if bias is not None:
        lowest = torch.finfo(query.dtype).min
        shown = _cast(bias, query).masked_fill(~shown, lowest)
    output = functional.scaled_dot_product_attention(
        query, keys, values, attn_mask=shown, **options
    )
    return output * seeing.to(output.dtype)


def _cast(bias, like):
    return None if bias is None else bias.to(like.dtype)


def _also_causal(allowed, causal, query, keys):
    """Add the future to what `allowed` hides."""
    queries, count = query.shape[-2], keys.shape[-2]
    if not causal or queries == 1:  # a single query is the last position
        return allowed
    past = causal_mask(queries, count, device=query.device)
    return past if allowed is None else allowed & past
