"""BLEU: the paper's own examples, an independent count, what it does not forgive."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.functional import (
    bleu,
    brevity_penalty,
    clipped_matches,
    corpus_lengths,
    exact_match,
)

# The examples of section 2.1 of the paper, in lower case and without the full stops.
GUIDE = (
    "it is a guide to action which ensures that the military always obeys the "
    "commands of the party"
).split()
INSURE = (
    "it is to insure the troops forever hearing the activity guidebook that party "
    "direct"
).split()
REFERENCES = [
    sentence.split()
    for sentence in (
        "it is a guide to action that ensures that the military will forever heed "
        "party commands",
        "it is the guiding principle which guarantees the military forces always "
        "being under the command of the party",
        "it is the practical guide for the army always to heed the directions of the "
        "party",
    )
]
SENTENCES = st.lists(st.sampled_from("abc"), max_size=9)
PAIRS = st.tuples(SENTENCES, st.lists(SENTENCES, min_size=1, max_size=3))


def by_loop(candidates, references, max_n):
    """BLEU without counters: each n-gram is struck off a list when it is matched."""
    product, c, r = 1.0, 0, 0
    for n in range(1, max_n + 1):
        hits = total = 0
        for candidate, those in zip(candidates, references, strict=True):
            grams = [candidate[i : i + n] for i in range(len(candidate) - n + 1)]
            total += len(grams)
            for gram in [g for i, g in enumerate(grams) if g not in grams[:i]]:
                most = 0
                for reference in those:
                    found = 0
                    for i in range(len(reference) - n + 1):
                        found += reference[i : i + n] == gram
                    most = max(most, found)
                hits += min(most, grams.count(gram))
        product *= (hits / total) if total else 0.0
    for candidate, those in zip(candidates, references, strict=True):
        c += len(candidate)
        gaps = [abs(len(reference) - len(candidate)) for reference in those]
        r += min(len(x) for x, g in zip(those, gaps, strict=True) if g == min(gaps))
    if not product:
        return 0.0
    return product ** (1 / max_n) * min(1.0, math.exp(1 - r / c))


@given(st.lists(PAIRS, min_size=1, max_size=4), st.integers(1, 4))
def test_agrees_with_a_loop_that_strikes_off_matches(pairs, max_n):
    candidates, references = zip(*pairs, strict=True)
    wanted = by_loop(candidates, references, max_n)
    got = bleu(candidates, references, max_n)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
    assert 0 <= got <= 1 + 1e-12


def test_the_the_the_is_worth_two_sevenths():
    references = ["the cat is on the mat".split(), "there is a cat on the mat".split()]
    assert clipped_matches([["the"] * 7], [references], 1) == (2, 7)
    assert clipped_matches([["the"] * 7], [references], 2) == (0, 6)


def test_the_papers_precisions_come_out():
    assert clipped_matches([GUIDE], [REFERENCES], 1) == (17, 18)
    assert clipped_matches([INSURE], [REFERENCES], 1) == (8, 14)
    assert clipped_matches([GUIDE], [REFERENCES], 2) == (10, 17)
    assert clipped_matches([INSURE], [REFERENCES], 2) == (1, 13)
    assert bleu([GUIDE], [REFERENCES]) > 0.3
    assert bleu([INSURE], [REFERENCES]) == 0


def test_two_words_of_the_in_order_are_precise_and_pay_for_being_short():
    """Section 2.2: "of the" has precision 1 for one word and for two."""
    assert clipped_matches([["of", "the"]], [REFERENCES], 1) == (2, 2)
    assert clipped_matches([["of", "the"]], [REFERENCES], 2) == (1, 1)
    got = bleu([["of", "the"]], [REFERENCES], max_n=2)
    np.testing.assert_allclose(got, math.exp(1 - 16 / 2), rtol=1e-12)


def test_brevity_punishes_the_short_and_not_the_long():
    np.testing.assert_allclose(brevity_penalty(8, 10), math.exp(-0.25), rtol=1e-14)
    assert brevity_penalty(10, 10) == brevity_penalty(12, 10) == 1
    assert brevity_penalty(0, 10) == brevity_penalty(0, 0) == 0
    shares = [brevity_penalty(c, 10) for c in range(11)]
    assert shares == sorted(shares)


def test_of_the_references_the_nearest_in_length_counts_and_the_shorter_of_two():
    candidate, lengths = ["a"] * 12, (15, 9, 40)
    references = [["a"] * n for n in lengths]
    assert corpus_lengths([candidate], [references]) == (12, 9)
    assert corpus_lengths([candidate], [[*references, ["a"] * 14]]) == (12, 14)
    assert corpus_lengths([candidate] * 2, [references, references[:1]]) == (24, 24)


def test_a_corpus_is_not_the_mean_of_its_sentences():
    candidates = [GUIDE, REFERENCES[0][:5]]
    references = [REFERENCES, REFERENCES[:1]]
    parts = [bleu([c], [r]) for c, r in zip(candidates, references, strict=True)]
    assert abs(bleu(candidates, references) - sum(parts) / 2) > 0.05


@given(st.lists(PAIRS, min_size=1, max_size=4), st.randoms())
def test_the_order_of_sentences_and_references_does_not_matter(pairs, random):
    shuffled = [(c, random.sample(r, len(r))) for c, r in pairs]
    random.shuffle(shuffled)
    got, wanted = (bleu(*zip(*some, strict=True), 2) for some in (shuffled, pairs))
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_a_perfect_corpus_scores_one_and_nothing_scores_nought():
    numbers = [list(range(n)) for n in (5, 7, 4)]
    assert bleu(numbers, [[n] for n in numbers]) == 1
    assert bleu([[]], [[[1, 2]]]) == 0
    assert bleu([], []) == 0
    assert bleu([[1, 2, 3]], [[[1, 2, 3]]]) == 0  # no four in a row to be counted


def test_exact_match_forgives_nothing():
    references = [[1, 2, 3], [4], [], [5, 6]]
    assert exact_match(references, references) == 1
    assert exact_match([[1, 2], [4], [], [6, 5]], references) == 0.5
    assert exact_match([(4,)], [[4]]) == 1
    assert exact_match(["a b"], ["a b"]) == 1


def test_leaves_its_inputs_alone():
    candidates, references = [GUIDE.copy()], [[r.copy() for r in REFERENCES]]
    bleu(candidates, references)
    assert candidates == [GUIDE]
    assert references == [REFERENCES]


def test_refuses_strings_and_lists_that_do_not_pair():
    with pytest.raises(ValueError, match="wanted lists of tokens, got 'the cat'"):
        bleu(["the cat"], [[["the", "cat"]]])
    with pytest.raises(ValueError, match="wanted lists of tokens, got 'the cat'"):
        bleu([["the", "cat"]], [["the cat"]])
    with pytest.raises(ValueError, match="wanted a list of references, got 'the cat'"):
        bleu([["the", "cat"]], ["the cat"])
    with pytest.raises(ValueError, match=r"wanted a list of references, got \[\]"):
        corpus_lengths([["the", "cat"]], [[]])
    with pytest.raises(ValueError, match="references for each candidate, got 3 for 1"):
        bleu([GUIDE], REFERENCES)
    with pytest.raises(ValueError, match="max_n of at least 1, got 0"):
        bleu([GUIDE], [REFERENCES], 0)
    with pytest.raises(ValueError, match="n of at least 1, got 0"):
        clipped_matches([GUIDE], [REFERENCES], 0)
    with pytest.raises(ValueError, match="candidate_length of at least 0, got -1"):
        brevity_penalty(-1, 3)
    with pytest.raises(ValueError, match="one reference for each candidate, got 2 for"):
        exact_match([[1]], [[1], [2]])
    with pytest.raises(ValueError, match="got 0 for 0"):
        exact_match([], [])
