r"""### A convolution, by attention

Write `convolve_by_attention(values, kernel)`. A convolution along a sequence has an odd
number $T$ of taps, each with a matrix $W_t$; the middle one is for the own place:

$$ o_i = \sum_{t=0}^{T-1} A^{(t)}_{i\cdot} \, V \, W_t, \qquad
   A^{(t)}_{ij} = \begin{cases} 1 & j = i + t - (T-1)/2 \\ 0 & \text{otherwise}
   \end{cases} $$

So each tap is a head whose weights know places and no contents. Where a tap points
beyond either end its row of weights is all zeros, and it reads nothing. There may be
more taps than positions, and any number of leading axes before the positions.

Return two things: the weights of all taps, and the output. NumPy only.
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
    minutes=15,
    hints=(
        "Write down the tables of three taps for four positions. Each is a matrix of "
        "zeros with ones on one diagonal: which?",
        "`np.eye(n, k=1)` has its ones one place to the right of the diagonal: row i "
        "reads position i + 1. Which k does tap t need?",
        "k = t − T // 2. Then weights times values times matrix, tap by tap, added up; "
        'or one `einsum` with the letters "tij,...jc,tco->...io".',
    ),
)


@answer
def convolve_by_attention(values, kernel):
    """The weights of the taps, and what the convolution gives.

    values   (..., positions, channels)  float
    kernel   (taps, channels, outputs)   float, an odd number of taps
    returns  two things: weights (taps, positions, positions), all 0.0 or 1.0, and the
             output (..., positions, outputs)
    """
    ### BEGIN SOLUTION
    taps, positions = len(kernel), values.shape[-2]
    weights = np.stack([np.eye(positions, k=t - taps // 2) for t in range(taps)])
    return weights, np.einsum("tij,...jc,tco->...io", weights, values, kernel)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, sometimes fewer positions than taps, with and without a batch."""
    taps = rng.choice([1, 3, 5, 7])
    sizes = [n for n in rng.permutation(np.arange(2, 9)) if n != taps]
    batch, positions, channels, outputs = sizes[:4]
    leading = [(), (batch,)][rng.integers(2)]
    return (
        rng.normal(size=(*leading, positions, channels)),
        rng.normal(size=(taps, channels, outputs)),
    )


@alternative
def padded_and_cut(values, kernel):
    """Zeros at both ends and one slice a tap; the weights from offsets."""
    taps, n = len(kernel), values.shape[-2]
    reach = taps // 2
    margins = [(0, 0)] * (values.ndim - 2) + [(reach, reach), (0, 0)]
    padded = np.pad(values, margins)
    output = sum(padded[..., t : t + n, :] @ kernel[t] for t in range(taps))
    offsets = np.arange(n) - np.arange(n)[:, None]
    return (offsets == np.arange(-reach, reach + 1)[:, None, None]) * 1.0, output


@alternative
def place_by_place(values, kernel):
    """Each position looks up its neighbours, if they exist."""
    taps, n = len(kernel), values.shape[-2]
    weights = np.zeros((taps, n, n))
    output = np.zeros((*values.shape[:-1], kernel.shape[-1]))
    for t, i in np.ndindex(taps, n):
        j = i + t - taps // 2
        if 0 <= j < n:
            weights[t, i, j] = 1
            output[..., i, :] += values[..., j, :] @ kernel[t]
    return weights, output


def _by(values, kernel, weights):
    return weights, np.einsum("tij,...jc,tco->...io", weights, values, kernel)


def _tables(values, kernel, offsets=None):
    taps, n = len(kernel), values.shape[-2]
    offsets = range(-(taps // 2), taps // 2 + 1) if offsets is None else offsets
    return np.stack([np.eye(n, k=int(k)) for k in offsets])


@check(points=1)
def three_taps_on_paper(convolve_by_attention):
    """Four positions, three taps: 100 times the left, 10 times the own, 1 the right."""
    values = np.array([[1.0, 0], [2.0, 0], [3.0, 0], [4.0, 5]])
    kernel = np.zeros((3, 2, 5))
    kernel[:, 0, 0], kernel[:, 1, 2] = [100.0, 10.0, 1.0], [100.0, 10.0, 1.0]
    got = convolve_by_attention(values, kernel)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, weights and output, got {type(got).__name__}"
    left = [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    right = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    close(got[0], np.array([left, np.eye(4), right]) * 1.0, "weights")
    wanted = np.zeros((4, 5))
    wanted[:, 0], wanted[:, 2] = [12, 123, 234, 340], [0, 0, 5, 50]
    close(got[1], wanted, "output")


@check(points=1)
def more_taps_than_positions(convolve_by_attention):
    """Two positions and five taps, in a batch of three: most taps read nothing."""
    values = np.arange(1.0, 25.0).reshape(3, 2, 4)
    kernel = np.zeros((5, 4, 6))
    kernel[:, :, 1] = np.array([[8.0], [4.0], [2.0], [1.0], [16.0]])
    got = convolve_by_attention(values, kernel)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, weights and output, got {type(got).__name__}"
    none, there = np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]])
    close(got[0], np.array([none, there.T, np.eye(2), there, none]), "weights")
    total = values.sum(axis=-1)
    first, last = total[:, 0], total[:, 1]
    wanted = np.zeros((3, 2, 6))
    wanted[:, :, 1] = np.stack([2 * first + last, 4 * first + 2 * last], axis=1)
    close(got[1], wanted, "output (batch, positions, outputs)")


