"""The window by bands is the window by mask, for every window and every length."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import attend, window_attend, window_mask

rng = np.random.default_rng(0)
QUERY, KEYS = rng.normal(size=(2, 2, 3, 150, 5))  # batch, heads, positions, width
VALUES = rng.normal(size=(2, 3, 150, 7))
CLOSE = {"rtol": 1e-11, "atol": 1e-13}  # float64, sums of at most 150 terms


def by_mask(query, keys, values, before, after, dilation=1, seen=True):
    """All pairs, most of them hidden."""
    length = query.shape[-2]
    window = window_mask(length, length, before, after, dilation=dilation)
    return attend(query, keys, values, allowed=window & seen)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(0, 150),
    before=st.integers(0, 170),
    after=st.integers(0, 170),
    dilation=st.integers(1, 5),
)
def test_equals_attention_under_the_mask_of_the_window(length, before, after, dilation):
    part = [array[0, :, :length] for array in (QUERY, KEYS, VALUES)]
    got = window_attend(*part, before, after, dilation=dilation)
    np.testing.assert_allclose(got, by_mask(*part, before, after, dilation), **CLOSE)


@settings(max_examples=20, deadline=None)
@given(
    before=st.integers(0, 90),
    after=st.integers(0, 90),
    dilation=st.sampled_from([1, 3]),
)
def test_padding_is_not_read(before, after, dilation):
    seen = np.arange(150) < np.array([140, 31])[:, None, None]  # batch, 1, positions
    got = window_attend(
        QUERY, KEYS, VALUES, before, after, dilation=dilation, allowed_keys=seen
    )
    wanted = by_mask(QUERY, KEYS, VALUES, before, after, dilation, seen[..., None, :])
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_a_loop_over_positions_gives_the_same():
    got = window_attend(QUERY, KEYS, VALUES, 2, 1, dilation=4, scale=0.3)
    for i in range(150):
        near = [j for j in (i - 8, i - 4, i, i + 4) if 0 <= j < 150]
        scores = np.exp(0.3 * (QUERY[..., i, None, :] * KEYS[..., near, :]).sum(-1))
        shares = scores / scores.sum(-1, keepdims=True)
        wanted = (shares[..., None] * VALUES[..., near, :]).sum(-2)
        np.testing.assert_allclose(got[..., i, :], wanted, **CLOSE)


@pytest.mark.parametrize("window", [150, 10**9])
def test_a_window_beyond_the_ends_sees_everything(window):
    got = window_attend(QUERY, KEYS, VALUES, window, window)
    np.testing.assert_allclose(got, attend(QUERY, KEYS, VALUES), **CLOSE)


def test_a_window_of_nothing_but_oneself_returns_the_values():
    np.testing.assert_array_equal(window_attend(QUERY, KEYS, VALUES, 0, 0), VALUES)


def test_a_query_whose_window_is_all_padding_reads_zeros():
    got = window_attend(QUERY, KEYS, VALUES, 1, 1, allowed_keys=np.arange(150) < 10)
    np.testing.assert_array_equal(got[..., 11:, :], 0)
    assert (got[..., :11, :] != 0).all()


def test_what_is_hidden_does_not_matter_however_large():
    keys, values = KEYS.copy(), VALUES.copy()
    keys[..., 75, :], values[..., 75, :] = 1e150, -1e150
    got = window_attend(QUERY, keys, values, 3, 2)
    wanted = window_attend(QUERY, KEYS, VALUES, 3, 2)
    far = np.abs(np.arange(150) - 75) > 3
    np.testing.assert_allclose(got[..., far, :], wanted[..., far, :], **CLOSE)


def test_the_table_of_all_pairs_is_never_held():
    length = 6000
    query, keys, values = rng.normal(size=(3, length, 4))
    tracemalloc.start()
    try:
        window_attend(query, keys, values, 20, 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < length**2 / 8  # bytes: not even one bit a pair


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_scale(dtype):
    arrays = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    assert window_attend(*arrays, 3, 2, scale=np.float64(1)).dtype == dtype


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": QUERY[..., 1:, :]}, r"as many queries as keys \(150\), got 149"),
        ({"query": QUERY[..., 1:]}, "window_attend: wanted keys as wide"),
        ({"before": -1}, "window_attend: wanted before of at least 0, got -1"),
        ({"after": 1.5}, "a whole after, got 1.5"),
        ({"dilation": 0}, "dilation of at least 1, got 0"),
        ({"values": VALUES.astype(int)}, "window_attend: wanted values .* floats"),
        ({"keys": np.full_like(KEYS, np.nan)}, "window_attend: wanted finite keys"),
        ({"allowed_keys": np.ones(150)}, "window_attend: wanted a boolean mask"),
        ({"allowed_keys": np.ones(149, dtype=bool)}, "mask that broadcasts"),
    ],
)
def test_refuses_what_does_not_fit(change, message):
    good = {"query": QUERY, "keys": KEYS, "values": VALUES, "before": 1, "after": 1}
    with pytest.raises(ValueError, match=message):
        window_attend(**good | change)


def test_leaves_its_inputs_alone():
    seen = np.arange(150) < 99
    before = [array.copy() for array in (QUERY, KEYS, VALUES, seen)]
    window_attend(QUERY, KEYS, VALUES, 3, 2, dilation=2, allowed_keys=seen)
    for array, copy in zip((QUERY, KEYS, VALUES, seen), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_dilation_beyond_the_length_costs_nothing_more():
    x = rng.normal(size=(3, 5))
    far = window_attend(x, x, x, 1, 1, dilation=10**12)
    np.testing.assert_allclose(far, x, rtol=1e-12)  # each sees itself alone
