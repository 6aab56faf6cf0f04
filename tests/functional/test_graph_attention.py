"""Graph attention: against the equations edge by edge; who ranks whom."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import attend, gat_layer, gatv2_layer

rng = np.random.default_rng(0)
STATES = rng.normal(size=(2, 7, 3))  # graphs, nodes, width
WEIGHT, OTHER = rng.normal(size=(2, 5, 3, 4))  # heads, width, channels
RECEIVER, SENDER = rng.normal(size=(2, 5, 4))
EDGES = rng.random((7, 7)) < 0.4
EDGES[6] = False  # reads from nobody but itself
CLOSE = {"rtol": 1e-11, "atol": 1e-13}


def leaky(x):
    return np.maximum(x, 0.2 * x)


def static(head, h_i, h_j):
    """Equation 3 of GAT: a vector for the two ends side by side."""
    ends = np.concatenate([WEIGHT[head].T @ h_i, WEIGHT[head].T @ h_j])
    return leaky(np.concatenate([RECEIVER[head], SENDER[head]]) @ ends)


def dynamic(head, h_i, h_j):
    """GATv2: a matrix for the two ends side by side, then the nonlinearity."""
    both = np.concatenate([OTHER[head], WEIGHT[head]]).T @ np.concatenate([h_i, h_j])
    return RECEIVER[head] @ leaky(both)


def by_edges(score):
    graph = nx.from_numpy_array(EDGES.astype(int), create_using=nx.DiGraph)
    heads = np.zeros((2, 7, 5, 4))
    for batch, i, head in np.ndindex(2, 7, 5):
        near = sorted({i, *graph.successors(i)})
        h = STATES[batch]
        shares = np.exp([score(head, h[i], h[j]) for j in near])
        shares /= shares.sum()
        for share, j in zip(shares, near, strict=True):
            heads[batch, i, head] += share * (WEIGHT[head].T @ h[j])
    return heads


def gat(states=STATES, edges=EDGES, **options):
    return gat_layer(states, WEIGHT, RECEIVER, SENDER, edges, **options)


def gatv2(states=STATES, edges=EDGES, **options):
    return gatv2_layer(states, OTHER, WEIGHT, RECEIVER, edges, **options)


@pytest.mark.parametrize(("layer", "score"), [(gat, static), (gatv2, dynamic)])
def test_agrees_with_the_equations_edge_by_edge(layer, score):
    heads = by_edges(score)
    np.testing.assert_allclose(layer(), heads.reshape(2, 7, 20), **CLOSE)
    np.testing.assert_allclose(layer(merge="mean"), heads.mean(axis=2), **CLOSE)


def test_gat_is_dense_attention_with_an_additive_score_and_a_mask():
    h = (STATES @ WEIGHT[2])[0]
    scores = leaky((h @ RECEIVER[2])[:, None] + h @ SENDER[2])
    wanted = attend(
        h, h, h, allowed=EDGES | np.eye(7, dtype=bool), score=lambda q, k: scores
    )
    np.testing.assert_allclose(gat()[0, :, 8:12], wanted, **CLOSE)


@pytest.mark.parametrize("layer", [gat, gatv2])
def test_a_node_without_neighbours_reads_itself(layer):
    wanted = np.einsum("bw,hwc->bhc", STATES[:, 6], WEIGHT).reshape(2, 20)
    np.testing.assert_allclose(layer()[:, 6], wanted, **CLOSE)


@pytest.mark.parametrize("layer", [gat, gatv2])
def test_only_neighbours_matter_however_large_the_others(layer):
    states = STATES.copy()
    states[:, 6] = 1e6
    alone = ~EDGES[:, 6]
    alone[6] = False
    np.testing.assert_allclose(layer(states)[:, alone], layer()[:, alone], **CLOSE)


@pytest.mark.parametrize("layer", [gat, gatv2])
@given(order=st.permutations(range(7)))
def test_the_names_of_the_nodes_do_not_matter(layer, order):
    renamed = layer(STATES[:, order], EDGES[np.ix_(order, order)])
    np.testing.assert_allclose(renamed, layer()[:, order], **CLOSE)


@pytest.mark.parametrize("layer", [gat, gatv2])
def test_the_weights_are_shares_of_the_neighbours(layer):
    read, weights = layer(merge="mean", return_weights=True)
    assert weights.shape == (2, 5, 7, 7)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-13)
    np.testing.assert_array_equal((weights > 0).all((0, 1)), EDGES | (np.eye(7) > 0))
    mixed = np.einsum("bhij,bjw,hwc->bic", weights, STATES, WEIGHT) / 5
    np.testing.assert_allclose(read, mixed, **CLOSE)


def favourites(layer):
    """Which node each node likes best, where everybody may read from everybody."""
    _, weights = layer(np.eye(7), np.ones((7, 7), dtype=bool))
    return set(weights[0].argmax(axis=-1).tolist())


@pytest.mark.parametrize("seed", range(5))
def test_in_gat_all_have_one_favourite_and_in_gatv2_they_need_not(seed):
    rng = np.random.default_rng(seed)
    vectors, show = rng.normal(size=(2, 1, 7)), {"return_weights": True}
    names = np.eye(7)[None]
    assert len(favourites(lambda s, e: gat_layer(s, names, *vectors, e, **show))) == 1
    like = 9 * np.roll(np.eye(7), 1, axis=0)[None]  # node i asks for node i - 1
    readout = -np.ones((1, 7))

    def dynamic_layer(states, edges):
        # |i - j| in one-hot names: least where the sender is the one asked for
        return gatv2_layer(states, -like, 9 * names, readout, edges, **show)

    assert len(favourites(dynamic_layer)) == 7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    states, weight, other, receiver, sender = (
        array.astype(dtype) for array in (STATES, WEIGHT, OTHER, RECEIVER, SENDER)
    )
    assert gat_layer(states, weight, receiver, sender, EDGES).dtype == dtype
    got = gatv2_layer(states, other, weight, receiver, EDGES, merge="mean")
    assert got.dtype == dtype


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"weight of shape \(5, 2, 4\), got \(5, 3"):
        gat(STATES[..., :2])
    with pytest.raises(ValueError, match=r"edges of shape \(7, 7\), got \(7,\)"):
        gat(edges=EDGES[0])
    with pytest.raises(ValueError, match="gatv2_layer: wanted a boolean mask"):
        gatv2(edges=EDGES * 1)
    with pytest.raises(ValueError, match=r"sender of shape \(5, 4\), got \(4,\)"):
        gat_layer(STATES, WEIGHT, RECEIVER, SENDER[0], EDGES)
    with pytest.raises(ValueError, match=r"receiver of shape \(5, 3, 4\), got \(1, "):
        gatv2_layer(STATES, OTHER[:1], WEIGHT, RECEIVER, EDGES)
    with pytest.raises(ValueError, match=r"readout of shape \(5, 4\), got \(5, 1\)"):
        gatv2_layer(STATES, OTHER, WEIGHT, RECEIVER[:, :1], EDGES)
    with pytest.raises(ValueError, match="finite states"):
        gat(STATES * np.nan)
    with pytest.raises(ValueError, match=r"gat_layer: .* concatenate or mean, got sum"):
        gat(merge="sum")


def test_leaves_its_inputs_alone():
    given_ = (STATES, WEIGHT, OTHER, RECEIVER, SENDER, EDGES)
    before = [array.copy() for array in given_]
    gat()
    gatv2()
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
