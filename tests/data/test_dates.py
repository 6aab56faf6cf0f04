"""Pairs of dates: Babel's own text, spans that say the same, lists that share nothing.

Texts differ by version of CLDR, so nothing here says what a text is.
"""

from datetime import date

import numpy as np
import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import AlignedPair, Span, date_pairs, true_alignment

LANGUAGES = ["de", "es", "tr", "zh", "fr", "ja", "ru", "ar", "en_GB"]
FORMATS = ["full", "long", "medium", "short"]


def drawn(*sizes, seed=0, **options):
    return date_pairs(np.random.default_rng(seed), sizes, **options)


@pytest.mark.parametrize("target", LANGUAGES)
@pytest.mark.parametrize("name", FORMATS)
def test_texts_are_those_of_babel(target, name):
    (pairs,) = drawn(40, target=target, formats=[name])
    for pair in pairs:
        assert pair.source == format_date(pair.meaning, name, "en")
        assert pair.target == format_date(pair.meaning, name, target)


@pytest.mark.parametrize("target", LANGUAGES)
def test_spans_hold_the_field_they_name_on_both_sides(target):
    (pairs,) = drawn(200, target=target)
    for pair in pairs:
        spans = {span.name: span for span in pair.spans}
        day = pair.meaning
        for text, side in ((pair.source, "source"), (pair.target, "target")):
            parts = {n: text[slice(*getattr(s, side))] for n, s in spans.items()}
            assert int(parts["day"]) == day.day
            assert int(parts["year"]) in (day.year, day.year % 100)
            if parts["month"].isdecimal():
                assert int(parts["month"]) == day.month
            assert ("weekday" in parts) == (pair.source.count(",") == 2)


@pytest.mark.parametrize("target", LANGUAGES)
def test_month_names_and_weekdays_are_one_for_each(target):
    (pairs,) = drawn(2000, target=target, formats=["full"])
    for name, count in (("month", 12), ("weekday", 7)):
        words = {
            tuple(
                text[slice(*place)]
                for text, place in ((p.source, span.source), (p.target, span.target))
            )
            for p in pairs
            for span in p.spans
            if span.name == name
        }
        assert len(words) == count
        assert len({there for _, there in words}) == count


def test_languages_order_the_fields_in_their_own_way():
    def order(language):
        (pair,), _ = drawn(1, 0, target=language, formats=["full"])
        spans = sorted(pair.spans, key=lambda span: span.target)
        return " ".join(span.name for span in spans)

    assert order("en") == "weekday month day year"
    assert order("de") == "weekday day month year"
    assert order("tr") == "day month year weekday"
    assert order("zh") == "year month day weekday"


def test_what_is_in_no_span_holds_no_digit():
    for target in LANGUAGES:
        for pair in drawn(100, target=target)[0]:
            free = ~true_alignment(pair).any(axis=1)
            rest = np.array(list(pair.target))[free]
            assert not any(letter.isdigit() for letter in rest)


@given(st.integers(0, 20))
def test_no_date_and_no_text_of_one_list_is_in_another(seed):
    lists = drawn(700, 50, 250, seed=seed, target="tr")
    assert [len(pairs) for pairs in lists] == [700, 50, 250]
    for what in ("meaning", "source", "target"):
        seen = [getattr(pair, what) for pairs in lists for pair in pairs]
        assert len(set(seen)) == 1000


def test_all_dates_of_the_years_can_be_drawn_and_no_others():
    (pairs,) = drawn(366, years=(2000, 2000))
    assert {p.meaning for p in pairs} == {
        date.fromordinal(date(2000, 1, 1).toordinal() + n) for n in range(366)
    }


def test_one_seed_gives_one_draw():
    assert drawn(30, 7, seed=1) == drawn(30, 7, seed=1)
    assert drawn(30, 7, seed=1) != drawn(30, 7, seed=2)


def test_the_alignment_marks_all_characters_of_a_span_and_no_others():
    spans = Span("month", (0, 3), (3, 6)), Span("day", (4, 5), (0, 1))
    table = true_alignment(AlignedPair("May 7", "7. Mai", spans, None))
    wanted = np.zeros((6, 5), dtype=bool)
    wanted[3:6, 0:3] = wanted[0, 4] = True
    np.testing.assert_array_equal(table, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "xx"}, "wanted a language that Babel knows, got 'xx'"),
        ({"source": "no such"}, "wanted a language that Babel knows, got 'no such'"),
        ({"formats": ["tiny"]}, "wanted formats among full, long, medium, short, got"),
        ({"formats": []}, "wanted formats of at least 1, got 0"),
        ({"years": (1900, 2000)}, r"one to a hundred years, got \(1900, 2000\)"),
        ({"years": (2000, 1999)}, "one to a hundred years"),
        ({"years": (2001, 2001)}, "wanted at most 365 pairs, as there are dates, got"),
    ],
)
def test_refuses_what_gives_no_pairs(options, message):
    with pytest.raises(ValueError, match=f"date_pairs: wanted.*{message[7:]}"):
        drawn(300, 66, **options)


def test_refuses_sizes_that_are_none():
    with pytest.raises(ValueError, match="date_pairs: wanted lists of at least 1"):
        drawn()
    with pytest.raises(ValueError, match="date_pairs: wanted size of at least 0"):
        drawn(3, -1)
