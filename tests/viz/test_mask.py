"""A mask as squares, as characters and in words says the same."""

import numpy as np
import pytest

from attn_course import viz

ALLOWED = np.array(
    [[True, False, True, True, True], [False] * 5, [False, True, False, True, False]]
)
QUERIES, KEYS = ["p", "q", "r"], list("abcde")


def test_squares_are_where_the_mask_is_true_and_the_rest_is_hatched(ax):
    assert viz.mask(ax, ALLOWED, queries=QUERIES, keys=KEYS) is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), ALLOWED)
    (hidden,) = ax.patches
    assert hidden.get_hatch()
    for (q, k), open_ in np.ndenumerate(ALLOWED):
        assert hidden.get_path().contains_point((k, q)) == (not open_)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["may attend", "hidden"]


def test_an_empty_row_is_marked(ax):
    viz.mask(ax, ALLOWED, queries=QUERIES, keys=KEYS)
    assert [(t.get_text(), t.xy[1]) for t in ax.texts] == [("empty", 1)]


def test_characters_can_be_read_back():
    lines = viz.mask_text(ALLOWED).splitlines()
    back = np.array([[sign == "■" for sign in line] for line in lines])
    np.testing.assert_array_equal(back, ALLOWED)


def test_characters_stand_under_their_names_also_where_letters_are_wide():
    keys = ["the", "猫", "x"]
    lines = viz.mask_text(ALLOWED[:, :3], QUERIES, keys).splitlines()
    assert lines[0] == "  the 猫 x"
    assert lines[1] == "p ■   ·  ■"
    assert viz.mask_text(ALLOWED[:1], ["日"]).startswith("日 ■")


def test_words_list_the_keys_of_each_query():
    assert viz.describe_mask(ALLOWED, QUERIES, KEYS).splitlines() == [
        "6 of 15 pairs may attend.",
        "p: a, c to e",
        "q: nothing",
        "r: b, d",
    ]


def test_a_mask_without_keys_is_still_a_mask():
    assert viz.mask_text(np.zeros((2, 0), dtype=bool)) == "\n"


@pytest.mark.parametrize(
    "say",
    [
        viz.mask_text,
        viz.describe_mask,
        lambda *a: viz.mask(None, a[0], queries=a[1], keys=a[2]),
    ],
)
def test_what_is_no_mask_is_refused(say):
    with pytest.raises(ValueError, match="boolean allowed, got dtype float64"):
        say(ALLOWED.astype(float), QUERIES, KEYS)
    with pytest.raises(ValueError, match=r"shape \(3, 4\) for these names, got \(3, 5"):
        say(ALLOWED, QUERIES, KEYS[:4])
