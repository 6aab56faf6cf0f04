r"""### Which heads are missed?

To *ablate* a head is to replace what it reads by the mean of it over all samples: it is
still there, and says the same to everybody. Write `cost_of_removal(reads, readout,
bias, labels)`, which measures what ablations cost.

`reads` holds, for each sample, what each head has read. Put side by side, head 0 first,
multiplied by `readout` and with `bias` added they give logits; the guess is the class
with the largest. Return a table of heads by heads:

- entry $(i, j)$ is how much the **accuracy** falls, as a number (0.25 for a quarter),
  when heads $i$ **and** $j$ are ablated together, compared with no ablation;
- on the diagonal, head $i$ alone is ablated.

A negative entry is fine: then the guesses are better without.

Then use it on this page's model with four heads, or with eight: `accuracy_without`
shows how to get its reads. Its last map times its map to the logits makes a `readout`
(the last map's bias takes the same way); keep the columns of one answer. Are there two
heads that cost more together than the sum of what they cost alone?
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
        "Write a small function first: reads in, accuracy out. The rest is calling it "
        "with changed copies.",
        "The mean of one head is a row as wide as the head; it takes the place of that "
        "head's row in every sample. Do not change `reads` itself.",
        "For each i and j: copy, `copy[:, [i, j]] = reads.mean(axis=0)[[i, j]]`, "
        "reshape to (samples, inner), logits, argmax, accuracy; full minus that.",
    ),
)


@answer
def cost_of_removal(reads, readout, bias, labels):
    """The fall of accuracy when two heads are ablated together.

    reads    (samples, heads, width)  float
    readout  (inner, classes)         float, inner = heads * width
    bias     (classes,)               float
    labels   (samples,)               int
    returns  (heads, heads)           float
    """
    ### BEGIN SOLUTION

    def accuracy(reads):
        logits = reads.reshape(len(reads), -1) @ readout + bias
        return np.mean(logits.argmax(axis=1) == labels)

    heads = reads.shape[1]
    table = np.empty((heads, heads))
    for i, j in np.ndindex(heads, heads):
        ablated = reads.copy()
        ablated[:, [i, j]] = reads.mean(axis=0)[[i, j]]
        table[i, j] = accuracy(reads) - accuracy(ablated)
    return table
    ### END SOLUTION


@inputs
def draw(rng):
    """Heads that share what they know about the labels, of uneven sizes."""
    heads, width, classes = (int(n) for n in rng.permutation(np.arange(2, 7))[:3])
    samples = int(rng.integers(30, 50))
    labels = rng.integers(classes, size=samples)
    readout = rng.normal(size=(heads * width, classes))
    signal = rng.uniform(0, 1, size=heads)[:, None] * readout.T[labels].reshape(
        samples, heads, width
    )
    reads = signal + rng.normal(size=(samples, heads, width)) + rng.normal(size=width)
    return reads, readout, rng.normal(size=classes), labels


@alternative
def by_contributions(reads, readout, bias, labels):
    """What each head adds to the logits is exchanged, not what it reads."""
    heads, width = reads.shape[1:]
    adds = np.einsum("shw,hwc->shc", reads, readout.reshape(heads, width, -1))
    deviation = adds - adds.mean(axis=0)
    logits = adds.sum(axis=1) + bias
    full = (logits.argmax(axis=-1) == labels).mean()
    table = np.zeros((heads, heads))
    for i in range(heads):
        for j in range(i, heads):
            gone = deviation[:, i] + (deviation[:, j] if j != i else 0)
            left = ((logits - gone).argmax(axis=-1) == labels).mean()
            table[i, j] = table[j, i] = full - left
    return table


@alternative
def with_a_mask(reads, readout, bias, labels):
    """A table of who is kept, for all pairs at once."""
    heads = reads.shape[1]
    eye = np.eye(heads, dtype=bool)
    kept = ~(eye[:, None] | eye[None])[:, :, None, :, None]
    mixed = np.where(kept, reads, reads.mean(axis=0))
    logits = mixed.reshape(heads, heads, len(reads), -1) @ readout + bias
    full = (reads.reshape(len(reads), -1) @ readout + bias).argmax(axis=-1) == labels
    return full.mean() - (logits.argmax(axis=-1) == labels).mean(axis=-1)


@check(points=1, extreme=True)
def two_spares_and_a_specialist(cost_of_removal):
    """Heads 0 and 2 know the same, head 1 knows one sample of eight: on paper."""
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 3])
    reads = np.zeros((8, 3, 2))
    reads[:, 0, 0] = reads[:, 2, 1] = np.where(labels == 1, 1.0, 3.0)  # mean 2.25
    reads[:, 1, 0] = np.where(labels == 3, 9.0, 1.0)  # mean 2
    reads[:, 0, 1], reads[:, 1, 1], reads[:, 2, 0] = 5.0, 4.0, 4.0  # for everybody
    readout = np.zeros((6, 4))
    readout[0, 0] = readout[5, 0] = readout[2, 3] = readout[1, 2] = 1.0
    # Class 0 needs more than 4.2 from heads 0 and 2 together, else class 1 wins.
    # Class 2 gets 5 from head 0, 9 less from its bias: it never wins.
    got = cost_of_removal(reads, readout, np.array([-4.2, 0.0, -9.0, -4.0]), labels)
    wanted = np.array([[0.0, 1, 3], [1, 1, 1], [3, 1, 0]]) / 8
    close(got, wanted, "table")


@check(points=1, extreme=True)
def a_head_for_each_question(cost_of_removal):
    """Two heads, each the only one to know one thing of two: four classes."""
    first = np.array([1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
    second = np.array([0, 1, 0, 1, 1, 0, 0, 1, 1, 1])
    labels = 2 * first + second
    reads = np.zeros((10, 2, 3))
    reads[:, 0, 1] = np.where(first == 1, 5.0, 3.0)  # mean 4.2
    reads[:, 1, 2] = np.where(second == 1, 1.0, -1.0)  # mean 0.2
    readout = np.zeros((6, 4))
    readout[1] = [0.0, 0.0, 1.0, 1.0]
    readout[5] = [-0.8, 0.8, -0.8, 0.8]
    bias = np.array([3.9, 3.9, 0.0, 0.0])
    # Without head 0 every guess has first = 1, without head 1 second = 1.
    got = cost_of_removal(reads, readout, bias, labels)
    left = [np.mean(first == 1), np.mean(second == 1), np.mean(labels == 3)]
    wanted = 1 - np.array([[left[0], left[2]], [left[2], left[1]]])
    close(got, wanted, "table")


@check(points=2, hidden=True)
def noisy_heads(cost_of_removal, rng):
    """Five heads with noise, some of which know more than others; 400 samples."""
    from attn_course.functional import merge_heads

    labels = rng.integers(4, size=400)
    readout = rng.normal(size=(15, 4))
    strength = np.array([1.0, 0.6, 0.0, 0.4, 0.2])[:, None]
    reads = strength * readout.T[labels].reshape(400, 5, 3)
    reads = reads + 2.0 * rng.normal(size=(400, 5, 3)) + np.array([1.0, -1.0, 2.0])
    bias = 0.3 * rng.normal(size=4)

    def accuracy(some):
        joined = merge_heads(some[:, :, None])[:, 0]
        return np.mean((joined @ readout + bias).argmax(axis=1) == labels)

    wanted = np.empty((5, 5))
    for i in range(5):
        for j in range(5):
            some = reads.copy()
            for head in (i, j):
                some[:, head] = reads[:, head].mean(axis=0)
            wanted[i, j] = accuracy(reads) - accuracy(some)
    close(cost_of_removal(reads, readout, bias, labels), wanted, "table")


def _table(
    reads,
    readout,
    bias,
    labels,
    *,
    instead=lambda reads: reads.mean(axis=0),
    gone=lambda i, j, heads: {i, j},
    join=lambda reads: reads.reshape(len(reads), -1),
    score=lambda full, left: full - left,
):
    """The answer, with one of its steps exchanged."""

    def accuracy(some):
        logits = join(some) @ readout + bias
        return np.mean(logits.argmax(axis=1) == labels)

    heads = reads.shape[1]
    table = np.empty((heads, heads))
    for i, j in np.ndindex(heads, heads):
        some, put = reads.copy(), np.broadcast_to(instead(reads), reads.shape)
        away = list(gone(i, j, heads))
        some[:, away] = put[:, away]
        table[i, j] = score(accuracy(reads), accuracy(some))
    return table


@misconception(caught_by=two_spares_and_a_specialist)
def zeros_in_place_of_the_mean(reads, readout, bias, labels):
    """You put zeros where the head was. That takes away what it says to everybody as
    well, and blames the head for it: what does it say on average?"""
    return _table(reads, readout, bias, labels, instead=np.zeros_like)


@misconception(caught_by=two_spares_and_a_specialist)
def the_sum_of_two_costs(reads, readout, bias, labels):
    """You ablate one head at a time and add the two costs. Two heads may be each
    other's spare: then neither is missed, until both are gone. Take both away."""
    alone = _table(reads, readout, bias, labels).diagonal()
    return np.add.outer(alone, alone) - np.diag(alone)


