"""The card: what it holds, and that nothing in it can run or leave the page."""

import re

import numpy as np
import pytest

from attn_course.grading import Diagnosis, attempt, card, close
from attn_course.grading.show import facts, with_diagnosis


def tripled(x):
    """The table comes back tripled."""


def three_times(tripled):
    """The table comes back tripled."""
    table = np.arange(6.0).reshape(2, 3)
    close(tripled(table), 3 * table, "table")


@pytest.fixture
def failed():
    return attempt(three_times, lambda x: np.where(x == 4, 0, 3 * x))


def test_the_card_says_verdict_claim_and_message(failed):
    page = card(failed)
    assert "not yet" in page
    assert "The table comes back tripled." in page
    assert "wanted" in page
    assert "passed" in card(attempt(three_times, lambda x: 3 * x))


def test_a_small_table_is_shown_with_the_wrong_entry_marked(failed):
    page = card(failed)
    assert page.count("<td") >= 6
    assert "12" in page  # the wanted value at the marked place


def test_a_large_array_is_shown_by_its_first_differences():
    def many(same):
        """Many."""
        wanted = np.arange(60.0).reshape(3, 4, 5)
        close(same(wanted.copy()), wanted)

    page = card(attempt(many, lambda x: x + 1))
    assert "[0, 0, 0]" in page
    assert "60" in page


def test_what_an_answer_prints_cannot_become_markup():
    noisy = attempt(three_times, lambda x: print("<script>alert(1)</script>") or x)
    assert "<script>" not in card(noisy)
    assert "&lt;script&gt;" in card(noisy)


def test_no_card_asks_for_anything_outside_itself(failed):
    for word in ("http", "src=", "url(", "<script", "onclick"):
        assert word not in card(failed)


def test_the_facts_are_plain_data(failed):
    import json

    said = json.loads(json.dumps(facts(failed)))
    assert (said["check"], said["kind"]) == ("three_times", "values")
    assert said["outputs"][0][0]["shape"] == [2, 3]


def test_a_diagnosis_can_be_put_in_later_and_replaced(failed):
    data = {"text/html": card(failed), "text/plain": "not yet: x"}
    first = with_diagnosis(data, Diagnosis("misconception", "a", "first <slip>"))
    second = with_diagnosis(first, Diagnosis("misconception", "b", "second"))
    assert "first &lt;slip&gt;" in first["text/html"]
    assert first["text/plain"].endswith("first <slip>")
    assert "first" not in second["text/html"]
    assert "first" not in second["text/plain"]
    assert second["text/html"].count("<div") == second["text/html"].count("</div>")


def test_a_formula_in_what_an_answer_says_is_left_as_text():
    def halved(x):
        raise ValueError(r"$\href{javascript:alert(1)}{x}$")

    def one_half(halved):
        """Half of one."""
        halved(1)

    assert re.match(
        r'<div class="[^"]*\bmathjax_ignore\b', card(attempt(one_half, halved))
    )
