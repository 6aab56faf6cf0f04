"""Kernel regression: against the sum it is named after, and what it tends to."""

import numpy as np
import pytest
from statsmodels.nonparametric.kernel_regression import KernelReg

from attn_course.functional import (
    gaussian_scores,
    leave_one_out_error,
    nadaraya_watson,
)

rng = np.random.default_rng(0)
QUERY, KEYS = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 7, 3))
VALUES = rng.normal(size=(2, 7, 5))
X = np.sort(rng.uniform(0, 12, size=(23, 1)), axis=0)
Y = np.sin(X) + 0.3 * rng.normal(size=X.shape)


def test_matches_the_ratio_of_two_sums():
    wanted = np.empty((2, 4, 5))
    for b, q in np.ndindex(2, 4):
        kernel = [np.exp(-sum((QUERY[b, q] - k) ** 2) / (2 * 0.8**2)) for k in KEYS[b]]
        wanted[b, q] = sum(w * v for w, v in zip(kernel, VALUES[b], strict=True)) / sum(
            kernel
        )
    got = nadaraya_watson(QUERY, KEYS, VALUES, 0.8)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_agrees_with_statsmodels():
    theirs = KernelReg(Y[:, 0], X[:, 0], "c", "lc", bw=[0.6], rng=rng)
    wanted, _ = theirs.fit(np.linspace(1, 11, 9))
    got = nadaraya_watson(np.linspace(1, 11, 9)[:, None], X, Y, 0.6)
    np.testing.assert_allclose(got[:, 0], wanted, rtol=1e-10)
    assert leave_one_out_error(X, Y, 0.6) == pytest.approx(
        theirs.cv_loo(np.array([0.6]), theirs.est["lc"]), rel=1e-10
    )


def test_a_narrow_kernel_reads_the_nearest_key_even_where_it_underflows():
    far = np.array([[-500.0], [900.0]])
    np.testing.assert_array_equal(nadaraya_watson(far, X, Y, 1e-3), Y[[0, -1]])


def test_a_wide_kernel_reads_the_mean():
    got = nadaraya_watson(X, X, Y, 1e8)
    np.testing.assert_allclose(got, np.full_like(Y, Y.mean()), rtol=1e-12)


def test_only_allowed_keys_are_read():
    seen = X[:, 0] < 6
    np.testing.assert_allclose(
        nadaraya_watson(X, X, Y, 0.5, allowed=seen),
        nadaraya_watson(X, X[seen], Y[seen], 0.5),
        rtol=1e-12,
    )


def test_leaving_one_out_is_taking_it_out():
    left_out = [
        nadaraya_watson(X[i : i + 1], np.delete(X, i, 0), np.delete(Y, i, 0), 0.4)[0]
        for i in range(len(X))
    ]
    wanted = np.mean((np.array(left_out) - Y) ** 2)
    assert leave_one_out_error(X, Y, 0.4) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_even_beside_a_float64_bandwidth(dtype):
    arrays = (array.astype(dtype) for array in (QUERY, KEYS, VALUES))
    assert nadaraya_watson(*arrays, np.float64(0.8)).dtype == dtype


def test_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match=r"gaussian_scores: .*\(3\), got width 2"):
        gaussian_scores(QUERY, KEYS[..., :2], 1.0)
    with pytest.raises(ValueError, match="positive bandwidth, got 0"):
        nadaraya_watson(QUERY, KEYS, VALUES, 0)
    with pytest.raises(ValueError, match="wanted two keys, got 1"):
        leave_one_out_error(X[:1], Y[:1], 1.0)


def test_refuses_what_would_be_broadcast_or_is_no_float():
    with pytest.raises(ValueError, match="gaussian_scores: wanted the leading axes"):
        gaussian_scores(QUERY[:1], KEYS, 1.0)
    with pytest.raises(ValueError, match="gaussian_scores: wanted query as an array"):
        gaussian_scores(QUERY.astype(int), KEYS, 1.0)
    with pytest.raises(ValueError, match="gaussian_scores: wanted finite keys"):
        gaussian_scores(QUERY, KEYS * np.nan, 1.0)
    with pytest.raises(ValueError, match="positive bandwidth, got inf"):
        gaussian_scores(QUERY, KEYS, np.inf)
    with pytest.raises(ValueError, match=r"keys of shape \(2, 3\), got \(2, 7, 3\)"):
        leave_one_out_error(KEYS, VALUES, 1.0)
