"""Vocabulary: there and back, through JSON too; the unknown stays visible."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.data import END, FIRST, PAD, START, UNKNOWN, Vocabulary

TEXTS = st.lists(st.text("aäé 7年", max_size=5), min_size=1, max_size=3)


@given(TEXTS)
def test_known_texts_come_back_as_they_were(texts):
    known = Vocabulary.of(texts)
    for text, row in zip(texts, known.encode_all(texts), strict=True):
        assert known.decode(known.encode(text)) == text
        assert known.decode(row) == text


@given(TEXTS)
def test_saved_as_json_and_read_it_is_the_same(texts):
    known = Vocabulary.of(texts)
    read = Vocabulary.from_dict(json.loads(json.dumps(known.to_dict())))
    assert read.ids == known.ids
    assert len(read) == len(known) == FIRST + len(set("".join(texts)))


def test_the_order_of_the_texts_does_not_matter():
    assert Vocabulary.of(["ba", "c"]).ids == Vocabulary.of(["c", "ab"]).ids
    assert Vocabulary.of(["ba", "c"]).ids == {
        "a": FIRST,
        "b": FIRST + 1,
        "c": FIRST + 2,
    }


def test_unknown_characters_are_marked_both_ways():
    known = Vocabulary("ab")
    assert known.encode("axb") == [FIRST, UNKNOWN, FIRST + 1, END]
    assert known.decode(known.encode("axb")) == "a\ufffdb"


def test_decoding_stops_at_the_end_and_skips_start_and_padding():
    known = Vocabulary("ab")
    ids = np.array([START, FIRST, PAD, FIRST + 1, END, FIRST, PAD])
    assert known.decode(ids) == "ab"


def test_rows_are_ended_and_padded():
    table = Vocabulary("ab").encode_all(["a", "", "bab"], 5)
    a, b = FIRST, FIRST + 1
    assert table.tolist() == [
        [a, END, PAD, PAD, PAD],
        [END, PAD, PAD, PAD, PAD],
        [b, a, b, END, PAD],
    ]


def test_refuses_symbols_and_ids_that_are_none():
    with pytest.raises(ValueError, match="wanted single characters, got 'ab'"):
        Vocabulary(["ab"])
    with pytest.raises(ValueError, match="got 3 of which 2 differ"):
        Vocabulary("aba")
    with pytest.raises(ValueError, match="wanted ids from 0 to 5, got 6"):
        Vocabulary("ab").decode([6])
    with pytest.raises(ValueError, match="pad: wanted length of at least 4, got 3"):
        Vocabulary("ab").encode_all(["aba"], 3)
