r"""Graph attention: a node reads from its neighbours, and from itself.

The edges are the mask and the score is additive; the rest is `attend`. Where the
nonlinearity stands decides what the score can say. In GAT it comes last: the score is a
rising function of a part from the receiver plus a part from the sender, so every
receiver ranks the senders alike (static attention). In GATv2 it stands inside, and the
ranking may depend on who asks (dynamic attention).

References
----------
P. Veličković, G. Cucurull, A. Casanova, A. Romero, P. Liò and Y. Bengio, "Graph
Attention Networks", ICLR 2018, equations 1-6.
S. Brody, U. Alon and E. Yahav, "How Attentive are Graph Attention Networks?", ICLR
2022.
"""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from attn_course.functional import expect
from attn_course.functional.attention import attend

Merged = Float[np.ndarray, "... nodes merged"]
SLOPE = 0.2  # of the LeakyReLU below zero, in the paper of GAT


def gat_layer(
    states: Float[np.ndarray, "... nodes width"],
    weight: Float[np.ndarray, "heads width channels"],
    receiver: Float[np.ndarray, "heads channels"],
    sender: Float[np.ndarray, "heads channels"],
    edges: Bool[np.ndarray, "nodes nodes"],
    *,
    merge: Literal["concatenate", "mean"] = "concatenate",
    return_weights: bool = False,
) -> Merged | tuple[Merged, Float[np.ndarray, "... heads nodes nodes"]]:
    r"""Return what each node reads from its neighbours, by a static score.

    .. math::

       h_i' = \sum_{j \in N(i)} \alpha_{ij} W^\top h_j, \qquad
       \alpha_{i\cdot} = \operatorname{softmax}_{j \in N(i)} \operatorname{LeakyReLU}
           (a_r \cdot W^\top h_i + a_s \cdot W^\top h_j)

    The vector a of the paper is (a_r, a_s), one half for each end of the edge. The
    nonlinearity after the layer is left to the caller.

    Parameters
    ----------
    weight
        The W above, one for each head.
    receiver, sender
        The a_r and a_s above.
    edges
        True at [i, j] where node i may read from node j. Every node reads from itself,
        whatever the diagonal says.
    merge
        How the heads come together: "concatenate" side by side, or their "mean", as in
        a last layer.
    return_weights
        Whether to return (what is read, the α of each head) in place of the first.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> states, one, edges = np.array([[0.0], [6.0]]), np.ones((1, 1)), np.tri(2) > 0
    >>> gat_layer(states, one[None], one, 0 * one, edges)
    array([[0.],
           [3.]])
    """
    _check("gat_layer", states, edges, weight, merge)
    expect.finite("gat_layer", receiver=receiver, sender=sender)
    expect.shape("gat_layer", weight.shape[::2], receiver=receiver, sender=sender)
    values = states[..., None, :, :] @ weight  # [..., heads, nodes, channels]

    def score(query, keys):
        to = query @ receiver[..., None]
        return _leaky(to + (keys @ sender[..., None]).mT)

    read, weights = _read(values, values, edges, score, merge)
    return (read, weights) if return_weights else read


def gatv2_layer(
    states: Float[np.ndarray, "... nodes width"],
    receiver: Float[np.ndarray, "heads width channels"],
    sender: Float[np.ndarray, "heads width channels"],
    readout: Float[np.ndarray, "heads channels"],
    edges: Bool[np.ndarray, "nodes nodes"],
    *,
    merge: Literal["concatenate", "mean"] = "concatenate",
    return_weights: bool = False,
) -> Merged | tuple[Merged, Float[np.ndarray, "... heads nodes nodes"]]:
    r"""Return what each node reads from its neighbours, by a dynamic score.

    .. math::

       h_i' = \sum_{j \in N(i)} \alpha_{ij} W_s^\top h_j, \qquad
       \alpha_{i\cdot} = \operatorname{softmax}_{j \in N(i)}
           a \cdot \operatorname{LeakyReLU}(W_r^\top h_i + W_s^\top h_j)

    Parameters
    ----------
    receiver, sender
        The W_r and W_s above, one for each head.
    readout
        The a above: the last step of the score, after the nonlinearity.

    The rest, errors included, is as in `gat_layer`.

    Examples
    --------
    >>> import numpy as np
    >>> states, one = np.array([[0.0], [1.0]]), np.ones((1, 1, 1))
    >>> gatv2_layer(states, -one, one, 1000 * one[0], np.ones((2, 2), dtype=bool))
    array([[1.],
           [1.]])
    """
    _check("gatv2_layer", states, edges, sender, merge)
    expect.finite("gatv2_layer", receiver=receiver, readout=readout)
    expect.shape("gatv2_layer", sender.shape, receiver=receiver)
    expect.shape("gatv2_layer", sender.shape[::2], readout=readout)
    to, values = (states[..., None, :, :] @ part for part in (receiver, sender))

    def score(query, keys):
        both = query[..., :, None, :] + keys[..., None, :, :]
        return (_leaky(both) @ readout[:, None, :, None])[..., 0]

    read, weights = _read(to, values, edges, score, merge)
    return (read, weights) if return_weights else read


def _read(query, values, edges, score, merge):
    allowed = edges | np.eye(len(edges), dtype=bool)
    read, weights = attend(
        query, values, values, allowed=allowed, score=score, return_weights=True
    )
    if merge == "mean":
        return read.mean(axis=-3), weights
    *batch, heads, nodes, channels = read.shape
    return read.swapaxes(-3, -2).reshape(*batch, nodes, heads * channels), weights


def _leaky(x):
    return np.where(x > 0, x, SLOPE * x)


def _check(who, states, edges, weight, merge):
    expect.axes(who, 2, states=states)
    expect.axes(who, 3, weight=weight)
    expect.finite(who, states=states, weight=weight)
    nodes, width = states.shape[-2:]
    expect.shape(who, (weight.shape[0], width, weight.shape[-1]), weight=weight)
    expect.shape(who, (nodes, nodes), edges=edges)
    expect.mask(who, edges, (nodes, nodes))
    if merge not in ("concatenate", "mean"):
        raise ValueError(f"{who}: wanted merge as concatenate or mean, got {merge}")
