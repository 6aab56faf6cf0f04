r"""### Find the bugs: a loss that is too good

`decoder_loss` trains a small decoder whose logits depend on the token that it reads and
on nothing else: at each position they are the row of `table` that belongs to that
token. A row of `targets` has tokens, the end token 2, and zeros that fill it up; the
start token is 1. Whoever wrote it reports:

> rows of one length, trained for a minute: the loss falls faster than in any paper,
> well below what guessing can explain. Writing does not work yet, it repeats itself.
> Surely a matter of time.

There are **three** bugs. One lets the decoder read what it has to write. One shows as
soon as rows differ in length: a batch gets a better or worse loss by having more
filling. And one keeps even a certain, right answer from costing nothing.

Wanted is the mean cross-entropy in nats, over all tokens to be written, the end tokens
among them: at each position, the decoder reads the token *before* (the start token at
the first) and gives logits for the token that stands there. Logits are of moderate
size. Mend one bug at a time, and say for each which number told you of it.
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
    minutes=20,
    hints=(
        "Write under each other, for the row 7 5 2 0: what is read, and what is to be "
        "written. In the code as it stands the two rows are the same.",
        "Cross-entropy is made of logits: the logarithm of the sum of all "
        "exponentials, less the logit of the right token. How many times is softmax "
        "taken here?",
        "The row that is read begins with 1 and goes on with all of `targets` but its "
        "last column. And the mean runs over entries of `targets` that are not 0.",
    ),
)


@answer
def decoder_loss(targets, table):
    """Mean loss of a token, in nats.

    targets  (batch, steps)  int: tokens, an end token 2, then zeros
    table    (vocab, vocab)  float: row t has the logits of what follows token t
    returns  a number
    """
    ### BEGIN SOLUTION
    read = np.ones_like(targets)
    read[:, 1:] = targets[:, :-1]
    logits = table[read]
    total = np.log(np.exp(logits).sum(axis=-1))
    right = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    real = targets != 0
    return (total - right)[real].mean()
    ### END SOLUTION


@starter
def decoder_loss(targets, table):  # noqa: F811
    """Mean loss of a token, in nats.

    targets  (batch, steps)  int: tokens, an end token 2, then zeros
    table    (vocab, vocab)  float: row t has the logits of what follows token t
    returns  a number
    """
    read = targets.copy()
    exps = np.exp(table[read])
    logits = exps / exps.sum(axis=-1, keepdims=True)
    total = np.log(np.exp(logits).sum(axis=-1))
    right = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (total - right).mean()


@inputs
def draw(rng):
    """Rows of all lengths, and a table of logits of order one."""
    batch, steps, letters = rng.permutation(np.arange(2, 8))[:3]
    targets = rng.integers(3, 3 + letters, size=(batch, steps))
    ends = rng.integers(0, steps, size=(batch, 1))
    places = np.arange(steps)
    targets = np.where(places < ends, targets, 2 * (places == ends))
    return targets, rng.normal(size=(3 + letters, 3 + letters))


@alternative
def token_by_token(targets, table):
    """Each row up to its end token."""
    costs = []
    for row in targets.tolist():
        before = 1
        for token in row[: row.index(2) + 1]:
            p = np.exp(table[before]) / np.exp(table[before]).sum()
            costs.append(-np.log(p[token]))
            before = token
    return np.mean(costs)


@alternative
def by_one_table_of_logarithms(targets, table):
    """All log-probabilities first, then those that are asked for."""
    logs = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
    late = np.hstack([np.full((len(targets), 1), 1), targets[:, :-1]])
    kept = targets > 0
    return -logs[late[kept], targets[kept]].sum() / kept.sum()


@check(points=1)
def an_even_table_costs_ln_of_the_vocabulary(decoder_loss):
    """Even logits cost ln 6 a token; favouring the token that was read costs more."""
    targets = np.array([[4, 5, 3, 2], [5, 3, 2, 0], [3, 2, 0, 0]])
    close(decoder_loss(targets, np.zeros((6, 6))), np.log(6.0), "loss")
    repeats = 2.0 * np.eye(6)  # never right here: no token follows itself
    repeats[0, 0] = 0.0  # filling is even, so that it shows if it is counted
    wanted = np.log(5 + np.exp(2.0))
    close(decoder_loss(targets, repeats), wanted, "loss of a decoder that repeats")


@check(points=1)
def a_table_that_knows(decoder_loss):
    """The rows 3 4 2 and 4 2, every probability written out."""
    table = np.zeros((5, 5))
    table[1] = [
        0.0,
        0.0,
        0.0,
        np.log(3.0),
        np.log(2.0),
    ]  # start: 3 with 3/8, 4 with 2/8
    table[3, 4] = np.log(6.0)  # after 3: 4 with 6/10
    table[4, 2] = np.log(16.0)  # after 4: the end with 16/20
    table[2, 0] = np.log(96.0)  # after the end: filling, nearly for sure
    targets = np.array([[3, 4, 2, 0, 0, 0], [4, 2, 0, 0, 0, 0]])
    costs = -np.log([3 / 8, 6 / 10, 16 / 20, 2 / 8, 16 / 20])
    close(decoder_loss(targets, table), costs.mean(), "loss")


@check(points=2, hidden=True)
def against_the_course(decoder_loss, rng):
    """Random rows of all lengths, against the loss of the course."""
    from attn_course.functional import cross_entropy

    for batch, steps, vocab in ((4, 6, 9), (7, 3, 5)):
        targets = rng.integers(3, vocab, size=(batch, steps))
        ends = np.arange(batch)[:, None] % steps
        places = np.arange(steps)
        targets = np.where(places < ends, targets, 2 * (places == ends))
        table = rng.normal(size=(vocab, vocab))
        read = np.concatenate([np.ones((batch, 1), int), targets[:, :-1]], axis=1)
        wanted = cross_entropy(table[read], targets, where=targets != 0)
        close(decoder_loss(targets, table), float(wanted), "loss")


@check(points=1, hidden=True)
def filling_changes_nothing(decoder_loss, rng):
    """Three more columns of filling leave the loss as it is."""
    targets = np.array([[3, 6, 4, 2], [5, 2, 0, 0], [6, 6, 2, 0]])
    table = rng.normal(size=(7, 7))
    wanted = decoder_loss(targets, table)
    wider = np.hstack([targets, np.zeros((3, 1), int)])
    close(decoder_loss(wider, table), wanted, "loss with more filling")
    logs = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
    first = [logs[1, 3], logs[3, 6], logs[6, 4], logs[4, 2], logs[1, 5], logs[5, 2]]
    by_hand = -np.mean([*first, logs[1, 6], logs[6, 6], logs[6, 2]])
    close(wanted, by_hand, "loss")


def _late(targets):
    return np.concatenate([np.ones((len(targets), 1), int), targets[:, :-1]], axis=1)


def _loss(targets, table, read=_late, twice=False, mean=None):
    """The right loss; faults are made by replacing one part."""
    logits = table[read(targets)]
    if twice:
        exps = np.exp(logits)
        logits = exps / exps.sum(axis=-1, keepdims=True)
    total = np.log(np.exp(logits).sum(axis=-1))
    costs = total - np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (mean or (lambda c, t: c[t != 0].mean()))(costs, targets)


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def not_shifted(targets, table):
    """The decoder still reads the very token that it has to write, so it learns to
    repeat what it reads. Which token does it know of at the first position?"""
    return _loss(targets, table, read=lambda t: t)


@misconception(caught_by=a_table_that_knows)
def shifted_to_the_left(targets, table):
    """Your decoder reads the token *after* the one it writes, out of the future. Which
    way must the row move, so that each position reads the past?"""

    def early(targets):
        return np.hstack([targets[:, 1:], np.zeros((len(targets), 1), int)])

    return _loss(targets, table, read=early)


@misconception(caught_by=a_table_that_knows)
def rolled_round(targets, table):
    """The row was rolled, so its last entry came round to the front. What does a
    decoder read before it has written anything?"""
    return _loss(targets, table, read=lambda t: np.roll(t, 1, axis=1))


@misconception(caught_by=against_the_course)
def rolled_across_the_batch(targets, table):
    """You moved whole rows: each sample reads the tokens of its neighbour. The shift is
    along the steps."""
    return _loss(targets, table, read=lambda t: np.roll(t, 1, axis=0))


@misconception(caught_by=a_table_that_knows)
def begins_with_the_end(targets, table):
    """Your rows begin with the end token. The start has a token of its own: which
    number is it?"""

    def late(targets):
        read = _late(targets)
        read[:, 0] = 2
        return read

    return _loss(targets, table, read=late)


@misconception(caught_by=a_table_that_knows)
def filling_counts(targets, table):
    """Filling still counts: a batch with much of it gets another loss for the same
    tokens. Which entries were there to be written?"""
    return _loss(targets, table, mean=lambda c, t: c.mean())


@misconception(caught_by=a_table_that_knows)
def filling_below_the_line(targets, table):
    """Filling costs nothing now, and is still counted in what you divide by. Both the
    sum and the number should run over the same entries."""
    return _loss(targets, table, mean=lambda c, t: (c * (t != 0)).mean())


@misconception(caught_by=filling_changes_nothing)
def a_mean_of_rows(targets, table):
    """You took the mean of each row first, so that a token of a short row weighs more
    than one of a long row. One mean over all tokens is asked for."""

    def mean(costs, targets):
        real = targets != 0
        return ((costs * real).sum(axis=1) / real.sum(axis=1)).mean()

    return _loss(targets, table, mean=mean)


@misconception(caught_by=a_table_that_knows)
def the_end_does_not_count(targets, table):
    """You left out the end tokens along with the filling. Whoever is not taught to stop
    goes on: the end is a token to be written."""
    return _loss(targets, table, mean=lambda c, t: c[t > 2].mean())


@misconception(caught_by=a_table_that_knows)
def filling_told_by_what_is_read(targets, table):
    """You left out the positions that *read* filling. The first zero of a row stands
    after the end token, where 2 is read: ask what is to be written."""
    return _loss(targets, table, mean=lambda c, t: c[_late(t) != 0].mean())


@misconception(caught_by=a_table_that_knows)
def softmax_twice(targets, table):
    """Softmax is still taken before a loss that brings its own. Its outputs lie between
    0 and 1, so even a certain answer cannot get far ahead: hand on the logits."""
    return _loss(targets, table, twice=True)


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def the_sum_in_place_of_the_mean(targets, table):
    """You add up what the tokens cost. Asked for is a mean, so that batches of any size
    can be compared."""
    return _loss(targets, table, mean=lambda c, t: c[t != 0].sum())


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def in_bits(targets, table):
    """Your logarithm has base 2, so the loss is in bits. Here it is in nats."""
    return _loss(targets, table) / np.log(2)


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def nothing_mended(targets, table):
    """All three bugs are still there. Begin with what the decoder reads: compare, for
    one row, what goes in at each position with what has to come out."""
    return _loss(
        targets, table, read=lambda t: t, twice=True, mean=lambda c, t: c.mean()
    )


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def one_mended_two_left(targets, table):
    """The decoder reads the past now. Two bugs are left: filling is still counted, and
    softmax is still taken twice. Widen the table by a column of zeros and watch."""
    return _loss(targets, table, twice=True, mean=lambda c, t: c.mean())


@misconception(caught_by=a_table_that_knows)
def still_not_shifted_and_filling(targets, table):
    """Softmax is taken once now. Two bugs are left: the decoder reads what it has to
    write, and filling is counted. What should it read at the first position?"""
    return _loss(targets, table, read=lambda t: t, mean=lambda c, t: c.mean())


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def still_not_shifted_and_twice(targets, table):
    """Filling is left out now. Two bugs are left: the decoder reads what it has to
    write, and softmax is taken before a loss that brings its own."""
    return _loss(targets, table, read=lambda t: t, twice=True)


@misconception(caught_by=an_even_table_costs_ln_of_the_vocabulary)
def upside_down(targets, table):
    """Your loss is below zero. What is likely should cost little, and nothing can cost
    less than 0: which of the two terms comes first?"""
    return -_loss(targets, table)
