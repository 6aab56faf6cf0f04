"""Local attention: a window that moves with the query, or is moved by it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    attend,
    gaussian_window,
    local_m_mask,
    local_p_attend,
    local_p_mask,
    predicted_centres,
)

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4, 5))  # batch, heads, queries, width
KEYS = rng.normal(size=(2, 3, 7, 5))
VALUES = rng.normal(size=(2, 3, 7, 6))
CENTRES = rng.uniform(0, 7, size=(2, 3, 4))
HIDDEN = rng.normal(size=(2, 3, 4, 11))
WEIGHT = rng.normal(size=(11, 13))
VECTOR = rng.normal(size=13)


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 7))
def test_local_m_allows_what_is_near_the_own_place(queries, keys, half_width):
    mask = local_m_mask(queries, keys, half_width)
    assert mask.shape == (queries, keys)
    for i, j in np.ndindex(queries, keys):
        assert mask[i, j] == (j in range(i - half_width, i + half_width + 1))


def test_local_m_with_a_window_over_everything_is_global():
    everywhere = local_m_mask(4, 7, half_width=6)
    np.testing.assert_array_equal(
        attend(QUERY, KEYS, VALUES, allowed=everywhere), attend(QUERY, KEYS, VALUES)
    )


def test_local_m_reads_nothing_far_beyond_the_last_key():
    query, keys, values = QUERY[0, 0], KEYS[0, 0, :2], VALUES[0, 0, :2]
    read = attend(query, keys, values, allowed=local_m_mask(4, 2, half_width=1))
    assert (read[:3] != 0).all()
    np.testing.assert_array_equal(read[3], 0)


def test_predicted_centres_follow_the_paper_term_by_term():
    centres = predicted_centres(HIDDEN, WEIGHT, VECTOR, 7)
    for place in np.ndindex(2, 3, 4):
        inner = [np.tanh(HIDDEN[place] @ WEIGHT[:, n]) for n in range(13)]
        level = sum(v * x for v, x in zip(VECTOR, inner, strict=True))
        np.testing.assert_allclose(
            centres[place], 7 / (1 + np.exp(-level)), rtol=1e-12, atol=1e-14
        )


def test_predicted_centres_stay_on_the_source_however_large_the_state():
    for sign, wanted in ((1.0, 7.0), (-1.0, 0.0)):
        centres = predicted_centres(HIDDEN, WEIGHT * 1e9, sign * 1e300 * WEIGHT[0], 7)
        assert ((centres >= 0) & (centres <= 7)).all()
        steep = predicted_centres(np.ones((1, 1)), np.eye(1), np.array([sign * 1e9]), 7)
        assert steep.tolist() == [wanted]


def test_each_source_may_have_a_length_of_its_own():
    lengths = np.array([[7, 5, 3], [2, 0, 1]])
    centres = predicted_centres(HIDDEN, WEIGHT, VECTOR, lengths)
    for place in np.ndindex(2, 3):
        alone = predicted_centres(HIDDEN[place], WEIGHT, VECTOR, int(lengths[place]))
        np.testing.assert_allclose(centres[place], alone, rtol=1e-13)


def test_the_gaussian_has_half_the_half_width_for_sigma():
    window = gaussian_window(CENTRES, 7, half_width=3.0)
    for *place, j in np.ndindex(2, 3, 4, 7):
        gap = j - CENTRES[tuple(place)]
        wanted = np.exp(-(gap**2) / (2 * (3.0 / 2) ** 2))
        np.testing.assert_allclose(window[(*place, j)], wanted, rtol=1e-12)
    edges = gaussian_window(np.array([2.0]), 5, half_width=2.0)[0]
    np.testing.assert_allclose(edges[[0, 2, 4]], [np.exp(-2), 1, np.exp(-2)])


def test_local_p_agrees_with_a_loop_over_its_window():
    padding = np.arange(7) < 6
    got, weights = local_p_attend(
        QUERY, KEYS, VALUES, CENTRES, 1.5, allowed=padding, return_weights=True
    )
    for place in np.ndindex(2, 3, 4):
        centre, pair = CENTRES[place], place[:2]
        near = [j for j in range(6) if centre - 1.5 <= j <= centre + 1.5]
        exps = [np.exp(QUERY[place] @ KEYS[pair][j] / np.sqrt(5)) for j in near]
        wanted, row = np.zeros(6), np.zeros(7)
        for j, share in zip(near, exps, strict=True):
            row[j] = share / sum(exps) * np.exp(-((j - centre) ** 2) * 2 / 1.5**2)
            wanted += row[j] * VALUES[pair][j]
        np.testing.assert_allclose(weights[place], row, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(got[place], wanted, rtol=1e-12, atol=1e-14)


def test_after_the_gaussian_nothing_is_normalised_again():
    _, weights = local_p_attend(QUERY, KEYS, VALUES, CENTRES, 1.5, return_weights=True)
    sums = weights.sum(-1)
    seen = local_p_mask(CENTRES, 7, 1.5).any(-1)
    assert (sums[seen] > np.exp(-2)).all()
    assert (sums < 0.999).all()


def test_local_p_with_a_window_over_everything_tends_to_global():
    assert local_p_mask(CENTRES, 7, half_width=7.0).all()
    wide = local_p_attend(QUERY, KEYS, VALUES, CENTRES, 1e9, scale=0.5)
    np.testing.assert_allclose(wide, attend(QUERY, KEYS, VALUES, scale=0.5), rtol=1e-12)
    narrow = local_p_attend(QUERY, KEYS, VALUES, CENTRES, 7.0, scale=0.5)
    assert abs(narrow - wide).max() > 0.01


def test_a_score_of_ones_own_is_heeded():
    def negative_distance(query, keys):
        return -np.abs(query[..., :, None, :] - keys[..., None, :, :]).sum(-1)

    kind = {"score": negative_distance, "scale": 0.5}
    got = local_p_attend(QUERY, KEYS, VALUES, CENTRES, 2.0, **kind)
    window = local_p_mask(CENTRES, 7, 2.0)
    _, soft = attend(QUERY, KEYS, VALUES, allowed=window, return_weights=True, **kind)
    wanted = (soft * gaussian_window(CENTRES, 7, 2.0)) @ VALUES
    np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_the_prediction_has_a_gradient_only_through_the_gaussian():
    """Move a centre a little: the mask stays, and the output changes as torch says."""
    query, keys, values = QUERY[0, 0], KEYS[0, 0], VALUES[0, 0]
    centres = np.array([1.3, 2.6, 3.3, 4.7])
    leaf = torch.tensor(centres, requires_grad=True)
    scores = torch.tensor(query @ keys.T / np.sqrt(5))
    gaps = torch.arange(7) - leaf[:, None]
    soft = scores.masked_fill(gaps.detach().abs() > 2, -torch.inf).softmax(-1)
    (soft * torch.exp(-(gaps**2) / 2) @ torch.tensor(values)).sum().backward()
    for i, step in enumerate(1e-6 * np.eye(4)):
        up, down = (
            local_p_attend(query, keys, values, centres + s, 2.0).sum()
            for s in (step, -step)
        )
        np.testing.assert_allclose((up - down) / 2e-6, leaf.grad[i], rtol=1e-6)


def test_a_window_without_keys_reads_zeros():
    away = np.full((2, 3, 4), 40.0)
    np.testing.assert_array_equal(local_p_attend(QUERY, KEYS, VALUES, away, 3.0), 0)
    none = local_p_attend(QUERY, KEYS[..., :0, :], VALUES[..., :0, :], CENTRES, 3.0)
    np.testing.assert_array_equal(none, np.zeros((2, 3, 4, 6)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    arrays = [array.astype(dtype) for array in (QUERY, KEYS, VALUES, CENTRES)]
    copies = [array.copy() for array in arrays]
    assert local_p_attend(*arrays, np.float64(2)).dtype == dtype
    assert gaussian_window(arrays[3], 7, np.float64(2)).dtype == dtype
    maps = [array.astype(dtype) for array in (HIDDEN, WEIGHT, VECTOR)]
    for length in (7, np.full((2, 3), 7)):
        assert predicted_centres(*maps, length).dtype == dtype
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 4, -1), "half_width of at least 0, got -1"),
        ((3, 4, 1.5), "whole half_width, got 1.5"),
        ((3, True, 1), "whole keys, got True"),
        ((-3, 4, 1), "queries of at least 0"),
    ],
)
def test_local_m_refuses_what_is_no_number_of_places(arguments, message):
    with pytest.raises(ValueError, match=message):
        local_m_mask(*arguments)


def test_local_p_refuses_windows_that_do_not_fit():
    with pytest.raises(ValueError, match=r"centres of shape \(2, 3, 4\), got \(4,\)"):
        local_p_attend(QUERY, KEYS, VALUES, CENTRES[0, 0], 2.0)
    with pytest.raises(ValueError, match="positive half_width, got 0"):
        local_p_attend(QUERY, KEYS, VALUES, CENTRES, 0.0)
    with pytest.raises(ValueError, match="boolean mask"):
        local_p_attend(QUERY, KEYS, VALUES, CENTRES, 2.0, allowed=np.ones(7))
    with pytest.raises(ValueError, match="centres as an array of floats"):
        gaussian_window(np.arange(3), 7, 2.0)
    with pytest.raises(ValueError, match="finite centres, got nan"):
        local_p_mask(np.array([np.nan]), 7, 2.0)
    for keys in (-1, 2.5):
        with pytest.raises(ValueError, match=r"gaussian_window: wanted .*keys"):
            gaussian_window(np.array([1.0]), keys, 2.0)
    with pytest.raises(ValueError, match="centres with at least 1 axes"):
        local_p_mask(np.array(1.0), 7, 2.0)


def test_predicting_refuses_sizes_and_lengths_that_do_not_fit():
    with pytest.raises(ValueError, match=r"weight of shape \(11, 13\), got \(13, 11\)"):
        predicted_centres(HIDDEN, WEIGHT.T, VECTOR, 7)
    with pytest.raises(ValueError, match=r"vector of shape \(13,\), got \(13, 1\)"):
        predicted_centres(HIDDEN, WEIGHT, VECTOR[:, None], 7)
    with pytest.raises(ValueError, match=r"length of shape \(2, 3\), got \(3,\)"):
        predicted_centres(HIDDEN, WEIGHT, VECTOR, np.array([7, 7, 7]))
    with pytest.raises(ValueError, match=r"length from 0 to \d+, got -1"):
        predicted_centres(HIDDEN, WEIGHT, VECTOR, np.full((2, 3), -1))
    with pytest.raises(ValueError, match="finite hidden, got nan"):
        predicted_centres(HIDDEN * np.nan, WEIGHT, VECTOR, 7)
    with pytest.raises(ValueError, match="finite vector, got inf"):
        predicted_centres(HIDDEN, WEIGHT, np.full(13, np.inf), 7)
    for length in (-1, 2.5, True):
        with pytest.raises(ValueError, match="length"):
            predicted_centres(HIDDEN, WEIGHT, VECTOR, length)
