r"""### Label smoothing that survives padding and −∞

Write `smoothed_loss(logits, targets, padding, smoothing)`, the mean over all tokens of

$$ L = -\sum_{k \text{ possible}} q_k \ln p_k, \qquad
   q_k = (1 - \varepsilon) \, [k = t] + \frac{\varepsilon}{K}, $$

where $p$ is the softmax of the token's logits, $t$ its target and $\varepsilon$ is
`smoothing`. It is to be safe against three things.

- A logit may be $-\infty$: that entry is *ruled out*. It gets nothing of $\varepsilon$
  and adds nothing to the sum, and $K$ counts the entries of this row that are possible,
  the right one among them. The target of a token is always possible.
- A target equal to `padding` marks a place that is no token. It counts neither in the
  sum nor in the number of tokens, **whatever its logits are**, −∞ or nan included. A
  batch without any token has the loss 0.
- Logits may be large: 10,000 as well as −10,000.

Any number of axes may come before the positions. NumPy only.
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
    level="stretch",
    minutes=25,
    hints=(
        "Do the padding first: boolean indexing leaves the rows that are tokens, as "
        "a table of two axes. What is left to do with the others?",
        "The sum has two parts: one minus ε of the log-probability at the target, and "
        "ε of a mean of log-probabilities. Which entries belong to that mean?",
        "Log-probabilities are the logits less the largest of the row, less the log "
        "of the sum of exponentials. Set those that are −∞ to 0 with `np.where` "
        "before you add them up, and divide by how many are finite.",
    ),
)


@answer
def smoothed_loss(logits, targets, padding, smoothing):
    """Mean loss of all tokens, in nats.

    logits     (..., positions, vocab)  float, -inf where ruled out
    targets    (..., positions)         int
    padding    ()                       int, the target of what is no token
    smoothing  ()                       float, from 0 up to 1
    returns    a float
    """
    ### BEGIN SOLUTION
    tokens = targets != padding
    rows, right = logits[tokens], targets[tokens]
    if not len(rows):
        return 0.0
    shifted = rows - rows.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    possible = np.isfinite(rows)
    spread = np.where(possible, logs, 0).sum(axis=-1) / possible.sum(axis=-1)
    hit = logs[np.arange(len(rows)), right]
    return float(-((1 - smoothing) * hit + smoothing * spread).mean())
    ### END SOLUTION


@inputs
def draw(rng):
    """Batches with padding, entries ruled out, large logits, or no token."""
    batch, positions, vocab = rng.permutation(np.arange(3, 8))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    logits = rng.normal(size=(*leading, positions, vocab)) * rng.choice([1.0, 1e4])
    targets = rng.integers(1, vocab, size=(*leading, positions))
    out = rng.random(logits.shape) < rng.choice([0.0, 0.3])
    np.put_along_axis(out, targets[..., None], False, axis=-1)
    logits[out] = -np.inf
    none = rng.random(targets.shape) < rng.choice([0.0, 0.4, 1.0])
    targets[none] = 0
    logits[none & (rng.random(targets.shape) < 0.3)] = np.nan
    return logits, targets, 0, float(rng.choice([0.0, 0.1, 0.4]))


@alternative
def token_by_token(logits, targets, padding, smoothing):
    """Each token with its possible entries alone."""
    losses = []
    for place in np.ndindex(targets.shape):
        if targets[place] == padding:
            continue
        row = logits[place]
        keep = row > -np.inf
        q = (np.arange(len(row)) == targets[place])[keep] * (1 - smoothing)
        q = q + smoothing / keep.sum()
        row = row[keep]
        total = row.max() + np.log(np.exp(row - row.max()).sum())
        losses.append(q @ (total - row))
    return float(np.mean(losses)) if losses else 0.0


@alternative
def from_the_gaps(logits, targets, padding, smoothing):
    """The loss of the target alone, plus ε of the mean gap to it."""
    places = np.flatnonzero(targets != padding)
    if places.size == 0:
        return 0.0
    rows = logits.reshape(-1, logits.shape[-1])[places]
    right = np.take_along_axis(rows, targets.ravel()[places, None], axis=1)
    gaps = right - rows  # infinite where ruled out
    plain = np.logaddexp.reduce(-gaps, axis=1)
    mean = np.nanmean(np.where(np.isposinf(gaps), np.nan, gaps), axis=1)
    return float(np.mean(plain + smoothing * mean))


@check(points=1)
def shares_on_paper(smoothed_loss):
    """Two tokens with known probabilities, without smoothing and with 0.2."""
    shares = np.array([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]])
    logits, targets = np.log(shares) + np.array([[3.0], [-2.0]]), np.array([1, 3])
    plain = -(np.log(0.25) + np.log(0.4)) / 2
    close(smoothed_loss(logits, targets, 0, 0.0), plain, "loss without smoothing")
    mean = -np.log(shares).mean()
    wanted = 0.8 * plain + 0.2 * mean
    close(smoothed_loss(logits, targets, 0, 0.2), wanted, "loss with a share of 0.2")


@check(points=1)
def padding_counts_for_nothing(smoothed_loss):
    """Five tokens in three rows of uneven length; padding has logits of all kinds."""
    rng = np.random.default_rng(7)
    logits = rng.normal(size=(3, 4, 6)) * 2
    targets = np.array([[3, 5, 1, 0], [2, 0, 0, 0], [4, 0, 0, 0]])
    logits[0, 3], logits[1, 2], logits[2, 1:] = np.nan, -np.inf, 50.0
    with np.errstate(all="ignore"):
        logs = logits - np.log(np.exp(logits).sum(axis=-1))[..., None]
    tokens = [(0, 0, 3), (0, 1, 5), (0, 2, 1), (1, 0, 2), (2, 0, 4)]
    each = [0.9 * logs[t] + 0.1 * logs[t[:2]].mean() for t in tokens]
    close(smoothed_loss(logits, targets, 0, 0.1), -sum(each) / 5, "loss")
    got = smoothed_loss(np.ones((3, 4, 6)), np.full((3, 4), 9), 9, 0.1)
    close(got, 0.0, "loss of nothing but padding, marked by 9")


@check(points=1)
def entries_ruled_out(smoothed_loss):
    """A row with two of five entries ruled out is a row of three."""
    three, four = np.array([2.0, 1.0, 0.0]), np.array([0.5, 1.5, -1.0, 0.0])
    many = np.full((2, 5), -np.inf)
    many[0, [0, 2, 3]], many[1, [0, 1, 2, 4]] = three, four
    three = three - np.log(np.exp(three).sum())
    four = four - np.log(np.exp(four).sum())
    for share in (0.0, 0.3):
        each = (1 - share) * (three[1] + four[2]) + share * (three.mean() + four.mean())
        got = smoothed_loss(many, np.array([2, 2]), 0, share)
        close(got, -each / 2, f"loss with a share of {share}")


@check(points=2, hidden=True)
def like_the_course(smoothed_loss, rng):
    """Batches with padding, against the course's own function."""
    from attn_course.functional import cross_entropy

    for shape, share in (((3, 4, 6), 0.1), ((2, 3, 5, 7), 0.4)):
        logits = rng.normal(size=shape) * 2
        targets = rng.integers(1, shape[-1], size=shape[:-1])
        targets[..., -1], targets[0, ..., 1] = 0, 0
        wanted = cross_entropy(logits, targets, where=targets != 0, smoothing=share)
        close(smoothed_loss(logits, targets, 0, share), float(wanted), "loss")


