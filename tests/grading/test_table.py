"""The table of differences: what it marks, what it leaves out, and how it is read."""

import re

import numpy as np
import pytest

from attn_course.grading.table import differences, told_apart

WANTED = np.arange(6.0).reshape(2, 3)


def marked(table: str) -> list[str]:
    """Return what is bold, in reading order."""
    return re.findall(r"<strong>(.*?)</strong>", table)


def test_exactly_the_wrong_entries_are_marked_with_the_wanted_value_beside_them():
    got = WANTED.copy()
    got[1, 2] = -7
    table = differences(got, WANTED)
    assert marked(table) == ["-7"]
    assert re.findall(r"wanted (\S+?)<", table) == ["5"]


def test_rows_and_columns_have_headers_that_a_screen_reader_announces():
    table = differences(WANTED + 1, WANTED)
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table) == ["0", "1", "2"]
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', table) == ["0", "1"]
    assert "<caption" in table


def test_a_larger_difference_has_a_stronger_tint_and_nan_the_strongest():
    got = np.add(WANTED, [[0.0, 1.0, 10.0], [np.nan, np.inf, 0.0]])
    tints = [
        float(t)
        for t in re.findall(r"rgba\(200,60,40,([\d.]+)\)", differences(got, WANTED))
    ]
    small, large, nan, inf = tints
    assert small < large == nan == inf


def test_a_wide_table_spells_out_only_what_is_wrong():
    wanted = np.full((3, 11), 0.25)
    got = wanted.copy()
    got[2, 10] = 0.5
    table = differences(got, wanted)
    assert marked(table) == ["0.5"]
    assert table.count(">0.25<") == 1  # the wanted value at that place
    assert table.count(">·<") == 32


def test_of_an_array_too_large_or_too_deep_the_first_six_differences_are_listed():
    for shape, first in (((17, 2), "[0, 0]"), ((2, 3, 5), "[0, 0, 0]"), ((9,), "[0]")):
        table = differences(np.ones(shape), np.zeros(shape))
        assert re.findall(r'scope="row"[^>]*>(.*?)<', table)[0] == first
        assert len(marked(table)) == 6
        assert f"first 6 of {np.prod(shape)}" in table


def test_where_nan_is_the_news_other_differences_are_not_listed():
    got = np.array([1.0, np.nan, 3.0, np.nan, 7.0])
    table = differences(got, np.zeros(5), only_nan=True)
    assert marked(table) == ["nan", "nan"]
    assert "All 2 entries" in table


def test_numbers_that_differ_late_are_written_until_they_do():
    assert told_apart(1.00001, 1.00002) == ("1.00001", "1.00002")
    assert told_apart(0.5, 0.25) == ("0.5", "0.25")


def test_a_zero_has_no_sign():
    table = differences(np.array([[-0.0, 2.0]]), np.array([[0.0, -0.0]]))
    assert "-0" not in table
    assert marked(table) == ["2"]


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (None, WANTED),
        (WANTED.T, WANTED),
        (2.0, 3.0),
        ("a", "b"),
        ([[1], [2, 3]], WANTED),
    ],
)
def test_there_is_no_table_where_it_would_say_nothing(got, wanted):
    assert differences(got, wanted) == ""


@pytest.mark.parametrize("mine", [bool, np.uint8, int, np.float32, complex])
@pytest.mark.parametrize("theirs", [bool, np.uint8, int, np.float32, complex])
def test_any_two_kinds_of_numbers_can_be_compared(mine, theirs):
    got, wanted = np.zeros((2, 3), dtype=mine), np.zeros((2, 3), dtype=theirs)
    wanted[0, 1] = 1
    assert len(marked(differences(got, wanted))) == 1
