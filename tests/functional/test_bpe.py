"""Byte-pair encoding: nothing is lost, merges go by age, and a naive twin agrees."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import bpe_decode, bpe_encode, learn_merges

TEXT = (
    "She sells sea shells on the sea shore; the shells she sells are sea shells.\n"
    "  Größe, naïve, 日本語 日本語, and mississippi mississippi aaaa aaaaa \t\n\n"
)
NARROW = st.text("ab \n", max_size=40)  # few letters: many merges and many ties


def words_of(text):
    return [list(word.encode()) for word in re.findall(r" ?\S+|\s+", text)]


def replaced(word, pair, new):
    out, i = [], 0
    while i < len(word):
        if tuple(word[i : i + 2]) == pair:
            out.append(new)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out


def learnt_naively(text, merges):
    """Count everything anew for each merge, as the algorithm is told."""
    words, learnt = words_of(text), []
    for new in range(256, 256 + merges):
        pairs = [pair for word in words for pair in pairwise(word)]
        count = {pair: pairs.count(pair) for pair in pairs}
        if max(count.values(), default=0) < 2:
            break
        best = sorted(count, key=lambda pair: (-count[pair], pair))[0]
        words = [replaced(word, best, new) for word in words]
        learnt.append(best)
    return learnt


def encoded_naively(text, merges):
    """Apply every merge once, from the oldest to the youngest."""
    words = words_of(text)
    for new, pair in enumerate(merges, start=256):
        words = [replaced(word, pair, new) for word in words]
    return [token for word in words for token in word]


@settings(max_examples=60, deadline=None)
@given(NARROW, st.integers(0, 9))
def test_learning_agrees_with_a_naive_twin(text, merges):
    assert learn_merges(text, merges) == learnt_naively(text, merges)


def test_learning_agrees_with_a_naive_twin_on_a_text():
    assert learn_merges(TEXT, 40) == learnt_naively(TEXT, 40)


@settings(max_examples=60, deadline=None)
@given(NARROW, NARROW, st.integers(0, 9))
def test_encoding_agrees_with_a_naive_twin(text, other, merges):
    learnt = learn_merges(text, merges)
    assert bpe_encode(other, learnt) == encoded_naively(other, learnt)


MERGES = learn_merges(TEXT, 40)


@settings(deadline=None)
@given(st.text())
def test_every_text_comes_back(text):
    assert bpe_decode(bpe_encode(text, MERGES), MERGES) == text
    own = learn_merges(text, 5)
    assert bpe_decode(bpe_encode(text, own), own) == text


def test_the_text_it_learnt_from_comes_back_shorter():
    tokens = bpe_encode(TEXT, MERGES)
    assert bpe_decode(tokens, MERGES) == TEXT
    assert len(tokens) < len(TEXT.encode()) / 2
    assert max(tokens) < 256 + len(MERGES)


def test_without_merges_tokens_are_the_bytes():
    assert bpe_encode(TEXT, []) == list(TEXT.encode())


def test_the_oldest_merge_goes_first_not_the_leftmost_nor_the_longest():
    a, b, c = b"abc"
    assert bpe_encode("abc", [(b, c), (a, b)]) == [a, 256]
    assert bpe_encode("abc", [(a, b), (b, c)]) == [256, c]


def test_ties_are_broken_by_the_tokens():
    a, b, c, d = b"abcd"
    assert learn_merges("cd cd\nab ab\n", 1) == [(a, b)]
    assert learn_merges("ab\nab\ncd\ncd\n", 2) == [(a, b), (c, d)]


def test_no_merge_crosses_the_end_of_a_word():
    merges = learn_merges("to be, to be, to be, to be", 99)
    tokens = bpe_encode("to be, to", merges)
    spelling = {token: bpe_decode([token], merges) for token in tokens}
    assert set(spelling.values()) == {"to", " be,", " to"}


def test_learning_stops_where_nothing_occurs_twice():
    assert learn_merges("abcdef", 9) == []
    assert learn_merges("", 9) == []
    assert learn_merges("abab", 9) == [(97, 98)]
    assert learn_merges("abab cdcd", 9)[:2] == [(97, 98), (99, 100)]


def test_half_a_letter_becomes_the_replacement_character():
    assert bpe_decode("é".encode()[:1], []) == "\ufffd"


def test_refuses_what_does_not_exist():
    with pytest.raises(ValueError, match="merges of at least 0, got -1"):
        learn_merges("a", -1)
    with pytest.raises(ValueError, match="tokens from 0 to 256, got 257"):
        bpe_decode([257], [(97, 98)])
    with pytest.raises(ValueError, match="tokens from 0 to 255, got -1"):
        bpe_decode([-1], [])
    with pytest.raises(ValueError, match="bpe_encode: wanted merge 1 of tokens"):
        bpe_encode("ab", [(97, 98), (257, 97)])
    with pytest.raises(ValueError, match="bpe_decode: wanted merge 0 of tokens"):
        bpe_decode([97], [(256, 97)])
    with pytest.raises(ValueError, match="surrogates not allowed"):
        learn_merges("\ud800", 1)


def test_leaves_its_inputs_alone():
    merges = list(MERGES)
    tokens = bpe_encode(TEXT, merges)
    kept = list(tokens)
    bpe_decode(tokens, merges)
    assert merges == MERGES
    assert tokens == kept