@check(points=2, hidden=True)
def against_the_reference(convolve_by_attention, rng):
    """Random sequences with several batches, against the functions of the course."""
    from attn_course.functional import convolution_weights, convolve

    for taps in (1, 5):
        values = rng.normal(size=(2, 3, 7, 4))
        kernel = rng.normal(size=(taps, 4, 6))
        got = convolve_by_attention(values, kernel)
        both = isinstance(got, tuple | list) and len(got) == 2
        assert both, f"wanted two things, weights and output, got {type(got).__name__}"
        close(got[0], convolution_weights(7, taps), "weights")
        close(got[1], convolve(values, kernel), "output")


@misconception(caught_by=three_taps_on_paper)
def kernel_turned_round(values, kernel):
    """Your first tap reads the right neighbour. Mathematicians turn the kernel round;
    the formula here does not: for t = 0, is j before i or after it?"""
    return _by(values, kernel, _tables(values, kernel)[::-1])


@misconception(caught_by=three_taps_on_paper)
def round_in_a_ring(values, kernel):
    """Your sequence is closed to a ring: the first position reads the last. A tap that
    points beyond an end reads nothing."""
    taps, n = len(kernel), values.shape[-2]
    shifts = range(-(taps // 2), taps // 2 + 1)
    tables = [np.roll(np.eye(n), shift, axis=1) for shift in shifts]
    return _by(values, kernel, np.stack(tables))


@misconception(caught_by=three_taps_on_paper)
def counts_from_the_end(values, kernel):
    """Before the first position you read the last: an index of -1 counts from the end.
    A tap that points beyond either end reads nothing."""
    taps, n = len(kernel), values.shape[-2]
    weights = np.zeros((taps, n, n))
    for t, i in np.ndindex(taps, n):
        if i + t - taps // 2 < n:
            weights[t, i, i + t - taps // 2] = 1
    return _by(values, kernel, weights)


@misconception(caught_by=three_taps_on_paper)
def the_edge_repeated(values, kernel):
    """Beyond an end you read the last position there is. The formula reads nothing, a
    row of zeros."""
    taps, n = len(kernel), values.shape[-2]
    reads = np.arange(n) + np.arange(taps)[:, None] - taps // 2
    return _by(values, kernel, np.eye(n)[np.clip(reads, 0, n - 1)])


@misconception(caught_by=three_taps_on_paper)
def begins_at_its_own_place(values, kernel):
    """Your first tap is for the own place, and all the others look ahead. The middle
    tap is for the own place: how far back does the first one look?"""
    return _by(values, kernel, _tables(values, kernel, range(len(kernel))))


@misconception(caught_by=three_taps_on_paper)
def only_what_came_before(values, kernel):
    """Your last tap is for the own place, and all the others look back. The middle tap
    is for the own place."""
    return _by(values, kernel, _tables(values, kernel, range(1 - len(kernel), 1)))


@misconception(caught_by=three_taps_on_paper)
def every_tap_a_step_further_back(values, kernel):
    """Your first tap is for the own place, and each of the others looks one place
    further back. The middle tap is for the own place: what of those after it?"""
    return _by(values, kernel, _tables(values, kernel, range(0, -len(kernel), -1)))


@misconception(caught_by=more_taps_than_positions)
def taps_meet_the_batch(values, kernel):
    """The axis of the taps and that of the batch stand in the same place, so the
    product pairs them off. Every tap is to meet every sample."""
    return _tables(values, kernel), (_tables(values, kernel) @ values @ kernel).sum(0)


@misconception(caught_by=three_taps_on_paper)
def shared_among_the_taps(values, kernel):
    """You divided by the number of taps, as if they shared one whole. Each tap is a
    head with a whole of its own, and the heads are added."""
    weights, output = _by(values, kernel, _tables(values, kernel))
    return weights, output / len(kernel)


@misconception(caught_by=three_taps_on_paper)
def one_table_for_all_taps(values, kernel):
    """You joined the tables of all taps into one, so the neighbours come through the
    same matrix. Each tap has a table and a matrix of its own."""
    band = np.repeat(_tables(values, kernel).sum(axis=0)[None], len(kernel), axis=0)
    return _by(values, kernel, band)


@misconception(caught_by=three_taps_on_paper)
def the_table_turned(values, kernel):
    """The weights are right and used turned round: each position is sent to its
    neighbour in place of reading it. Rows belong to those who ask."""
    weights = _tables(values, kernel)
    return weights, np.einsum("tji,...jc,tco->...io", weights, values, kernel)


@misconception(caught_by=more_taps_than_positions)
def only_taps_that_reach(values, kernel):
    """Only the taps that reach a position have a table in your weights. A tap that
    reads nothing keeps its place: a table of zeros."""
    weights, output = _by(values, kernel, _tables(values, kernel))
    some = weights.any(axis=(1, 2))
    return weights[some], output


@misconception(caught_by=against_the_reference)
def every_row_sums_to_one(values, kernel):
    """You let a row without a neighbour share itself evenly, so that it sums to one. By
    the mask contract, who may see nothing reads zeros."""
    weights = _tables(values, kernel)
    lost = ~weights.any(axis=-1, keepdims=True)
    return _by(values, kernel, np.where(lost, 1 / weights.shape[-1], weights))
