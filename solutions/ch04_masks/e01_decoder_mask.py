r"""### A mask for a decoder, with padding and a cache

A batch of rows of token ids, whole numbers that stand for words; some rows are filled
up with the id `padding`, on the left, on the right or in between. The model asks only
for the **last** `n_queries` positions of each row; the keys of the earlier ones come
from a cache. Write `decoder_mask(tokens, padding, n_queries)`. True means: this query
may attend to this key. A query may see

- its own position and earlier ones, never a later one;
- and of these only keys that are no padding.

A query that is padding itself gets no rule of its own: it too sees the earlier keys
that are real, be they none. The result has an axis of size 1 for the heads, so that it
broadcasts to $(\text{batch}, \text{heads}, \text{queries}, \text{keys})$.
NumPy only, no loop needed.
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
        "Two questions, two tables: is the key late, and is the key real? At which "
        "position does the first query stand, if there are 5 keys and 2 queries?",
        "The queries stand at the positions K - Q to K - 1. Compare them as a column "
        "with all the key positions as a row. Then say which keys are real, per row.",
        "A causal table (queries, keys) and `tokens != padding`, which is (batch, "
        "keys): give the second an axis for heads and one for queries, then join by &.",
    ),
)


@answer
def decoder_mask(tokens, padding, n_queries):
    """Who may attend to whom.

    tokens     (batch, keys)  int
    padding    ()  int, the id that fills up rows
    n_queries  ()  int, from 1 to the number of keys
    returns    (batch, 1, queries, keys)  bool, True where the query may attend
    """
    ### BEGIN SOLUTION
    keys = tokens.shape[1]
    query = np.arange(keys - n_queries, keys)[:, None]
    causal = np.arange(keys) <= query
    real = tokens != padding
    return causal & real[:, None, None, :]
    ### END SOLUTION


@inputs
def draw(rng):
    """Rows with padding anywhere, of any id, and one to all positions asked for."""
    batch, keys = rng.permutation(np.arange(2, 9))[:2]
    tokens = rng.integers(0, 4, size=(batch, keys))
    return tokens, int(rng.integers(0, 4)), int(rng.integers(1, keys + 1))


@alternative
def pair_by_pair(tokens, padding, n_queries):
    """Each pair of positions asked for itself."""
    batch, keys = tokens.shape
    allowed = np.zeros((batch, 1, n_queries, keys), dtype=bool)
    for b in range(batch):
        for i in range(n_queries):
            for j in range(keys - n_queries + i + 1):
                allowed[b, 0, i, j] = tokens[b, j] != padding
    return allowed


@alternative
def last_rows_of_the_square(tokens, padding, n_queries):
    """The table of all positions, of which the last rows are kept."""
    square = np.tri(tokens.shape[1], dtype=bool)[-n_queries:]
    return np.logical_and(square, (tokens != padding)[:, np.newaxis, np.newaxis])


@check(points=1)
def three_queries_five_keys(decoder_mask):
    """One row padded on the right, one on the left; one query may see nothing."""
    tokens = np.array([[4, 8, 6, 3, 7], [7, 7, 7, 0, 9]])
    wanted = [
        [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0]],
        [[0, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 1]],
    ]
    got = decoder_mask(tokens, 7, 3)
    close(got, np.array(wanted, dtype=bool)[:, None], "mask")


@check(points=1)
def one_new_token(decoder_mask):
    """One query at the end of the row sees every real key, its own among them."""
    tokens = np.array([[2, 5, 3, 6], [2, 2, 1, 4], [0, 2, 2, 8]])
    wanted = np.array([[[[0, 1, 1, 1]]], [[[0, 0, 1, 1]]], [[[1, 0, 0, 1]]]])
    close(decoder_mask(tokens, 2, 1), wanted == 1, "mask")


@check(points=2, hidden=True)
def against_the_reference(decoder_mask, rng):
    """Batches with padding at random places, few queries and many, other ids."""
    from attn_course.functional import causal_mask

    for padding, n_queries, keys in ((0, 4, 7), (3, 2, 6), (1, 6, 8)):
        tokens = rng.integers(0, 4, size=(5, keys))
        tokens[2, :-1] = padding
        wanted = causal_mask(n_queries, keys) & (tokens != padding)[:, None, None]
        close(decoder_mask(tokens, padding, n_queries), wanted, "mask")


def _parts(tokens, padding, n_queries, step=0):
    keys = tokens.shape[1]
    causal = np.tri(n_queries, keys, k=keys - n_queries + step, dtype=bool)
    return causal, (tokens != padding)[:, None, None, :]


@misconception(caught_by=three_queries_five_keys)
def one_step_too_generous(tokens, padding, n_queries):
    """Each query also sees the position after its own. In a language model that is the
    answer it should guess: a leak that looks like success. Where is your diagonal?"""
    causal, real = _parts(tokens, padding, n_queries, step=1)
    return causal & real


@misconception(caught_by=one_new_token)
def hides_its_own_position(tokens, padding, n_queries):
    """No query sees its own position. May a word look at itself here? If not, what
    would the first word of a row look at?"""
    causal, real = _parts(tokens, padding, n_queries, step=-1)
    return causal & real


@misconception(caught_by=one_new_token)
def counts_from_the_first_key(tokens, padding, n_queries):
    """Your first query stands at position 0. With a cache the queries are the last
    positions: what is the position of the first of 2 queries among 5 keys?"""
    _, real = _parts(tokens, padding, n_queries)
    return np.tri(n_queries, tokens.shape[1], dtype=bool) & real


@misconception(caught_by=three_queries_five_keys)
def joined_with_or(tokens, padding, n_queries):
    """A key that passes either of your two rules gets in, so the future is open as soon
    as it is not padding. A key has to pass both."""
    causal, real = _parts(tokens, padding, n_queries)
    return causal | real


@misconception(caught_by=one_new_token)
def forgets_the_padding(tokens, padding, n_queries):
    """Your mask is causal, and padding is seen like any other token. Which keys are
    real, in each row?"""
    causal, real = _parts(tokens, padding, n_queries)
    return causal & np.ones_like(real)


@misconception(caught_by=three_queries_five_keys)
def blind_queries_see_themselves(tokens, padding, n_queries):
    """You open the own position of a query that would see nothing. It may stay blind:
    by the mask contract it reads zeros, and padding stays hidden from all."""
    causal, real = _parts(tokens, padding, n_queries)
    allowed = causal & real
    keys = tokens.shape[1]
    own = np.eye(n_queries, keys, k=keys - n_queries) == 1
    return allowed | (own & ~allowed.any(axis=-1, keepdims=True))


@misconception(caught_by=three_queries_five_keys)
def true_means_hidden(tokens, padding, n_queries):
    """Your table is the right one turned round: True where a key is hidden. In this
    course, what does True say?"""
    causal, real = _parts(tokens, padding, n_queries)
    return ~(causal & real)


@misconception(caught_by=three_queries_five_keys)
def looks_ahead(tokens, padding, n_queries):
    """Your queries see what comes after them in place of what came before. Print the
    first row: how many keys should the earliest query see?"""
    keys = tokens.shape[1]
    query = np.arange(keys - n_queries, keys)[:, None]
    return (np.arange(keys) >= query) & (tokens != padding)[:, None, None, :]


@misconception(caught_by=three_queries_five_keys)
def hides_what_padding_asks(tokens, padding, n_queries):
    """Your padding empties rows: it may ask nothing, and yet everybody still reads it.
    Is it as a query that a filler does harm, or as a key?"""
    causal, _ = _parts(tokens, padding, n_queries)
    return causal & (tokens != padding)[:, None, -n_queries:, None]


@misconception(caught_by=three_queries_five_keys)
def empties_the_rows_of_padding_too(tokens, padding, n_queries):
    """The keys are right, and then you also empty the rows of queries that are padding.
    Read the sentence about a query that is padding itself once more."""
    causal, real = _parts(tokens, padding, n_queries)
    return causal & real & (tokens != padding)[:, None, -n_queries:, None]


@misconception(caught_by=three_queries_five_keys)
def real_tokens_come_first(tokens, padding, n_queries):
    """You count the real tokens of a row and take as many keys from its start. Padding
    may be on the left, too: which keys are real, rather than how many?"""
    causal, real = _parts(tokens, padding, n_queries)
    lengths = real.sum(axis=-1, keepdims=True)
    return causal & (np.arange(tokens.shape[1]) < lengths)


@misconception(caught_by=three_queries_five_keys)
def padding_is_always_zero(tokens, padding, n_queries):
    """You take 0 for the padding, whatever the argument says. In another vocabulary 0
    is a word, and the filler has another id."""
    causal, _ = _parts(tokens, padding, n_queries)
    return causal & (tokens != 0)[:, None, None, :]


@misconception(caught_by=three_queries_five_keys)
def no_axis_for_the_heads(tokens, padding, n_queries):
    """Right, but for an axis. Against scores (batch, heads, queries, keys) your batch
    stands where the heads are, unnoticed if there are as many of both."""
    causal, real = _parts(tokens, padding, n_queries)
    return (causal & real)[:, 0]


@misconception(caught_by=against_the_reference)
def one_mask_for_all_rows(tokens, padding, n_queries):
    """Every row of the batch gets the padding of the first. Rows differ in length, so
    each needs its own: what happened to the batch axis?"""
    causal, real = _parts(tokens, padding, n_queries)
    return causal & np.broadcast_to(real[:1], real.shape)
