"""project_backward: its two judges, and the sum over all that used the weight."""

import numpy as np
import pytest

from attn_course.functional import project, project_backward

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3, 5))
WEIGHT, BIAS = rng.normal(size=(5, 7)), rng.normal(size=7)
UPSTREAM = rng.normal(size=(2, 3, 7))


@pytest.mark.parametrize("leading", [(), (4,), (2, 3), (2, 1, 3)])
def test_agrees_with_its_judges(leading, check_backward):
    x = rng.normal(size=(*leading, 5))
    check_backward(
        project, project_backward, lambda x, w, b: x @ w + b, x, WEIGHT, BIAS
    )


def test_without_a_bias_there_is_no_gradient_of_one(check_backward):
    check_backward(
        project,
        lambda *arrays: project_backward(*arrays)[:2],
        lambda x, w: x @ w,
        X,
        WEIGHT,
    )
    assert project_backward(UPSTREAM, X, WEIGHT)[2] is None


def test_each_position_of_each_sample_adds_to_the_weight():
    _, d_weight, d_bias = project_backward(UPSTREAM, X, WEIGHT, BIAS)
    wanted = sum(np.outer(X[i], UPSTREAM[i]) for i in np.ndindex(2, 3))
    np.testing.assert_allclose(d_weight, wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(d_bias, sum(UPSTREAM[i] for i in np.ndindex(2, 3)))


def test_no_rows_teach_nothing():
    d_x, d_weight, d_bias = project_backward(UPSTREAM[:0], X[:0], WEIGHT, BIAS)
    assert d_x.shape == (0, 3, 5)
    np.testing.assert_array_equal(d_weight, np.zeros((5, 7)))
    np.testing.assert_array_equal(d_bias, np.zeros(7))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    arrays = [array.astype(dtype) for array in (UPSTREAM, X, WEIGHT, BIAS)]
    copies = [array.copy() for array in arrays]
    assert {got.dtype for got in project_backward(*arrays)} == {np.dtype(dtype)}
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_refuses_what_does_not_fit():
    for arrays, message in (
        ((UPSTREAM[0], X, WEIGHT), r"upstream of shape \(2, 3, 7\), got \(3, 7\)"),
        ((UPSTREAM, X, WEIGHT.T), r"weight of shape \(5, 5\), got \(7, 5\)"),
        ((UPSTREAM, X, WEIGHT, BIAS[:1]), r"bias of shape \(7,\), got \(1,\)"),
        ((UPSTREAM, X * np.nan, WEIGHT), "finite x"),
        ((UPSTREAM, X, WEIGHT, BIAS * np.nan), "finite bias"),
        ((UPSTREAM, np.array(1.0), WEIGHT), "x with at least 1 axes"),
        ((UPSTREAM, X, WEIGHT[0]), "weight with at least 2 axes"),
    ):
        with pytest.raises(ValueError, match=f"project_backward: wanted {message}"):
            project_backward(*arrays)
