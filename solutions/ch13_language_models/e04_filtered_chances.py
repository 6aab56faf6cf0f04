r"""### Temperature, top-k, top-p

Write `filtered_chances(logits, temperature, k, p)`: the chances from which the next
token is drawn, for each row of logits. In this order:

1. Divide the logits by the temperature; softmax.
2. **Top-k:** only the `k` likeliest tokens of the row stay, and their chances are made
   to sum to one.
3. **Top-p:** of *these* chances, the largest first, stay as few as together reach at
   least `p`: the token with which the sum reaches `p` stays, those after it go. The
   likeliest always stays, and at `p` = 1 all do, whatever rounding makes of the sum.
   What is left is made to sum to one once more.

The tokens keep their places; what has gone has chance exactly 0. No two logits of a row
are equal, and some may be −∞: such a token never gets a chance.
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
    minutes=25,
    hints=(
        "Sort each row once, the largest first, and do all the work there. The last "
        "step is to bring every chance back to the place its token had.",
        "In the sorted row, a token stays if the sum of those *before* it is still "
        "below p. For the first that sum is 0.",
        "`order = np.argsort(-logits)`, `np.take_along_axis` to sort, zeros from place "
        "k on, divide, `cumsum - itself < p`, divide; `np.put_along_axis` to go back.",
    ),
)


@answer
def filtered_chances(logits, temperature, k, p):
    """Chances of the next token, after temperature, top-k and top-p.

    logits       (rows, vocab)  float, may hold -inf
    temperature  ()             float, positive
    k            ()             int, at least 1, perhaps more than vocab
    p            ()             float, above 0 and at most 1
    returns      (rows, vocab)  float, each row sums to one
    """
    ### BEGIN SOLUTION
    order = np.argsort(-logits, axis=-1)
    ranked = np.take_along_axis(logits, order, axis=-1)
    chances = np.exp((ranked - ranked[:, :1]) / temperature)
    chances[:, k:] = 0
    chances = chances / chances.sum(axis=-1, keepdims=True)
    chances = chances * (np.cumsum(chances, axis=-1) - chances < p)
    chances = chances / chances.sum(axis=-1, keepdims=True)
    result = np.empty_like(chances)
    np.put_along_axis(result, order, chances, axis=-1)
    return result
    ### END SOLUTION


@inputs
def draw(rng):
    """Rows of distinct logits; k and p that bite now and then, alone or together."""
    rows, vocab = rng.permutation(np.arange(3, 10))[:2]
    logits = rng.permuted(np.linspace(-2, 2, rows * vocab)).reshape(rows, vocab)
    k, p = int(rng.integers(1, vocab + 3)), float(rng.choice([0.3, 0.6, 0.9, 1.0]))
    return logits, float(rng.choice([0.5, 1.0, 2.0])), k, p


def _softmax(logits):
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def _shared(chances):
    return chances / chances.sum(axis=-1, keepdims=True)


def _ranks(logits):
    return np.argsort(np.argsort(-logits, axis=-1), axis=-1)


def _before(chances):
    """For each token the sum of all that are likelier."""
    larger = chances[:, None, :] > chances[:, :, None]
    return (larger * chances[:, None, :]).sum(axis=-1)


@alternative
def row_by_row(logits, temperature, k, p):
    """Each row token by token, the likeliest first, until p is reached."""
    result = np.zeros_like(logits)
    for row, out in zip(logits, result, strict=True):
        best = sorted(range(len(row)), key=lambda token: -row[token])[:k]
        chances = np.exp((row[best] - row[best[0]]) / temperature)
        chances, total = chances / chances.sum(), 0.0
        for token, chance in zip(best, chances, strict=True):
            if total < p:
                out[token] = chance
            total += chance
        out /= out.sum()
    return result


@alternative
def through_the_logits(logits, temperature, k, p):
    """What goes gets the logit -inf, and softmax shares the rest out."""
    scores = np.where(_ranks(logits) < k, logits / temperature, -np.inf)
    scores = np.where(_before(_softmax(scores)) < p, scores, -np.inf)
    return _softmax(scores)


@check(points=1)
def five_tokens_on_paper(filtered_chances):
    """Chances of .1 .4 .2 .05 .25, cut by k = 3, by p = 0.6, and by neither."""
    logits = np.log([[0.1, 0.4, 0.2, 0.05, 0.25]])
    got = filtered_chances(logits, 1.0, 3, 1.0)
    close(got, np.array([[0, 0.4, 0.2, 0, 0.25]]) / 0.85, "k = 3")
    got = filtered_chances(logits, 1.0, 5, 0.6)
    close(got, np.array([[0, 0.4, 0, 0, 0.25]]) / 0.65, "p = 0.6")
    got = filtered_chances(logits, 1.0, 9, 1.0)
    close(got, np.array([[0.1, 0.4, 0.2, 0.05, 0.25]]), "k = 9, p = 1")


@check(points=1)
def the_order_of_the_three(filtered_chances):
    """Temperature ½ squares the ratios; top-k comes before top-p."""
    logits = np.log([[1.0, 4.0, 2.0, 3.0], [3.0, 1.0, 2.0, 4.0], [2.0, 3.0, 4.0, 1.0]])
    got = filtered_chances(logits, 0.5, 4, 1.0)
    squares = [[1, 16, 4, 9], [9, 1, 4, 16], [4, 9, 16, 1]]
    close(got, np.array(squares) / 30, "temperature 0.5")
    # Of the best three, tempered, two have 25/29; untempered they have 7/9.
    got = filtered_chances(logits, 0.5, 3, 0.8)
    wanted = [[0, 16, 0, 9], [9, 0, 0, 16], [0, 9, 16, 0]]
    close(got, np.array(wanted) / 25, "temperature 0.5, k = 3, p = 0.8")
    # Tempered, the best has 16/30 of all, and 16/25 of the best two: above 0.6.
    got = filtered_chances(logits, 0.5, 2, 0.6)
    wanted = np.array([[0, 1.0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    close(got, wanted, "temperature 0.5, k = 2, p = 0.6")
    got = filtered_chances(logits, 1.0, 4, 0.75)
    wanted = [[0, 4, 2, 3], [3, 0, 2, 4], [2, 3, 4, 0]]
    close(got, np.array(wanted) / 9, "p = 0.75")


@check(points=2, hidden=True)
def tables_against_the_reference(filtered_chances, rng):
    """Random rows at several settings, against the filters of the course."""
    from attn_course.functional import softmax, top_k, top_p

    for temperature, k, p in ((1.0, 4, 1.0), (0.7, 12, 0.8), (1.6, 6, 0.65)):
        logits = rng.normal(size=(5, 11))
        wanted = softmax(top_p(top_k(logits / temperature, k), p))
        got = filtered_chances(logits, temperature, k, p)
        close(got, wanted, f"temperature {temperature}, k = {k}, p = {p}")


@check(points=1, hidden=True, extreme=True)
def far_apart_and_impossible(filtered_chances, rng):
    """Logits in the thousands, and tokens at minus infinity."""
    near = np.stack([rng.permutation(7) for _ in range(4)]).astype(float)
    logits = near + np.array([[5000.0], [-5000.0], [0.0], [900.0]])
    logits[near == 3] = -np.inf
    exps = np.exp(near) * (near != 3)
    close(
        filtered_chances(logits, 1.0, 20, 1.0),
        exps / exps.sum(axis=-1, keepdims=True),
        "chances",
    )
    close(
        filtered_chances(logits, 1.0, 20, 0.01),
        (near == 6).astype(float),
        "chances at p = 0.01",
    )


@misconception(caught_by=five_tokens_on_paper)
def stops_before_p(logits, temperature, k, p):
    """Your nucleus ends before the sum reaches p: the token with which it gets there
    belongs to it. With a small p, would anything at all be left?"""
    chances = _shared(_softmax(logits / temperature) * (_ranks(logits) < k))
    through = _before(chances) + chances
    return _shared(chances * ((through <= p) | (_ranks(logits) == 0)))


@misconception(caught_by=five_tokens_on_paper)
def only_sums_below_p(logits, temperature, k, p):
    """You keep tokens as long as the sum, their own chance included, is below p. The
    token with which it reaches p belongs to the nucleus; at p = 1 you lose one too."""
    order = np.argsort(-logits, axis=-1)
    ranked = np.take_along_axis(_softmax(logits / temperature), order, axis=-1)
    ranked[:, k:] = 0
    ranked = _shared(ranked)
    kept = np.cumsum(ranked, axis=-1) < p
    kept[:, 0] = True
    result = np.zeros_like(ranked)
    np.put_along_axis(result, order, _shared(ranked * kept), axis=-1)
    return result


@misconception(caught_by=five_tokens_on_paper)
def sorted_twice(logits, temperature, k, p):
    """You take by `order` once more, which shuffles and does not undo. `order` says for
    each rank which token stands there: to go back, put the chance in that place."""
    order = np.argsort(-logits, axis=-1)
    ranked = np.take_along_axis(_softmax(logits / temperature), order, axis=-1)
    ranked[:, k:] = 0
    ranked = _shared(ranked)
    ranked = _shared(ranked * (np.cumsum(ranked, axis=-1) - ranked < p))
    return np.take_along_axis(ranked, order, axis=-1)


@misconception(caught_by=five_tokens_on_paper)
def not_shared_again(logits, temperature, k, p):
    """What you dropped is gone, and so is its chance: your rows sum to less than one.
    Those that stay share the whole."""
    chances = _softmax(logits / temperature) * (_ranks(logits) < k)
    return chances * (_before(_shared(chances)) < p)


@misconception(caught_by=the_order_of_the_three)
def nucleus_of_all_tokens(logits, temperature, k, p):
    """You measure the nucleus by the chances from before top-k. After top-k they are
    made to sum to one: each is larger, and fewer of them reach p."""
    chances = _softmax(logits / temperature)
    kept = (_before(chances) < p) & (_ranks(logits) < k)
    return _shared(chances * kept)


@misconception(caught_by=tables_against_the_reference)
def temperature_last(logits, temperature, k, p):
    """You cut first and apply the temperature to what is left. The nucleus is that of
    the tempered chances: a hot model has a larger one."""
    scores = np.where(_ranks(logits) < k, logits, -np.inf)
    scores = np.where(_before(_softmax(scores)) < p, scores, -np.inf)
    return _softmax(scores / temperature)


@misconception(caught_by=the_order_of_the_three)
def temperature_times(logits, temperature, k, p):
    """You multiply by the temperature. Heat should make the chances more even: divide,
    so that a temperature below one makes them sharper."""
    scores = np.where(_ranks(logits) < k, logits * temperature, -np.inf)
    return _shared(_softmax(scores) * (_before(_softmax(scores)) < p))


@misconception(caught_by=the_order_of_the_three)
def temperature_on_the_chances(logits, temperature, k, p):
    """You divide the chances by the temperature, and sharing out undoes it again. The
    temperature belongs to the logits, before the softmax."""
    chances = _softmax(logits) / temperature
    chances = _shared(chances * (_ranks(logits) < k))
    return _shared(chances * (_before(chances) < p))


@misconception(caught_by=five_tokens_on_paper)
def left_in_sorted_order(logits, temperature, k, p):
    """Your chances are right and stand in the order of their size. The token numbers
    have been lost: bring each back to the place it came from."""
    ranked = -np.sort(-logits, axis=-1)
    chances = _softmax(ranked / temperature)
    chances[:, k:] = 0
    chances = _shared(chances)
    return _shared(chances * (np.cumsum(chances, axis=-1) - chances < p))


@misconception(caught_by=five_tokens_on_paper)
def summed_in_order_of_number(logits, temperature, k, p):
    """Your running sum goes through the tokens by number. The nucleus starts with the
    likeliest: in which order does it grow?"""
    chances = _shared(_softmax(logits / temperature) * (_ranks(logits) < k))
    before = np.cumsum(chances, axis=-1) - chances
    return _shared(chances * (before < p))


@misconception(caught_by=five_tokens_on_paper)
def only_those_likelier_than_p(logits, temperature, k, p):
    """You keep tokens whose own chance is at least p. It is their sum that should reach
    p, and a single token rarely does."""
    chances = _shared(_softmax(logits / temperature) * (_ranks(logits) < k))
    return _shared(chances * ((chances >= p) | (_ranks(logits) == 0)))


@misconception(caught_by=five_tokens_on_paper)
def keeps_the_unlikeliest(logits, temperature, k, p):
    """You keep the k smallest. `argsort` sorts upwards: at which end of it are the
    likeliest tokens?"""
    chances = _shared(_softmax(logits / temperature) * (_ranks(-logits) < k))
    return _shared(chances * (_before(chances) < p))


@misconception(caught_by=far_apart_and_impossible)
def no_shift(logits, temperature, k, p):
    """Logits in the thousands leave your row with nan: `exp` of such a number fits in
    no float. What may be subtracted from a whole row without changing its chances?"""
    exps = np.exp(logits / temperature)
    chances = _shared(_shared(exps) * (_ranks(logits) < k))
    return _shared(chances * (_before(chances) < p))
