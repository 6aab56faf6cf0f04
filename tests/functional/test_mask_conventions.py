"""Masks of libraries: the same weights by every way round, asked of torch itself."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    attend,
    from_additive,
    from_hugging_face,
    from_keras,
    from_sdpa,
    from_torch_mha,
    softmax,
    to_additive,
    to_hugging_face,
    to_keras,
    to_sdpa,
    to_torch_mha,
)

rng = np.random.default_rng(0)
BATCH, HEADS, QUERIES, KEYS, WIDTH = 2, 3, 4, 5, 7
QUERY = rng.normal(size=(BATCH, HEADS, QUERIES, WIDTH))
MEMORY = rng.normal(size=(BATCH, HEADS, KEYS, WIDTH))
ALLOWED = rng.random((BATCH, HEADS, QUERIES, KEYS)) < 0.5
ALLOWED[..., 0] = True  # of empty rows libraries think differently: see below
EMPTY = np.zeros((QUERIES, KEYS), bool)
EMPTY[1:] = ALLOWED[0, 0, 1:]
KEPT = np.arange(KEYS) < np.array([[3], [5]])  # [batch, keys]
CLOSE = {"rtol": 1e-10, "atol": 1e-12}  # float64; torch sums in its own order


def tokens(rows):
    """[batch, heads, n, width] as one tensor [batch, n, heads x width]."""
    return torch.from_numpy(rows).transpose(1, 2).flatten(2)


def mha_weights(**masks):
    """What torch's module gives [batch, heads, queries, keys], projecting nothing."""
    layer = torch.nn.MultiheadAttention(
        HEADS * WIDTH, HEADS, bias=False, batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.eye(HEADS * WIDTH).repeat(3, 1))
        masks = {name: torch.from_numpy(mask) for name, mask in masks.items()}
        query, memory = tokens(QUERY), tokens(MEMORY)
        _, weights = layer(query, memory, memory, average_attn_weights=False, **masks)
    return weights.numpy()


def our_weights(allowed):
    scores = QUERY @ MEMORY.mT / np.sqrt(WIDTH)
    return softmax(scores, where=allowed)


def sdpa(mask):
    arrays = (QUERY, MEMORY, MEMORY, mask)
    query, keys, values, mask = map(torch.from_numpy, arrays)
    return torch.nn.functional.scaled_dot_product_attention(
        query, keys, values, attn_mask=mask
    ).numpy()


@pytest.mark.parametrize("allowed", [ALLOWED[0, 0], ALLOWED], ids=["shared", "own"])
def test_torchs_module_agrees_with_us_under_the_converted_mask(allowed):
    theirs = mha_weights(attn_mask=to_torch_mha(allowed))
    np.testing.assert_allclose(theirs, our_weights(allowed), **CLOSE)


def test_torchs_module_agrees_with_us_on_padding():
    theirs = mha_weights(key_padding_mask=to_torch_mha(KEPT))
    np.testing.assert_allclose(theirs, our_weights(KEPT[:, None, None]), **CLOSE)


def test_torchs_module_agrees_with_us_on_what_is_added():
    theirs = mha_weights(attn_mask=to_additive(ALLOWED[1, 2], np.float64))
    np.testing.assert_allclose(theirs, our_weights(ALLOWED[1, 2]), **CLOSE)


@pytest.mark.parametrize(
    "mask",
    [
        to_sdpa(ALLOWED),
        to_additive(ALLOWED, np.float64),
        to_additive(ALLOWED, np.float64, finite=True),
    ],
    ids=["bool", "-inf", "lowest"],
)
def test_torchs_function_agrees_with_us_under_the_converted_mask(mask):
    wanted = attend(QUERY, MEMORY, MEMORY, allowed=ALLOWED)
    np.testing.assert_allclose(sdpa(mask), wanted, **CLOSE)


def test_the_two_of_torch_mean_opposite_things_by_true():
    theirs = mha_weights(attn_mask=to_sdpa(ALLOWED[0, 0]) & (np.arange(KEYS) > 0))
    assert (theirs[..., ALLOWED[0, 0] & (np.arange(KEYS) > 0)] == 0).all()
    np.testing.assert_array_equal(to_torch_mha(KEPT), ~to_sdpa(KEPT))


