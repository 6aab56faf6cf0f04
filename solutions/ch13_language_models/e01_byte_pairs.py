r"""### Byte pairs: learn them, then use them

Write `byte_pairs(training, text, count)`. It returns two lists.

**First, the merges** learnt from `training`. Start from its UTF-8 bytes, one row of
tokens from 0 to 255. Count all neighbours, overlapping ones too: `aaa` holds the pair
(a, a) twice. Join the commonest pair into a new token, everywhere, from left to right;
the first new token is 256, the next 257. Count again, and so on, until there are
`count` merges or no pair occurs twice. Of pairs that occur equally often take the
smallest, by its left token and then by its right one. Words are not cut apart first: a
space is a byte like any other.

**Second, the tokens of** `text`: its bytes, joined by the merges you have learnt, the
oldest first.
"""

from collections import Counter
from itertools import pairwise

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
        "Two jobs share a third: replacing a pair by one token in a row of tokens, "
        "from left to right. Write that first and try it on `aaa` and `aaaa`.",
        "Learning: count the neighbours of the row as it stands now, pick, join, "
        "repeat. Using: take the merges in the order in which they were learnt.",
        "`min(counts, key=lambda pair: (-counts[pair], pair))` picks the commonest, "
        "and the smallest of equals. Using is one pass over the row for each merge.",
    ),
)


@answer
def byte_pairs(training, text, count):
    """Merges learnt from one text, and the tokens of another.

    training  ()  str, not empty
    text      ()  str
    count     ()  int, the most merges that are wanted, at least 1
    returns   two lists: the merges, each a pair of tokens, and the tokens of `text`
    """

    ### BEGIN SOLUTION
    def join(row, pair, joined):
        result = []
        for token in row:
            if result and (result[-1], token) == pair:
                result[-1] = joined
            else:
                result.append(token)
        return result

    merges, row, tokens = [], list(training.encode()), list(text.encode())
    while len(merges) < count:
        counts = Counter(pairwise(row))
        if max(counts.values(), default=0) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        row = join(row, best, 256 + len(merges))
        tokens = join(tokens, best, 256 + len(merges))
        merges.append(best)
    return merges, tokens
    ### END SOLUTION


@inputs
def draw(rng):
    """Short texts of few letters, so that pairs come often and overlap."""
    letters = list(["ab", "abc", "aé", "ab ü"][rng.integers(4)])
    training, text = ("".join(rng.choice(letters, size=n)) for n in (24, 11))
    return training, text, int(rng.integers(1, 7))


def _join(row, pair, joined):
    """Replace a pair by one token, from left to right."""
    result, place = [], 0
    while place < len(row):
        if tuple(row[place : place + 2]) == tuple(pair):
            result.append(joined)
            place += 2
        else:
            result.append(row[place])
            place += 1
    return result


def _learn(row, count, *, least=2, order=lambda pair: pair):
    """Merges of a row; equals are taken in the order of the pairs."""
    merges = []
    while len(merges) < count:
        counts = Counter(pairwise(row))
        if max(counts.values(), default=0) < least:
            break
        best = min(counts, key=lambda pair: (-counts[pair], order(pair)))
        row = _join(row, best, 256 + len(merges))
        merges.append(best)
    return merges


def _use(row, merges):
    """One pass for each merge, from old to young."""
    for number, pair in enumerate(merges):
        row = _join(row, pair, 256 + number)
    return row


@alternative
def looks_again_after_each_merge(training, text, count):
    """While some neighbours can be joined, join those of the oldest merge."""
    merges = _learn(list(training.encode()), count)
    age = {pair: number for number, pair in enumerate(merges)}
    tokens = list(text.encode())
    while found := [age[pair] for pair in pairwise(tokens) if pair in age]:
        tokens = _join(tokens, merges[min(found)], 256 + min(found))
    return [list(pair) for pair in merges], tokens


