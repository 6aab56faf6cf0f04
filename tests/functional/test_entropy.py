"""entropy: values known by hand, its bounds, and zeros that must not become nan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from attn_course.functional import entropy, softmax

WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 3))


def test_matches_the_sum_over_one_weight_at_a_time():
    by_loop = np.zeros((2, 3))
    for b, q, k in np.ndindex(WEIGHTS.shape):
        by_loop[b, q] -= WEIGHTS[b, q, k] * np.log(WEIGHTS[b, q, k])
    np.testing.assert_allclose(entropy(WEIGHTS), by_loop, rtol=1e-14)


@pytest.mark.parametrize("base", [None, 2, 10])
def test_agrees_with_scipy_in_each_unit(base):
    np.testing.assert_allclose(
        entropy(WEIGHTS, base=base), stats.entropy(WEIGHTS, base=base, axis=-1)
    )


def test_works_along_the_named_axis():
    np.testing.assert_array_equal(
        entropy(np.moveaxis(WEIGHTS, -1, 0), axis=0), entropy(WEIGHTS)
    )


@given(arrays(float, (4, 7), elements=st.floats(-1e4, 1e4)))
def test_lies_between_one_hot_and_uniform(scores):
    nats = entropy(softmax(scores))
    assert (nats >= 0).all()
    assert (nats <= np.log(7) + 1e-14).all()  # rounding of a sum of seven terms


def test_one_hot_weights_have_entropy_plain_zero():
    nats = entropy(np.eye(3))
    np.testing.assert_array_equal(nats, 0)
    assert not np.signbit(nats).any()


def test_a_row_with_nothing_allowed_has_entropy_zero():
    np.testing.assert_array_equal(entropy(np.zeros((2, 3))), [0, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    assert entropy(WEIGHTS.astype(dtype), base=2).dtype == dtype


def test_refuses_negative_weights_and_strange_bases():
    with pytest.raises(ValueError, match=r"entropy: .*at least 0, got -0.5"):
        entropy(np.array([1.5, -0.5]))
    with pytest.raises(ValueError, match="entropy: wanted a base above 1, got 1"):
        entropy(WEIGHTS, base=1)


def test_refuses_what_are_no_weights():
    for weights, message in (
        (np.array([0.5, np.nan]), "finite weights, got nan"),
        (np.array([0, 1]), "weights as an array of floats, got dtype int64"),
        ([0.5, 0.5], "weights as an array of floats, got list"),
        (np.array(1.0), "weights with at least 1 axes"),
    ):
        with pytest.raises(ValueError, match=f"entropy: wanted {message}"):
            entropy(weights)
