"""Pairs of texts with the same meaning, of which it is known what came from what."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool


class Span(NamedTuple):
    """One part of the meaning, and where it stands in each text.

    `source` and `target` are (start, stop), as in a slice.

    Examples
    --------
    >>> span = Span("day", (4, 5), (0, 1))
    >>> "May 7"[slice(*span.source)], "7. Mai"[slice(*span.target)]
    ('7', '7')
    """

    name: str
    source: tuple[int, int]
    target: tuple[int, int]


class AlignedPair(NamedTuple):
    """The same meaning in two languages, and the spans that say it in both.

    `meaning` is what was formatted, such as a date. What is in no span, commas say,
    stands for nothing in the other text.

    Examples
    --------
    >>> AlignedPair("May 7", "7. Mai", (Span("day", (4, 5), (0, 1)),), None).source
    'May 7'
    """

    source: str
    target: str
    spans: tuple[Span, ...]
    meaning: object


def true_alignment(pair: AlignedPair) -> Bool[np.ndarray, "targets sources"]:
    """Return where attention should look while it writes each character of the target.

    Row t, column s is True where both characters belong to the same part of the
    meaning. A row without any True comes from nowhere and should not be scored.

    Examples
    --------
    >>> spans = Span("month", (0, 3), (3, 6)), Span("day", (4, 5), (0, 1))
    >>> print(true_alignment(AlignedPair("May 7", "7. Mai", spans, None)).astype(int))
    [[0 0 0 0 1]
     [0 0 0 0 0]
     [0 0 0 0 0]
     [1 1 1 0 0]
     [1 1 1 0 0]
     [1 1 1 0 0]]
    """
    table = np.zeros((len(pair.target), len(pair.source)), dtype=bool)
    for span in pair.spans:
        table[slice(*span.target), slice(*span.source)] = True
    return table


def join(
    source: list[tuple[str, str]], target: list[tuple[str, str]], meaning: object
) -> AlignedPair:
    """Put two texts together from (name, characters); spans are what both name.

    The name of what stands for nothing is empty.

    Examples
    --------
    >>> pair = join([("day", "7"), ("", ".")], [("", "the "), ("day", "7th")], 7)
    >>> pair.source, pair.target, pair.spans[0].target
    ('7.', 'the 7th', (4, 7))
    """
    (one, places), (other, others) = _laid(source), _laid(target)
    spans = [
        Span(name, here, there)
        for name, here in places
        for other_name, there in others
        if name == other_name
    ]
    return AlignedPair(one, other, tuple(spans), meaning)


def deal(pairs: list[AlignedPair], sizes: Sequence[int]) -> list[list[AlignedPair]]:
    """Return the pairs in order, in lists of these sizes.

    Examples
    --------
    >>> pairs = [AlignedPair(text, text, (), None) for text in "abcde"]
    >>> [[pair.source for pair in part] for part in deal(pairs, [2, 3])]
    [['a', 'b'], ['c', 'd', 'e']]
    """
    left = iter(pairs)
    return [list(islice(left, size)) for size in sizes]


def language_data(who: str, language: str):
    """Return what Babel knows of a language, or refuse."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(
            f"{who}: wanted a language that Babel knows, got {language!r}"
        ) from None


def _laid(parts):
    """Return the text, and the named parts of it with their places."""
    places, start = [], 0
    for name, characters in parts:
        stop = start + len(characters)
        if name:
            places.append((name, (start, stop)))
        start = stop
    return "".join(characters for _, characters in parts), places
