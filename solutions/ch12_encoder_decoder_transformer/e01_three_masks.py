r"""### Three attentions, three masks

A batch of sentences to read and a batch of sentences to write, both as rows of whole
numbers that are filled up **on the right** with `PAD = 0`. Write
`three_masks(source, target)`. It returns three tables in this order, True where a query
may attend to a key:

1. for the encoder: every position of the source asks every real position of it;
2. for the decoder's attention to itself: every position of the target asks itself and
   the positions before it, as far as they are real;
3. for the attention across: every position of the target asks every real position of
   the source.

Padding is hidden as a *key*. As a query it gets no rule of its own: nobody will look at
what it reads. All three tables are full ones, with the shapes below. NumPy only, and no
loop is needed.
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
    level="warm-up",
    minutes=12,
    hints=(
        "For each table ask two things: whose positions run along the rows, and whose "
        "along the columns? Padding is hidden along one of the two.",
        "A table that says which keys are real has shape (batch, 1, keys). Which "
        "sentence has the keys in the third table?",
        "Make the table of the real keys first, then combine it by & with what the "
        "order of the positions allows; `np.broadcast_to` gives it its full shape.",
    ),
)


@answer
def three_masks(source, target):
    """Who may attend to whom in the encoder, in the decoder and across.

    source   (batch, source)  int, 0 is padding
    target   (batch, target)  int, 0 is padding
    returns  three things, bool: (batch, source, source), (batch, target, target) and
             (batch, target, source)
    """
    ### BEGIN SOLUTION
    read, written = (source != 0)[:, None, :], (target != 0)[:, None, :]
    (batch, long), wide = source.shape, target.shape[1]
    encoder = np.broadcast_to(read, (batch, long, long))
    decoder = written & np.tri(wide, dtype=bool)
    across = np.broadcast_to(read, (batch, wide, long))
    return encoder.copy(), decoder, across.copy()
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes; rows of every length, full ones among them."""
    batch, *longest = (int(size) for size in rng.permutation(np.arange(2, 9))[:3])
    tables = []
    for long in longest:
        lengths = rng.integers(1, long + 1, size=(batch, 1))
        tokens = rng.integers(1, 30, size=(batch, long))
        tables.append(np.where(np.arange(long) < lengths, tokens, 0))
    return tuple(tables)


@alternative
def pair_by_pair(source, target):
    """Each query and each key by themselves."""
    masks = []
    for queries, keys, late in (
        (source, source, False),
        (target, target, True),
        (target, source, False),
    ):
        allowed = np.zeros((len(keys), queries.shape[1], keys.shape[1]), dtype=bool)
        for b, i, j in np.ndindex(allowed.shape):
            allowed[b, i, j] = keys[b, j] > 0 and not (late and j > i)
        masks.append(allowed)
    return tuple(masks)


@alternative
def by_ones(source, target):
    """Queries as columns of ones."""
    ones = [np.ones((*table.shape, 1), dtype=bool) for table in (source, target)]
    keys = [(table > 0)[:, np.newaxis] for table in (source, target)]
    past = np.arange(target.shape[1])[:, None] >= np.arange(target.shape[1])
    return ones[0] & keys[0], ones[1] & keys[1] & past, ones[1] & keys[0]


@check(points=1)
def two_pairs_on_paper(three_masks):
    """Two sources of 3 and 2 tokens, two targets of 2 and 4, in tables of 3 and 4."""
    source = np.array([[5, 6, 7], [8, 9, 0]])
    target = np.array([[4, 2, 0, 0], [4, 5, 6, 2]])
    got = three_masks(source, target)
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three tables, got {len(got)} things"
    read = np.array([[1, 1, 1], [1, 1, 0]]) == 1
    close(got[0], np.stack([read] * 3, axis=1), "the encoder's mask")
    first = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    other = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    close(got[1], np.array([first, other]) == 1, "the decoder's mask")
    close(got[2], np.stack([read] * 4, axis=1), "the mask across")


@check(points=1)
def one_token_is_written(three_masks):
    """At the first step one token has been written, and it reads two whole sources."""
    source = np.array([[7, 4, 6, 0, 0], [3, 9, 3, 5, 8]])
    got = three_masks(source, np.array([[1], [1]]))
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, f"wanted three tables, got {len(got)} things"
    close(got[1], np.ones((2, 1, 1), dtype=bool), "the decoder's mask")
    close(got[2], np.array([[[1, 1, 1, 0, 0]], [[1] * 5]]) == 1, "the mask across")


@check(points=2, hidden=True)
def against_the_reference(three_masks, rng):
    """Rows of all lengths in large tables, against the masks of the course."""
    from attn_course.functional import causal_mask

    for batch, long, wide in ((5, 7, 4), (3, 6, 8)):
        tables = []
        for size in (long, wide):
            lengths = rng.integers(1, size + 1, size=(batch, 1))
            tokens = rng.integers(1, 30, size=(batch, size))
            tables.append(np.where(np.arange(size) < lengths, tokens, 0))
        source, target = tables
        read, written = source[:, None] != 0, target[:, None] != 0
        wanted = (
            read & np.ones((long, 1), dtype=bool),
            written & causal_mask(wide),
            read & np.ones((wide, 1), dtype=bool),
        )
        close(tuple(three_masks(source, target)), wanted, "masks")