@misconception(caught_by=two_spares_and_a_specialist)
def the_sum_of_two_costs_everywhere(reads, readout, bias, labels):
    """You add two costs of one head each, on the diagonal the same one twice. Two heads
    may be each other's spare, so take both away at once; on the diagonal take one."""
    alone = _table(reads, readout, bias, labels).diagonal()
    return np.add.outer(alone, alone)


@misconception(caught_by=two_spares_and_a_specialist)
def no_bias(reads, readout, bias, labels):
    """Your logits are without `bias`. It decides close calls between classes, so it has
    a say in every guess."""
    return _table(reads, readout, 0 * bias, labels)


@misconception(caught_by=two_spares_and_a_specialist)
def accuracy_that_is_left(reads, readout, bias, labels):
    """Your table says how good the guesses are after the ablation. Asked for is how
    much is lost: compare with the accuracy of all heads."""
    return _table(reads, readout, bias, labels, score=lambda full, left: left)


@misconception(caught_by=two_spares_and_a_specialist)
def gains_for_losses(reads, readout, bias, labels):
    """Your numbers are right and have the other sign: a head that is missed should have
    a positive cost."""
    return _table(reads, readout, bias, labels, score=lambda full, left: left - full)


@misconception(caught_by=noisy_heads)
def an_error_for_a_loss(reads, readout, bias, labels):
    """You give the error after the ablation, which is the loss only where all guesses
    were right before."""
    return _table(reads, readout, bias, labels, score=lambda full, left: 1 - left)


