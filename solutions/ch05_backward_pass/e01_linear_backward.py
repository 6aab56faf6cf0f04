r"""### Back through a linear map

A linear map has the same weight and the same bias at every position of every sample:

$$ y_{i \cdot} = x_{i \cdot} W + b. $$

Some loss has been followed back to its output: `upstream` is the gradient of the loss
with respect to $y$ and has the shape of $y$.

Write `linear_backward(upstream, x, weight)`. It returns three arrays, in this order:
the gradients of the loss with respect to $x$, to $W$ and to $b$, each with the shape of
the thing itself.

The loss is one number for all positions and samples together, so what they say about
$W$ and $b$ adds up. Any number of leading axes (a batch, heads) may come before the
positions, also none. NumPy only.
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
    level="warm-up",
    minutes=10,
    hints=(
        "Write down the shapes. From the shapes of `upstream`, `x` and `weight` there "
        "is almost only one way to reach the shape of each gradient.",
        "One position: each output pulls at its x, through a column of the weight. "
        "And entry (i, o) of the weight met x[i] on its way to output o, each time.",
        "Fold all leading axes into the positions with `reshape(-1, ...)`. Then two "
        "matrix products and one sum over the rows are all there is.",
    ),
)


@answer
def linear_backward(upstream, x, weight):
    """Gradients of `x @ weight + bias` with respect to x, weight and bias.

    upstream  (..., positions, outputs)  float
    x         (..., positions, inputs)   float
    weight    (inputs, outputs)          float
    returns   three things: gradients of x, of weight and of bias (outputs,)
    """
    ### BEGIN SOLUTION
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, rows.T @ pulls, pulls.sum(axis=0)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, with no, one or two leading axes."""
    batch, heads, positions, n_inputs, outputs = rng.permutation(np.arange(2, 9))[:5]
    leading = [(), (batch,), (batch, heads)][rng.integers(3)]
    upstream = rng.normal(size=(*leading, positions, outputs))
    x = rng.normal(size=(*leading, positions, n_inputs))
    return upstream, x, rng.normal(size=(n_inputs, outputs))


@alternative
def by_named_axes(upstream, x, weight):
    """Einsum for x, and sums over all axes but the last."""
    everything = tuple(range(x.ndim - 1))
    d_x = np.einsum("...o,io->...i", upstream, weight)
    d_weight = np.tensordot(x, upstream, axes=(everything, everything))
    return d_x, d_weight, upstream.sum(axis=everything)


@alternative
def one_position_at_a_time(upstream, x, weight):
    """What each position says, added up."""
    d_x, d_weight = np.zeros_like(x), np.zeros_like(weight)
    d_bias = np.zeros(weight.shape[1])
    for place in np.ndindex(x.shape[:-1]):
        d_x[place] = weight @ upstream[place]
        d_weight += np.outer(x[place], upstream[place])
        d_bias += upstream[place]
    return d_x, d_weight, d_bias


@check(points=1)
def two_positions_on_paper(linear_backward):
    """Two positions, three inputs, four outputs, with numbers for paper."""
    x = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])
    weight = np.array([[1.0, 0, 3, 0], [2.0, 1, 0, 1], [0.0, 5, 1, 2]])
    upstream = np.array([[1.0, 0, -1, 0], [0.0, 2, 1, 1]])
    got = linear_backward(upstream, x, weight)
    three = isinstance(got, tuple | list) and len(got) == 3
    assert three, "wanted three things: gradients of x, of weight and of bias"
    close(got[0], np.array([[-2.0, 2, -1], [3.0, 3, 13]]), "gradient of x")
    wanted = np.array([[1.0, 0, -1, 0], [2.0, 2, -1, 1], [0.0, -2, -1, -1]])
    close(got[1], wanted, "gradient of weight")
    close(got[2], np.array([1.0, 2, 0, 1]), "gradient of bias")


@check(points=1)
def samples_add_up(linear_backward, rng):
    """Twice the same sample in a batch: its x alone, weight and bias twice."""
    x, weight = rng.normal(size=(3, 4)), rng.normal(size=(4, 5))
    upstream = rng.normal(size=(3, 5))
    pair = np.stack([upstream, upstream]), np.stack([x, x])
    one, two = linear_backward(upstream, x, weight), linear_backward(*pair, weight)
    close(two[0], np.stack([one[0]] * 2), "gradient of x (batch, positions, inputs)")
    close(two[1], 2 * one[1], "gradient of weight")
    close(two[2], 2 * one[2], "gradient of bias")


