r"""### Back through the loss of a language model

At each position a model says by its logits $z$ how likely it holds each entry of the
vocabulary. The loss is the mean surprise at the right entries $t$, in nats,

$$ L = -\frac{1}{n} \sum_{i \text{ counts}} \ln p_{i t_i}, \qquad
   p_{ik} = \frac{e^{z_{ik}}}{\sum_l e^{z_{il}}}. $$

Padding does not count, neither in the sum nor in $n$, the number of positions that do
count in the whole batch. Write `token_loss_backward(logits, targets, counts)`: the
gradient of $L$ with respect to the logits. **Find it on paper first**: what is the
slope of $-\ln p_t$ in its own logit, and in another one?

Where a position does not count, its gradient is zero, and its target may be any
integer, −100 as well as one that is in the vocabulary. Logits may be as large as
10,000. At least one position counts. Any number of leading axes may come before the
positions.
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
        "Write −ln p of the right entry as (log of the sum of all exponentials) less "
        "its logit. What is the slope of each of the two parts in each logit?",
        "Each row is what the model says less what is true: the probabilities, minus 1 "
        "at the target. Then think of n, and of the rows that do not count.",
        "Stable softmax over the last axis; subtract 1 where `np.arange(vocab)` equals "
        "`targets[..., None]`; multiply by `counts[..., None]` and divide by its sum.",
    ),
)


@answer
def token_loss_backward(logits, targets, counts):
    """Gradient of the mean cross-entropy with respect to the logits.

    logits   (..., positions, vocab)  float
    targets  (..., positions)         int, in the vocabulary where it counts
    counts   (..., positions)         bool, True somewhere
    returns  (..., positions, vocab)  float
    """
    ### BEGIN SOLUTION
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None] / counts.sum()
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes; some positions do not count, and have targets from nowhere."""
    batch, positions, vocab = rng.permutation(np.arange(3, 9))[:3]
    shape = [(positions,), (batch, positions)][rng.integers(2)]
    logits = rng.normal(size=(*shape, vocab)) * rng.choice([1.0, 1.0, 1e4])
    targets = rng.integers(vocab, size=shape)
    counts = rng.random(shape) < 0.6
    counts[..., 0] = True
    targets[~counts] = rng.choice([-100, -1, 0, 999], size=(~counts).sum())
    return logits, targets, counts


@alternative
def one_position_at_a_time(logits, targets, counts):
    """Only the positions that count are looked at."""
    gradient = np.zeros_like(logits)
    for place in zip(*np.nonzero(counts), strict=True):
        exps = np.exp(logits[place] - logits[place].max())
        gradient[place] = exps / exps.sum()
        gradient[place][targets[place]] -= 1
    return gradient / np.count_nonzero(counts)


@alternative
def through_the_logarithm(logits, targets, counts):
    """What counts is picked first and put back at the end."""
    rows, wanted = logits[counts], targets[counts]
    shifted = rows - rows.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    pulls = np.exp(logs) - np.eye(logits.shape[-1])[wanted]
    gradient = np.zeros(logits.shape)
    gradient[counts] = pulls / len(wanted)
    return gradient


@check(points=1)
def three_positions_on_paper(token_loss_backward):
    """Three positions, with probabilities in eighths: 4, 2, 1, 1 and 1, 1, 2, 4 ..."""
    logits = np.log([[4.0, 2, 1, 1], [1.0, 1, 2, 4], [2.0, 2, 2, 2]])
    wanted = np.array([[-4.0, 2, 1, 1], [1.0, -7, 2, 4], [2.0, 2, 2, -6]]) / 8
    got = token_loss_backward(logits, np.array([0, 1, 3]), np.ones(3, dtype=bool))
    close(got, wanted / 3, "gradient of the logits")


@check(points=1)
def padding_has_no_say(token_loss_backward):
    """Two samples of unequal length; what is padding has gradient zero."""
    logits = np.log(np.array([2.0, 1.0, 1.0, 4.0]) * np.ones((2, 3, 1)))
    targets = np.array([[3, 0, 2], [1, -100, 3]])
    counts = np.array([[True, True, True], [True, False, False]])
    right = np.array([[3, 0, 2], [1, 1, 1]])
    wanted = np.array([2.0, 1.0, 1.0, 4.0]) / 8 - np.eye(4)[right]
    wanted[1, 1:] = 0
    got = token_loss_backward(logits, targets, counts)
    close(got, wanted / 4, "gradient of the logits (batch, positions, vocab)")


@check(points=1, extreme=True)
def sure_and_wrong_is_no_nan(token_loss_backward):
    """Logits of ±10,000: sure and right pulls at nothing, sure and wrong at two."""
    logits = np.array([[1e4, 0.0, -1e4], [-8e3, -9e3, -1e4]])
    wanted = np.array([[0.0, 0.0, 0.0], [0.5, 0.0, -0.5]])
    got = token_loss_backward(logits, np.array([0, 2]), np.array([True, True]))
    close(got, wanted, "gradient of the logits")


@check(points=2, hidden=True)
def batches_against_differences(token_loss_backward, rng):
    """Batches of uneven tables with padding, against nudges of every single logit."""
    from attn_course.functional import cross_entropy, numerical_gradient

    logits = rng.normal(size=(2, 3, 5, 7))
    targets = rng.integers(7, size=(2, 3, 5))
    counts = np.arange(5) < rng.integers(1, 6, size=(2, 3, 1))
    counts[0, 0], counts[1, 2] = True, [True, False, False, False, False]
    targets[~counts] = rng.choice([-100, 0, 6, 999], size=(~counts).sum())

    def loss(logits):
        return cross_entropy(logits, targets, where=counts)

    got = token_loss_backward(logits, targets, counts)
    close(got, numerical_gradient(loss, logits), "gradient of the logits")


