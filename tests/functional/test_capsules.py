"""Capsules: the length rule, the procedure by hand, and the axis of the sum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import route_capsules, softmax, squash

rng = np.random.default_rng(0)
SAYS = rng.normal(size=(2, 7, 3, 5))  # batch, children, parents, width
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def by_loop(says, iterations):
    """Procedure 1, one capsule at a time."""
    children, parents, width = says.shape
    b = np.zeros((children, parents))
    for _ in range(iterations):
        c = np.array([np.exp(row) / np.exp(row).sum() for row in b])
        v = np.zeros((parents, width))
        for j in range(parents):
            s = sum(c[i, j] * says[i, j] for i in range(children))
            v[j] = (s @ s) / (1 + s @ s) * s / np.sqrt(s @ s)
        for i, j in np.ndindex(children, parents):
            b[i, j] += says[i, j] @ v[j]
    return v, c


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_agrees_with_the_procedure(iterations):
    parents, coupling = route_capsules(SAYS, iterations)
    for batch in range(2):
        v, c = by_loop(SAYS[batch], iterations)
        np.testing.assert_allclose(parents[batch], v, **CLOSE)
        np.testing.assert_allclose(coupling[batch], c, **CLOSE)


def test_coupling_sums_to_one_over_the_parents_and_not_over_the_children():
    _, coupling = route_capsules(SAYS)
    np.testing.assert_allclose(coupling.sum(axis=-1), 1, rtol=1e-13)
    over_children = coupling.sum(axis=-2)
    assert np.abs(over_children - 1).min() > 0.1
    np.testing.assert_allclose(over_children.sum(axis=-1), 7, rtol=1e-13)


def test_the_first_round_is_even():
    parents, coupling = route_capsules(SAYS, iterations=1)
    np.testing.assert_allclose(coupling, 1 / 3, rtol=1e-14)
    np.testing.assert_allclose(parents, squash(SAYS.sum(axis=1) / 3), **CLOSE)


def test_the_parent_on_whom_the_children_agree_wins():
    says = SAYS / 4
    says[:, :, 1] = [2.0, 0.0, 0.0, 0.0, 0.0]
    parents, coupling = route_capsules(says)
    assert (coupling.argmax(axis=-1) == 1).all()
    lengths = np.linalg.norm(parents, axis=-1)
    assert (lengths.argmax(axis=-1) == 1).all()


@given(st.floats(1e-3, 1e6))
def test_squash_keeps_the_direction_and_makes_the_length_a_share(size):
    vector = np.array([3.0, -4.0]) / 5 * size
    short = squash(vector)
    np.testing.assert_allclose(np.linalg.norm(short), size**2 / (1 + size**2))
    np.testing.assert_allclose(short / np.linalg.norm(short), [0.6, -0.8])


def test_squash_never_reaches_one_and_leaves_zeros():
    assert (np.linalg.norm(squash(SAYS * 100), axis=-1) < 1).all()
    np.testing.assert_array_equal(squash(np.zeros((2, 3))), 0)


@given(st.permutations(range(7)))
def test_the_order_of_the_children_does_not_matter(order):
    parents, coupling = route_capsules(SAYS[:, order])
    np.testing.assert_allclose(parents, route_capsules(SAYS)[0], **CLOSE)
    np.testing.assert_allclose(coupling, route_capsules(SAYS)[1][:, order], **CLOSE)


def test_agreement_goes_through_the_softmax_of_the_course():
    first, _ = route_capsules(SAYS, iterations=1)
    agreement = np.einsum("bijw,bjw->bij", SAYS, first)
    np.testing.assert_allclose(route_capsules(SAYS, 2)[1], softmax(agreement), **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    parents, coupling = route_capsules(SAYS.astype(dtype))
    assert parents.dtype == coupling.dtype == dtype


def test_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="iterations of at least 1, got 0"):
        route_capsules(SAYS, 0)
    with pytest.raises(ValueError, match="predictions with at least 3 axes"):
        route_capsules(SAYS[0, 0])
    with pytest.raises(ValueError, match="squash: wanted finite vectors"):
        squash(SAYS * np.nan)
    with pytest.raises(
        ValueError, match=r"route_capsules: wanted predictions as .* floats"
    ):
        route_capsules(SAYS > 0)


def test_leaves_its_input_alone():
    before = SAYS.copy()
    route_capsules(SAYS)
    squash(SAYS)
    np.testing.assert_array_equal(SAYS, before)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e38), (np.float64, 1e300)])
def test_lengths_may_be_of_any_size(dtype, size):
    long, short = np.array([[0.6, 0.8], [-0.8, 0.6]], dtype), np.finfo(dtype).tiny
    np.testing.assert_allclose(squash(long * dtype(size)), long, rtol=1e-6)
    assert not squash(long * short).any()