@check(points=1, hidden=True, extreme=True)
def large_logits(smoothed_loss, rng):
    """Logits up to 10,000 and a tenth of the entries ruled out, token by token."""
    logits = rng.integers(-10_000, 10_000, size=(3, 4, 6)).astype(float)
    targets = rng.integers(1, 6, size=(3, 4))
    logits[..., 0], targets[:, -1] = -np.inf, 0
    rows, right = logits[:, :-1, 1:].reshape(-1, 5), targets[:, :-1].ravel() - 1
    shifted = rows - rows.max(axis=1)[:, None]
    logs = shifted - np.log(np.exp(shifted).sum(axis=1))[:, None]
    each = 0.9 * logs[np.arange(9), right] + 0.1 * logs.mean(axis=1)
    close(smoothed_loss(logits, targets, 0, 0.1), -each.mean(), "loss")


def _mean(values):
    return float(np.mean(values)) if len(values) else 0.0


def _loss(logits, targets, padding, smoothing, *, share=None, logs=None):
    """The answer, with how a row's log-probabilities are made or mixed exchanged."""
    tokens = targets != padding
    rows, right = logits[tokens], targets[tokens]
    with np.errstate(all="ignore"):
        table = (logs or _logs)(rows)
        possible = np.isfinite(rows)
        hit = table[np.arange(len(rows)), right]
        if share:
            return _mean(-share(table, hit, possible))
        spread = np.where(possible, table, 0).sum(axis=-1) / possible.sum(axis=-1)
        return _mean(-((1 - smoothing) * hit + smoothing * spread))