@check(points=2, hidden=True)
def batches_against_differences(linear_backward, rng):
    """Batches of uneven tables, against nudges of every single entry."""
    from attn_course.functional import numerical_gradient, project

    x, weight = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(5, 6))
    bias, upstream = rng.normal(size=6), rng.normal(size=(2, 3, 4, 6))
    got = linear_backward(upstream, x, weight)

    def loss(x, weight, bias):
        return (upstream * project(x, weight, bias)).sum()

    d_x = numerical_gradient(lambda x: loss(x, weight, bias), x)
    d_weight = numerical_gradient(lambda weight: loss(x, weight, bias), weight)
    d_bias = numerical_gradient(lambda bias: loss(x, weight, bias), bias)
    close(got[0], d_x, "gradient of x")
    close(got[1], d_weight, "gradient of weight")
    close(got[2], d_bias, "gradient of bias")


@misconception(caught_by=two_positions_on_paper)
def mean_over_the_positions(upstream, x, weight):
    """You took the mean over the positions. If the loss is a mean, that division is in
    `upstream` already; here, what each position says about the weight adds up."""
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, rows.T @ pulls / len(rows), pulls.mean(axis=0)


@misconception(caught_by=samples_add_up)
def one_weight_for_each_sample(upstream, x, weight):
    """Right for one sample. With a batch, you return a gradient of the weight for each:
    there is one weight, and all samples pull at it. What happens to the batch axis?"""
    d_weight = np.swapaxes(x, -1, -2) @ upstream
    return upstream @ weight.T, d_weight, upstream.sum(axis=-2)


@misconception(caught_by=batches_against_differences)
def one_leading_axis_only(upstream, x, weight):
    """Right for one leading axis. With two of them, batch and heads, one is left in
    your gradients: the weight serves every position, whatever stands in front of it."""
    d_weight = np.swapaxes(x, -1, -2) @ upstream
    d_bias = upstream.sum(axis=-2)
    if x.ndim > 2:
        d_weight, d_bias = d_weight.sum(axis=0), d_bias.sum(axis=0)
    return upstream @ weight.T, d_weight, d_bias


@misconception(caught_by=samples_add_up)
def mean_over_the_batch(upstream, x, weight):
    """The positions add up and the samples are averaged. The weight cannot tell a
    sample from a position: both are further uses of it. Has the loss asked for a mean
    here?"""
    everything = tuple(range(x.ndim - 1))
    d_weight = np.tensordot(x, upstream, axes=(everything, everything))
    d_bias = upstream.sum(axis=everything)
    samples = x[..., 0, 0].size
    return upstream @ weight.T, d_weight / samples, d_bias / samples


@misconception(caught_by=two_positions_on_paper)
def bias_not_summed(upstream, x, weight):
    """Your gradient of the bias is the upstream itself, one row for each position.
    There is one bias for all of them: what should become of the other axes?"""
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, rows.T @ pulls, upstream


@misconception(caught_by=two_positions_on_paper)
def weight_gradient_lying_down(upstream, x, weight):
    """The numbers of your weight gradient are right and lie the wrong way round. A
    gradient has the shape of its thing: here inputs down, outputs across."""
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, pulls.T @ rows, pulls.sum(axis=0)


@misconception(caught_by=two_positions_on_paper)
def forgets_the_upstream(upstream, x, weight):
    """You return how the output moves with its inputs, and the loss plays no part. The
    upstream says how much each output matters: each slope wants to be multiplied by
    it."""
    ones = np.ones_like(upstream)
    rows = x.reshape(-1, x.shape[-1])
    pulls = ones.reshape(-1, ones.shape[-1])
    return ones @ weight.T, rows.T @ pulls, pulls.sum(axis=0)


@misconception(caught_by=two_positions_on_paper)
def downhill_already(upstream, x, weight):
    """Your gradients have their sign turned round. A gradient points uphill; the minus
    belongs to the optimiser, which does the step."""
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return -upstream @ weight.T, -rows.T @ pulls, -pulls.sum(axis=0)


@misconception(caught_by=two_positions_on_paper)
def bias_averaged(upstream, x, weight):
    """Your gradient of the bias is a mean, that of the weight a sum. The bias too is
    used once at every position: what do all its uses say together?"""
    rows = x.reshape(-1, x.shape[-1])
    pulls = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, rows.T @ pulls, pulls.mean(axis=0)


@misconception(caught_by=samples_add_up)
def all_axes_turned_round(upstream, x, weight):
    """Right for one table. With a batch in front, `.T` turns all axes round and not the
    last two only, and then the product does not fit. How could all positions of all
    samples stand in one table?"""
    return upstream @ weight.T, x.T @ upstream, upstream.sum(axis=0)
