r"""### Find the bugs: a loss that falls and falls

`decoder_loss` is the loss of a small decoder, small enough to be read at a glance: it
embeds what it reads, lets each position read from the others, adds that, and makes
logits over the vocabulary. Whoever wrote it reports:

> the loss falls from the first update on, below anything I have seen on this task, and
> with longer padding it gets better still. All shapes are right, no nan. Done!

It is wrong in three places, and the three are those of the failure labs of this page.
For each of them say which symptom in the report it explains; run the checks and mend
one at a time.

`target` holds the wanted tokens of each sentence, its end symbol among them, filled up
on the right with `PAD = 0`. The decoder reads the same tokens one step late, after
`START = 1`. The loss is the mean of the cross-entropies of all wanted tokens of the
batch, in nats, each token counting once.
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
    minutes=25,
    hints=(
        "What does position t read, directly and through others? List the tokens; the "
        "one that is wanted at t should not be among them.",
        "Two of the three faults let the answer in: one in the place itself, one from "
        "the places behind it. The third one is in the last line.",
        "Embed the target one step late, with 1 in front; leave out later positions "
        "before the softmax; take the mean over those tokens that are not 0.",
    ),
)


@answer
def decoder_loss(target, embed, W_query, W_key, W_out):
    """Mean cross-entropy of the wanted tokens, in nats.

    target   (batch, positions)  int, 0 is padding
    embed    (vocab, model)      float
    W_query  (model, width)      float
    W_key    (model, width)      float
    W_out    (model, vocab)      float
    returns  a number
    """
    ### BEGIN SOLUTION
    late = np.roll(target, 1, axis=1)
    late[:, 0] = 1
    x = embed[late]
    scores = np.einsum("btd,bsd->bts", x @ W_query, x @ W_key)
    scores = scores / np.sqrt(W_query.shape[1])
    scores = np.where(np.tri(target.shape[1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    logits = (x + weights @ x) @ W_out
    top = logits.max(axis=-1, keepdims=True)
    log_total = top[..., 0] + np.log(np.exp(logits - top).sum(axis=-1))
    picked = np.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
    return (log_total - picked)[target != 0].mean()
    ### END SOLUTION


@starter
def decoder_loss(target, embed, W_query, W_key, W_out):  # noqa: F811
    """Mean cross-entropy of the wanted tokens, in nats.

    target   (batch, positions)  int, 0 is padding
    embed    (vocab, model)      float
    W_query  (model, width)      float
    W_key    (model, width)      float
    W_out    (model, vocab)      float
    returns  a number
    """
    x = embed[target]
    scores = np.einsum("btd,bsd->bts", x @ W_query, x @ W_key)
    scores = scores / np.sqrt(W_query.shape[1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    logits = (x + weights @ x) @ W_out
    top = logits.max(axis=-1, keepdims=True)
    log_total = top[..., 0] + np.log(np.exp(logits - top).sum(axis=-1))
    picked = np.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
    return (log_total - picked).mean()


def _sentences(rng, batch, positions, vocab):
    """Rows of all lengths; the first is the shortest, the last one full."""
    tokens = rng.integers(2, vocab, size=(batch, positions))
    lengths = np.linspace(2, positions, batch).astype(int)
    return np.where(np.arange(positions) < lengths[:, None], tokens, 0)


@inputs
def draw(rng):
    """Uneven sizes, short rows and full ones, now and then loud scores."""
    batch, positions, model, width = rng.permutation(np.arange(3, 8))[:4]
    target = _sentences(rng, batch, positions, 9)
    embed, W_out = rng.normal(size=(9, model)), rng.normal(size=(model, 9))
    loud = rng.choice([1.0, 1.0, 60.0])
    return target, embed, *loud * rng.normal(size=(2, model, width)), W_out


@alternative
def token_by_token(target, embed, W_query, W_key, W_out):
    """Every wanted token by itself, with what came before it."""
    losses = []
    for row in target:
        read = [1]
        for wanted in row[row != 0]:
            x = embed[read]
            scores = x @ W_key @ (x[-1] @ W_query) / len(W_query[0]) ** 0.5
            weights = np.exp(scores - max(scores))
            logits = (x[-1] + weights @ x / sum(weights)) @ W_out
            logits = logits - max(logits)
            losses.append(np.log(np.exp(logits).sum()) - logits[wanted])
            read.append(wanted)
    return sum(losses) / len(losses)


@check(points=1)
def two_tokens_on_paper(decoder_loss):
    """Sentences of one token and an end, all scores zero: what is read is a mean."""
    embed = np.array([[9.0, 9, 9], [0.5, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]])
    W_out = np.array([[0.0, 0, 1, 2, 3], [2.0, 1, 0, 1, 3], [1.0, 0, 0, 2, 0]])
    zeros, start = np.zeros((3, 4)), embed[1]
    for token in (3, 4):
        after = embed[token] + (start + embed[token]) / 2
        logs = [np.log(np.exp(x @ W_out).sum()) - x @ W_out for x in (2 * start, after)]
        wanted = (logs[0][token] + logs[1][2]) / 2
        got = decoder_loss(np.array([[token, 2]] * 6), embed, zeros, zeros, W_out)
        close(got, wanted, f"loss of the sentence {token} and its end")


@check(points=1)
def later_tokens_do_not_matter(decoder_loss, rng):
    """The loss of the first two tokens does not change with what is written later."""
    embed, W_out = rng.normal(size=(9, 5)), rng.normal(size=(5, 9)) / 2
    W_query, W_key = rng.normal(size=(2, 5, 4)) / 2

    def loss(row):
        return len(row) * decoder_loss(np.array([row]), embed, W_query, W_key, W_out)

    # The loss of the third token alone, after two ways to begin; it cannot know more.
    x = embed[[1, 4, 7]]
    scores = x @ W_key @ (x[-1] @ W_query) / 2
    weights = np.exp(scores) / np.exp(scores).sum()
    logits = (x[-1] + weights @ x) @ W_out
    logs = np.log(np.exp(logits).sum()) - logits
    for token in (2, 6, 8):
        third = loss([4, 7, token]) - loss([4, 7])
        close(third, logs[token], f"what the token {token} adds to the sum of losses")


@check(points=1)
def padding_is_nothing(decoder_loss, rng):
    """Wider tables, filled up with padding, have the same loss."""
    embed, W_out = rng.normal(size=(9, 5)), rng.normal(size=(5, 9)) / 2
    W_query, W_key = rng.normal(size=(2, 5, 4)) / 2
    narrow = np.array([[4, 7, 2], [5, 2, 0]])
    losses = []
    for extra in (0, 3, 8):
        target = np.pad(narrow, ((0, 0), (0, extra)))
        losses.append(float(decoder_loss(target, embed, W_query, W_key, W_out)))
    close(np.array(losses[1:]), np.full(2, losses[0]), "losses of two wider tables")


@check(points=3, hidden=True)
def against_the_course(decoder_loss, rng):
    """Batches with rows of all lengths, against functions of the course."""
    from attn_course.data import PAD, shift_right
    from attn_course.functional import attend, causal_mask, cross_entropy

    for batch, positions, model, width in ((4, 7, 5, 3), (6, 4, 3, 5)):
        tokens = rng.integers(2, 11, size=(batch, positions))
        lengths = np.linspace(1, positions, batch).astype(int)
        target = np.where(np.arange(positions) < lengths[:, None], tokens, PAD)
        embed, W_out = rng.normal(size=(11, model)), rng.normal(size=(model, 11))
        W_query, W_key = rng.normal(size=(2, model, width)) / 2
        x = embed[shift_right(target)]
        read = attend(x @ W_query, x @ W_key, x, allowed=causal_mask(positions))
        wanted = cross_entropy((x + read) @ W_out, target, where=target != PAD)
        got = decoder_loss(target, embed, W_query, W_key, W_out)
        close(got, float(wanted), "loss")


@check(points=1, hidden=True, extreme=True)
def loud_tables(decoder_loss, rng):
    """Scores and logits of several thousand."""
    from attn_course.data import PAD, shift_right
    from attn_course.functional import attend, causal_mask, cross_entropy

    target = np.array([[4, 6, 8, 2, 0, 0, 0], [5, 3, 7, 7, 9, 4, 2]])
    embed, W_out = rng.normal(size=(10, 5)) * 9, rng.normal(size=(5, 10)) * 200
    W_query, W_key = rng.normal(size=(2, 5, 3)) * 9
    x = embed[shift_right(target)]
    read = attend(x @ W_query, x @ W_key, x, allowed=causal_mask(7))
    wanted = cross_entropy((x + read) @ W_out, target, where=target != PAD)
    close(decoder_loss(target, embed, W_query, W_key, W_out), float(wanted), "loss")


def _loss(target, embed, W_query, W_key, W_out, **changed):
    """The loss, of which each wrong answer changes one thing or two."""
    late = np.concatenate([np.ones_like(target[:, :1]), target[:, :-1]], axis=1)
    change = {
        "reads": late,
        "counted": target != 0,
        "step": 0,
        "tril": False,
        "mean": np.mean,
    } | changed
    x = embed[change["reads"]]
    scores = np.einsum("btd,bsd->bts", x @ W_query, x @ W_key) / W_key.shape[1] ** 0.5
    seen = np.tri(target.shape[1], k=change["step"], dtype=bool)
    scores = np.where(seen, scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = exps / exps.sum(axis=-1, keepdims=True)
    logits = (x + (np.tril(shares) if change["tril"] else shares) @ x) @ W_out
    logits = logits - logits.max(axis=-1, keepdims=True)
    logs = np.log(np.exp(logits).sum(axis=-1, keepdims=True)) - logits
    losses = np.take_along_axis(logs, target[..., None], axis=-1)[..., 0]
    if change["mean"] is not np.mean:
        return change["mean"](losses, change["counted"])
    return losses[change["counted"]].mean()


ALL = 99  # steps ahead that a position sees where nothing hides them


@misconception(caught_by=two_tokens_on_paper)
def reads_what_it_should_write(target, *tables):
    """No position sees a later one now. But the decoder reads, at each place, the token
    that is wanted at that place. What should stand in front of every row?"""
    return _loss(target, *tables, reads=target)


@misconception(caught_by=later_tokens_do_not_matter)
def sees_the_future(target, *tables):
    """The decoder reads one step late now. But each position reads from those behind
    it too, and the very next one holds the token that it should guess."""
    return _loss(target, *tables, step=ALL)


@misconception(caught_by=padding_is_nothing)
def padding_counts(target, *tables):
    """The decoder is mended. The mean still counts padding, so that a table with more
    of it has another loss. Which tokens are wanted?"""
    every = np.ones(target.shape, dtype=bool)
    return _loss(target, *tables, counted=every)


@misconception(caught_by=two_tokens_on_paper)
def only_the_padding_is_mended(target, *tables):
    """With or without padding in the mean, the decoder knows what it should write, and
    in two ways. Which tokens does the first position read?"""
    return _loss(target, *tables, reads=target, step=ALL)


@misconception(caught_by=padding_is_nothing)
def only_the_order_is_mended(target, *tables):
    """One fault is mended: no position sees a later one. It need not, since the token
    it should write stands in its own place; and padding counts as well."""
    every = np.ones(target.shape, dtype=bool)
    return _loss(target, *tables, reads=target, counted=every)


@misconception(caught_by=padding_is_nothing)
def only_the_step_is_mended(target, *tables):
    """One fault is mended: the decoder reads one step late. What it should write now
    stands one place further on, where it may look; and padding counts as well."""
    every = np.ones(target.shape, dtype=bool)
    return _loss(target, *tables, step=ALL, counted=every)


@misconception(caught_by=later_tokens_do_not_matter)
def one_step_too_generous(target, *tables):
    """Your positions see one step ahead, and one step is all it takes: there stands the
    token that is wanted. Where should the diagonal be?"""
    return _loss(target, *tables, step=1)


@misconception(caught_by=two_tokens_on_paper)
def shifted_the_wrong_way(target, *tables):
    """Your decoder reads one step early: at each place the token after the wanted one.
    Late means that the first token is read at the second place."""
    early = np.concatenate([target[:, 1:], np.ones_like(target[:, :1])], axis=1)
    return _loss(target, *tables, reads=early)


@misconception(caught_by=later_tokens_do_not_matter)
def hidden_after_the_softmax(target, *tables):
    """Later positions have no weight in the end, but they have taken their share of the
    softmax: the other weights of a row no longer sum to one."""
    return _loss(target, *tables, step=ALL, tril=True)


@misconception(caught_by=two_tokens_on_paper)
def nobody_asks_for_the_first_token(target, *tables):
    """Your decoder is given the first token of each sentence and asked from the second
    one on. What does it read when nothing is written yet?"""
    return _loss(target[:, 1:], *tables, reads=target[:, :-1])


@misconception(caught_by=padding_is_nothing)
def counts_what_is_read(target, *tables):
    """The decoder is mended. You count the places where something is *read*, and short
    rows read their end one place after they have written it."""
    late = np.concatenate([np.ones_like(target[:, :1]), target[:, :-1]], axis=1)
    return _loss(target, *tables, counted=late != 0)


@misconception(caught_by=two_tokens_on_paper)
def no_start(target, *tables):
    """The rows are rolled, and what falls off on the right comes in on the left. In a
    full row that is its end symbol: who has told the decoder?"""
    return _loss(target, *tables, reads=np.roll(target, 1, axis=1))


@misconception(caught_by=against_the_course)
def a_mean_of_means(target, *tables):
    """You take the mean of each sentence first. Tokens of short sentences then count
    for more: asked for is one mean over all tokens of the batch."""

    def mean(losses, counted):
        return np.mean((losses * counted).sum(axis=1) / counted.sum(axis=1))

    return _loss(target, *tables, mean=mean)


@misconception(caught_by=padding_is_nothing)
def zeros_in_the_mean(target, *tables):
    """You set the losses of padding to zero and divide by all places. The zeros thin
    the mean out: by how many tokens should the sum be divided?"""
    return _loss(
        target, *tables, mean=lambda losses, counted: np.mean(losses * counted)
    )


@misconception(caught_by=against_the_course)
def summed_up(target, *tables):
    """You add up the losses of all tokens. Asked for is their mean, which does not grow
    with the batch."""
    return _loss(target, *tables, mean=lambda losses, counted: losses[counted].sum())


@misconception(caught_by=against_the_course)
def the_end_does_not_count(target, *tables):
    """Your loss leaves out the last token of each sentence. To know when to stop is to
    be learnt like anything else."""
    counted = target != 0
    last = np.pad(counted, ((0, 0), (0, 1)))[:, 1:]
    return _loss(target, *tables, counted=last)


@misconception(caught_by=loud_tables)
def no_shift(target, embed, W_query, W_key, W_out):
    """On the way the largest score or logit of a row got lost, and exp of a large one
    is infinite. All three faults can be mended without touching these lines."""
    x = embed[np.concatenate([np.ones_like(target[:, :1]), target[:, :-1]], axis=1)]
    scores = np.einsum("btd,bsd->bts", x @ W_query, x @ W_key) / W_key.shape[1] ** 0.5
    exps = np.exp(scores) * np.tri(target.shape[1])
    logits = (x + exps / exps.sum(axis=-1, keepdims=True) @ x) @ W_out
    logs = np.log(np.exp(logits).sum(axis=-1, keepdims=True)) - logits
    return np.take_along_axis(logs, target[..., None], axis=-1)[target != 0].mean()
