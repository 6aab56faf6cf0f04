"""tiled_attend: attend to rounding, whatever the tiles; and it keeps to its budget."""

import inspect
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import attend, tiled_attend
from attn_course.functional import tiled as module

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 11, 5))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 13, 5))
VALUES = rng.normal(size=(2, 3, 13, 7))
ALLOWED = rng.random((2, 3, 11, 13)) < 0.4
ALLOWED[1, 2, 4] = False
LEAST = module._bytes(1, 1, (5, 7), 8)


def causal_mask(queries, keys):
    """True on and below the diagonal that ends in the last corner."""
    return np.tri(queries, keys, keys - queries, dtype=bool)


def close(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-13)


MASKS = {
    "none": None,
    "full": ALLOWED,
    "keys": ALLOWED[0, 0, 0],
    "queries": ALLOWED[0, 0, :, :1],
    "batch": ALLOWED[:, :1, :1],
    "nothing": np.zeros((11, 1), bool),
}


@given(st.integers(LEAST, LEAST + 3000), st.sampled_from(sorted(MASKS)), st.booleans())
def test_equals_attend_for_every_budget_and_mask(budget, name, causal):
    allowed = MASKS[name]
    seen = np.True_ if allowed is None else allowed
    got = tiled_attend(
        QUERY, KEYS, VALUES, allowed=allowed, causal=causal, budget_bytes=budget
    )
    both = seen & causal_mask(11, 13) if causal else np.asarray(seen)
    close(got, attend(QUERY, KEYS, VALUES, allowed=both))


@given(st.integers(0, 9), st.integers(0, 9), st.booleans(), st.integers(0, 600))
def test_equals_attend_for_every_length(queries, keys, causal, spare):
    query, memory = (
        QUERY[..., :queries, :],
        (KEYS[..., :keys, :], VALUES[..., :keys, :]),
    )
    got = tiled_attend(query, *memory, causal=causal, budget_bytes=LEAST + spare)
    mask = causal_mask(queries, keys) if causal else None
    close(got, attend(query, *memory, allowed=mask))


def test_agrees_with_torch_over_many_tiles():
    query, keys, values = (rng.normal(size=(2, 3, n, 8)) for n in (600, 1100, 1100))
    tensors = map(torch.from_numpy, (query, keys, values))
    wanted = torch.nn.functional.scaled_dot_product_attention(*tensors, scale=0.7)
    close(tiled_attend(query, keys, values, scale=0.7), wanted.numpy())


def test_a_query_that_may_see_nothing_reads_zeros():
    got = tiled_attend(QUERY, KEYS, VALUES, allowed=ALLOWED, budget_bytes=LEAST)
    np.testing.assert_array_equal(got[1, 2, 4], 0)
    early = tiled_attend(KEYS, QUERY, QUERY, causal=True)[..., :2, :]
    np.testing.assert_array_equal(early, 0)  # 13 queries, 11 keys: two come too soon


@pytest.mark.parametrize("order", [1, -1])
def test_a_larger_score_in_a_later_tile_rescales_what_came_before(order):
    keys = np.linspace(0, 900, 13)[::order, None]
    values = rng.normal(size=(13, 2))
    got = tiled_attend(np.ones((3, 1)), keys, values, budget_bytes=LEAST)
    close(got, attend(np.ones((3, 1)), keys, values))


def test_tiles_in_which_all_is_hidden_are_skipped():
    def count(mask=None, causal=False):
        buffer = np.empty((10, 10), bool)
        blocks = [slice(start, start + 10) for start in range(0, 50, 10)]
        return sum(
            len(list(module._tiles(buffer, rows, (50, 70), mask, causal)))
            for rows in blocks
        )

    assert count() == 5 * 7
    assert count(causal=True) == 3 + 4 + 5 + 6 + 7
    left = np.broadcast_to(np.arange(70) < 11, (50, 70))
    assert count(left) == 5 * 2


def test_what_is_hidden_does_not_matter_however_large():
    keys, values = KEYS.copy(), VALUES.copy()
    keys[..., 6, :], values[..., 6, :] = 1e150, -1e150
    seen = np.arange(13) != 6
    got = tiled_attend(QUERY, keys, values, allowed=seen, budget_bytes=LEAST + 500)
    close(got, attend(QUERY, KEYS, VALUES, allowed=seen))


