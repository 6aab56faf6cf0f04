"""The same date in two languages, with known alignment of day, month, year, weekday.

Languages differ in more than words: English puts the month first, Turkish the weekday
last, Chinese the year first.

References
----------
Unicode Common Locale Data Repository (CLDR), as packaged in Babel. CLDR is under the
Unicode License, Babel under the BSD licence. Texts differ by version of Babel.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np

from attn_course.data import expect
from attn_course.data.aligned import AlignedPair, deal, join, language_data

FORMATS = ("full", "long", "medium", "short")
FIELDS = {"d": "day", "M": "month", "L": "month", "y": "year", "E": "weekday"}


def date_pairs(
    rng: np.random.Generator,
    sizes: Sequence[int],
    source: str = "en",
    target: str = "de",
    *,
    formats: Sequence[str] = FORMATS,
    years: tuple[int, int] = (1950, 2049),
) -> list[list[AlignedPair]]:
    """Return pairs of texts, in lists of these sizes that have no date in common.

    Needs Babel, which is imported here and not before. Dates are drawn without
    replacement, so that a date of one list is in no other, nor twice in one. Each is
    written in one of the `formats`, as likely as any, and in the same format in both
    languages. Texts keep the no-break spaces and direction marks of CLDR.

    Parameters
    ----------
    sizes
        Pairs in each list, such as training, validation and test.
    source, target
        Languages as Babel names them: "en", "de", "tr", "zh", "en_GB".
    formats
        Some of "full", "long", "medium" and "short".
    years
        First and last year, both included; at most a hundred of them, because short
        formats write two digits, and 1926 in training must not give 2026 away.

    Raises
    ------
    ValueError
        If there are not enough dates, or a name or size is none.

    Examples
    --------
    >>> train, test = date_pairs(np.random.default_rng(0), [900, 100])
    >>> pair = train[2]
    >>> pair.source, pair.target
    ('Tuesday, August 20, 1991', 'Dienstag, 20. August 1991')
    >>> [(span.name, pair.target[slice(*span.target)]) for span in pair.spans][:3]
    [('weekday', 'Dienstag'), ('month', 'August'), ('day', '20')]
    """
    who = "date_pairs"
    expect.generator(who, rng)
    first, days = _days(who, sizes, years)
    for name in formats:
        expect.one_of(who, FORMATS, formats=name)
    expect.at_least(who, 1, formats=len(formats))
    writers = [
        tuple(_writer(who, language, name) for language in (source, target))
        for name in formats
    ]
    drawn = rng.choice(days, size=sum(sizes), replace=False) + first.toordinal()
    chosen = rng.integers(len(formats), size=len(drawn))
    pairs = []
    for ordinal, which in zip(drawn.tolist(), chosen.tolist(), strict=True):
        day, (read, write) = date.fromordinal(ordinal), writers[which]
        pairs.append(join(read(day), write(day), day))
    return deal(pairs, sizes)


def _days(who, sizes, years):
    """Return the first date and how many there are to draw from."""
    expect.sizes(who, sizes)
    expect.at_least(who, 1, first_year=years[0])
    if not years[0] <= years[1] < years[0] + 100:
        raise ValueError(f"{who}: wanted one to a hundred years, got {years}")
    first = date(years[0], 1, 1)
    days = (date(years[1], 12, 31) - first).days + 1
    if sum(sizes) > days:
        raise ValueError(
            f"{who}: wanted at most {days} pairs, as there are dates, got {sum(sizes)}"
        )
    return first, days


def _writer(who, language, name):
    """Return what turns a date into (field, characters), one pair a part."""
    from babel.dates import DateTimeFormat, tokenize_pattern

    locale = language_data(who, language)
    tokens = tokenize_pattern(locale.date_formats[name].pattern)

    @cache
    def text(letter, size, day):
        return DateTimeFormat(day, locale)[letter * size]

    def write(day):
        parts = []
        for kind, value in tokens:
            if kind == "chars":
                parts.append(("", value))
            else:
                field = FIELDS.get(value[0], "")
                parts.append((field, text(*value, _like(field, day))))
        return parts

    return write


def _like(field, day):
    """Return one date for all that look the same in this field, to be cached."""
    if field == "day":
        return date(2000, 1, day.day)
    if field == "month":
        return date(2000, day.month, 1)
    if field == "year":
        return date(day.year, 1, 1)
    if field == "weekday":
        return date(2000, 1, 3 + day.weekday())
    return day
