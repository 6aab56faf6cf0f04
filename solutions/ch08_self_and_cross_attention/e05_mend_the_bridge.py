r"""### Find the bug: a bridge that was tested with six words

`bridge` is the cross-attention between the two halves of a translator. The decoder is
about to write a sentence, the encoder has read one, and for each row of the decoder we
want what it reads from the encoder:

$$ Q = D W^Q, \quad K = E W^K, \quad V = E W^V, \qquad
   O = \softmax\!\Bigl( \frac{Q K^\top}{\sqrt d} \Bigr) V. $$

Whoever wrote it tried it out:

> six words on either side, rows of six entries, three tables of six by six: six rows
> come out, every row of weights sums to one, no nan. Done!

It is wrong in two places, and neither could show with sixes everywhere. Run the checks,
say what in the test hid each fault, and mend one at a time. Any number of leading axes
may come first, the same for decoder and encoder.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
    starter,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=15,
    hints=(
        "Write the shapes beside the lines, with a letter of its own for every size. "
        "How many rows should come out, and how many do?",
        "Who asks has a row in the result; who is asked is mixed. Which half of a "
        "translator knows what it is about to write, and which one has the text?",
        "Queries from the decoder, keys and values from the encoder. And the root is "
        "that of what is summed in a score: the entries of a query.",
    ),
)


@answer
def bridge(decoder, encoder, W_query, W_key, W_value):
    """What each row of the decoder reads from the encoder.

    decoder  (..., queries, model)     float
    encoder  (..., keys, model)        float
    W_query  (model, width)            float
    W_key    (model, width)            float
    W_value  (model, channels)         float
    returns  (..., queries, channels)  float
    """
    ### BEGIN SOLUTION
    Q, K, V = decoder @ W_query, encoder @ W_key, encoder @ W_value
    scores = np.einsum("...qd,...kd->...qk", Q, K) / np.sqrt(Q.shape[-1])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ V
    ### END SOLUTION


@starter
def bridge(decoder, encoder, W_query, W_key, W_value):  # noqa: F811
    """What each row of the decoder reads from the encoder.

    decoder  (..., queries, model)     float
    encoder  (..., keys, model)        float
    W_query  (model, width)            float
    W_key    (model, width)            float
    W_value  (model, channels)         float
    returns  (..., queries, channels)  float
    """
    Q, K, V = encoder @ W_query, decoder @ W_key, decoder @ W_value
    scores = np.einsum("...qd,...kd->...qk", Q, K) / np.sqrt(K.shape[-2])
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) @ V


@inputs
def draw(rng):
    """Uneven sizes, now and then as many queries as keys, with and without a batch."""
    batch, queries, keys, model, width, channels = rng.permutation(8)[:6] + 2
    queries = rng.choice([queries, keys])
    leading = [(), (batch,)][rng.integers(2)]
    return (
        rng.normal(size=(*leading, queries, model)),
        rng.normal(size=(*leading, keys, model)),
        *rng.normal(size=(2, model, width)) * rng.choice([1.0, 60.0]),
        rng.normal(size=(model, channels)),
    )


@alternative
def one_word_at_a_time(decoder, encoder, W_query, W_key, W_value):
    """Each row of the decoder by itself."""
    output = np.empty((*decoder.shape[:-1], W_value.shape[1]))
    for place in np.ndindex(decoder.shape[:-1]):
        memory = encoder[place[:-1]]
        query = decoder[place] @ W_query
        scores = memory @ W_key @ query / len(query) ** 0.5
        exps = np.exp(scores - max(scores))
        output[place] = exps @ memory @ W_value / exps.sum()
    return output


@alternative
def values_mapped_last(decoder, encoder, W_query, W_key, W_value):
    """The read first, its map afterwards: a product can be bracketed at will."""
    calm = decoder @ W_query * W_query.shape[-1] ** -0.5
    scores = calm @ np.swapaxes(encoder @ W_key, -1, -2)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps @ encoder @ W_value / exps.sum(axis=-1)[..., None]


@check(points=1)
def two_ask_three(bridge):
    """Two rows of the decoder ask three of the encoder: shares of 1, 2, 5 and even."""
    decoder = np.array([[0.0, 1, 0, 0], [1.0, 0, 0, 0]])
    encoder = np.zeros((3, 4))
    encoder[:, 0], encoder[[0, 1], [2, 3]] = np.log([1.0, 2.0, 5.0]), 3.0
    W_query, W_key = np.zeros((4, 9)), np.zeros((4, 9))
    W_query[1, 0], W_key[0, 0] = 3.0, 1.0  # the root of 9 is 3
    W_value = np.zeros((4, 5))
    W_value[[2, 3, 0], [0, 1, 4]] = [8.0, 4.0, 1.0]
    shares = np.array([[1 / 8, 2 / 8, 5 / 8], [1 / 3, 1 / 3, 1 / 3]])
    wanted = shares @ encoder @ W_value
    got = bridge(decoder, encoder, W_query, W_key, W_value)
    close(got, wanted, "reads (queries, channels)")


@check(points=1)
def the_first_word_chooses(bridge):
    """One row of the decoder, the first step: it reads by its scores, of width 4."""
    decoder = np.array([[2 * np.log(3.0), 0.0, 0.0]])
    encoder = np.array([[1.0, 0, 0], [0.0, 2, 0], [0, 0, 2], [0, 0, 1], [1, 0, 2]])
    W_query, W_key = np.eye(3, 4), np.eye(3, 4)
    W_value = np.array([[12.0, 0, 0, 0, 9, 0], [0.0, 6, 0, 0, 0, 0], [0.0] * 5 + [6.0]])
    shares = np.array([[3.0, 1, 1, 1, 3]]) / 9
    got = bridge(decoder, encoder, W_query, W_key, W_value)
    close(got, shares @ encoder @ W_value, "read (queries, channels)")


@check(points=2, hidden=True)
def batches_against_the_reference(bridge, rng):
    """Batches with uneven sizes, against the function of the course."""
    from attn_course.functional import attend

    decoder, encoder = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5))
    W_query, W_key = rng.normal(size=(2, 5, 8)) / 2
    W_value = rng.normal(size=(5, 7))
    wanted = attend(decoder @ W_query, encoder @ W_key, encoder @ W_value)
    got = bridge(decoder, encoder, W_query, W_key, W_value)
    close(got, wanted, "reads")


@check(points=1, hidden=True, extreme=True)
def loud_scores(bridge, rng):
    """Scores of up to 1,000,000."""
    from attn_course.functional import attend

    decoder, encoder = rng.normal(size=(3, 4, 5)), rng.normal(size=(3, 6, 5))
    W_query, W_key = rng.normal(size=(2, 5, 8)) * 400
    W_value = rng.normal(size=(5, 7))
    wanted = attend(decoder @ W_query, encoder @ W_key, encoder @ W_value)
    got = bridge(decoder, encoder, W_query, W_key, W_value)
    close(got, wanted, "reads")


def _read(Q, K, V, scale=None, axis=-1):
    """Attention with one thing different; the wrong answers below say which."""
    scores = np.einsum("...qd,...kd->...qk", Q, K)
    scores = scores * (Q.shape[-1] ** -0.5 if scale is None else scale)
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True) @ V


@misconception(caught_by=two_ask_three)
def the_encoder_asks(decoder, encoder, W_query, W_key, W_value):
    """The encoder asks: it gets a row for each word that was read, and the decoder is
    told its own words. Who is to ask, and who is to be asked?"""
    return _read(encoder @ W_query, decoder @ W_key, decoder @ W_value)


@misconception(caught_by=two_ask_three)
def root_of_the_words(decoder, encoder, W_query, W_key, W_value):
    """The right half asks now. The root is still that of a number of words, so scores
    get calmer the more there is to read. What is summed in a dot product?"""
    keys = encoder @ W_key
    scale = keys.shape[-2] ** -0.5
    return _read(decoder @ W_query, keys, encoder @ W_value, scale=scale)


@misconception(caught_by=two_ask_three)
def root_of_the_words_that_ask(decoder, encoder, W_query, W_key, W_value):
    """The right half asks now. Your root is that of the number of words that ask. What
    is summed in a dot product, words or entries?"""
    queries = decoder @ W_query
    scale = queries.shape[-2] ** -0.5
    return _read(queries, encoder @ W_key, encoder @ W_value, scale=scale)


@misconception(caught_by=two_ask_three)
def tables_for_the_other_half(decoder, encoder, W_query, W_key, W_value):
    """Rows for the right half, and the wrong tables: the one named for queries still
    maps the encoder, or the scores were turned round later. Start from who asks."""
    return _read(decoder @ W_key, encoder @ W_query, encoder @ W_value)


@misconception(caught_by=two_ask_three)
def the_decoder_asks_itself(decoder, encoder, W_query, W_key, W_value):
    """The decoder asks itself, and the encoder has no part in it. The number of rows is
    right; whose contents are in them?"""
    return _read(decoder @ W_query, decoder @ W_key, decoder @ W_value)


@misconception(caught_by=two_ask_three)
def the_encoder_asks_itself(decoder, encoder, W_query, W_key, W_value):
    """The encoder asks itself. It has done so before; now the decoder wants to know
    something."""
    return _read(encoder @ W_query, encoder @ W_key, encoder @ W_value)


@misconception(caught_by=two_ask_three)
def half_a_swap(decoder, encoder, W_query, W_key, W_value):
    """The decoder asks the encoder and is then given values of its own: as many as it
    has words, where a weight for each key wants a value for each key."""
    return _read(decoder @ W_query, encoder @ W_key, decoder @ W_value)


@misconception(caught_by=the_first_word_chooses)
def no_scale(decoder, encoder, W_query, W_key, W_value):
    """The scores reach softmax undivided: the root is gone, or it counts the words
    that ask, and one asks. With wide keys they get large: almost one word is picked."""
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, scale=1.0)


@misconception(caught_by=the_first_word_chooses)
def root_of_the_model(decoder, encoder, W_query, W_key, W_value):
    """Your root is that of the rows before they were mapped. A score adds up what a
    query and a key share: count those entries."""
    scale = decoder.shape[-1] ** -0.5
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, scale=scale)


@misconception(caught_by=two_ask_three)
def shares_among_those_who_ask(decoder, encoder, W_query, W_key, W_value):
    """Your columns sum to one: each word of the encoder shares itself out among the
    askers. Each asker has a whole to share out."""
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, axis=-2)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(decoder, encoder, W_query, W_key, W_value):
    """Right for one pair of sentences. With batches in front, axis 1 is no longer that
    of the keys: from which end do the keys always have the same place?"""
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, axis=1)


@misconception(caught_by=loud_scores)
def no_shift(decoder, encoder, W_query, W_key, W_value):
    """The maximum of each row got lost on the way. It changes nothing in theory, and
    without it exp of a large score is infinite."""
    Q, K = decoder @ W_query, encoder @ W_key
    exps = np.exp(np.einsum("...qd,...kd->...qk", Q, K) / np.sqrt(Q.shape[-1]))
    return exps / exps.sum(axis=-1, keepdims=True) @ (encoder @ W_value)


@misconception(caught_by=the_first_word_chooses)
def multiplies_by_the_root(decoder, encoder, W_query, W_key, W_value):
    """The root is the right one now, and its place is upside down: we want to calm the
    scores, not to amplify them."""
    scale = W_key.shape[1] ** 0.5
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, scale=scale)


@misconception(caught_by=the_first_word_chooses)
def divides_by_the_width(decoder, encoder, W_query, W_key, W_value):
    """You count the right entries and scale a bit too far: the spread of a dot product
    grows with the root of the width."""
    scale = 1 / W_key.shape[1]
    return _read(decoder @ W_query, encoder @ W_key, encoder @ W_value, scale=scale)
