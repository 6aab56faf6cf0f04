"""Topics: all there, once, and no text in two parts. The text itself may change."""

import hashlib
import re
from itertools import combinations
from pydoc_data.topics import topics as texts

import pytest

from attn_course.data import topics
from attn_course.data.topics import _families

FOUND = topics()
PARTS = [FOUND.train, FOUND.validation, FOUND.test]


def test_every_topic_is_in_exactly_one_part_with_its_text():
    assert sum(map(len, PARTS)) == len(texts)
    assert PARTS[0] | PARTS[1] | PARTS[2] == dict(texts)


@pytest.mark.parametrize("pair", list(combinations(range(3), 2)))
def test_no_twelve_words_in_a_row_are_in_two_parts(pair):
    def told(part):
        for text in part.values():
            words = " ".join(re.findall(r"\w+", text)).split()
            yield from (" ".join(words[n : n + 12]) for n in range(len(words) - 11))

    one, other = (set(told(PARTS[n])) for n in pair)
    assert len(one) > 3000
    assert len(other) > 3000
    assert not one & other


@pytest.mark.parametrize("pair", list(combinations(range(3), 2)))
def test_no_long_paragraph_is_in_two_parts(pair):
    one, other = (
        {
            " ".join(paragraph.split())
            for text in PARTS[n].values()
            for paragraph in text.split("\n\n")
            if len(re.findall(r"\w+", paragraph)) >= 12
        }
        for n in pair
    )
    assert not one & other


def test_the_parts_have_about_their_share_of_the_text():
    sizes = [sum(map(len, part.values())) for part in PARTS]
    total = sum(sizes)
    for size, share in zip(sizes, (0.8, 0.1, 0.1), strict=True):
        assert abs(size - share * total) < 0.03 * total


def test_the_digest_is_of_names_and_texts_in_order():
    whole = b""
    for name in sorted(texts):
        whole += (
            (b"\0" if whole else b"") + name.encode() + b"\0" + texts[name].encode()
        )
    assert FOUND.digest == hashlib.sha256(whole).hexdigest()


def test_two_calls_agree_and_share_no_dictionary():
    again = topics()
    assert again == FOUND
    again.train.clear()
    assert topics() == FOUND


def test_families_are_joined_through_others():
    one, two, alone = (" ".join(f"{name}{n}" for n in range(12)) for name in "abc")
    made = {"a": one, "b": alone, "c": two, "d": f"{two}\n\n  {one}", "e": "short"}
    assert sorted(_families(made)) == [["a", "c", "d"], ["b"], ["e"]]
