"""Many heads: as torch has them, nothing scrambled, and what the last map is for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    MultiHeadWeights,
    attend,
    causal_mask,
    influence,
    merge_heads,
    multi_head_attention,
    padding_mask,
    project,
    split_heads,
)

rng = np.random.default_rng(0)
BATCH, HEADS, QUERIES, KEYS, MODEL, OTHER = 2, 3, 5, 7, 12, 10
X = rng.normal(size=(BATCH, QUERIES, MODEL))
MEMORY = rng.normal(size=(BATCH, KEYS, OTHER))
CLOSE = {"rtol": 1e-10, "atol": 1e-12}  # float64; torch sums in its own order


def draw(model=MODEL, memory=MODEL, inner=MODEL, inner_values=MODEL):
    return MultiHeadWeights(
        rng.normal(size=(model, inner)),
        rng.normal(size=(memory, inner)),
        rng.normal(size=(memory, inner_values)),
        rng.normal(size=(inner_values, model)),
        rng.normal(size=inner),
        rng.normal(size=inner),
        rng.normal(size=inner_values),
        rng.normal(size=model),
    )


OWN, CROSS = draw(), draw(memory=OTHER)


def torch_twin(weights, memory):
    """torch's module with the same numbers; its matrices are the transposes."""
    theirs = torch.nn.MultiheadAttention(
        MODEL, HEADS, kdim=memory, vdim=memory, batch_first=True, dtype=torch.float64
    )
    query, key, value, output, *biases = map(torch.from_numpy, weights)
    with torch.no_grad():
        if memory == MODEL:
            theirs.in_proj_weight.copy_(torch.cat([query.T, key.T, value.T]))
        else:
            theirs.q_proj_weight.copy_(query.T)
            theirs.k_proj_weight.copy_(key.T)
            theirs.v_proj_weight.copy_(value.T)
        theirs.in_proj_bias.copy_(torch.cat(biases[:3]))
        theirs.out_proj.weight.copy_(output.T)
        theirs.out_proj.bias.copy_(biases[3])
    return theirs


def by_torch(x, memory, weights, **masks):
    x, memory = torch.from_numpy(x), torch.from_numpy(memory)
    masks = {name: torch.from_numpy(mask) for name, mask in masks.items()}
    with torch.no_grad():
        output, shares = torch_twin(weights, memory.shape[-1])(
            x, memory, memory, average_attn_weights=False, **masks
        )
    return output.numpy(), shares.numpy()


def by_head(x, memory, weights, heads):
    """One sample and one head at a time, with slices of the matrices."""
    total = np.zeros((*x.shape[:-1], weights.output.shape[-1])) + weights.output_bias
    keys, values = weights.key.shape[1] // heads, weights.value.shape[1] // heads
    for sample, h in np.ndindex(len(x), heads):
        k, v = np.s_[h * keys : (h + 1) * keys], np.s_[h * values : (h + 1) * values]
        read = attend(
            x[sample] @ weights.query[:, k] + weights.query_bias[k],
            memory[sample] @ weights.key[:, k] + weights.key_bias[k],
            memory[sample] @ weights.value[:, v] + weights.value_bias[v],
        )
        total[sample] += read @ weights.output[v]
    return total


@pytest.mark.parametrize(
    ("memory", "weights"), [(X, OWN), (MEMORY, CROSS)], ids=["self", "cross"]
)
def test_equals_torchs_module_with_the_same_numbers(memory, weights):
    theirs = by_torch(X, memory, weights)
    ours = multi_head_attention(X, memory, weights, HEADS, return_weights=True)
    for got, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, wanted, **CLOSE)
    alone = multi_head_attention(X, memory, weights, HEADS)
    np.testing.assert_array_equal(alone, ours[0])


def test_equals_torchs_module_under_causality():
    hidden = ~causal_mask(QUERIES)
    theirs = by_torch(X, X, OWN, attn_mask=hidden)
    ours = multi_head_attention(X, X, OWN, HEADS, allowed=~hidden, return_weights=True)
    for got, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, wanted, **CLOSE)