@alternative
def both_rows_as_one_list(training, text, count):
    """Counts through sorting, and joins with an index."""
    row, merges = list(training.encode()), []
    for number in range(count):
        pairs = sorted(pairwise(row))
        times = {pair: pairs.count(pair) for pair in pairs}  # in order of the pairs
        if not times or max(times.values()) == 1:
            break
        best = max(times, key=times.get)  # the first of equals
        row = _join(row, best, 256 + number)
        merges.append(best)
    return merges, _use(list(text.encode()), merges)


@check(points=1)
def three_merges_on_paper(byte_pairs):
    """Of equals the smallest; `bcbcbcabab` teaches bc, ab, bcbc, and no more."""
    # Five pairs stand twice in this text: aa, ac, ba, bb and cc.
    got = byte_pairs("bbaaccbbaacc", "", 1)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two lists, merges and tokens, got {got!r}"
    close([list(p) for p in got[0]], [[97, 97]], "first merge of bbaaccbbaacc")
    # bc three times; then ab and bcbc twice each, and 97 comes before 256.
    for count, kept in ((1, 1), (2, 2), (3, 3), (9, 3)):
        got = byte_pairs("bcbcbcabab", "", count)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two lists, merges and tokens, got {got!r}"
        wanted = [(98, 99), (97, 98), (256, 256)][:kept]
        close([list(p) for p in got[0]], [list(p) for p in wanted], f"{count} merges")


@check(points=1)
def the_oldest_merge_comes_first(byte_pairs):
    """With those merges, `abcab` is a, bc, ab: bc is older than ab."""
    got = byte_pairs("bcbcbcabab", "abcab", 3)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two lists, merges and tokens, got {got!r}"
    close(got[1], [97, 256, 257], "tokens of abcab")
    close(byte_pairs("aaaa", "aaaaa", 5)[1], [256, 256, 97], "tokens of aaaaa")


@check(points=2, hidden=True)
def learning_against_the_reference(byte_pairs, rng):
    """Merges of random texts, with letters of two bytes among them."""
    from attn_course.functional import learn_merges

    for letters in ("abc", "abé", "üéa"):
        for _ in range(4):
            training = "".join(rng.choice(list(letters), size=60))
            got = byte_pairs(training, "a", 12)
            both = isinstance(got, tuple | list) and len(got) == 2
            assert both, f"wanted two lists, merges and tokens, got {got!r}"
            wanted = [list(pair) for pair in learn_merges(training, 12)]
            close([list(pair) for pair in got[0]], wanted, f"merges of {training}")


@check(points=2, hidden=True)
def using_against_the_reference(byte_pairs, rng):
    """Tokens of random texts that the merges were not learnt from."""
    from attn_course.functional import bpe_encode, learn_merges

    for letters in ("abc", "abé", "üéa"):
        for _ in range(6):
            training, text = (
                "".join(rng.choice(list(letters), size=n)) for n in (50, 30)
            )
            got = byte_pairs(training, text, 9)
            both = isinstance(got, tuple | list) and len(got) == 2
            assert both, f"wanted two lists, merges and tokens, got {got!r}"
            close(got[1], bpe_encode(text, learn_merges(training, 9)), "tokens")


@misconception(caught_by=the_oldest_merge_comes_first)
def longest_match(training, text, count):
    """You read from the left and take the longest token that fits. Merges have an age:
    apply the oldest one that fits anywhere, then look at the row again."""
    merges = _learn(list(training.encode()), count)
    spelt = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        spelt.append(spelt[left] + spelt[right])
    rest, tokens = text.encode(), []
    while rest:
        fits = [token for token, word in enumerate(spelt) if rest.startswith(word)]
        tokens.append(max(fits, key=lambda token: (len(spelt[token]), -token)))
        rest = rest[len(spelt[tokens[-1]]) :]
    return merges, tokens


@misconception(caught_by=using_against_the_reference)
def youngest_first(training, text, count):
    """You apply the merges in reverse. A young merge is often made of older ones, and
    those have to be there before it can fit: which order were they learnt in?"""
    merges, tokens = _learn(list(training.encode()), count), list(text.encode())
    for number in reversed(range(len(merges))):
        tokens = _join(tokens, merges[number], 256 + number)
    return merges, tokens


