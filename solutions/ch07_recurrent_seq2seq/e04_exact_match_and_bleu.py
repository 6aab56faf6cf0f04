r"""### Exact match and BLEU, done right

Write `score_translations(candidates, references)`. Each candidate is a list of tokens;
for each there is a list of one or more references that would do. Return two numbers for
the whole corpus:

1. **Exact match:** the share of candidates that equal *one of* their references.
2. **BLEU** with n-grams of 1 and 2 tokens,

$$ \text{BLEU} = \text{BP} \cdot \sqrt{p_1 p_2}, \qquad
   \text{BP} = \begin{cases} 1 & c > r \\ e^{1 - r/c} & c \le r. \end{cases} $$

- $p_n$ is *clipped*: an n-gram of a candidate counts as found at most as often as in
  the one reference that holds it most. Found n-grams and all n-grams are summed over
  the corpus, and only then divided.
- $c$ is the number of tokens in all candidates. For $r$, take for each candidate the
  length of the reference that is nearest to its own, of two equally near the shorter,
  and add up.
- If nothing is found for some n, BLEU is 0.

Every candidate has at least one token, and at least one of them has two or more. The
counting can be done with `Counter`, which is imported.
"""

from collections import Counter

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=25,
    hints=(
        "Count one candidate on paper: its 2-grams are its pairs of neighbours. "
        "A `Counter` of tuples says how often each occurs.",
        "For several references, what counts is, for each n-gram, the largest count in "
        "any one of them: `a | b` of two Counters keeps the larger, `a & b` the "
        "smaller.",
        "Keep four sums over the corpus: found and all n-grams for n = 1 and 2; and "
        "two more for c and r. Divide after the loop, never inside it.",
    ),
)


@answer
def score_translations(candidates, references):
    """Exact match and BLEU of a corpus, each from 0 to 1.

    candidates: a list of sentences; a sentence is a list of tokens
    references: for each candidate a list of sentences that would do
    returns two numbers: exact match and BLEU
    """

    ### BEGIN SOLUTION
    def _cut(tokens, n):
        return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]

    pairs = list(zip(candidates, references, strict=True))
    exact = np.mean([candidate in those for candidate, those in pairs])
    found, total, length, wanted = np.zeros(2), np.zeros(2), 0, 0
    for candidate, those in pairs:
        length += len(candidate)
        wanted += min((abs(len(r) - len(candidate)), len(r)) for r in those)[1]
        for n in (1, 2):
            mine, most = Counter(_cut(candidate, n)), Counter()
            for reference in those:
                most |= Counter(_cut(reference, n))
            found[n - 1] += (mine & most).total()
            total[n - 1] += mine.total()
    penalty = np.exp(min(0, 1 - wanted / length))
    return exact, penalty * np.sqrt(np.prod(found / total))
    ### END SOLUTION


@inputs
def draw(rng):
    """Small corpora over four words, with one to three references each."""
    candidates, references = [], []
    for _ in range(rng.integers(2, 5)):
        those = [
            [str(w) for w in rng.choice(list("abcd"), size=rng.integers(2, 8))]
            for _ in range(rng.integers(1, 4))
        ]
        mine = list(those[rng.integers(len(those))])
        if rng.random() < 0.7:
            mine[rng.integers(len(mine))] = str(rng.choice(list("abcd")))
        if rng.random() < 0.5:
            mine = mine[: max(2, len(mine) - 2)]
        if rng.random() < 0.3:
            mine = [*mine, "a", "a"]
        candidates.append(mine)
        references.append(those)
    return candidates, references


def _grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


@alternative
def counted_by_hand(candidates, references):
    """No Counter: each n-gram is struck off a list of what may still be found."""
    right, logs, c, r = 0, 0.0, 0, 0
    for mine, those in zip(candidates, references, strict=True):
        right += any(mine == one for one in those)
        c += len(mine)
        gaps = sorted((abs(len(one) - len(mine)), len(one)) for one in those)
        r += gaps[0][1]
    for n in (1, 2):
        hits = every = 0
        for mine, those in zip(candidates, references, strict=True):
            grams = _grams(mine, n)
            every += len(grams)
            for gram in set(grams):
                most = max(_grams(one, n).count(gram) for one in those)
                hits += min(grams.count(gram), most)
        if hits == 0:
            return right / len(candidates), 0.0
        logs += np.log(hits / every) / 2
    penalty = 1.0 if c > r else np.exp(1 - r / c)
    return right / len(candidates), penalty * np.exp(logs)