def _logs(rows):
    if not len(rows):
        return rows
    shifted = rows - rows.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@misconception(caught_by=shares_on_paper)
def softmax_before_the_loss(logits, targets, padding, smoothing):
    """You apply softmax, and then the loss applies it again. One is enough; the loss
    brings its own: hand it the raw logits."""
    return _loss(
        *(logits, targets, padding, smoothing), logs=lambda r: _logs(np.exp(_logs(r)))
    )


@misconception(caught_by=shares_on_paper)
def shared_by_the_others_only(logits, targets, padding, smoothing):
    """Count where the small share goes: our definition gives a crumb to the right entry
    as well. Yours leaves it out, and divides by one less."""

    def share(table, hit, possible):
        rest = np.where(possible, table, 0).sum(axis=-1) - hit
        others = np.maximum(possible.sum(axis=-1) - 1, 1)
        return (1 - smoothing) * hit + smoothing * rest / others

    return _loss(logits, targets, padding, smoothing, share=share)


@misconception(caught_by=shares_on_paper)
def right_entry_keeps_everything(logits, targets, padding, smoothing):
    """Your shares add up to more than one: the crumbs are handed out and the right
    entry still has its whole. What is left for it?"""

    def share(table, hit, possible):
        spread = np.where(possible, table, 0).sum(axis=-1) / possible.sum(axis=-1)
        return hit + smoothing * spread

    return _loss(logits, targets, padding, smoothing, share=share)


@misconception(caught_by=shares_on_paper)
def every_entry_gets_all_of_it(logits, targets, padding, smoothing):
    """Each entry gets the whole of ε in your loss. It is one small share, divided among
    all that are possible."""

    def share(table, hit, possible):
        return (1 - smoothing) * hit + smoothing * np.where(possible, table, 0).sum(-1)

    return _loss(logits, targets, padding, smoothing, share=share)


@misconception(caught_by=shares_on_paper)
def no_smoothing(logits, targets, padding, smoothing):
    """This is the cross-entropy without smoothing: a share of the target goes to all
    the possible entries."""
    return _loss(logits, targets, padding, 0.0)


@misconception(caught_by=entries_ruled_out)
def zero_times_infinity(logits, targets, padding, smoothing):
    """An entry that is ruled out still enters your sum, and a share of -∞ is -∞, or nan
    if the share is 0. It has to be left out before anything is multiplied."""
    return _loss(
        *(logits, targets, padding, smoothing),
        share=lambda t, hit, _: (1 - smoothing) * hit + smoothing * t.mean(axis=-1),
    )


@misconception(caught_by=entries_ruled_out)
def infinity_in_the_share(logits, targets, padding, smoothing):
    """Right without smoothing. With it, an entry that is ruled out gets its crumb, and
    the smallest share of infinity is infinite. Who may share?"""
    if smoothing == 0:
        return _loss(logits, targets, padding, smoothing)
    return zero_times_infinity(logits, targets, padding, smoothing)


@misconception(caught_by=entries_ruled_out)
def one_mean_for_the_whole_batch(logits, targets, padding, smoothing):
    """You take one mean over the possible entries of all tokens together. A token with
    more of them then counts for more: each row has a K of its own."""
    return _loss(
        *(logits, targets, padding, smoothing),
        share=lambda t, hit, possible: (
            (1 - smoothing) * hit + smoothing * (t[possible].mean() if t.size else 0)
        ),
    )


@misconception(caught_by=entries_ruled_out)
def a_large_number_for_infinity(logits, targets, padding, smoothing):
    """You put a large number in the place of -∞, and the loss became that large: an
    entry that is ruled out still gets a share. It should get none."""
    return _loss(
        np.where(np.isneginf(logits), -1e9, logits), targets, padding, smoothing
    )


