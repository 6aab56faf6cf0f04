r"""### How much does a score listen to its query?

Take a table of scores and split it into what softmax can see and what it cannot.
Adding a number to a whole row changes no weight, so take the mean of each row out:

$$ v_{ij} = s_{ij} - \frac{1}{K} \sum_l s_{il}. $$

Part of what is left is the same for every query: the mean of each column of $v$ over
the queries. The rest belongs to the single queries:

$$ c_j = \frac{1}{Q} \sum_i v_{ij}, \qquad u_{ij} = v_{ij} - c_j. $$

Write `listening(scores)`. It returns two things: the mean square of $c$ over the keys,
which is what all queries *agree* on, and the mean square of $u$ over queries and keys,
which is what they want each for itself, their *own*. Both are in nats². The two add up
to the mean square of $v$. If own is 0, every query gets the same weights: the score is
deaf to its query. Any number of leading axes may come first, and each table gets its
two numbers; **the checks you can read have none**.

Then use it on the additive scores of this page, with their tanh and without, and find
out what happens to the share of own as the weights of the hidden layer get smaller.
(Near 0, a tanh is almost a straight line.)
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
        "Two means are taken out, one after the other: the first runs along the keys, "
        "the second along the queries. `keepdims` keeps them subtractable.",
        "Work out v for a table of two rows on paper first. Each row of v sums to 0, "
        "and each column of u does.",
        "The mean of c² runs over the keys alone, the last axis once the queries are "
        "gone; that of u² runs over a whole table, so over the last two axes.",
    ),
)


@answer
def listening(scores):
    """What all queries agree on, and what each has of its own, as mean squares.

    scores   (..., queries, keys)  float
    returns  two things: agreed (...) and own (...), in nats²
    """
    ### BEGIN SOLUTION
    seen = scores - scores.mean(axis=-1, keepdims=True)
    common = seen.mean(axis=-2)
    own = seen - common[..., None, :]
    return (common**2).mean(axis=-1), (own**2).mean(axis=(-2, -1))
    ### END SOLUTION


@inputs
def draw(rng):
    """Tables that listen more or less, with and without a batch."""
    batch, queries, keys = rng.permutation(np.arange(2, 9))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    own = rng.normal(size=(*leading, queries, keys)) * rng.choice([0.0, 0.3, 1.0])
    shared = rng.normal(size=(*leading, 1, keys)) * rng.choice([0.0, 1.0])
    return (own + shared + rng.normal(size=(*leading, queries, 1)),)


@alternative
def by_what_is_left(scores):
    """All that softmax sees, less what the queries agree on."""
    seen = scores - scores.mean(axis=-1)[..., None]
    agreed = (seen.mean(axis=-2) ** 2).mean(axis=-1)
    everything = np.einsum("...qk,...qk->...", seen, seen)
    return agreed, everything / (scores.shape[-1] * scores.shape[-2]) - agreed


@alternative
def table_by_table(scores):
    """Each table for itself."""
    agreed, own = np.zeros(scores.shape[:-2]), np.zeros(scores.shape[:-2])
    for place in np.ndindex(agreed.shape):
        seen = np.array([row - np.mean(row) for row in scores[place]])
        agreed[place] = np.mean([np.mean(column) ** 2 for column in seen.T])
        own[place] = np.mean([np.var(column) for column in seen.T])
    return agreed, own


@check(points=1)
def a_table_on_paper(listening):
    """Two queries, three keys: v has the rows (-2, -1, 3) and (0, -2, 2)."""
    got = listening(np.array([[1.0, 2.0, 6.0], [12.0, 10.0, 14.0]]))
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, agreed and own, got {got!r}"
    # c is (-1, -3/2, 5/2); the first query wants (-1, 1/2, 1/2) more, the second less.
    close(got[0], (1 + 9 / 4 + 25 / 4) / 3, "agreed")
    close(got[1], (1 + 1 / 4 + 1 / 4) / 3, "own")


@check(points=1)
def deaf_and_all_ears(listening):
    """A query that lifts its whole row is not heard; opposite wishes are all heard."""
    wishes = np.array([0.0, 1.0, 0.0, -2.0, 5.0, 8.0])  # mean 2, variance 35/3
    deaf = listening(wishes + np.array([[7.0], [-3.0], [100.0]]))
    ears = listening(np.array([[1.0], [-1.0], [2.0], [-2.0]]) * (wishes - 2) + 5.0)
    both = isinstance(deaf, tuple | list) and len(deaf) == 2
    assert both, f"wanted two things, agreed and own, got {deaf!r}"
    close(np.round(deaf[1], 12), 0.0, "own, of a score that is deaf")
    close(deaf[0], 35 / 3, "agreed, of a score that is deaf")
    close(np.round(ears[0], 12), 0.0, "agreed, where queries want opposite things")
    close(ears[1], 5 / 2 * 35 / 3, "own, where queries want opposite things")


@check(points=2, hidden=True)
def additive_scores_with_and_without_tanh(listening, rng):
    """Batches of additive scores: those without tanh are deaf, the others are not."""
    from attn_course.functional import additive_scores

    queries, keys = rng.normal(size=(2, 3, 4, 6)), rng.normal(size=(2, 3, 5, 7))
    weights, vector = (rng.normal(size=(6, 8)), rng.normal(size=(7, 8))), np.ones(8)
    straight = (queries @ weights[0])[..., :, None, :]
    straight = (straight + (keys @ weights[1])[..., None, :, :]) @ vector
    bent = additive_scores(queries, keys, *weights, vector)
    got, heard = listening(straight), listening(bent)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, agreed and own, got {got!r}"
    close(got[0], straight[..., 0, :].var(axis=-1), "agreed, without tanh")
    close(np.round(got[1], 10), np.zeros((2, 3)), "own, without tanh")
    seen = bent - bent.mean(axis=-1)[..., None]
    close(heard[0], (seen.mean(axis=-2) ** 2).mean(axis=-1), "agreed, with tanh")
    close(heard[1], seen.var(axis=-2).mean(axis=-1), "own, with tanh")


def _two(seen, mean=np.mean, power=2):
    """Agreed and own of what softmax sees; the wrong answers differ in one place."""
    common = seen.mean(axis=-2, keepdims=True)
    own = abs(seen - common) ** power
    return mean(abs(common[..., 0, :]) ** power, axis=-1), mean(own, axis=(-2, -1))


@misconception(caught_by=a_table_on_paper)
def rows_keep_their_means(scores):
    """What lifts a whole row still counts in yours, and softmax cannot see it: a query
    that only shouts is taken for one that is heard. Which mean comes out first?"""
    return _two(scores)


@misconception(caught_by=a_table_on_paper)
def keys_and_queries_swapped(scores):
    """You took the means of the columns out first, and then those of the rows. Softmax
    runs along the keys: the mean of what can it not see?"""
    return _two(np.swapaxes(scores - scores.mean(axis=-2, keepdims=True), -1, -2))


@misconception(caught_by=a_table_on_paper)
def own_before_agreed(scores):
    """Both numbers are right, in the other order. What all queries agree on comes
    first."""
    agreed, own = _two(scores - scores.mean(axis=-1, keepdims=True))
    return own, agreed


@misconception(caught_by=a_table_on_paper)
def sums_of_squares(scores):
    """You added the squares up, so a table with more queries seems to listen more. A
    mean square does not grow with the table."""
    return _two(scores - scores.mean(axis=-1, keepdims=True), mean=np.sum)


@misconception(caught_by=a_table_on_paper)
def all_that_is_seen(scores):
    """Your second number is the mean square of all that softmax sees. What the queries
    agree on is still in it: the two should add up to that, not contain each other."""
    seen = scores - scores.mean(axis=-1, keepdims=True)
    return _two(seen)[0], (seen**2).mean(axis=(-2, -1))


@misconception(caught_by=a_table_on_paper)
def sizes_in_place_of_squares(scores):
    """You took the mean of the sizes, without a square. Squares are what makes the two
    parts add up to the whole."""
    return _two(scores - scores.mean(axis=-1, keepdims=True), power=1)


@misconception(caught_by=deaf_and_all_ears)
def means_of_the_whole_table(scores):
    """The rows of yours still stand at different heights: one mean for the whole table
    is not enough. Each row has a height of its own that softmax cannot see."""
    return _two(scores - scores.mean(axis=(-2, -1), keepdims=True))


@misconception(caught_by=additive_scores_with_and_without_tanh)
def two_numbers_for_the_whole_batch(scores):
    """Two numbers came back for a whole batch. Each table listens for itself: over
    which axes should the means run?"""
    agreed, own = _two(scores - scores.mean(axis=-1, keepdims=True))
    return np.mean(agreed), np.mean(own)


@misconception(caught_by=a_table_on_paper)
def roots_of_the_mean_squares(scores):
    """You took the roots at the end, which have the unit of the scores. Then the two no
    longer add up to the whole: asked for are the mean squares."""
    agreed, own = _two(scores - scores.mean(axis=-1, keepdims=True))
    return np.sqrt(agreed), np.sqrt(own)


@misconception(caught_by=a_table_on_paper)
def shares_of_the_whole(scores):
    """Your two numbers are shares: they add up to one. Asked for are the mean squares
    themselves, in nats²; a share is for afterwards."""
    agreed, own = _two(scores - scores.mean(axis=-1, keepdims=True))
    return agreed / (agreed + own), own / (agreed + own)


@misconception(caught_by=a_table_on_paper)
def weights_in_place_of_scores(scores):
    """You split the weights, after softmax. What softmax cannot see is gone by then,
    and the unit is no longer the nat: it is the scores that are to be split."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return _two(weights - weights.mean(axis=-1, keepdims=True))