@check(points=1)
def repeated_words_are_clipped(score_translations):
    """One candidate that repeats right words: 3 of 8 and 1 of 7, and no exact match."""
    candidates = [["the", "the", "cat", "the", "the", "the", "the", "the"]]
    references = [[["the", "cat", "is", "on", "the", "mat"], ["a", "cat", "sat"]]]
    got = score_translations(candidates, references)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, exact match and BLEU, got {got!r}"
    close(got[0], 0.0, "exact match")
    close(got[1], np.sqrt(3 / 8 * 1 / 7), "BLEU")


@check(points=1)
def too_short_is_punished(score_translations):
    """Eight tokens where ten were wanted: faultless, and too short."""
    whole = [str(n) for n in range(10)]
    got = score_translations([[*whole, "x", "y"]], [[whole]])
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, exact match and BLEU, got {got!r}"
    close(got[1], np.sqrt(10 / 12 * 9 / 11), "BLEU of one that is too long")
    got = score_translations([whole[:8]], [[whole]])
    close(got[1], np.exp(1 - 10 / 8), "BLEU of one that is too short")


@check(points=1)
def two_references_two_candidates(score_translations):
    """Two candidates with references of several lengths, counted on paper."""
    candidates = [["7", ".", "Mai", "16"], ["a", "b", "c", "d", "e"]]
    references = [
        [["07", ".", "05", ".", "16"], ["7", ".", "Mai", "16"]],
        [["a", "b", "x", "d"], ["a", "b", "c", "x", "e", "f"]],
    ]
    # All 4 and 3 of the first; of the second a, b, c, d, e and ab, bc. r = 4 + 4.
    got = score_translations(candidates, references)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, exact match and BLEU, got {got!r}"
    close(got[0], 0.5, "exact match")
    close(got[1], np.sqrt(9 / 9 * 5 / 7), "BLEU")


@check(points=2, hidden=True)
def corpora_against_the_course(score_translations, rng):
    """Random corpora, against the functions of the course."""
    from attn_course.functional import bleu

    for words in (3, 6):
        candidates = [["x", "x", "y", "y"], ["w", "w", "v"], ["u", "t"]]
        references = [[["x", "y", "z", "z"], ["z", "x", "y"]], [["w", "w", "s"]]]
        references, right = [*references, [["t", "t"], ["u", "t"]]], 1
        for _ in range(9):
            those = [
                [str(w) for w in rng.integers(words, size=rng.integers(3, 9))]
                for _ in range(rng.integers(1, 4))
            ]
            mine = list(those[-1])
            mine[rng.integers(len(mine))] = str(rng.integers(words))
            mine = mine[: rng.integers(2, len(mine) + 1)]
            right += any(mine == one for one in those)
            candidates.append(mine)
            references.append(those)
        got = score_translations(candidates, references)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two numbers, exact match and BLEU, got {got!r}"
        close(got[0], right / 12, "exact match")
        close(got[1], bleu(candidates, references, max_n=2), "BLEU")


