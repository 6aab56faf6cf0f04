r"""Byte-pair encoding: a vocabulary grown from the pairs that occur most.

A text is its UTF-8 bytes, tokens 0 to 255, so every text can be written. Learning joins
the commonest pair of neighbours into a new token, again and again. Merges have an age:
encoding applies the oldest that fits, then looks again; taking the longest match
gives other tokens.

Words are cut first and no merge crosses a cut: a word takes the one space before it
along. Pairs that occur equally often are ordered by their tokens, smaller first.

References
----------
R. Sennrich, B. Haddow and A. Birch, "Neural Machine Translation of Rare Words with
Subword Units", ACL 2016, section 3.2 (on characters).
A. Radford et al., "Language Models are Unsupervised Multitask Learners", OpenAI, 2019,
section 2.2 (on bytes).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from attn_course.functional import expect

Pair = tuple[int, int]
WORD = re.compile(r" ?\S+|\s+")  # every character is in one and only one word


def learn_merges(text: str, merges: int) -> list[Pair]:
    """Return up to that many merges, the oldest first; the first makes token 256.

    Learning stops early where no pair occurs twice. Pairs are counted as neighbours,
    overlapping ones too.

    Raises
    ------
    ValueError
        If `merges` is negative or the text has no UTF-8 form (half a surrogate pair).

    Examples
    --------
    >>> learn_merges("low lower lowest", merges=2)
    [(108, 111), (256, 119)]
    """
    expect.counts("learn_merges", 0, merges=merges)
    spelt, times = [], []
    for word, count in Counter(WORD.findall(text)).items():
        spelt.append(list(word.encode()))
        times.append(count)
    counts, homes = Counter(), defaultdict(set)  # a pair's homes: words it is or was in
    for number, tokens in enumerate(spelt):
        for pair in pairwise(tokens):
            counts[pair] += times[number]
            homes[pair].add(number)
    learnt = []
    while len(learnt) < merges and (most := max(counts.values(), default=0)) > 1:
        best = min(pair for pair, count in counts.items() if count == most)
        for number in homes.pop(best):
            before = spelt[number]
            spelt[number] = after = _join(before, best, 256 + len(learnt))
            for pair in pairwise(before):
                counts[pair] -= times[number]
            for pair in pairwise(after):
                counts[pair] += times[number]
                homes[pair].add(number)
        learnt.append(best)
    return learnt


def bpe_encode(text: str, merges: Sequence[Pair]) -> list[int]:
    """Return the tokens of a text: its bytes, joined by the merges from old to young.

    Raises
    ------
    ValueError
        If a merge joins tokens that do not exist yet.

    Examples
    --------
    >>> bpe_encode("low slow", [(108, 111), (256, 119)])
    [257, 32, 115, 257]
    """
    age = {pair: number for number, pair in enumerate(_known("bpe_encode", merges))}
    words = {}
    for word in set(WORD.findall(text)):
        tokens = list(word.encode())
        while found := age.keys() & set(pairwise(tokens)):
            oldest = min(found, key=age.__getitem__)
            tokens = _join(tokens, oldest, 256 + age[oldest])
        words[word] = tokens
    return [token for word in WORD.findall(text) for token in words[word]]


def bpe_decode(tokens: Iterable[int], merges: Sequence[Pair]) -> str:
    """Return the text of the tokens; bytes that are no UTF-8 become U+FFFD.

    Undoes `bpe_encode` for every text. A model may well write half a letter, hence the
    replacement.

    Raises
    ------
    ValueError
        If a token or a merge names a token that does not exist.

    Examples
    --------
    >>> bpe_decode([257, 32, 115, 257], [(108, 111), (256, 119)])
    'low slow'
    """
    spelling = [bytes([byte]) for byte in range(256)]
    for left, right in _known("bpe_decode", merges):
        spelling.append(spelling[left] + spelling[right])
    tokens = list(tokens)
    for token in tokens:
        if not 0 <= token < len(spelling):
            raise ValueError(
                f"bpe_decode: wanted tokens from 0 to {len(spelling) - 1}, got {token}"
            )
    return b"".join(spelling[token] for token in tokens).decode(errors="replace")


def _join(tokens, pair, joined):
    """Replace the pair by one token, from left to right."""
    result = []
    for token in tokens:
        if result and (result[-1], token) == pair:
            result[-1] = joined
        else:
            result.append(token)
    return result


def _known(who, merges):
    """Want merges of older tokens only."""
    for number, pair in enumerate(merges):
        if not all(0 <= token < 256 + number for token in pair):
            raise ValueError(
                f"{who}: wanted merge {number} of tokens below {256 + number}, "
                f"got {pair}"
            )
    return merges
