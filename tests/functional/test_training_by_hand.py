"""Whole models trained without autograd: two layers, and a small language model."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    adam,
    block_weights,
    clip_by_norm,
    cross_entropy,
    cross_entropy_backward,
    embed,
    embed_backward,
    feed_forward,
    feed_forward_backward,
    layer_norm,
    layer_norm_backward,
    noam,
    numerical_gradient,
    project,
    project_backward,
    relative_error,
    sgd,
    transformer_block,
    transformer_block_backward,
    tree_leaves,
    tree_map,
    warmup_cosine,
    xavier_uniform,
)

rng = np.random.default_rng(0)


def two_layer_loss(weights, x, targets):
    return cross_entropy(feed_forward(x, *weights, "gelu"), targets)


def two_layer_gradients(weights, x, targets):
    logits = feed_forward(x, *weights, "gelu")
    upstream = cross_entropy_backward(1.0, logits, targets)
    return list(feed_forward_backward(upstream, x, *weights, "gelu")[1:])


def two_layers(inputs, hidden, outputs):
    return [
        xavier_uniform(inputs, hidden, rng),
        0.1 * rng.normal(size=hidden),
        xavier_uniform(hidden, outputs, rng),
        0.1 * rng.normal(size=outputs),
    ]


def test_the_gradients_of_a_net_of_two_layers_pass_the_check():
    x, targets = rng.normal(size=(11, 5)), rng.integers(3, size=11)
    weights = two_layers(5, 7, 3)
    gradients = two_layer_gradients(weights, x, targets)
    for i, got in enumerate(gradients):

        def loss(array, i=i):
            return two_layer_loss([*weights[:i], array, *weights[i + 1 :]], x, targets)

        assert relative_error(got, numerical_gradient(loss, weights[i])) < 1e-6


@pytest.mark.parametrize("optimiser", [adam, sgd])
def test_a_net_of_two_layers_learns_exclusive_or(optimiser):
    x, targets = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    weights, state = two_layers(2, 8, 2), None
    rate = 0.05 if optimiser is adam else 1.0
    for _ in range(300):
        gradients = two_layer_gradients(weights, x, targets)
        weights, state = optimiser(weights, gradients, state, rate=rate)
    assert two_layer_loss(weights, x, targets) < 0.05


# A causal language model: tokens, table, one block, norm, logits. At the last position
# the first token of the text is wanted, so it must be looked up; the rest is noise.
VOCAB, MODEL, HEADS, LENGTH = 7, 8, 2, 5
CAUSAL = np.tri(LENGTH, dtype=bool)


def texts(count):
    tokens = rng.integers(VOCAB, size=(count, LENGTH))
    places = np.arange(LENGTH) == LENGTH - 1
    return tokens, np.broadcast_to(tokens[:, :1], tokens.shape), places


def new_model():
    return {
        "table": rng.normal(size=(VOCAB, MODEL)),
        "places": rng.normal(size=(LENGTH, MODEL)),
        "block": block_weights(MODEL, 16, rng),
        "norm": (np.ones(MODEL), np.zeros(MODEL)),
        "head": xavier_uniform(MODEL, VOCAB, rng),
    }


def loss_and_gradients(model, tokens, targets, where, norm_first):
    x = embed(model["table"], tokens) + model["places"]
    options = {"allowed": CAUSAL, "norm_first": norm_first}
    out = transformer_block(x, model["block"], HEADS, **options)
    normal = layer_norm(out, *model["norm"])
    logits = project(normal, model["head"])
    loss = cross_entropy(logits, targets, where=where, smoothing=0.1)

    d_logits = cross_entropy_backward(1.0, logits, targets, where=where, smoothing=0.1)
    d_normal, d_head, _ = project_backward(d_logits, normal, model["head"])
    d_out, *d_norm = layer_norm_backward(d_normal, out, *model["norm"])
    d_x, d_block = transformer_block_backward(
        d_out, x, model["block"], HEADS, **options
    )
    return loss, {
        "table": embed_backward(d_x, model["table"], tokens),
        "places": d_x.sum(axis=0),
        "block": d_block,
        "norm": tuple(d_norm),
        "head": d_head,
    }


def loss_by_torch(model, tokens, targets, where, norm_first):
    """The same model in PyTorch, from its parts, with autograd in charge."""
    norm = torch.nn.functional.layer_norm
    block = model["block"]

    def attention(x):
        split = [
            (x @ weight).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for weight in block.attention[:3]
        ]
        read = torch.nn.functional.scaled_dot_product_attention(*split, is_causal=True)
        return read.transpose(1, 2).flatten(-2) @ block.attention.output

    def feed(x):
        into, b, out, c = block.feed_forward
        return torch.relu(x @ into + b) @ out + c

    x = model["table"][torch.tensor(tokens)] + model["places"]
    layers = (attention, block.attention_norm), (feed, block.feed_forward_norm)
    for layer, (gain, shift) in layers:
        if norm_first:
            x = x + layer(norm(x, (MODEL,), gain, shift))
        else:
            x = norm(x + layer(x), (MODEL,), gain, shift)
    logits = norm(x, (MODEL,), *model["norm"]) @ model["head"]
    shown = np.where(where, targets, -100)
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(shown.ravel()), label_smoothing=0.1
    )


def to_torch(model):
    """The same tree with tensors for leaves, and the tensors as a list."""
    leaves = []

    def tensor(array):
        leaves.append(torch.tensor(array, requires_grad=True))
        return leaves[-1]

    return tree_map(tensor, model), leaves


@pytest.mark.parametrize("norm_first", [True, False], ids=["pre", "post"])
def test_a_language_model_trained_by_hand_is_torchs_step_for_step(norm_first):
    model, state = new_model(), None
    theirs, leaves = to_torch(model)
    optimiser = torch.optim.AdamW(leaves, lr=1.0, weight_decay=0.1)
    for step in range(1, 21):
        batch = (*texts(11), norm_first)
        rate = 0.1 * noam(step, MODEL, warmup=10)
        loss, gradients = loss_and_gradients(model, *batch)
        model, state = adam(model, gradients, state, rate=rate, decay=0.1)

        optimiser.zero_grad()
        their_loss = loss_by_torch(theirs, *batch)
        their_loss.backward()
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        np.testing.assert_allclose(loss, their_loss.item(), rtol=1e-9)
    for ours, leaf in zip(tree_leaves(model), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.detach(), rtol=1e-7, atol=1e-9)


def test_a_language_model_trained_by_hand_learns_where_to_look():
    model, state = new_model(), None
    steps = 150
    for step in range(1, steps + 1):
        _, gradients = loss_and_gradients(model, *texts(32), True)
        gradients, _ = clip_by_norm(gradients, 1.0)
        rate = warmup_cosine(step, warmup=10, steps=steps + 1, peak=0.05)
        model, state = adam(model, gradients, state, rate=rate)
    floor = cross_entropy(
        np.log(np.eye(VOCAB) * 0.9 + 0.1 / VOCAB), np.arange(VOCAB), smoothing=0.1
    )
    loss, _ = loss_and_gradients(model, *texts(200), True)
    assert floor < loss < floor + 0.1