def _masks(source, target, step=0):
    """The right tables, of which each wrong answer changes one thing."""
    read, written = (source != 0)[:, None, :], (target != 0)[:, None, :]
    long, wide = source.shape[1], target.shape[1]
    encoder = read & np.ones((long, 1), dtype=bool)
    across = read & np.ones((wide, 1), dtype=bool)
    return encoder, written & np.tri(wide, k=step, dtype=bool), across


@misconception(caught_by=two_pairs_on_paper)
def no_order_in_the_decoder(source, target):
    """The decoder reads the whole target, what it has yet to write included. In
    training that looks like success. What has been written at the first position?"""
    encoder, _, across = _masks(source, target)
    wide = target.shape[1]
    return encoder, (target != 0)[:, None, :] & np.ones((wide, 1), dtype=bool), across


@misconception(caught_by=two_pairs_on_paper)
def one_step_too_generous(source, target):
    """Each position of the target sees the one after it too, which is the token it is
    about to guess. Where should the diagonal be?"""
    return _masks(source, target, step=1)


@misconception(caught_by=one_token_is_written)
def hides_its_own_position(source, target):
    """No position of the target sees itself, so the first one sees nothing at all. The
    token that stands there is written already."""
    return _masks(source, target, step=-1)


@misconception(caught_by=two_pairs_on_paper)
def the_encoder_waits_too(source, target):
    """Your encoder reads from left to right. The source is there as a whole before the
    first token is written: what would it wait for?"""
    encoder, decoder, across = _masks(source, target)
    return encoder & np.tri(source.shape[1], dtype=bool), decoder, across


@misconception(caught_by=against_the_reference)
def across_in_step(source, target):
    """In the third table, target position t sees the source only up to position t. Two
    languages do not keep step: the last word may be wanted first."""
    encoder, decoder, across = _masks(source, target)
    step = np.tri(target.shape[1], source.shape[1], dtype=bool)
    return encoder, decoder, across & step


@misconception(caught_by=two_pairs_on_paper)
def padding_forgotten(source, target):
    """The order is right, and padding is read like any other token. Which keys of each
    row are real?"""
    return _masks(np.ones_like(source), np.ones_like(target))


@misconception(caught_by=two_pairs_on_paper)
def padding_forgotten_across(source, target):
    """Your third table hides nothing. The encoder has rows for padding as well, and
    they hold numbers: who keeps the decoder from reading them?"""
    encoder, decoder, across = _masks(source, target)
    return encoder, decoder, np.ones_like(across)


@misconception(caught_by=two_pairs_on_paper)
def padding_forgotten_in_the_decoder(source, target):
    """Your second table has the order and nothing else. No real position meets padding
    there, that is true; the statement hides it as a key in all three tables."""
    encoder, decoder, across = _masks(source, target)
    return encoder, np.ones_like(decoder) & np.tri(target.shape[1], dtype=bool), across


@misconception(caught_by=two_pairs_on_paper)
def hides_who_asks(source, target):
    """You empty the rows of padding and leave its columns open. Is it as one who asks
    that padding does harm, or as one who is asked?"""
    read, written = (source != 0)[:, :, None], (target != 0)[:, :, None]
    long, wide = source.shape[1], target.shape[1]
    across = written & np.ones(long, dtype=bool)
    return read & np.ones(long, dtype=bool), written & np.tri(wide, dtype=bool), across


@misconception(caught_by=two_pairs_on_paper)
def both_sides_hidden(source, target):
    """Padding may neither be asked nor ask, so that whole rows of yours are empty. The
    statement gives padding no rule of its own where it asks."""
    encoder, decoder, across = _masks(source, target)
    read, written = (source != 0)[:, :, None], (target != 0)[:, :, None]
    return encoder & read, decoder & written, across & written


@misconception(caught_by=two_pairs_on_paper)
def true_means_hidden(source, target):
    """Your tables are the right ones turned round: True where a key is hidden. In this
    course, what does True say?"""
    return tuple(~mask for mask in _masks(source, target))


@misconception(caught_by=one_token_is_written)
def the_source_asks(source, target):
    """Your third table has a row for each source position. Who asks has a row: which of
    the two sentences is being written?"""
    encoder, decoder, across = _masks(source, target)
    return encoder, decoder, np.swapaxes(across, 1, 2)


@misconception(caught_by=two_pairs_on_paper)
def looks_ahead(source, target):
    """Each position of the target sees what comes after it in place of what came
    before. How many keys should the first row have?"""
    encoder, _, across = _masks(source, target)
    ahead = np.tri(target.shape[1], dtype=bool).T
    return encoder, ahead & (target != 0)[:, None, :], across