def extra_bytes(*arrays, **options):
    unchecked = inspect.unwrap(tiled_attend)  # a shape checker takes memory too
    tracemalloc.start()
    output = unchecked(*arrays, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - output.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("length", "spare"),
    [(31, 0), (31, 1_000), (150, 10_000), (700, 300_000), (700, 2_000_000)],
)
@pytest.mark.parametrize("causal", [False, True])
def test_needs_no_more_memory_than_its_budget(dtype, length, spare, causal):
    query = rng.normal(size=(2, length, 16)).astype(dtype)
    across = np.ones((16, 2, length), dtype).transpose(1, 2, 0)  # no BLAS reads this
    strided = np.ones((2, length, 18), dtype)[..., ::2]
    mask = rng.random((1, length)) < 0.9
    budget = module._bytes(1, 1, (16, 9), np.dtype(dtype).itemsize) + spare
    options = {"allowed": mask, "causal": causal, "budget_bytes": budget}
    extra_bytes(query, across, strided, **options)  # what is set up once
    assert extra_bytes(query, across, strided, **options) <= budget


def test_extra_memory_does_not_grow_with_the_length():
    short, long = (rng.normal(size=(1, n, 4)).astype(np.float32) for n in (600, 2400))
    used = [extra_bytes(x, x, x, causal=True) for x in (short, short, long)]
    assert used[2] < 1.01 * used[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    arrays = [array.astype(dtype) for array in (QUERY, KEYS, VALUES)]
    got = tiled_attend(*arrays, allowed=ALLOWED, scale=np.float64(0.5))
    assert got.dtype == dtype
    mixed = tiled_attend(arrays[0], KEYS, arrays[2])
    assert mixed.dtype == np.float64
    np.testing.assert_allclose(mixed, attend(QUERY, KEYS, VALUES), rtol=1e-5, atol=1e-6)


def test_leaves_its_inputs_alone():
    arrays = (QUERY, KEYS, VALUES, ALLOWED)
    before = [array.copy() for array in arrays]
    tiled_attend(*arrays[:3], allowed=ALLOWED, causal=True)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_a_budget_too_small_for_one_tile_and_says_what_would_do():
    message = f"budget of at least {LEAST} bytes, got {LEAST - 1}"
    with pytest.raises(ValueError, match=message):
        tiled_attend(QUERY, KEYS, VALUES, budget_bytes=LEAST - 1)
    tiled_attend(QUERY, KEYS, VALUES, budget_bytes=LEAST)
    with pytest.raises(ValueError, match=r"whole budget_bytes, got 1000000\.0"):
        tiled_attend(QUERY, KEYS, VALUES, budget_bytes=1e6)


@pytest.mark.parametrize(
    ("query", "keys", "values", "message"),
    [
        (QUERY, KEYS, VALUES[..., :4, :], r"one value for each key \(2, 3, 13\)"),
        (QUERY[:, :1], KEYS, VALUES, r"keys \(2, 3\) in the queries, got \(2, 1\)"),
        (QUERY[..., :1], KEYS, VALUES, r"as wide as the queries \(1\), got width 5"),
        (QUERY, KEYS * np.nan, VALUES, r"finite keys, got nan"),
    ],
)
def test_refuses_what_attend_refuses(query, keys, values, message):
    with pytest.raises(ValueError, match=f"tiled_attend: .*{message}"):
        tiled_attend(query, keys, values)


def test_refuses_masks_that_do_not_fit_and_scores_that_overflow():
    with pytest.raises(ValueError, match="boolean mask"):
        tiled_attend(QUERY, KEYS, VALUES, allowed=np.ones(13))
    with pytest.raises(ValueError, match="broadcasts to the scores"):
        tiled_attend(QUERY, KEYS, VALUES, allowed=np.ones(12, bool))
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match="scores below infinity"),
    ):
        tiled_attend(np.full((1, 1), 1e200), np.full((1, 1), 1e200), np.ones((1, 1)))
