r"""### Perplexity, and bits that can be compared

Two models cut the same texts into different tokens. Write `figures`, which makes from
the losses of one model two numbers for the whole corpus: its **perplexity**, the
exponential of the mean loss of a token, and its **bits per character**, all bits of all
texts divided by all their characters.

The losses are in nats, one row for each text; rows are filled up to the same length,
and `real` says where there is a token. A filling loss may be any number, even nan.

Then use it. The page's first cells have `learn_ngrams` and `ngram_nats`, which give the
losses of an n-gram model. Take the same order, 2, over bytes, over 128 merges and over
1,024 merges, on the validation topics. **Write down beforehand**, in which of the three
the perplexity is the lowest, and in which the bits per character. Which of the two
numbers would you believe?
"""

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
    minutes=20,
    hints=(
        "Add up first, divide last: both numbers come from the same total loss of all "
        "real tokens. What do you divide it by for the one, and for the other?",
        "`nats[real]` takes out the real losses in one row, and no filling comes "
        "along. A nat is 1/ln 2 bits.",
        "Let S be the sum of the real losses: the perplexity is e to S over the number "
        "of real tokens, the bits are S / ln 2 over the number of characters.",
    ),
)


@answer
def figures(nats, real, characters):
    """Perplexity and bits per character of a corpus.

    nats        (texts, positions)  float, losses of tokens; anything where not real
    real        (texts, positions)  bool, some true
    characters  (texts,)            int, length of each text in characters
    returns     two numbers: perplexity, bits per character
    """
    ### BEGIN SOLUTION
    total = nats[real].sum()
    perplexity = np.exp(total / real.sum())
    return perplexity, total / np.log(2) / characters.sum()
    ### END SOLUTION


@inputs
def draw(rng):
    """Texts of very different lengths, padding anywhere between 0 and nan."""
    texts, positions = rng.permutation(np.arange(3, 9))[:2]
    lengths = rng.integers(1, positions + 1, size=texts)
    lengths[0] = positions
    real = np.arange(positions) < lengths[:, None]
    nats = rng.gamma(2.0, size=(texts, positions))
    filling = rng.choice([0.0, 7.0, np.nan])
    characters = lengths * 2 + rng.integers(1, 9, size=texts)
    return np.where(real, nats, filling), real, characters


@alternative
def text_by_text(nats, real, characters):
    """Sums of each text first."""
    total = sum(float(row[here].sum()) for row, here in zip(nats, real, strict=True))
    tokens = sum(int(here.sum()) for here in real)
    return np.e ** (total / tokens), total / sum(characters) * np.log2(np.e)


@alternative
def through_bits(nats, real, characters):
    """Perplexity as two to the bits of a token."""
    bits = np.where(real, nats, 0.0) / np.log(2)
    per_token = bits.sum() / np.count_nonzero(real)
    return 2**per_token, per_token * np.count_nonzero(real) / characters.sum()


