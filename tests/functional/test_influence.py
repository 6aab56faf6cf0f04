"""influence: it finds who sees whom, and the leak that somebody planted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import attend, causal_mask, influence

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 3))


@given(st.integers(0, 2**25 - 1))
def test_finds_exactly_what_a_mask_allows(bits):
    allowed = np.array([bits >> i & 1 for i in range(25)], bool).reshape(5, 5)
    fixed = np.ones((5, 3))  # the queries do not move with x

    def read(x):
        return attend(fixed, x, x, allowed=allowed)

    np.testing.assert_array_equal(influence(read, X), allowed)


def test_self_attention_sees_itself_as_a_query_too():
    def read(x):
        return attend(x, x, x, allowed=causal_mask(5, 5))

    np.testing.assert_array_equal(influence(read, X), causal_mask(5))


def leaks_by_one_step(x):
    return attend(x, x, x, allowed=np.tri(5, 5, 1, dtype=bool))


def leaks_through_a_norm(x):
    return attend(x, x, x, allowed=causal_mask(5)) / np.sqrt((x**2).mean())


def leaks_through_a_soft_wall(x):
    scores = x @ x.T - 10.0 * ~causal_mask(5)  # should be minus infinity
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return weights @ x


@pytest.mark.parametrize(
    ("leaky", "wanted"),
    [
        (leaks_by_one_step, np.eye(5, 5, 1, dtype=bool)),
        (leaks_through_a_norm, ~causal_mask(5)),
        (leaks_through_a_soft_wall, ~causal_mask(5)),
    ],
)
def test_finds_a_planted_leak(leaky, wanted):
    np.testing.assert_array_equal(influence(leaky, X) & ~causal_mask(5), wanted)


def test_two_narrow_layers_see_further_than_one():
    narrow = np.tri(5, dtype=bool) & ~np.tri(5, 5, -2, dtype=bool)

    def layer(x):
        return attend(x, x, x, allowed=narrow)

    one, two = influence(layer, X), influence(lambda x: layer(layer(x)), X)
    np.testing.assert_array_equal(one, narrow)
    np.testing.assert_array_equal(two, narrow.astype(int) @ narrow > 0)


def test_rows_of_outputs_and_inputs_may_differ_in_number_and_in_rank():
    changes = influence(lambda x: x[:2].sum((1, 2)), rng.normal(size=(3, 5, 7)))
    np.testing.assert_array_equal(changes, np.eye(2, 3, dtype=bool))
    assert influence(lambda x: np.ones((2, 0)), X).tolist() == [[False] * 5] * 2
    assert influence(lambda x: x, np.zeros((0, 3))).shape == (0, 0)


def test_tokens_are_changed_to_those_of_another_text():
    table = rng.normal(size=(11, 3))
    text, other = np.array([3, 1, 4, 1, 5]), np.array([3, 7, 9, 8, 2])

    def read(tokens):
        return attend(
            table[tokens], table[tokens], table[tokens], allowed=causal_mask(5)
        )

    wanted = causal_mask(5) & (text != other)  # the first token is the same in both
    np.testing.assert_array_equal(influence(read, text, other), wanted)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_is_no_influence_at_any_size(scale, dtype):
    x = (X * scale).astype(dtype)

    def rounded(x):
        return x.sum(axis=0) - x[::-1].sum(axis=0) + x

    np.testing.assert_array_equal(influence(rounded, x), np.eye(5, dtype=bool))


def test_constant_inputs_are_changed_as_well():
    for x in (np.zeros((3, 2)), np.full((3, 2), 7.0)):
        np.testing.assert_array_equal(influence(lambda x: x, x), np.eye(3, dtype=bool))


def test_leaves_its_input_alone_even_if_the_function_does_not():
    before = X.copy()

    def rude(x):
        x *= 2
        return x

    np.testing.assert_array_equal(influence(rude, X), np.eye(5, dtype=bool))
    np.testing.assert_array_equal(X, before)


def test_refuses_outputs_and_inputs_it_cannot_compare():
    with pytest.raises(ValueError, match=r"other of shape \(5, 3\), got \(4, 3\)"):
        influence(lambda x: x, X, X[:4])
    with pytest.raises(ValueError, match="x as an array of floats"):
        influence(lambda x: x, np.arange(5))
    with pytest.raises(ValueError, match="finite outputs, got nan"):
        influence(lambda x: x * np.nan, X)
    with pytest.raises(ValueError, match="outputs as an array of floats"):
        influence(lambda x: x > 0, X)
    with pytest.raises(ValueError, match="outputs with at least 1 axes"):
        influence(lambda x: x.sum(), X)
    with pytest.raises(ValueError, match="outputs of shape"):
        influence(lambda x: x[x[:, 0] > x[0, 0]], X)
    with pytest.raises(ValueError, match="x with at least 1 axes"):
        influence(lambda x: x, np.array(1.0))