@misconception(caught_by=three_merges_on_paper)
def counted_once(training, text, count):
    """You count the pairs once and take the commonest of that one list. After a merge
    the row has changed: some pairs are gone, and new ones have come up."""
    counts = Counter(pairwise(training.encode()))
    ranked = sorted(counts, key=lambda pair: (-counts[pair], pair))
    merges = [pair for pair in ranked if counts[pair] > 1][:count]
    return merges, _use(list(text.encode()), merges)


@misconception(caught_by=three_merges_on_paper)
def pairs_that_occur_once(training, text, count):
    """You go on merging when no pair occurs twice. A pair seen once saves one place in
    this text and says nothing about the next: when should learning stop?"""
    merges = _learn(list(training.encode()), count, least=1)
    return merges, _use(list(text.encode()), merges)


@misconception(caught_by=three_merges_on_paper)
def largest_of_equals(training, text, count):
    """Of pairs that occur equally often you do not take the smallest. Two people can
    share tokens only if both break ties alike: the statement says how."""

    def order(pair):
        return (-pair[0], -pair[1])

    merges = _learn(list(training.encode()), count, order=order)
    return merges, _use(list(text.encode()), merges)


@misconception(caught_by=three_merges_on_paper)
def first_seen_of_equals(training, text, count):
    """Of pairs that occur equally often you take the one that comes first in the text.
    The rule asks for the smallest pair: look at how your `max` or `most_common`
    ties."""
    row, merges = list(training.encode()), []
    while len(merges) < count:
        (best, times), *_ = Counter(pairwise(row)).most_common(1) or [(None, 0)]
        if times < 2:
            break
        row = _join(row, best, 256 + len(merges))
        merges.append(best)
    return merges, _use(list(text.encode()), merges)


@misconception(caught_by=three_merges_on_paper)
def overlaps_counted_once(training, text, count):
    """Of a pair that overlaps with itself you count one place too few: `aaa` holds
    (a, a) twice. The statement counts all neighbours, whether they can be joined or
    not."""
    row, merges = list(training.encode()), []
    while len(merges) < count:
        counts = Counter()
        for pair in set(pairwise(row)):
            counts[pair] = len(row) - len(_join(row, pair, -1))
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if counts[best] < 2:
            break
        row = _join(row, best, 256 + len(merges))
        merges.append(best)
    return merges, _use(list(text.encode()), merges)


@misconception(caught_by=learning_against_the_reference)
def characters_for_bytes(training, text, count):
    """Right for plain letters. An é is one character and two bytes: which numbers does
    the text give when you encode it, and can any of them be above 255?"""
    merges = _learn([ord(letter) for letter in training], count)
    return merges, _use([ord(letter) for letter in text], merges)


@misconception(caught_by=the_oldest_merge_comes_first)
def from_right_to_left(training, text, count):
    """Where a pair overlaps with itself you join from the right: of `aaa` you leave the
    first a alone. Go through the row from left to right."""
    merges, tokens = _learn(list(training.encode()), count), list(text.encode())
    for number, pair in enumerate(merges):
        tokens = _join(tokens[::-1], pair[::-1], 256 + number)[::-1]
    return merges, tokens


@misconception(caught_by=the_oldest_merge_comes_first)
def bytes_only(training, text, count):
    """The merges are right, and your text still stands there as bytes: it has to be
    joined by the same merges, one after the other."""
    return _learn(list(training.encode()), count), list(text.encode())


@misconception(caught_by=the_oldest_merge_comes_first)
def one_place_for_each_merge(training, text, count):
    """Each merge of yours joins the first place that fits and no other. A merge holds
    for the whole text: how often does the pair stand there?"""
    merges, tokens = _learn(list(training.encode()), count), list(text.encode())
    for number, pair in enumerate(merges):
        for place in range(len(tokens) - 1):
            if tuple(tokens[place : place + 2]) == pair:
                tokens[place : place + 2] = [256 + number]
                break
    return merges, tokens