@misconception(caught_by=three_positions_on_paper)
def sum_in_place_of_mean(logits, targets, counts):
    """This is the gradient of the sum of the surprises. The loss is their mean, so that
    a longer batch does not pull harder: what is missing from each row?"""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None]


@misconception(caught_by=padding_has_no_say)
def mean_over_all_positions(logits, targets, counts):
    """Padding pulls at nothing, good, but it is still in your n: with more padding the
    same text would pull less. Count only the positions that count."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None] / counts.size


@misconception(caught_by=padding_has_no_say)
def each_sample_its_own_mean(logits, targets, counts):
    """You divide each sample by its own number of positions, so that a token of a short
    sample counts for more. Here n is one number for the whole batch."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None] / counts.sum(axis=-1)[..., None, None]


@misconception(caught_by=padding_has_no_say)
def padding_pulls_too(logits, targets, counts):
    """Right where it counts. At the padding your gradient is not zero, and the model is
    taught to say something there: look at the rows of the second sample."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def right_entry_only(logits, targets, counts):
    """You follow the logit of the right entry alone. The others are in the sum below
    the fraction, so raising one of them costs too: what should a row sum to?"""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    right = np.arange(logits.shape[-1]) == targets[..., None]
    gradient = (exps / exps.sum(axis=-1, keepdims=True) - 1) * right
    return gradient * counts[..., None] / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def stops_at_the_probabilities(logits, targets, counts):
    """This is the slope in the *probability* of the right entry, −1/p. One more step
    leads back to the logits: the way through softmax."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    right = np.arange(logits.shape[-1]) == targets[..., None]
    shares = exps / exps.sum(axis=-1, keepdims=True)
    slope = -1 / np.maximum(shares, 1e-300)
    return slope * right * counts[..., None] / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def squared_error_of_the_shares(logits, targets, counts):
    """This is the way back from a squared error of the probabilities. The loss here is
    the surprise, a logarithm: what does its slope cancel in that of softmax?"""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    miss = weights - (np.arange(logits.shape[-1]) == targets[..., None])
    gradient = weights * (miss - (weights * miss).sum(axis=-1, keepdims=True))
    return gradient * counts[..., None] / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def shared_out_twice(logits, targets, counts):
    """You take softmax of logits that are shares already, so even a sure model is told
    that it doubts. The loss brings one softmax of its own: whose is the other?"""
    weights = logits
    for _ in range(2):
        exps = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights = exps / exps.sum(axis=-1, keepdims=True)
    right = np.arange(logits.shape[-1]) == targets[..., None]
    return (weights - right) * counts[..., None] / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def logits_less_the_truth(logits, targets, counts):
    """You subtract the truth from the logits. What the model says in shares comes after
    softmax, and only shares can be compared with a share of 1."""
    right = np.arange(logits.shape[-1]) == targets[..., None]
    return (logits - right) * counts[..., None] / counts.sum()


@misconception(caught_by=three_positions_on_paper)
def what_should_be_less_what_is(logits, targets, counts):
    """Your sign is turned round: this is the way in which the logits should move, and a
    gradient points uphill. Raising the right logit lowers the loss."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return -gradient * counts[..., None] / counts.sum()


@misconception(caught_by=sure_and_wrong_is_no_nan)
def no_shift(logits, targets, counts):
    """Right for small logits. exp(10,000) fits in no float, and inf / inf is nan: what
    may be subtracted from a row of logits without changing its shares?"""
    gradient = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None] / counts.sum()


@misconception(caught_by=sure_and_wrong_is_no_nan)
def one_shift_for_the_whole_table(logits, targets, counts):
    """A shift, good; but one for the whole table. A row far below the highest one then
    has only zeros, and 0 / 0 is nan: whose maximum should a row subtract?"""
    exps = np.exp(logits - logits.max())
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    return gradient * counts[..., None] / counts.sum()


@misconception(caught_by=batches_against_differences)
def counts_in_one_sample(logits, targets, counts):
    """You take n from one sample. With a batch in front, all positions that count in
    all samples together make up n."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.arange(logits.shape[-1]) == targets[..., None]
    first = counts.reshape(-1, counts.shape[-1])[0]
    return gradient * counts[..., None] / first.sum()


@misconception(caught_by=padding_has_no_say)
def padding_has_no_target(logits, targets, counts):
    """You take the target off the padding, and the probabilities stay: each logit
    there is pushed down. What does not count has a gradient of zero as a whole."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    right = np.arange(logits.shape[-1]) == targets[..., None]
    gradient = exps / exps.sum(axis=-1, keepdims=True) - right * counts[..., None]
    return gradient / counts.sum()


@misconception(caught_by=padding_has_no_say)
def padding_looked_up(logits, targets, counts):
    """You look the target up at every position, also where it does not count, and −100
    is no row of any table. What could stand there while you look up?"""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient -= np.eye(logits.shape[-1])[targets]
    return gradient * counts[..., None] / counts.sum()


@misconception(caught_by=padding_has_no_say)
def one_index_for_each_sample(logits, targets, counts):
    """Right for one row of positions. With a batch in front, the first axis counts
    samples, so your indices no longer pair up with the targets. Comparing works for any
    shape: where in the vocabulary is the target?"""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    gradient = exps / exps.sum(axis=-1, keepdims=True)
    gradient[np.arange(len(targets)), targets] -= 1
    return gradient * counts[..., None] / counts.sum()
