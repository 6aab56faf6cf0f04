"""Edit distance: against its recursive definition, and as a distance."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import edit_distance

WORDS = st.lists(st.sampled_from("abc"), max_size=7)


def by_recursion(one, other):
    @cache
    def distance(i, j):
        if not i or not j:
            return i + j
        if one[i - 1] == other[j - 1]:
            return distance(i - 1, j - 1)
        return 1 + min(distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1))

    return distance(len(one), len(other))


@given(WORDS, WORDS)
def test_agrees_with_its_recursive_definition(one, other):
    assert edit_distance(one, other) == by_recursion(one, other)


@given(WORDS, WORDS, WORDS)
def test_is_a_distance(one, other, third):
    assert edit_distance(one, other) == edit_distance(other, one)
    assert (edit_distance(one, other) == 0) == (one == other)
    way = edit_distance(one, third) + edit_distance(third, other)
    assert edit_distance(one, other) <= way
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    assert longer - shorter <= edit_distance(one, other) <= longer


def test_counts_each_kind_of_change_once():
    assert edit_distance("cat", "cart") == 1
    assert edit_distance("cart", "cat") == 1
    assert edit_distance("cat", "cut") == 1
    assert edit_distance("ab", "ba") == 2
    assert edit_distance("", "abc") == 3
    assert edit_distance([7, 11, 13], (7, 13)) == 1