@misconception(caught_by=two_spares_and_a_specialist)
def all_others_removed(reads, readout, bias, labels):
    """You keep the two heads and ablate all the others, which is another good question.
    Here the two are the ones to go."""
    return _table(
        reads,
        readout,
        bias,
        labels,
        gone=lambda i, j, heads: set(range(heads)) - {i, j},
    )


@misconception(caught_by=two_spares_and_a_specialist)
def only_the_second_goes(reads, readout, bias, labels):
    """In your table all rows are the same: the second ablation starts from the full
    reads and undoes the first. Both heads have to be gone at once."""
    return _table(reads, readout, bias, labels, gone=lambda i, j, heads: {j})


@misconception(caught_by=two_spares_and_a_specialist)
def half_a_table(reads, readout, bias, labels):
    """Half of your table is empty. Ablating i and j is ablating j and i, so the other
    half is the same, mirrored."""
    return np.triu(_table(reads, readout, bias, labels))


@misconception(caught_by=two_spares_and_a_specialist)
def nobody_alone(reads, readout, bias, labels):
    """Your diagonal is empty. There head i is ablated alone, and that has a cost."""
    table = _table(reads, readout, bias, labels)
    return table * ~np.eye(len(table), dtype=bool)


@misconception(caught_by=noisy_heads)
def a_share_of_the_accuracy(reads, readout, bias, labels):
    """You divide the loss by the accuracy of all heads. Asked for is the plain
    difference of two accuracies."""
    return _table(
        reads, readout, bias, labels, score=lambda full, left: 1 - left / full
    )


@misconception(caught_by=noisy_heads)
def a_mean_over_the_entries(reads, readout, bias, labels):
    """Your mean runs over the entries of a head, within each sample. The mean that says
    the same to everybody runs over the samples."""
    return _table(
        reads,
        readout,
        bias,
        labels,
        instead=lambda reads: reads.mean(axis=2, keepdims=True),
    )


@misconception(caught_by=two_spares_and_a_specialist)
def one_number_for_a_head(reads, readout, bias, labels):
    """Your mean runs over more than the samples, over entries or heads as well. What a
    head says to everybody is a row of its own: one mean for each entry."""
    return _table(
        reads,
        readout,
        bias,
        labels,
        instead=lambda reads: reads.mean(axis=(0, 2))[:, None],
    )


@misconception(caught_by=noisy_heads)
def a_mean_of_all_heads(reads, readout, bias, labels):
    """You put the mean over samples and heads in the place of the head. Another head's
    habits are no stand-in for its own."""
    return _table(
        reads, readout, bias, labels, instead=lambda reads: reads.mean(axis=(0, 1))
    )


@misconception(caught_by=a_head_for_each_question)
def dealt_like_cards(reads, readout, bias, labels):
    """Side by side, the entries of a head are neighbours. You interleave the heads, so
    that each meets rows of the readout that belong to others."""
    return _table(
        reads,
        readout,
        bias,
        labels,
        join=lambda reads: reads.swapaxes(1, 2).reshape(len(reads), -1),
    )