@misconception(caught_by=entries_ruled_out)
def ruled_out_are_counted(logits, targets, padding, smoothing):
    """What is ruled out adds nothing to your sum, and is counted in K all the same.
    Then the shares do not add up to one: how many entries share it?"""
    return _loss(
        *(logits, targets, padding, smoothing),
        share=lambda t, hit, possible: (
            (1 - smoothing) * hit + smoothing * np.where(possible, t, 0).mean(axis=-1)
        ),
    )


@misconception(caught_by=padding_counts_for_nothing)
def padding_thins_the_mean(logits, targets, padding, smoothing):
    """Padding adds nothing to your sum, and you divide by all places: the more padding,
    the smaller the loss. How many tokens are there?"""
    return _loss(logits, targets, padding, smoothing) * np.mean(targets != padding)


@misconception(caught_by=padding_counts_for_nothing)
def mean_of_the_rows(logits, targets, padding, smoothing):
    """You take a mean for each row and then the mean of those, so a token in a short
    row counts for more. All tokens count alike."""
    if targets.ndim < 2:
        return _loss(logits, targets, padding, smoothing)
    rows = zip(logits, targets, strict=True)
    kept = [
        _loss(*row, padding, smoothing) for row in rows if (row[1] != padding).any()
    ]
    return _mean(kept)


@misconception(caught_by=padding_counts_for_nothing)
def padding_times_zero(logits, targets, padding, smoothing):
    """You work out a loss for padding too and multiply it by 0. Its logits may be nan,
    and 0 times nan is nan: leave those rows out before you begin."""
    if (targets == padding).all():
        return 0.0
    with np.errstate(all="ignore"):
        table, possible = _logs(logits), np.isfinite(logits)
        hit = np.take_along_axis(table, np.maximum(targets, 0)[..., None], -1)[..., 0]
        spread = np.where(possible, table, 0).sum(axis=-1) / possible.sum(axis=-1)
        each = -((1 - smoothing) * hit + smoothing * spread) * (targets != padding)
        return float(each.sum() / (targets != padding).sum())


@misconception(caught_by=padding_counts_for_nothing)
def mean_over_nothing(logits, targets, padding, smoothing):
    """Right as long as there is a token. Without any, your mean divides 0 by 0, and the
    nan spreads to all weights: such a batch has the loss 0."""
    if (targets == padding).all():
        return float("nan")
    return _loss(logits, targets, padding, smoothing)


@misconception(caught_by=padding_counts_for_nothing)
def padding_is_always_zero(logits, targets, padding, smoothing):
    """You look for targets of 0. What marks padding is an argument, and in the last
    call of this check it is another number."""
    return _loss(logits, np.where(targets == 9, 1, targets), 0, smoothing)


@misconception(caught_by=large_logits)
def no_shift(logits, targets, padding, smoothing):
    """Right for small logits. exp(10,000) fits in no float: what may be subtracted from
    a whole row without changing its probabilities?"""
    return _loss(
        *(logits, targets, padding, smoothing),
        logs=lambda r: r - np.log(np.exp(r).sum(axis=-1, keepdims=True)),
    )


@misconception(caught_by=like_the_course)
def sum_over_the_tokens(logits, targets, padding, smoothing):
    """You add up the losses of the tokens. The mean is wanted, so that a long batch
    does not weigh more than a short one."""
    count = (targets != padding).sum()
    return float(_loss(logits, targets, padding, smoothing) * count)


@misconception(caught_by=shares_on_paper)
def the_sign_forgotten(logits, targets, padding, smoothing):
    """Your loss is negative, and training would make it more so. The logarithm of a
    probability is below zero: what stands in front of the sum?"""
    return -_loss(logits, targets, padding, smoothing)


@misconception(caught_by=large_logits)
def a_crumb_in_the_logarithm(logits, targets, padding, smoothing):
    """You take the logarithm of probabilities, with a tiny number beside them against
    log 0. No loss of yours can be large then: stay with logarithms all the way."""
    return _loss(
        *(logits, targets, padding, smoothing),
        logs=lambda r: np.log(np.exp(_logs(r)) + 1e-12),
    )
