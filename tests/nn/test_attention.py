"""attention: both ways against a loop and torch, empty rows, and what it refuses."""

import pytest
import torch
from torch.nn import functional

from attn_course.nn import attention, causal_mask, masked_softmax

generator = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


QUERY = normal(2, 3, 4, 7)  # batch, heads, queries, width
KEYS = normal(2, 3, 5, 7)
VALUES = normal(2, 3, 5, 6)
ALLOWED = torch.rand(2, 3, 4, 5, generator=generator) < 0.6
ALLOWED[1, 2, 0] = False
BIAS = normal(3, 4, 5)
WAYS = pytest.mark.parametrize("way", ["fast", "written out"])


def read(way, *args, **options):
    if way == "fast":
        return attention(*args, **options)
    return attention(*args, **options, return_weights=True)[0]


def by_loop(query, keys, values, allowed, bias):
    """One query at a time, one key at a time."""
    output = torch.zeros(*query.shape[:-1], values.shape[-1], dtype=query.dtype)
    for place in torch.cartesian_prod(*map(torch.arange, query.shape[:-1])).tolist():
        *batch, q = place
        total = 0.0
        for k in range(keys.shape[-2]):
            if allowed[(*batch, q, k)]:
                product = query[tuple(place)] @ keys[(*batch, k)]
                share = torch.exp(product / 7**0.5 + bias[batch[-1], q, k])
                output[tuple(place)] += share * values[(*batch, k)]
                total += share
        output[tuple(place)] /= total or 1
    return output


@WAYS
@pytest.mark.parametrize("bias", [None, BIAS])
def test_agrees_with_a_loop(way, bias):
    wanted = by_loop(
        QUERY, KEYS, VALUES, ALLOWED, torch.zeros(3, 4, 5) if bias is None else bias
    )
    got = read(way, QUERY, KEYS, VALUES, allowed=ALLOWED, bias=bias)
    torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-14)


@WAYS
@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize("allowed", [None, ALLOWED])
def test_causal_hides_the_future_beside_everything_else(way, bias, allowed):
    past = causal_mask(4, 5)
    wanted = by_loop(
        QUERY,
        KEYS,
        VALUES,
        past.expand(2, 3, 4, 5) if allowed is None else allowed & past,
        torch.zeros(3, 4, 5) if bias is None else bias,
    )
    got = read(way, QUERY, KEYS, VALUES, allowed=allowed, bias=bias, causal=True)
    torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-14)


@WAYS
def test_causal_on_a_square_is_torchs_own(way):
    theirs = functional.scaled_dot_product_attention(
        QUERY, KEYS[..., :4, :], VALUES[..., :4, :], is_causal=True
    )
    got = read(way, QUERY, KEYS[..., :4, :], VALUES[..., :4, :], causal=True)
    torch.testing.assert_close(got, theirs, rtol=1e-12, atol=1e-14)


@WAYS
@pytest.mark.parametrize(
    "shape", [(), (1,), (5,), (4, 1), (4, 5), (3, 1, 5), (2, 1, 1, 5), (1, 3, 4, 1)]
)
def test_a_mask_broadcasts_from_any_shape(way, shape):
    allowed = torch.rand(shape, generator=generator) < 0.5
    wanted = read(
        way, QUERY, KEYS, VALUES, allowed=allowed.expand(2, 3, 4, 5).contiguous()
    )
    torch.testing.assert_close(read(way, QUERY, KEYS, VALUES, allowed=allowed), wanted)


@WAYS
def test_a_query_that_may_see_nothing_reads_zeros_and_sends_no_nan_back(way):
    tensors = [t.clone().requires_grad_() for t in (QUERY, KEYS, VALUES)]
    output = read(way, *tensors, allowed=ALLOWED)
    assert (output[1, 2, 0] == 0).all()
    output.square().sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in tensors)
    assert (tensors[0].grad[1, 2, 0] == 0).all()
    assert (tensors[0].grad[0] != 0).any()


@WAYS
def test_gradients_agree_with_finite_differences(way):
    tensors = [t[:1, :2].clone().requires_grad_() for t in (QUERY, KEYS, VALUES)]

    def reads(*tensors):
        return read(way, *tensors, allowed=ALLOWED[:1, :2])

    assert torch.autograd.gradcheck(reads, tensors)


def test_weights_sum_to_one_or_are_zeros_and_mix_the_values():
    output, weights = attention(
        QUERY, KEYS, VALUES, allowed=ALLOWED, return_weights=True
    )
    torch.testing.assert_close(weights.sum(-1), ALLOWED.any(-1).double())
    assert (weights[~ALLOWED] == 0).all()
    mixed = torch.einsum("bhqk,bhkc->bhqc", weights, VALUES)
    torch.testing.assert_close(output, mixed)


