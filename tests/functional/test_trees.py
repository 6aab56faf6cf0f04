"""Trees: what stays in its place, and forms that do not fit."""

from typing import NamedTuple

import numpy as np
import pytest

from attn_course.functional import tree_leaves, tree_map

rng = np.random.default_rng(0)


class Pair(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray | None = None


def tree():
    return {
        "head": Pair(rng.normal(size=(2, 3))),
        "out": [Pair(rng.normal(size=(3, 5)), rng.normal(size=5)), ()],
        "none": None,
    }


def test_the_result_has_the_form_of_what_came_in():
    shapes = tree_map(np.shape, tree())
    assert shapes == {
        "head": Pair((2, 3)),
        "out": [Pair((3, 5), (5,)), ()],
        "none": None,
    }
    assert type(shapes["head"]) is Pair


def test_several_trees_meet_place_by_place_whatever_the_order_of_keys():
    first, second = tree(), tree()
    turned = dict(reversed(second.items()))
    total = tree_map(lambda a, b: a + b, first, turned)
    np.testing.assert_array_equal(
        total["out"][0].bias, first["out"][0].bias + second["out"][0].bias
    )
    np.testing.assert_array_equal(
        total["head"].weight, first["head"].weight + second["head"].weight
    )


def test_leaves_come_in_order_and_none_is_none():
    assert [leaf.shape for leaf in tree_leaves(tree())] == [(2, 3), (3, 5), (5,)]
    assert tree_leaves(None) == []
    assert len(tree_leaves(rng.normal(size=7))) == 1


def test_refuses_trees_of_another_form_and_what_is_no_tree():
    one = np.ones(1)
    for first, second, message in (
        ({"a": one}, {"b": one}, "one form, got a dict of a and a dict of b"),
        ([one], [one, one], "got a list of 1 and a list of 2"),
        ([one], (one,), "got a list of 1 and a tuple of 1"),
        (Pair(one), (one, None), "got a Pair of 2 and a tuple of 2"),
        ({"a": [one]}, {"a": None}, "got a list of 1 and None"),
        (one, {}, "got an array and a dict of nothing"),
        (one, 1.0, "arrays, None, dicts, lists or tuples, got float"),
    ):
        with pytest.raises(ValueError, match=f"tree_map: wanted .*{message}"):
            tree_map(lambda a, b: a, first, second)
    with pytest.raises(ValueError, match="got str"):
        tree_leaves({"a": "b"})