def test_a_query_without_keys_reads_zeros_nan_or_everything():
    ours = attend(QUERY, MEMORY, MEMORY, allowed=EMPTY)
    np.testing.assert_array_equal(ours[:, :, 0], 0)
    np.testing.assert_array_equal(sdpa(to_sdpa(EMPTY))[:, :, 0], 0)
    assert np.isnan(mha_weights(attn_mask=to_torch_mha(EMPTY))[:, :, 0]).all()
    lowest = to_additive(EMPTY, np.float64, finite=True)
    np.testing.assert_allclose(
        sdpa(lowest)[:, :, 0],
        np.broadcast_to(MEMORY.mean(-2), (BATCH, HEADS, WIDTH)),
        **CLOSE,
    )


@pytest.mark.parametrize("allowed", [ALLOWED, EMPTY, KEPT, KEPT[0]])
def test_there_and_back_is_where_it_began(allowed):
    for dtype in (np.float16, np.float32, np.float64):
        for finite in (False, True):
            bias = to_additive(allowed, dtype, finite=finite)
            assert bias.dtype == dtype
            assert finite == np.isfinite(bias).all()
            np.testing.assert_array_equal(from_additive(bias), allowed)
            np.testing.assert_array_equal(from_sdpa(bias), allowed)
    for there, back in (
        (to_sdpa, from_sdpa),
        (to_keras, from_keras),
        (to_hugging_face, from_hugging_face),
    ):
        np.testing.assert_array_equal(back(there(allowed)), allowed)


def test_there_and_back_with_heads():
    got = from_torch_mha(to_torch_mha(ALLOWED), HEADS)
    np.testing.assert_array_equal(got, ALLOWED)
    np.testing.assert_array_equal(from_torch_mha(to_torch_mha(KEPT)), KEPT)
    bias = to_additive(ALLOWED).reshape(BATCH * HEADS, QUERIES, KEYS)
    np.testing.assert_array_equal(from_torch_mha(bias, HEADS), ALLOWED)


def test_keras_and_hugging_face_keep_where_we_allow():
    assert to_keras(KEPT).tolist() == KEPT.tolist()
    assert to_hugging_face(KEPT).tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert to_hugging_face(KEPT).dtype == np.int64
    for back in (from_keras, from_hugging_face):
        ones = back(np.array([[1, 0]], np.int32))
        assert ones.dtype == bool
        assert ones.tolist() == [[True, False]]


def test_a_billion_is_infinite_in_half_precision_and_the_lowest_number_is_not():
    with np.errstate(over="ignore"):
        assert np.float16(-1e9) == -np.inf
    assert np.isfinite(to_additive(KEPT, np.float16, finite=True)).all()


def test_results_are_new_and_inputs_stay():
    for convert in (to_sdpa, to_keras, to_torch_mha, to_hugging_face, to_additive):
        kept = KEPT.copy()
        convert(kept)[...] = 1
        np.testing.assert_array_equal(kept, KEPT)
    for convert in (from_sdpa, from_keras, from_torch_mha, from_hugging_face):
        kept = KEPT.copy()
        convert(kept)[...] = False
        np.testing.assert_array_equal(kept, KEPT)


@pytest.mark.parametrize(
    "convert", [to_torch_mha, to_sdpa, to_additive, to_keras, to_hugging_face]
)
def test_refuses_to_send_out_what_is_not_boolean(convert):
    with pytest.raises(ValueError, match=f"{convert.__name__}: wanted a boolean mask"):
        convert(KEPT.astype(int))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_torch_mha(KEPT.astype(int)), "boolean mask, got dtype int64"),
        (lambda: from_sdpa(KEPT.astype(int)), "boolean mask, got dtype int64"),
        (lambda: from_keras(KEPT * 2), "mask from 0 to 1, got 2"),
        (lambda: from_hugging_face(KEPT * 1.0), "array of integers, got float64"),
        (lambda: from_additive(np.array([0.0, -3.0])), "at most -10000, got -3.0"),
        (lambda: from_additive(np.array([1e9])), "got 1000000000.0"),
        (lambda: from_additive(np.array([np.nan])), "got nan"),
        (lambda: from_additive(KEPT), "array of floats"),
        (lambda: to_torch_mha(ALLOWED[0]), r"got shape \(3, 4, 5\)"),
        (lambda: from_torch_mha(ALLOWED[0]), "heads=None"),
        (lambda: from_torch_mha(ALLOWED[0], 2), "falls into 2 heads, got 3"),
        (lambda: from_torch_mha(ALLOWED, 3), r"got shape \(2, 3, 4, 5\)"),
    ],
)
def test_refuses_to_take_in_what_is_no_mask(call, message):
    with pytest.raises(ValueError, match=message):
        call()
