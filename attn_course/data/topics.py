"""English prose on Python: the help texts that every CPython has with it.

References
----------
Module `pydoc_data.topics` of CPython, made from the Python Language Reference; under
the Python Software Foundation License Version 2. The text differs by version of
Python: compare `digest`, and expect losses to differ with it.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

RUN = 12  # this many words in a row that come twice are the same text
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


class Topics(NamedTuple):
    """Texts by name of the topic, in three parts, and the hash of them all.

    Examples
    --------
    >>> topics()._fields
    ('train', 'validation', 'test', 'digest')
    """

    train: dict[str, str]
    validation: dict[str, str]
    test: dict[str, str]
    digest: str


def topics() -> Topics:
    """Return the texts, dealt out so that no twelve words in a row are in two parts.

    To keep names apart is not enough: many topics repeat sections of others ("with" is
    in "compound" too). Topics that share twelve words in a row stay together, and such
    a family goes to the part that lacks most of its share of the
    text: eight, one and one tenth. Nothing is drawn, the order is by size.

    Examples
    --------
    >>> found = topics()
    >>> set(found.train) & set(found.test)
    set()
    >>> "assert" in found.train | found.validation | found.test, len(found.digest)
    (True, 64)
    """
    from pydoc_data.topics import topics as texts

    everything = {name: texts[name] for name in sorted(texts)}
    whole = "\0".join(part for item in everything.items() for part in item)
    total = sum(map(len, everything.values()))
    parts = {part: {} for part in SHARES}
    lacking = {part: share * total for part, share in SHARES.items()}
    for family in _by_size(_families(everything), everything):
        part = max(lacking, key=lacking.get)
        parts[part] |= {name: everything[name] for name in family}
        lacking[part] -= _size(family, everything)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return Topics(**parts, digest=digest)


def runs(text: str) -> set[tuple[str, ...]]:
    """Return every run of twelve words in a row.

    Examples
    --------
    >>> len(runs("one two three four five six seven, eight nine ten eleven twelve 13"))
    2
    """
    words = re.findall(r"\w+", text)
    return {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


def _families(texts: dict[str, str]) -> list[list[str]]:
    """Return the names in groups: who shares a run, directly or through others."""
    family, home = {}, {}
    for name, text in texts.items():
        joined = [name]
        for run in runs(text):
            other = family.get(home.setdefault(run, name))
            if other is not None and other is not family.get(name):
                joined += [member for member in other if member not in joined]
        for member in joined:
            family[member] = joined
    return list({id(group): sorted(group) for group in family.values()}.values())


def _by_size(families: Iterable[list[str]], texts: dict[str, str]) -> list[list[str]]:
    return sorted(families, key=lambda family: (-_size(family, texts), family))


def _size(family: list[str], texts: dict[str, str]) -> int:
    return sum(len(texts[name]) for name in family)