def test_equals_torchs_module_on_padding_and_a_mask_of_each_head():
    lengths = np.array([4, 7])
    kept = padding_mask(lengths[:, None], KEYS)  # [batch, 1, 1, keys]
    own = rng.random((BATCH, HEADS, QUERIES, KEYS)) < 0.5
    own[..., 0] = True
    theirs = by_torch(
        X,
        MEMORY,
        CROSS,
        key_padding_mask=~kept[:, 0, 0],
        attn_mask=~own.reshape(-1, QUERIES, KEYS),
    )
    ours = multi_head_attention(
        X, MEMORY, CROSS, HEADS, allowed=own & kept, return_weights=True
    )
    for got, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, wanted, **CLOSE)


def test_equals_one_head_at_a_time_with_widths_that_all_differ():
    weights = draw(memory=OTHER, inner=6, inner_values=15)
    np.testing.assert_allclose(
        multi_head_attention(X, MEMORY, weights, HEADS),
        by_head(X, MEMORY, weights, HEADS),
        **CLOSE,
    )


def test_one_head_with_identities_is_plain_attention():
    eye = np.eye(MODEL)
    weights = MultiHeadWeights(eye, eye, eye, eye)
    got = multi_head_attention(X, X, weights, heads=1)
    np.testing.assert_allclose(got, attend(X, X, X), **CLOSE)


@given(st.permutations(range(QUERIES)))
def test_permuting_positions_permutes_self_attention(order):
    moved = X[:, order]
    np.testing.assert_allclose(
        multi_head_attention(moved, moved, OWN, HEADS),
        multi_head_attention(X, X, OWN, HEADS)[:, order],
        **CLOSE,
    )


@given(st.permutations(range(KEYS)))
def test_the_order_of_the_memory_does_not_matter(order):
    np.testing.assert_allclose(
        multi_head_attention(X, MEMORY[:, order], CROSS, HEADS),
        multi_head_attention(X, MEMORY, CROSS, HEADS),
        **CLOSE,
    )


def test_every_head_sees_every_position():
    def head(x):
        return split_heads(x, HEADS)[1]

    assert influence(lambda x: head(x).mean(0, keepdims=True), X[0]).all()
    np.testing.assert_array_equal(influence(head, X[0]), np.eye(QUERIES, dtype=bool))


