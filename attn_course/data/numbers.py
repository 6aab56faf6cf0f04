"""The same number, price or measure in two languages, with known alignment.

Languages differ in marks ("1,234.5" is "1.234,5" in German), in the side on which a
sign of currency stands, and in words.

References
----------
Unicode Common Locale Data Repository (CLDR), as packaged in Babel. CLDR is under the
Unicode License, Babel under the BSD licence. Texts differ by version of Babel.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from attn_course.data import expect
from attn_course.data.aligned import AlignedPair, deal, join, language_data

KINDS = {
    "number": ("",),
    "price": ("EUR", "USD", "GBP", "CHF"),
    "currency": ("EUR", "USD", "GBP", "CHF"),
    "unit": ("length-kilometer", "mass-kilogram", "duration-hour", "digital-megabyte"),
}
HUNDREDTHS = 10**8  # amounts are below a million


def number_pairs(
    rng: np.random.Generator,
    sizes: Sequence[int],
    source: str = "en",
    target: str = "de",
    *,
    kinds: Sequence[str] = tuple(KINDS),
) -> list[list[AlignedPair]]:
    r"""Return pairs of texts, in lists of these sizes that have no amount in common.

    Needs Babel, which is imported here and not before. Amounts are from 0.01 to below
    a million, about as often of each number of digits, and no two are alike. Spans are
    "amount" and, where there is one, "unit", which may be on both sides of the amount.

    Parameters
    ----------
    sizes
        Pairs in each list, such as training, validation and test.
    source, target
        Languages as Babel names them.
    kinds
        Some of "number" (1,234.5), "price" (€1,234.50), "currency" (1,234.50 euros)
        and "unit" (1,234.5 kilometers), each as likely.

    Returns
    -------
    list[list[AlignedPair]]
        The meaning of a pair is (kind, code of the unit, amount).

    Raises
    ------
    ValueError
        If more than 100,000 pairs are wanted, or a name or size is none.

    Examples
    --------
    >>> train, test = number_pairs(np.random.default_rng(0), [90, 10])
    >>> pair = train[1]
    >>> print(pair.source, "|", pair.target.replace("\N{NO-BREAK SPACE}", "_"))
    €7.28 | 7,28_€
    """
    who = "number_pairs"
    expect.generator(who, rng)
    expect.sizes(who, sizes)
    for kind in kinds:
        expect.one_of(who, tuple(KINDS), kinds=kind)
    expect.at_least(who, 1, kinds=len(kinds))
    languages = [language_data(who, name) for name in (source, target)]
    pairs = []
    for hundredths in _amounts(who, rng, sum(sizes)):
        kind = kinds[rng.integers(len(kinds))]
        unit = KINDS[kind][rng.integers(len(KINDS[kind]))]
        meaning = kind, unit, Decimal(hundredths) / 100
        parts = [_parts(_text(*meaning, language)) for language in languages]
        pairs.append(join(*parts, meaning))
    return deal(pairs, sizes)


def _amounts(who, rng, count):
    """Return different numbers of hundredths, in random order."""
    if count > HUNDREDTHS // 1000:
        raise ValueError(
            f"{who}: wanted at most {HUNDREDTHS // 1000} pairs, got {count}"
        )
    drawn = np.empty(0, dtype=int)
    while len(drawn) < count:
        more = HUNDREDTHS ** rng.random(2 * count)
        drawn = np.unique([*drawn, *more.astype(int)])
    return rng.permutation(drawn)[:count].tolist()


def _text(kind, unit, amount, language):
    from babel.numbers import format_currency, format_decimal
    from babel.units import format_unit

    if kind == "number":
        return format_decimal(amount, locale=language)
    if kind == "price":
        return format_currency(amount, unit, locale=language)
    if kind == "currency":
        return format_currency(amount, unit, locale=language, format_type="name")
    text = format_unit(amount, unit, "long", locale=language)
    if unit in text:  # Babel has no long form here and shows the code
        return format_unit(amount, unit, "short", locale=language)
    return text


def _parts(text):
    """Split a text into the amount, from first to last digit, and what is around."""
    digits = [place for place, letter in enumerate(text) if letter.isdigit()]
    start, stop = digits[0], digits[-1] + 1
    return [
        *_around(text[:start]),
        ("amount", text[start:stop]),
        *_around(text[stop:]),
    ]


def _around(text):
    """Split off the blanks at both ends: they stand for nothing."""
    unit = text.strip("\u200e\u200f\u00a0\u202f ")
    before, _, after = text.partition(unit) if unit else (text, "", "")
    return [("", before), ("unit" if unit else "", unit), ("", after)]
