r"""### A loop that knows when to stop

Write `train(x, y, x_valid, y_valid, batch, rate, patience, most)`, the loop of every
training on this page around the smallest model there is: a guess is $\hat y = x \cdot
w$, the weights $w$ start from zeros, the loss is the mean of $(\hat y - y)^2$.

- An **epoch** goes once through the training rows in the order given, in batches of
  `batch` rows; the last batch may be smaller. After each batch, one step of gradient
  descent: $w \leftarrow w - \text{rate} \cdot \nabla L$, with the gradient of the mean
  loss of that batch.
- After each epoch, note the loss of the whole **validation** set.
- The loop **stops** after the epoch at which `patience` epochs in a row, this one
  among them, have brought no loss that is lower than the lowest before. It also stops
  after `most` epochs.

Return two things: the weights of the epoch with the lowest validation loss (the first
of equals), and the validation losses of all epochs that were run, as an array.

**Then the experiment.** Take 12 training and 200 validation rows of 10 random entries,
$y$ the sum of a row plus a noise of spread 2, batches of 4, a rate of 0.02. **Write
down beforehand**: how do the number of epochs and the loss that is kept go with a
patience of 1, 3, 10 and 100? Try five seeds. What does more patience cost, and what
does it buy?
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
    minutes=30,
    hints=(
        "First the loop without any stopping: for each epoch, for each batch, a guess, "
        "a gradient, a step. The gradient of a mean of squares has a 2 in it.",
        "After the batches: the loss on all validation rows. Keep three things: the "
        "lowest so far, the weights it had, and how many epochs ago that was.",
        "`x[start : start + batch]` is a batch. If you step with `-=`, the weights you "
        "have kept change along with the others: keep a copy. Compare by `<`.",
    ),
)


@answer
def train(x, y, x_valid, y_valid, batch, rate, patience, most):
    """The weights of the best epoch, and the validation loss after each epoch.

    x         (rows, entries)   float
    y         (rows,)           float
    x_valid   (others, entries) float
    y_valid   (others,)         float
    batch     ()                int, rows in a batch, from 1
    rate      ()                float, the learning rate
    patience  ()                int, from 1
    most      ()                int, the most epochs, from 1
    returns   two things: weights (entries,) and losses (epochs,)
    """
    ### BEGIN SOLUTION
    weights, losses, best = np.zeros(x.shape[1]), [], 0
    for epoch in range(most):
        for start in range(0, len(x), batch):
            some, wanted = x[start : start + batch], y[start : start + batch]
            miss = some @ weights - wanted
            weights = weights - rate * 2 * miss @ some / len(some)
        losses.append(np.mean((x_valid @ weights - y_valid) ** 2))
        if epoch == 0 or losses[epoch] < losses[best]:
            best, kept = epoch, weights
        if epoch - best >= patience:
            break
    return kept, np.array(losses)
    ### END SOLUTION


@inputs
def draw(rng):
    """Noisy sums; batches that fit and that do not; little patience and much."""
    rows, others, entries = rng.permutation(np.arange(3, 13))[:3]
    x, x_valid = rng.normal(size=(rows, entries)), rng.normal(size=(others, entries))
    y = x.sum(axis=1) + 2 * rng.normal(size=rows)
    y_valid = x_valid.sum(axis=1) + 2 * rng.normal(size=others)
    batch, rate = int(rng.integers(1, rows + 3)), rng.choice([0.02, 0.05, 0.1])
    patience, most = (int(rng.integers(1, top)) for top in (5, 14))
    return x, y, x_valid, y_valid, batch, float(rate), patience, most


@alternative
def counts_down(x, y, x_valid, y_valid, batch, rate, patience, most):
    """Steps in place, keeps a copy, and counts how much patience is left."""
    weights, losses, left = np.zeros(x.shape[1]), [], patience
    lowest, kept = np.inf, weights.copy()
    while left and len(losses) < most:
        for some in np.array_split(np.arange(len(x)), range(batch, len(x), batch)):
            gradient = 2 * x[some].T @ (x[some] @ weights - y[some])
            weights -= rate * gradient / len(some)
        misses = y_valid - x_valid @ weights
        losses.append(misses @ misses / len(misses))
        left -= 1
        if losses[-1] < lowest:
            lowest, kept, left = losses[-1], weights.copy(), patience
    return kept, np.array(losses)


@alternative
def keeps_them_all(x, y, x_valid, y_valid, batch, rate, patience, most):
    """The weights of all epochs are kept, and the best looked up at the end."""
    weights, all_weights, losses = np.zeros(x.shape[1]), [], []
    for _ in range(most):
        for start in range(0, len(x), batch):
            rows = slice(start, start + batch)
            slopes = 2 * (x[rows] @ weights - y[rows])[:, None] * x[rows]
            weights = weights - rate * slopes.mean(axis=0)
        all_weights.append(weights)
        losses.append(((x_valid @ weights - y_valid) ** 2).mean())
        if len(losses) - 1 - np.argmin(losses) == patience:
            break
    return all_weights[np.argmin(losses)], np.array(losses)


@check(points=1)
def one_entry_on_paper(train):
    """One entry, one batch: the weight goes 1, 1.75, 2.3125, and should be 1.5."""
    x, y = np.array([[1.0], [1.0]]), np.array([4.0, 4.0])
    x_valid, y_valid = np.ones((3, 1)), np.full(3, 1.5)
    got = train(x, y, x_valid, y_valid, 2, 0.125, 1, 10)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, weights and losses, got {type(got).__name__}"
    close(got[1], np.array([0.25, 0.0625, 0.66015625]), "losses")
    close(got[0], np.array([1.75]), "weights")


@check(points=1)
def a_small_last_batch_on_paper(train):
    """Three rows in batches of two, one epoch: weights 1 and 2, then 3 and 4."""
    x, y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([2.0, 4.0, 5.0])
    x_valid = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
    y_valid = np.array([2.0, 4.0, 9.0, 4.0])
    got = train(x, y, x_valid, y_valid, 2, 0.5, 5, 1)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, weights and losses, got {type(got).__name__}"
    close(got[0], np.array([3.0, 4.0]), "weights")
    close(got[1], np.array([2.25]), "losses")


@check(points=1)
def equal_is_not_better(train):
    """A rate so high that the weight jumps between 8 and 0, both equally wrong."""
    x, y = np.array([[1.0], [1.0], [1.0]]), np.array([4.0, 4.0, 4.0])
    x_valid, y_valid = np.array([[1.0], [2.0]]), np.array([4.0, 8.0])
    got = train(x, y, x_valid, y_valid, 3, 1.0, 3, 10)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, weights and losses, got {type(got).__name__}"
    close(got[1], np.full(4, 40.0), "losses")
    close(got[0], np.array([8.0]), "weights")


@check(points=1)
def the_weight_swings(train):
    """A weight that swings round 4: good and bad epochs take turns."""
    x, y, x_valid = np.ones((2, 1)), np.array([4.0, 4.0]), np.ones((3, 1))
    swing = 4 - 4 * (-0.9) ** np.arange(1, 13)  # 7.6, 0.76, 6.916, 1.3756, ...
    for goal, epochs, best in ((4.8, 12, 10), (7.3, 3, 0)):
        got = train(x, y, x_valid, np.full(3, goal), 2, 0.95, 2, 12)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, weights and losses, got {type(got).__name__}"
        wanted = (swing[:epochs] - goal) ** 2
        close(got[1], wanted, f"losses, patience 2, target {goal}")
        close(got[0], swing[best : best + 1], f"weights, patience 2, target {goal}")


@check(points=2, hidden=True)
def noisy_sums(train, rng):
    """Six noisy problems, with much patience and little, against a plain loop."""
    from attn_course.functional import best_epoch

    for patience, most, batch in ((1, 30, 4), (2, 40, 5), (3, 40, 1), (9, 7, 4)) * 2:
        x, x_valid = rng.normal(size=(11, 7)), rng.normal(size=(13, 7))
        y = x.sum(axis=1) + 3 * rng.normal(size=11)
        y_valid = x_valid.sum(axis=1) + 3 * rng.normal(size=13)
        w, path, losses = np.zeros(7), [], []
        for _ in range(most):
            for rows in np.array_split(np.arange(11), range(batch, 11, batch)):
                gap = x[rows] @ w - y[rows]
                w = w - 0.04 * 2 * (gap[:, None] * x[rows]).mean(axis=0)
            path.append(w)
            losses.append(np.mean((x_valid @ w - y_valid) ** 2))
        best = best_epoch(losses, patience)
        weights, noted = train(x, y, x_valid, y_valid, batch, 0.04, patience, most)
        close(noted, np.array(losses[: best + patience + 1]), "losses")
        close(weights, path[best], "weights")


def _loop(x, y, x_valid, y_valid, batch, rate, patience, most, **changed):
    """The loop, of which each wrong answer changes one part."""
    change = {"scale": 2.0, "size": batch, "rows": len(x), "late": 0, "sum": None}
    change |= {"better": np.less, "last": False, "judge": (x_valid, y_valid)} | changed
    w, losses, best = np.zeros(x.shape[1]), [], 0
    for n in range(most):
        for start in range(0, change["rows"], change["size"]):
            rows = slice(start, start + change["size"])
            slope = x[rows].T @ (x[rows] @ w - y[rows])
            w = w - rate * change["scale"] * slope / (change["sum"] or len(x[rows]))
        losses.append(np.mean((change["judge"][0] @ w - change["judge"][1]) ** 2))
        if n == 0 or change["better"](losses[n], losses[best]):
            best, kept = n, w
        if n - best >= patience + change["late"]:
            break
    return (w if change["last"] else kept), np.array(losses)


@misconception(caught_by=one_entry_on_paper)
def the_last_weights(*given):
    """The losses are right; the weights are those of the last epoch. Did you keep the
    best ones, or the array that every step goes on changing in place?"""
    return _loop(*given, last=True)


@misconception(caught_by=one_entry_on_paper)
def one_epoch_too_patient(*given):
    """You wait one epoch longer than the patience allows. With a patience of 1, how
    many bad epochs may there be?"""
    return _loop(*given, late=1)


@misconception(caught_by=equal_is_not_better)
def equal_counts_as_better(*given):
    """A loss that equals the lowest counts as better with you, so that a model that
    has stopped learning is trained for ever. Of equals the first is wanted."""
    return _loop(*given, better=np.less_equal)


@misconception(caught_by=the_weight_swings)
def compares_with_the_last_epoch(x, y, x_valid, y_valid, batch, rate, patience, most):
    """You compare each loss with the one just before. A loss that sinks a little after
    a high one is not yet better than the lowest."""
    for epochs in range(1, most + 1):
        kept, losses = _loop(x, y, x_valid, y_valid, batch, rate, most, epochs)
        if epochs > patience and (np.diff(losses)[-patience:] >= 0).all():
            break
    return kept, losses


@misconception(caught_by=the_weight_swings)
def keeps_what_beats_the_last_epoch(*given):
    """You compare each loss with the one just before, to stop and to keep. A loss that
    sinks a little after a high one is not yet better than the lowest."""
    *rest, patience, most = given
    bad, kept = 0, None
    for epochs in range(1, most + 1):
        now, losses = _loop(*rest, most, epochs, last=True)
        better = epochs == 1 or losses[-1] < losses[-2]
        bad, kept = (0, now) if better else (bad + 1, kept)
        if bad >= patience:
            break
    return kept, losses


@misconception(caught_by=the_weight_swings)
def bad_epochs_add_up(x, y, x_valid, y_valid, batch, rate, patience, most):
    """You add up all bad epochs of the run. A better one should fill the patience up
    again: asked for are bad epochs in a row."""
    for epochs in range(1, most + 1):
        kept, losses = _loop(x, y, x_valid, y_valid, batch, rate, most, epochs)
        lowest = np.minimum.accumulate(losses)
        if (losses[1:] >= lowest[:-1]).sum() >= patience:
            break
    return kept, losses


@misconception(caught_by=one_entry_on_paper)
def never_stops(*given):
    """The best weights are kept, and the loop runs to the last epoch allowed. Where is
    patience asked for?"""
    return _loop(*given, late=given[-1])


@misconception(caught_by=a_small_last_batch_on_paper)
def all_rows_at_once(*given):
    """One step an epoch, with all rows. Batches make several: the second one starts
    from the weights that the first one has left."""
    return _loop(*given, size=len(given[0]))


@misconception(caught_by=a_small_last_batch_on_paper)
def drops_the_last_batch(*given):
    """The rows that do not fill a batch are never learnt from. A smaller batch is a
    batch too."""
    return _loop(*given, rows=len(given[0]) // given[4] * given[4])


@misconception(caught_by=noisy_sums)
def a_full_batch_in_the_mean(*given):
    """Every sum is divided by the size of a full batch, the last and smaller one too:
    its rows count for less. By how many rows is a mean divided?"""
    return _loop(*given, sum=given[4])


@misconception(caught_by=one_entry_on_paper)
def the_two_is_missing(*given):
    """Your steps are half as long as they should be. What is the slope of a square?"""
    return _loop(*given, scale=1.0)


@misconception(caught_by=one_entry_on_paper)
def summed_over_the_batch(*given):
    """Your gradient is that of a sum over the batch, so that large batches make large
    steps. The loss of a batch is a mean."""
    return _loop(*given, sum=1)


@misconception(caught_by=one_entry_on_paper)
def judged_by_the_training_rows(*given):
    """Your losses are those of the training rows, which fall as long as you train.
    Which rows say whether it still helps?"""
    return _loop(*given, judge=given[:2])


@misconception(caught_by=a_small_last_batch_on_paper)
def judged_before_the_epoch(x, y, x_valid, y_valid, batch, rate, patience, most):
    """You look at the validation rows before the epoch, not after it: your first loss
    is that of weights that are all zero."""
    kept, losses = _loop(x, y, x_valid, y_valid, batch, rate, patience, most)
    return kept, np.array([np.mean(y_valid**2), *losses[:-1]])


@misconception(caught_by=one_entry_on_paper)
def losses_up_to_the_best(*given):
    """Your losses end with the best one. Asked for are those of all epochs that were
    run, the ones without success among them."""
    kept, losses = _loop(*given)
    return kept, losses[: losses.argmin() + 1]


@misconception(caught_by=equal_is_not_better)
def the_last_loss_is_missing(*given):
    """Your loop stops at the right epoch, and the loss of that epoch is not among the
    losses. Which comes first, to note it or to stop?"""
    kept, losses = _loop(*given)
    out_of_patience = len(losses) - 1 - losses.argmin() >= given[-2]
    return kept, losses[:-1] if out_of_patience else losses


@misconception(caught_by=one_entry_on_paper)
def roots_of_the_losses(*given):
    """You took the root of each loss, which has the unit of y. Asked for is the mean of
    the squares itself."""
    kept, losses = _loop(*given)
    return kept, np.sqrt(losses)