@WAYS
def test_what_is_hidden_does_not_matter_however_large(way):
    keys, values = KEYS.clone(), VALUES.clone()
    keys[..., 2, :], values[..., 2, :] = 1e100, -1e100
    seen = torch.arange(5) != 2
    torch.testing.assert_close(
        read(way, QUERY, keys, values, allowed=seen),
        read(way, QUERY, KEYS[..., seen, :], VALUES[..., seen, :]),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_hides_completely_too(dtype):
    weights = masked_softmax(BIAS.to(dtype), ALLOWED[1])
    assert weights.dtype == dtype
    assert (weights[~ALLOWED[1]] == 0).all()
    assert weights.isfinite().all()


@WAYS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype(way, dtype):
    tensors = (t.to(dtype) for t in (QUERY, KEYS, VALUES))
    assert read(way, *tensors, allowed=ALLOWED, bias=BIAS.to(dtype)).dtype == dtype


@WAYS
def test_no_keys_are_nothing_to_read_and_no_queries_read_nothing(way):
    nothing = read(way, QUERY, KEYS[..., :0, :], VALUES[..., :0, :])
    assert nothing.shape == (2, 3, 4, 6)
    assert (nothing == 0).all()
    assert read(way, QUERY[..., :0, :], KEYS, VALUES).shape == (2, 3, 0, 6)


def test_dropout_keeps_the_mean_and_leaves_the_returned_weights_alone():
    torch.manual_seed(0)
    keys, values = torch.zeros(1, 400, 3), torch.ones(1, 400, 2)
    query = torch.zeros(1, 50, 3)
    for options in ({}, {"return_weights": True}):
        got = attention(query, keys, values, dropout=0.25, **options)
        if options:
            got, weights = got
            torch.testing.assert_close(weights, torch.full((1, 50, 400), 1 / 400))
        assert len(got.unique()) > 10
        assert abs(got.mean() - 1) < 0.02  # 20,000 draws: four standard errors


def test_a_score_of_ones_own_takes_the_place_of_the_scaled_dot_product():
    def closeness(query, keys):
        return -(torch.cdist(query, keys) ** 2)

    output, weights = attention(
        QUERY, KEYS, VALUES, score=closeness, bias=BIAS, return_weights=True
    )
    wanted = torch.softmax(closeness(QUERY, KEYS) + BIAS, dim=-1)
    torch.testing.assert_close(weights, wanted)
    torch.testing.assert_close(output, wanted @ VALUES)


@pytest.mark.parametrize(
    ("query", "keys", "values", "message"),
    [
        (QUERY[0, 0, 0], KEYS, VALUES, "with at least 2 axes"),
        (QUERY, KEYS, VALUES[..., :4, :], r"one value for each key \(2, 3, 5\)"),
        (QUERY[:, :1], KEYS, VALUES, r"keys \(2, 3\) in the queries, got \(2, 1\)"),
        (QUERY, KEYS[..., :1], VALUES, r"wanted keys of width 7, got \(2, 3, 5, 1\)"),
    ],
)
def test_refuses_sizes_that_torch_might_broadcast(query, keys, values, message):
    with pytest.raises(ValueError, match=message):
        attention(query, keys, values)


def test_refuses_masks_that_are_numbers_or_do_not_fit():
    with pytest.raises(ValueError, match=r"boolean mask, got dtype torch\.float32"):
        attention(QUERY, KEYS, VALUES, allowed=torch.zeros(5))
    with pytest.raises(ValueError, match=r"scores \(2, 3, 4, 5\), got \(5, 4\)"):
        attention(QUERY, KEYS, VALUES, allowed=ALLOWED[0, 0].T)
    with pytest.raises(ValueError, match=r"scores \(2, 3, 4, 5\), got \(1, 2, 3,"):
        attention(QUERY, KEYS, VALUES, allowed=ALLOWED[None])


def test_refuses_scores_of_the_wrong_shape_and_dropout_of_one():
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 5\) from `score`, got \(2, 3, 4"):
        attention(QUERY, KEYS, VALUES, score=lambda q, k: q.sum(-1, keepdim=True))
    with pytest.raises(ValueError, match="dropout of at least 0 and below 1, got 1"):
        attention(QUERY, KEYS, VALUES, dropout=1.0)


@pytest.mark.parametrize("return_weights", [False, True])
def test_refuses_a_bias_that_would_broadcast_the_scores(return_weights):
    options = {"return_weights": return_weights}
    x, keys = torch.randn(3, 5, 4), torch.randn(3, 7, 4)
    with pytest.raises(ValueError, match=r"a bias that broadcasts to .*\(3, 5, 7\)"):
        attention(x, keys, keys, bias=torch.zeros(2, 3, 5, 7), **options)
    with pytest.raises(ValueError, match=r"a bias of floats, got dtype torch\.int64"):
        attention(x, keys, keys, bias=torch.zeros(5, 7).long(), **options)
    with pytest.raises(ValueError, match="width as a whole number above zero, got 0"):
        attention(x[..., :0], keys[..., :0], keys, **options)


def test_a_bias_in_float64_does_not_widen_the_weights():
    x, bias = torch.randn(3, 5, 4), torch.zeros(5, 5).double()
    output, weights = attention(x, x, x, bias=bias, return_weights=True)
    assert output.dtype == weights.dtype == torch.float32