@check(points=1, hidden=True)
def nothing_found(score_translations):
    """Right words and not one right pair: BLEU 0, without a warning."""
    got = score_translations(
        [["a", "b", "c"], ["d"]], [[["c", "b", "a"]], [["d"], ["e", "f"]]]
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, exact match and BLEU, got {got!r}"
    close(got[0], 0.5, "exact match")
    close(got[1], 0.0, "BLEU")


def _nearest(mine, those):
    return min((abs(len(one) - len(mine)), len(one)) for one in those)[1]


def _largest(gram, those):
    return max(those, key=lambda one: one.count(gram)).count(gram)


def _penalty(c, r):
    return 1.0 if c > r else float(np.exp(1 - r / c))


def _geometric(shares):
    return float(np.sqrt(np.prod(shares)))


def _score(
    candidates,
    references,
    clip=_largest,
    near=_nearest,
    penalty=_penalty,
    mean=_geometric,
    equal=lambda mine, those: mine in those,
):
    """The right scores; faults are made by replacing one part."""
    pairs = list(zip(candidates, references, strict=True))
    shares = []
    for n in (1, 2):
        hits = every = 0
        for mine, those in pairs:
            grams = _grams(mine, n)
            theirs = [_grams(one, n) for one in those]
            every += len(grams)
            hits += sum(min(grams.count(g), clip(g, theirs)) for g in set(grams))
        shares.append(hits / every if every else 0.0)
    c, r = sum(map(len, candidates)), sum(near(*pair) for pair in pairs)
    exact = np.mean([bool(equal(*pair)) for pair in pairs])
    return float(exact), penalty(c, r) * mean(shares)


@misconception(caught_by=too_short_is_punished)
def long_is_punished(candidates, references):
    """You turned the penalty round: a text that is too long pays, and a short one does
    not. Precision sees to what is too long; the penalty is for what is too short."""
    return _score(candidates, references, penalty=lambda c, r: _penalty(r, c))


@misconception(caught_by=too_short_is_punished)
def short_is_rewarded(candidates, references):
    """The right length ratio with the wrong sign: your factor for a short text is above
    one. Where c is below r, 1 - r/c is negative: keep it so."""

    def penalty(c, r):
        return 1.0 if c > r else float(np.exp(r / c - 1))

    return _score(candidates, references, penalty=penalty)


@misconception(caught_by=too_short_is_punished)
def no_penalty(candidates, references):
    """Precision alone: a candidate of two safe words would beat any translation. What
    stands in front of the root?"""
    return _score(candidates, references, penalty=lambda c, r: 1.0)


@misconception(caught_by=too_short_is_punished)
def a_bonus_for_length(candidates, references):
    """You use the exponential at any length, so a text that is too long gets a factor
    above one. There are two cases: which one is for c > r?"""

    def penalty(c, r):
        return float(np.exp(1 - r / c))

    return _score(candidates, references, penalty=penalty)


@misconception(caught_by=too_short_is_punished)
def the_ratio_as_it_is(candidates, references):
    """Your penalty for a short text is c / r itself. The formula has another function
    of the two lengths, which falls faster: read its second case again."""
    return _score(candidates, references, penalty=lambda c, r: min(1.0, c / r))


@misconception(caught_by=repeated_words_are_clipped)
def no_clipping(candidates, references):
    """Each repetition of a right word counts as right again, so "the the the" is
    faultless. How often may an n-gram count at most?"""

    def clip(gram, theirs):
        return 10**6 * any(gram in one for one in theirs)

    return _score(candidates, references, clip=clip)


@misconception(caught_by=corpora_against_the_course)
def clipped_at_one(candidates, references):
    """You count each n-gram once, as in a set. A word that the reference has twice may
    be found twice."""

    def clip(gram, theirs):
        return int(any(gram in one for one in theirs))

    return _score(candidates, references, clip=clip)


@misconception(caught_by=repeated_words_are_clipped)
def sets_of_ngrams(candidates, references):
    """You took sets, in which an n-gram occurs once or not at all, on both sides of
    the fraction. A word that is written six times is six words: keep the counts."""
    shares = []
    for n in (1, 2):
        hits = every = 0
        for mine, those in zip(candidates, references, strict=True):
            grams = set(_grams(mine, n))
            every += len(grams)
            hits += len(grams & {g for one in those for g in _grams(one, n)})
        shares.append(hits / every if every else 0.0)
    exact, _ = _score(candidates, references)
    c = sum(map(len, candidates))
    r = sum(map(_nearest, candidates, references))
    return exact, _penalty(c, r) * _geometric(shares)


@misconception(caught_by=two_references_two_candidates)
def one_reference_for_all_ngrams(candidates, references):
    """You pick one reference for the whole text, the one in which most is found. Each
    n-gram may find its own: one reference holds this one most, another that one."""
    shares = []
    for n in (1, 2):
        hits = every = 0
        for mine, those in zip(candidates, references, strict=True):
            grams = Counter(_grams(mine, n))
            every += grams.total()
            hits += max((grams & Counter(_grams(one, n))).total() for one in those)
        shares.append(hits / every if every else 0.0)
    exact, _ = _score(candidates, references)
    c = sum(map(len, candidates))
    r = sum(map(_nearest, candidates, references))
    return exact, _penalty(c, r) * _geometric(shares)


@misconception(caught_by=corpora_against_the_course)
def clipped_by_all_references_together(candidates, references):
    """You add up the counts of all references. A text is to be as one of them, not as
    all at once: which single one holds the n-gram most?"""

    def clip(gram, theirs):
        return sum(one.count(gram) for one in theirs)

    return _score(candidates, references, clip=clip)


@misconception(caught_by=two_references_two_candidates)
def a_mean_over_sentences(candidates, references):
    """You scored each sentence and took the mean. BLEU belongs to a corpus: add up what
    was found and what there is, over all sentences, and divide once."""
    pairs = zip(candidates, references, strict=True)
    scores = [_score([mine], [those]) for mine, those in pairs]
    return tuple(float(np.mean(column)) for column in zip(*scores, strict=True))


@misconception(caught_by=two_references_two_candidates)
def the_first_reference_alone(candidates, references):
    """You compare with the first reference only. Any of them would do, and for each
    n-gram the one that holds it most counts."""
    return _score(candidates, [those[:1] for those in references])


@misconception(caught_by=two_references_two_candidates)
def exact_for_the_first_alone(candidates, references):
    """BLEU is right. For exact match you ask the first reference only; a candidate is
    right if it equals any of them."""
    return _score(candidates, references, equal=lambda m, those: m == those[0])


@misconception(caught_by=two_references_two_candidates)
def the_longest_reference(candidates, references):
    """You compare lengths with the longest reference. Asked for is the one whose length
    is nearest to the candidate's own."""

    def near(mine, those):
        return max(map(len, those))

    return _score(candidates, references, near=near)


@misconception(caught_by=two_references_two_candidates)
def of_two_the_longer(candidates, references):
    """Two references are equally near, one shorter and one longer, and you take the
    longer. Which of the two counts?"""

    def near(mine, those):
        return min((abs(len(one) - len(mine)), -len(one)) for one in those)[1] * -1

    return _score(candidates, references, near=near)


@misconception(caught_by=repeated_words_are_clipped)
def the_plain_mean(candidates, references):
    """You took half the sum of the two shares. The mean here is geometric, so that a
    share of 0 cannot be made good by the other."""
    return _score(candidates, references, mean=lambda shares: float(np.mean(shares)))


@misconception(caught_by=nothing_found)
def a_crumb_for_nothing(candidates, references):
    """Where nothing was found you put in a small number instead of 0. Some scores are
    smoothed that way, and none may be compared with one that is not."""

    def mean(shares):
        return float(np.sqrt(np.prod(np.maximum(shares, 1e-2))))

    return _score(candidates, references, mean=mean)


@misconception(caught_by=too_short_is_punished)
def shares_of_the_reference(candidates, references):
    """You ask how much of the *reference* was found. Precision asks how much of what
    was written is right: which side's n-grams stand below the line?"""
    _, score = _score([those[0] for those in references], [[c] for c in candidates])
    return _score(candidates, references)[0], score


@misconception(caught_by=corpora_against_the_course)
def the_shortest_reference(candidates, references):
    """You compare lengths with the shortest reference, the most lenient one. Asked for
    is the one whose length is nearest to the candidate's own."""
    return _score(candidates, references, near=lambda mine, those: min(map(len, those)))


@misconception(caught_by=repeated_words_are_clipped)
def bleu_first(candidates, references):
    """Both numbers are there, in each other's place. Which was to come first?"""
    return _score(candidates, references)[::-1]
