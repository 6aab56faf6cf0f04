r"""How close translations come to references: BLEU and exact match.

BLEU counts n-grams, no more of each than a reference holds, over the whole corpus; it
has no recall, and a penalty for candidates that are too short stands in for it. It is a
number about a corpus, and not the mean over its sentences. Nothing is smoothed, and
nothing is tokenised here: scores are comparable only for the same tokens.

References
----------
K. Papineni, S. Roukos, T. Ward and W.-J. Zhu, "BLEU: a Method for Automatic Evaluation
of Machine Translation", ACL 2002, section 2.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from math import exp, fsum, log

from attn_course.functional import expect

Sentence = Sequence[Hashable]


def bleu(
    candidates: Sequence[Sentence],
    references: Sequence[Sequence[Sentence]],
    max_n: int = 4,
) -> float:
    r"""Return the BLEU score of a corpus, from 0 to 1.

    .. math::

       \text{BLEU} = \text{BP} \cdot
       \exp\Bigl( \frac{1}{N} \sum_{n=1}^{N} \log p_n \Bigr)

    The p are those of `clipped_matches`, matches over total, and BP is
    `brevity_penalty` at the lengths of `corpus_lengths`. If some p is 0, or has no
    n-grams to be counted over, so is the score.

    Parameters
    ----------
    candidates
        One sentence each, as a list of tokens.
    references
        For each candidate one or more sentences that would do.
    max_n
        The N above, the longest n-grams.

    Raises
    ------
    ValueError
        If there is not a list of references for each candidate, or a sentence is a
        string in place of tokens.

    Examples
    --------
    >>> candidate = "the cat sat on the red mat".split()
    >>> bleu([candidate], [[candidate]])
    1.0
    >>> round(bleu([candidate], [["the cat sat on the mat today".split()]]), 3)
    0.643
    """
    expect.counts("bleu", 1, max_n=max_n)
    logs = []
    for n in range(1, max_n + 1):
        matches, total = clipped_matches(candidates, references, n)
        if not matches:
            return 0.0
        logs.append(log(matches / total))
    penalty = brevity_penalty(*corpus_lengths(candidates, references))
    return penalty * exp(fsum(logs) / max_n)


def clipped_matches(
    candidates: Sequence[Sentence], references: Sequence[Sequence[Sentence]], n: int
) -> tuple[int, int]:
    r"""Count the candidates' n-grams: those found in a reference, and all.

    .. math::

       \frac{\text{matches}}{\text{total}}
       = \frac{\sum_C \sum_{g \in C} \min\bigl( \#_C(g), \max_R \#_R(g) \bigr)}
              {\sum_C \sum_{g \in C} \#_C(g)}

    An n-gram counts as found at most as often as the one reference that holds it most:
    repeating a right word earns nothing. Both sums run over the whole corpus before the
    division. Errors are those of `bleu`.

    Examples
    --------
    >>> references = ["the cat is on the mat".split()]
    >>> clipped_matches([["the"] * 7], [references], 1)
    (2, 7)
    """
    _expect_corpus("clipped_matches", candidates, references)
    expect.counts("clipped_matches", 1, n=n)
    matches = total = 0
    for candidate, those in zip(candidates, references, strict=True):
        counts = _ngrams(candidate, n)
        most = Counter()
        for reference in those:
            most |= _ngrams(reference, n)  # the larger count of the two
        matches += (counts & most).total()  # the smaller
        total += counts.total()
    return matches, total


def corpus_lengths(
    candidates: Sequence[Sentence], references: Sequence[Sequence[Sentence]]
) -> tuple[int, int]:
    r"""Return the tokens in the candidates, and those in the best matching references.

    .. math::  c = \sum_C |C|, \qquad r = \sum_C \bigl|\arg\min_R
       \bigl| |R| - |C| \bigr| \bigr|

    Of two references equally far in length from the candidate the shorter counts.
    Errors are those of `bleu`.

    Examples
    --------
    >>> corpus_lengths([["a", "b", "c"]], [[["a", "b"], ["a"] * 4, ["a"] * 9]])
    (3, 2)
    """
    _expect_corpus("corpus_lengths", candidates, references)
    best = 0
    for candidate, those in zip(candidates, references, strict=True):
        best += min(map(len, those), key=lambda r: (abs(r - len(candidate)), r))
    return sum(map(len, candidates)), best


def brevity_penalty(candidate_length: int, reference_length: int) -> float:
    r"""Return the factor by which a corpus that is too short loses.

    .. math::

       \text{BP} = \begin{cases} 1 & c > r \\ e^{1 - r/c} & c \le r \end{cases}

    Too long is not punished here: the precisions see to that. An empty corpus of
    candidates gets 0, the limit.

    Raises
    ------
    ValueError
        If a length is not whole or below 0.

    Examples
    --------
    >>> round(brevity_penalty(8, 10), 3)
    0.779
    >>> brevity_penalty(12, 10)
    1.0
    """
    c, r = candidate_length, reference_length
    expect.counts("brevity_penalty", 0, candidate_length=c, reference_length=r)
    if c > r:
        return 1.0
    return exp(1 - r / c) if c else 0.0


def exact_match(
    candidates: Sequence[Sentence], references: Sequence[Sentence]
) -> float:
    r"""Return the share of candidates that equal their reference, token for token.

    .. math::  \frac{1}{n} \sum_{i=1}^{n} [\, C_i = R_i \,]

    Raises
    ------
    ValueError
        If there is not one reference for each candidate, or there are none.

    Examples
    --------
    >>> exact_match([[1, 2], [3]], [[1, 2], [4]])
    0.5
    """
    if len(candidates) != len(references) or not len(candidates):
        raise ValueError(
            f"exact_match: wanted one reference for each candidate, got "
            f"{len(references)} for {len(candidates)}"
        )
    pairs = zip(candidates, references, strict=True)
    return sum(list(one) == list(other) for one, other in pairs) / len(candidates)


def _ngrams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def _expect_corpus(who, candidates, references):
    if len(candidates) != len(references):
        raise ValueError(
            f"{who}: wanted a list of references for each candidate, got "
            f"{len(references)} for {len(candidates)}"
        )
    for candidate, those in zip(candidates, references, strict=True):
        if isinstance(those, str) or not len(those):
            raise ValueError(f"{who}: wanted a list of references, got {those!r}")
        for sentence in (candidate, *those):
            if isinstance(sentence, str):
                raise ValueError(f"{who}: wanted lists of tokens, got {sentence!r}")
