r"""Graph attention: a node reads from its neighbours, and from itself.

The edges are the mask of an additive score. In GAT the nonlinearity comes last, so that
every receiver ranks the senders alike; in GATv2 it stands inside, and the ranking may
depend on who asks. The tables are dense: for graphs of hundreds of nodes, not of
millions.

References
----------
P. Veličković, G. Cucurull, A. Casanova, A. Romero, P. Liò and Y. Bengio, "Graph
Attention Networks", ICLR 2018, equations 1-6 and section 3.3.
S. Brody, U. Alon and E. Yahav, "How Attentive are Graph Attention Networks?", ICLR
2022.
"""

import torch
from jaxtyping import Bool, Float
from torch import nn
from torch.nn import functional

from attn_course.nn import expect
from attn_course.nn.attention import masked_softmax
from attn_course.nn.configured import configured

States = Float[torch.Tensor, "... nodes width"]
Edges = Bool[torch.Tensor, "nodes nodes"]
Merged = Float[torch.Tensor, "... nodes merged"]
Weights = Float[torch.Tensor, "... heads nodes nodes"]
SLOPE = 0.2  # of the LeakyReLU below zero, in the paper of GAT


class GATLayer(nn.Module):
    r"""Read from the neighbours by a static score.

    .. math::

       h_i' = \sum_{j \in N(i)} \alpha_{ij} W h_j, \qquad
       \alpha_{i\cdot} = \operatorname{softmax}_{j \in N(i)} \operatorname{LeakyReLU}
           (a_r \cdot W h_i + a_s \cdot W h_j)

    Parameters
    ----------
    width, channels, heads
        Entries of a state, entries that a head reads, and heads.
    mean
        Whether heads are averaged, as in a last layer, and not put side by side.
    dropout
        The share of weights that are dropped while training.

    Examples
    --------
    >>> import torch
    >>> layer = GATLayer(width=3, channels=4, heads=2)
    >>> edges = torch.tensor([[False, True], [True, False]])
    >>> output, weights = layer(torch.randn(2, 3), edges, return_weights=True)
    >>> output.shape, weights.shape
    (torch.Size([2, 8]), torch.Size([2, 2, 2]))
    """

    def __init__(
        self,
        width: int,
        channels: int,
        heads: int = 1,
        *,
        mean: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        who = type(self).__name__
        expect.counts(who, width=width, channels=channels, heads=heads)
        expect.share(who, dropout=dropout)
        self.width, self.mean, self.dropout = width, mean, dropout
        self._make(width, channels, heads)
        for weight in self.parameters():
            nn.init.xavier_uniform_(weight)

    def _make(self, width, channels, heads):
        self.weight = nn.Parameter(torch.empty(heads, width, channels))
        self.receiver = nn.Parameter(torch.empty(heads, channels))
        self.sender = nn.Parameter(torch.empty(heads, channels))

    def forward(
        self, states: States, edges: Edges, *, return_weights: bool = False
    ) -> Merged | tuple[Merged, Weights]:
        """Read along the edges: True at [i, j] where node i may read from node j.

        Every node reads from itself, whatever the diagonal says.
        """
        who = type(self).__name__
        expect.width(who, self.width, states=states)
        nodes = states.shape[-2]
        if edges.shape != (nodes, nodes):
            raise ValueError(
                f"{who}: wanted edges of shape {(nodes, nodes)}, got "
                f"{tuple(edges.shape)}"
            )
        expect.mask(who, edges, (nodes, nodes))
        scores, values = self._scores(states[..., None, :, :])
        allowed = edges | torch.eye(nodes, dtype=torch.bool, device=edges.device)
        weights = masked_softmax(scores, allowed)
        shares = functional.dropout(weights, self.dropout, self.training)
        read = shares @ values  # [..., heads, nodes, channels]
        merged = read.mean(-3) if self.mean else read.transpose(-3, -2).flatten(-2)
        return (merged, weights) if return_weights else merged

    def _scores(self, states):
        """Return the scores of all pairs, and what is to be read."""
        values = states @ self.weight
        to, of = (values @ part[..., None] for part in (self.receiver, self.sender))
        return functional.leaky_relu(to + of.mT, SLOPE), values


class GATv2Layer(GATLayer):
    r"""Read from the neighbours by a dynamic score.

    .. math::

       h_i' = \sum_{j \in N(i)} \alpha_{ij} W_s h_j, \qquad
       \alpha_{i\cdot} = \operatorname{softmax}_{j \in N(i)}
           a \cdot \operatorname{LeakyReLU}(W_r h_i + W_s h_j)

    Parameters are those of `GATLayer`.

    Examples
    --------
    >>> import torch
    >>> layer = GATv2Layer(width=3, channels=4, heads=2, mean=True)
    >>> layer(torch.randn(5, 3), torch.eye(5).bool()).shape
    torch.Size([5, 4])
    """

    def _make(self, width, channels, heads):
        self.receiver = nn.Parameter(torch.empty(heads, width, channels))
        self.sender = nn.Parameter(torch.empty(heads, width, channels))
        self.readout = nn.Parameter(torch.empty(heads, channels))

    def _scores(self, states):
        to, values = states @ self.receiver, states @ self.sender
        pairs = to[..., :, None, :] + values[..., None, :, :]
        active = functional.leaky_relu(pairs, SLOPE)  # [..., nodes, nodes, channels]
        return torch.einsum("...hijc,hc->...hij", active, self.readout), values


class GraphClassifier(nn.Module):
    """Two layers of graph attention: the class of each node.

    Heads of the first layer stand side by side and pass an ELU, those of the second are
    averaged.

    Parameters
    ----------
    width, hidden, classes, heads
        Entries of a node, channels of a head in the first layer, classes, and heads.
    layer
        "gat" or "gatv2".
    dropout
        Of what goes into each layer, and of the weights, while training.

    Examples
    --------
    >>> import torch
    >>> model = GraphClassifier(width=3, hidden=4, classes=2, heads=2)
    >>> model(torch.randn(5, 3), torch.eye(5).bool()).shape
    torch.Size([5, 2])
    """

    @configured
    def __init__(
        self,
        width: int,
        hidden: int,
        classes: int,
        *,
        heads: int = 4,
        layer: str = "gatv2",
        dropout: float = 0.0,
    ):
        super().__init__()
        kinds = {"gat": GATLayer, "gatv2": GATv2Layer}
        expect.choice("GraphClassifier", kinds, layer=layer)
        make = kinds[layer]
        self.first = make(width, hidden, heads, dropout=dropout)
        self.second = make(hidden * heads, classes, heads, mean=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, states: States, edges: Edges
    ) -> Float[torch.Tensor, "... nodes classes"]:
        """Return the logits of each node."""
        states = functional.elu(self.first(self.dropout(states), edges))
        return self.second(self.dropout(states), edges)
