"""Pairs of numbers: Babel's own text, spans, lists that share no amount."""

from decimal import Decimal

import numpy as np
import pytest
from babel.numbers import format_currency, format_decimal, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import number_pairs, true_alignment

LANGUAGES = ["de", "es", "tr", "zh", "fr", "ja", "ar"]
KINDS = ["number", "price", "currency", "unit"]


def drawn(*sizes, seed=0, **options):
    return number_pairs(np.random.default_rng(seed), sizes, **options)


@pytest.mark.parametrize("target", LANGUAGES)
def test_texts_are_those_of_babel(target):
    kinds = ("number", "price", "currency")
    for pair in drawn(60, target=target, kinds=kinds)[0]:
        kind, unit, amount = pair.meaning
        for text, language in ((pair.source, "en"), (pair.target, target)):
            if kind == "number":
                wanted = format_decimal(amount, locale=language)
            else:
                form = "standard" if kind == "price" else "name"
                wanted = format_currency(amount, unit, None, language, format_type=form)
            assert text == wanted


@pytest.mark.parametrize("target", LANGUAGES)
def test_the_amount_is_read_back_from_its_span(target):
    for pair in drawn(120, target=target)[0]:
        (span,) = (span for span in pair.spans if span.name == "amount")
        read = pair.source[slice(*span.source)], pair.target[slice(*span.target)]
        for text, language in zip(read, ("en", target), strict=True):
            assert parse_decimal(text, locale=language) == pair.meaning[2]


@pytest.mark.parametrize("target", LANGUAGES)
def test_what_stands_around_the_amount_is_the_unit_and_blanks(target):
    for pair in drawn(120, target=target)[0]:
        free = ~true_alignment(pair).any(axis=1)
        rest = {
            letter for letter, alone in zip(pair.target, free, strict=True) if alone
        }
        assert rest <= set("\u200e\u200f\u00a0\u202f ")
        assert ("unit" in {span.name for span in pair.spans}) == bool(pair.meaning[1])


@pytest.mark.parametrize("target", LANGUAGES)
def test_every_unit_is_in_words_and_has_no_code_of_cldr_in_it(target):
    for pair in drawn(80, target=target, kinds=["unit"])[0]:
        assert pair.meaning[1] not in pair.target


@given(st.integers(0, 20))
def test_no_amount_and_no_text_of_one_list_is_in_another(seed):
    lists = drawn(150, 50, seed=seed)
    assert [len(pairs) for pairs in lists] == [150, 50]
    pairs = lists[0] + lists[1]
    assert len({pair.meaning[2] for pair in pairs}) == 200
    assert len({pair.source for pair in pairs}) == 200


def test_small_and_large_amounts_are_all_there():
    amounts = [pair.meaning[2] for pair in drawn(1000, kinds=["number"])[0]]
    assert all(Decimal("0.01") <= amount < 10**6 for amount in amounts)
    digits = np.bincount([len(str(int(amount * 100))) for amount in amounts])[1:]
    assert (digits[2:] > 80).all()  # of 125 each; 1- and 2-digit ones run out


def test_one_seed_gives_one_draw():
    assert drawn(30, 7, seed=1) == drawn(30, 7, seed=1)
    assert drawn(30, 7, seed=1) != drawn(30, 7, seed=2)


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ([5], {"target": "xx"}, "wanted a language that Babel knows, got 'xx'"),
        ([5], {"kinds": ["roman"]}, "wanted kinds among number, price, currency, unit"),
        ([5], {"kinds": []}, "wanted kinds of at least 1, got 0"),
        ([90_000, 10_001], {}, "wanted at most 100000 pairs, got 100001"),
        ([], {}, "wanted lists of at least 1, got 0"),
    ],
)
def test_refuses_what_gives_no_pairs(sizes, options, message):
    with pytest.raises(ValueError, match=f"number_pairs: {message}"):
        drawn(*sizes, **options)
