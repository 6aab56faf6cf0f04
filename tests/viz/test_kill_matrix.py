"""The kill matrix shows what it is given, and says the same in words."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from attn_course.viz import describe_kill_matrix, kill_matrix

CAUGHT = np.array(
    [
        [True, True, False, False, True],
        [False, True, True, False, False],
        [False, False, True, False, False],
    ]
)
CHECKS = ["on paper (1)", "in batches (2, hidden)", "extremes (1)"]


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_a_dot_stands_where_a_check_rejects(ax):
    assert kill_matrix(ax, CAUGHT, CHECKS, ["no scale", "no mask"]) is ax
    dots, crosses = ax.collections
    rows, columns = np.nonzero(CAUGHT)
    np.testing.assert_array_equal(dots.get_offsets(), np.c_[columns, rows])
    assert [x for x, _ in crosses.get_offsets()] == [3]  # the only empty column


def test_rows_and_columns_are_labelled(ax):
    kill_matrix(ax, CAUGHT, CHECKS, ["no scale", "no mask"])
    assert [text.get_text() for text in ax.get_yticklabels()] == CHECKS
    assert [text.get_text() for text in ax.get_xticklabels()] == [
        "no scale",
        "no mask",
        "1",
    ]
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_a_later_part_of_a_long_row_goes_on_counting(ax):
    kill_matrix(ax, CAUGHT, CHECKS, [], first=38)
    labels = ax.get_xticklabels()
    ticks = {t.get_text(): x for t, x in zip(labels, ax.get_xticks(), strict=True)}
    assert ticks == {"40": 2}


def test_ink_follows_the_colour_of_text():
    with plt.rc_context({"text.color": "#abcdef"}):
        figure, ax = plt.subplots()
        kill_matrix(ax, CAUGHT, CHECKS, [])
    colour = ax.collections[0].get_facecolor()[0]
    np.testing.assert_allclose(colour[:3] * 255, [0xAB, 0xCD, 0xEF], atol=0.5)
    plt.close(figure)


def test_words_say_what_each_check_rejects():
    words = describe_kill_matrix(CAUGHT, CHECKS, ["no scale", "no mask"])
    assert "3 checks and 5 wrong answers: 2 misconceptions and 3 mutants" in words
    assert "on paper (1) rejects 3 (2 that no other check rejects)" in words
    assert "extremes (1) rejects 1." in words
    assert "1 wrong answer is rejected by no check" in words


def test_words_say_that_nothing_is_missed():
    words = describe_kill_matrix(CAUGHT[:, :3], CHECKS, [])
    assert words.endswith("Every wrong answer is rejected by some check.")


@pytest.mark.parametrize(
    "draw", [describe_kill_matrix, lambda *a: kill_matrix(None, *a)]
)
def test_labels_that_do_not_fit_are_refused(draw):
    with pytest.raises(ValueError, match="wanted 3 checks, got 2"):
        draw(CAUGHT, CHECKS[:2], [])
    with pytest.raises(ValueError, match="at most 5 misconceptions, got 6"):
        draw(CAUGHT, CHECKS, list("abcdef"))
