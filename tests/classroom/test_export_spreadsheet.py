"""CSV that nobody's name turns into a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.classroom.export.spreadsheet import as_csv, harmless, number

from .gradebooks import rows

FORMULA = tuple("=+-@＝＋－＠")
TEXTS = st.text() | st.text(alphabet="=+-@;, \"'\t\r\nax")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30",
        "-x",
        "@SUM(A1)",
        '=HYPERLINK("https://example.org","here")',
        "＝1+1",
        "x;@SUM(A1)",
        'x;"=1',
        "  =1",
        "\t=1",
        "\r=1",
        "\n=1",
    ],
)
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(text):
    assert harmless(text) != text
    assert harmless(text).replace("'", "") == text
    assert not harmless(text).strip(' "').startswith(FORMULA)


@pytest.mark.parametrize(
    "text",
    ["", "Ann-Marie", "ada@example.org", "O'Neil", "Müller; Jörg", "1=1", "x\ny", "李"],
)
def test_an_ordinary_text_is_left_as_it_is(text):
    assert harmless(text) == text


def test_numbers_keep_their_sign_and_lose_what_only_floats_have():
    assert rows(as_csv([[-1.5, -0.0, 0.1 + 0.2, 100, 1e-9, 2 / 3]])) == [
        ["-1.5", "0", "0.3", "100", "0", "0.666667"]
    ]
    assert number(12.0) == "12"


def test_a_number_that_is_a_text_is_a_text():
    assert rows(as_csv([["-5", -5]])) == [["'-5", "-5"]]


def test_what_is_absent_is_what_one_says_it_is():
    assert rows(as_csv([[None, "", 0.0]], absent="-")) == [["-", "", "0"]]


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_what_is_written_is_read_back(texts):
    assert rows(as_csv([texts])) == [[harmless(text) for text in texts]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(texts=st.lists(TEXTS, min_size=2, max_size=4))
def test_no_cell_is_a_formula_whatever_separates_the_list(separator, texts):
    page = io.StringIO(as_csv([texts]), newline="")
    for row in csv.reader(page, delimiter=separator):
        for cell in row:
            assert not cell.lstrip(" ").startswith(FORMULA)