@check(points=1)
def two_texts_on_paper(figures):
    """Losses of ln 8, ln 2, ln 2 and of ln 16: nine bits over four tokens."""
    # 3 + 1 + 1 bits and 4 bits; 9 bits and 10 characters, 4 tokens.
    nats = np.log([[8.0, 2.0, 2.0], [16.0, 1.0, 1.0]])
    real = np.array([[True, True, True], [True, False, False]])
    got = figures(nats, real, np.array([4, 6]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, perplexity and bits, got {got!r}"
    close(got[0], 2.0 ** (9 / 4), "perplexity")
    close(got[1], 0.9, "bits per character")


@check(points=1)
def a_filling_that_is_no_number(figures):
    """The same two texts, filled up with nan."""
    nats = np.log([[8.0, 2.0, 2.0, 1.0], [16.0, 1.0, 1.0, 1.0]])
    real = np.array([[True, True, True, False], [True, False, False, False]])
    got = figures(np.where(real, nats, np.nan), real, np.array([14, 6]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, perplexity and bits, got {got!r}"
    close(got[0], 2.0 ** (9 / 4), "perplexity")
    close(got[1], 9 / 20, "bits per character")


@check(points=2, hidden=True)
def uneven_texts_against_the_reference(figures, rng):
    """Texts of uneven length, against the functions of the course."""
    from attn_course.functional import bits_per_character, perplexity

    real = np.arange(13) < np.array([13, 2, 5, 1, 9])[:, None]
    nats = np.where(real, rng.gamma(2.0, size=(5, 13)), rng.normal(size=(5, 13)))
    characters = rng.integers(5, 40, size=5)
    mean = nats[real].mean()
    got = figures(nats, real, characters)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two numbers, perplexity and bits, got {got!r}"
    close(got[0], perplexity(mean), "perplexity")
    wanted = bits_per_character(mean, int(real.sum()), int(characters.sum()))
    close(got[1], wanted, "bits per character")


@misconception(caught_by=two_texts_on_paper)
def mean_of_perplexities(nats, real, characters):
    """You take the perplexity of each text and their mean. One hard text then counts
    for more than its tokens: average the losses, and exponentiate once at the end."""
    each = [np.exp(row[here].mean()) for row, here in zip(nats, real, strict=True)]
    return np.mean(each), nats[real].sum() / np.log(2) / characters.sum()


@misconception(caught_by=two_texts_on_paper)
def mean_of_means(nats, real, characters):
    """You average the mean losses of the texts, so that a text of one token counts as
    much as one of a thousand. The mean is one over all tokens."""
    means = [row[here].mean() for row, here in zip(nats, real, strict=True)]
    return np.exp(np.mean(means)), nats[real].sum() / np.log(2) / characters.sum()


@misconception(caught_by=uneven_texts_against_the_reference)
def mean_of_ratios(nats, real, characters):
    """Your bits per character are the mean over the texts, short ones as important as
    long ones. Divide all bits by all characters, once."""
    bits = np.where(real, nats, 0.0).sum(axis=1) / np.log(2)
    return np.exp(nats[real].mean()), np.mean(bits / characters)


@misconception(caught_by=two_texts_on_paper)
def filling_counted(nats, real, characters):
    """You divide by all places of the table. A filled place is no token: it lowers the
    mean without a guess having been made."""
    total = np.where(real, nats, 0.0).sum()
    return np.exp(total / nats.size), total / np.log(2) / characters.sum()


@misconception(caught_by=two_texts_on_paper)
def bits_per_token(nats, real, characters):
    """Your second number is bits per token. Who cuts the text into longer tokens has
    fewer of them, each harder to guess: divide by what no tokenisation can change."""
    mean = nats[real].mean()
    return np.exp(mean), mean / np.log(2)


@misconception(caught_by=two_texts_on_paper)
def still_in_nats(nats, real, characters):
    """Your second number is in nats per character. How many bits is one nat?"""
    total = nats[real].sum()
    return np.exp(total / real.sum()), total / characters.sum()


@misconception(caught_by=two_texts_on_paper)
def nats_times_the_logarithm(nats, real, characters):
    """You multiply by ln 2 to come from nats to bits. A fair coin costs ln 2 nats and
    is one bit: are there more bits than nats, or fewer?"""
    total = nats[real].sum()
    return np.exp(total / real.sum()), total * np.log(2) / characters.sum()


@misconception(caught_by=two_texts_on_paper)
def two_to_the_nats(nats, real, characters):
    """You raise 2 to a loss in nats. Base and unit belong together: e goes with nats, 2
    goes with bits."""
    total = nats[real].sum()
    return 2.0 ** (total / real.sum()), total / np.log(2) / characters.sum()


@misconception(caught_by=two_texts_on_paper)
def perplexity_of_a_character(nats, real, characters):
    """Your perplexity is that of a character. It is asked for by token here; the second
    number is the one by character."""
    total = nats[real].sum()
    return np.exp(total / characters.sum()), total / np.log(2) / characters.sum()


@misconception(caught_by=a_filling_that_is_no_number)
def nan_times_nothing(nats, real, characters):
    """A filling has got into your sum: with nan in it all is nan, and nan times 0 is
    still nan. Take the real losses out, so that no filling is ever added up."""
    total = (nats * real).sum()
    return np.exp(total / real.sum()), total / np.log(2) / characters.sum()
