"""Graph attention: against NumPy and a loop over edges, and which ranking is fixed."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from attn_course.functional import gat_layer, gatv2_layer
from attn_course.nn import GATLayer, GATv2Layer, GraphClassifier

torch.manual_seed(0)
STATES = torch.randn(5, 3, dtype=torch.float64)
EDGES = torch.rand(5, 5) < 0.4
EDGES[3] = False
EXACT = {"rtol": 1e-12, "atol": 1e-14}
LAYERS = pytest.mark.parametrize("make", [GATLayer, GATv2Layer])


def score_by_hand(layer, head, to, of):
    if type(layer) is GATLayer:
        w = layer.weight[head].T
        total = layer.receiver[head] @ w @ to + layer.sender[head] @ w @ of
        return total if total > 0 else 0.2 * total
    both = layer.receiver[head].T @ to + layer.sender[head].T @ of
    return layer.readout[head] @ torch.where(both > 0, both, 0.2 * both)


@LAYERS
@pytest.mark.parametrize("mean", [True, False])
def test_each_node_reads_its_neighbours_and_itself(make, mean):
    layer = make(3, 4, 2, mean=mean).double()
    output, weights = layer(STATES, EDGES, return_weights=True)
    values = layer.weight if make is GATLayer else layer.sender
    for i in range(5):
        seen = [j for j in range(5) if EDGES[i, j] or i == j]
        heads = []
        for head in range(2):
            scores = [score_by_hand(layer, head, STATES[i], STATES[j]) for j in seen]
            shares = torch.stack(scores).exp()
            shares = shares / shares.sum()
            torch.testing.assert_close(weights[head, i, seen], shares, **EXACT)
            read = [a * values[head].T @ STATES[j] for a, j in zip(shares, seen)]  # noqa: B905
            heads.append(sum(read))
        wanted = sum(heads) / 2 if mean else torch.cat(heads)
        torch.testing.assert_close(output[i], wanted, **EXACT)


@pytest.mark.parametrize("mean", [True, False])
def test_both_agree_with_numpy(mean):
    merge = "mean" if mean else "concatenate"
    arrays = STATES.numpy(), EDGES.numpy()
    with torch.no_grad():
        one = GATLayer(3, 4, 2, mean=mean).double()
        weights = [one.weight, one.receiver, one.sender]
        theirs = gat_layer(arrays[0], *map(np.asarray, weights), arrays[1], merge=merge)
        np.testing.assert_allclose(one(STATES, EDGES), theirs, rtol=1e-12, atol=1e-14)
        two = GATv2Layer(3, 4, 2, mean=mean).double()
        weights = [two.receiver, two.sender, two.readout]
        theirs = gatv2_layer(
            arrays[0], *map(np.asarray, weights), arrays[1], merge=merge
        )
        np.testing.assert_allclose(two(STATES, EDGES), theirs, rtol=1e-12, atol=1e-14)


@LAYERS
def test_there_is_no_weight_where_there_is_no_edge(make):
    _, weights = make(3, 4, 2).double()(STATES, EDGES, return_weights=True)
    seen = EDGES | torch.eye(5).bool()
    assert (weights[:, ~seen] == 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5).double(), **EXACT)
    assert (weights[:, 3] == torch.eye(5)[3]).all()


@LAYERS
def test_renaming_the_nodes_renames_the_output(make):
    layer = make(3, 4, 2).double()
    order = torch.randperm(5)
    moved = layer(STATES[order], EDGES[order][:, order])
    torch.testing.assert_close(moved, layer(STATES, EDGES)[order], **EXACT)


@LAYERS
def test_many_graphs_at_once_are_the_same_as_one_by_one(make):
    layer = make(3, 4, 2).double()
    many = torch.randn(2, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(layer(many, EDGES)[1], layer(many[1], EDGES), **EXACT)


def rankings(make):
    """In how many ways receivers of a full graph rank the senders."""
    torch.manual_seed(0)
    layer = make(3, 16, 1).double()
    states = 3 * torch.randn(7, 3, dtype=torch.float64)
    full = torch.ones(7, 7).bool()
    _, weights = layer(states, full, return_weights=True)
    return len({tuple(row) for row in weights[0].argsort(dim=-1).tolist()})


def test_gat_ranks_the_senders_alike_for_all_and_gatv2_does_not():
    assert rankings(GATLayer) == 1
    assert rankings(GATv2Layer) > 1


@pytest.mark.parametrize("layer", ["gat", "gatv2"])
def test_two_layers_see_two_steps_and_no_further(layer):
    chain = torch.zeros(5, 5, dtype=torch.bool)
    chain[range(4), range(1, 5)] = True  # node i reads from node i + 1
    model = GraphClassifier(3, 4, 2, heads=2, layer=layer).double()
    before = model(STATES, chain)
    changed = STATES.clone()
    changed[3] += 1
    moved = (model(changed, chain) != before).any(dim=1)
    assert moved.tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("layer", ["gat", "gatv2"])
def test_a_classifier_learns_two_communities_from_two_labels(layer):
    torch.manual_seed(1)
    sides = torch.arange(12) % 2
    edges = (sides[:, None] == sides) & (torch.rand(12, 12) < 0.7)
    model = GraphClassifier(12, 4, 2, heads=2, layer=layer)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(50):
        logits = model(torch.eye(12), edges | edges.T)
        loss = functional.cross_entropy(logits[:2], sides[:2])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
    assert (logits.argmax(dim=1) == sides).float().mean() > 0.8


def test_saved_and_read_it_gives_the_same_logits():
    model = GraphClassifier(3, 4, 2, heads=2).double()
    other = GraphClassifier(**model.config).double()
    assert not torch.equal(other(STATES, EDGES), model(STATES, EDGES))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(STATES, EDGES), model(STATES, EDGES))


@LAYERS
def test_weights_are_dropped_in_training_only(make):
    layer = make(3, 4, 2, dropout=0.5).double()
    assert not torch.equal(layer(STATES, EDGES), layer(STATES, EDGES))
    layer.eval()
    assert torch.equal(layer(STATES, EDGES), layer(STATES, EDGES))


@LAYERS
def test_refuses_graphs_that_do_not_fit(make):
    layer, who = make(3, 4).double(), make.__name__
    with pytest.raises(
        ValueError, match=rf"{who}: wanted edges of shape \(5, 5\), got"
    ):
        layer(STATES, EDGES[:4])
    with pytest.raises(ValueError, match=f"{who}: wanted a boolean mask"):
        layer(STATES, EDGES.double())
    with pytest.raises(ValueError, match=f"{who}: wanted states of width 3"):
        layer(STATES[:, :2], EDGES)
    with pytest.raises(ValueError, match=f"{who}: wanted dropout of at least 0"):
        make(3, 4, dropout=1.0)
    with pytest.raises(ValueError, match="GraphClassifier: wanted layer from"):
        GraphClassifier(3, 4, 2, layer="gcn")