def test_a_reshape_without_a_swap_would_give_heads_other_positions():
    scrambled = X[0].reshape(HEADS, QUERIES, MODEL // HEADS)
    for i, h, d in np.ndindex(QUERIES, HEADS, MODEL // HEADS):
        assert split_heads(X, HEADS)[1, h, i, d] == X[1, i, h * (MODEL // HEADS) + d]
    assert (scrambled != split_heads(X, HEADS)[0]).any()
    seen = influence(lambda x: x.reshape(HEADS, QUERIES, MODEL // HEADS)[0], X[0])
    assert not seen[:, -1].any()  # the first head never meets the last position


@given(st.integers(1, 4), st.integers(0, 5), st.integers(1, 3))
def test_merging_undoes_splitting(heads, positions, width):
    x = np.random.default_rng(0).normal(size=(2, positions, heads * width))
    np.testing.assert_array_equal(merge_heads(split_heads(x, heads)), x)


def test_heads_cannot_meet_before_the_last_map():
    unmixed = OWN._replace(output=np.eye(MODEL), output_bias=None)
    other = unmixed.value.copy()
    other[:, :4] += 1  # of the first head alone
    moved = unmixed._replace(value=other)
    gaps = abs(
        multi_head_attention(X, X, moved, HEADS)
        - multi_head_attention(X, X, unmixed, HEADS)
    )
    assert (gaps[..., :4] > 0).all()
    assert (gaps[..., 4:] == 0).all()
    mixed = moved._replace(output=OWN.output), unmixed._replace(output=OWN.output)
    after = [multi_head_attention(X, X, weights, HEADS) for weights in mixed]
    assert (abs(after[0] - after[1]) > 0).all()


def test_the_number_of_weights_depends_on_the_model_alone():
    assert sum(part.size for part in OWN) == 4 * MODEL**2 + 4 * MODEL
    theirs = torch_twin(OWN, MODEL)
    assert sum(p.numel() for p in theirs.parameters()) == 4 * MODEL**2 + 4 * MODEL
    for heads in (1, 2, 3, 4, 6, 12):  # one set of numbers fits them all
        assert multi_head_attention(X, X, OWN, heads).shape == X.shape
    assert multi_head_attention(X[:, :1], X, OWN, 3).shape == (BATCH, 1, MODEL)


def test_a_query_that_may_see_nothing_yields_the_bias():
    allowed = causal_mask(QUERIES)
    allowed[2] = False
    output, shares = multi_head_attention(
        X, X, OWN, HEADS, allowed=allowed, return_weights=True
    )
    np.testing.assert_array_equal(output[:, 2], [OWN.output_bias] * BATCH)
    np.testing.assert_array_equal(shares[:, :, 2], 0)


def test_the_bias_of_the_keys_moves_all_scores_of_a_query_alike():
    without = CROSS._replace(key_bias=None)
    np.testing.assert_allclose(
        multi_head_attention(X, MEMORY, without, HEADS),
        multi_head_attention(X, MEMORY, CROSS, HEADS),
        **CLOSE,
    )


def test_projecting_is_a_map_on_the_right():
    weight, bias = rng.normal(size=(MODEL, 4)), rng.normal(size=4)
    for place in np.ndindex(X.shape[:-1]):
        wanted = [sum(X[place] * weight[:, j]) + bias[j] for j in range(4)]
        np.testing.assert_allclose(project(X, weight, bias)[place], wanted, **CLOSE)
    linear = torch.nn.functional.linear(*map(torch.from_numpy, (X, weight.T, bias)))
    np.testing.assert_allclose(project(X, weight, bias), linear.numpy(), **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    weights = MultiHeadWeights(*(part.astype(dtype) for part in CROSS))
    x, memory = X.astype(dtype), MEMORY.astype(dtype)
    got = multi_head_attention(x, memory, weights, HEADS)
    assert got.dtype == dtype
    wanted = multi_head_attention(X, MEMORY, CROSS, HEADS)
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3)  # scores near 100


def test_leaves_its_inputs_alone():
    before = [array.copy() for array in (X, MEMORY, *CROSS)]
    multi_head_attention(X, MEMORY, CROSS, HEADS)
    for array, copy in zip((X, MEMORY, *CROSS), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_entries_that_do_not_fall_into_heads():
    with pytest.raises(ValueError, match="a model that falls into 5 heads, got 12"):
        multi_head_attention(X, X, OWN, heads=5)
    with pytest.raises(ValueError, match=r"whole heads, got 2\.0"):
        split_heads(X, 2.0)
    with pytest.raises(ValueError, match="heads of at least 1, got 0"):
        split_heads(X, 0)


def test_refuses_a_weight_on_the_wrong_side():
    with pytest.raises(ValueError, match=r"weight of shape \(12, 10\), got \(8, 10\)"):
        project(X, np.ones((8, 10)))
    with pytest.raises(ValueError, match=r"weight of shape \(12, 12\), got \(4, 12\)"):
        project(X, np.ones((12, 4)).T)
    with pytest.raises(ValueError, match=r"bias of shape \(4,\), got \(1,\)"):
        project(X, np.ones((12, 4)), np.ones(1))
    with pytest.raises(ValueError, match="weight with at least 2 axes"):
        project(X, np.ones(12))


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        (
            "query",
            CROSS.query[:-1],
            r"query weight of shape \(12, 12\), got \(11, 12\)",
        ),
        ("key", CROSS.key.T, r"key weight of shape \(10, 12\), got \(12, 10\)"),
        ("value", CROSS.value[:-1], r"value weight of shape \(10, 12\), got \(9, 12\)"),
        ("output", CROSS.output[:-1], r"output weight of shape \(12, 12\), got"),
        ("output", CROSS.output[:, 0], "output weight with at least 2 axes"),
        ("key_bias", np.ones(1), r"key bias of shape \(12,\), got \(1,\)"),
    ],
)
def test_refuses_weights_that_do_not_fit(part, wrong, message):
    with pytest.raises(ValueError, match=f"multi_head_attention: wanted {message}"):
        multi_head_attention(X, MEMORY, CROSS._replace(**{part: wrong}), HEADS)


def test_refuses_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match="leading axes"):
        multi_head_attention(X, MEMORY[:1], CROSS, HEADS)
    with pytest.raises(ValueError, match="at least 3 axes"):
        merge_heads(X[0])
