r"""### Mend the way back through a layer norm

A layer norm brings each row to mean 0 and variance 1, and scales its entries:

$$ y = g \odot \hat x, \qquad \hat x = \frac{x - \mu}{\sigma}, \qquad
   \sigma = \sqrt{\tfrac{1}{d} \textstyle\sum_i (x_i - \mu)^2 + 10^{-5}}. $$

The `layer_norm_backward` in the answer cell should return the gradients of the loss
with respect to $x$ and to the gain $g$. Its author has tested two things: the shapes
fit, and the gradient of $x$ sums to zero along each row, as it must, since a constant
added to a row changes nothing.

What else could be done to a row of $x$ without changing $y$, but for that tiny number
below the root? Ask whether the gradient knows. Then give it a batch with two leading
axes. **There are two faults. Mend both.**
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
        "Double a row of x that has mean 0. Its y stays the same, so a step along that "
        "row must not be felt. Multiply the gradient by the row and add up.",
        "The spread σ depends on every entry of the row, and the code takes it for a "
        "constant. What is missing is a term along the normal row, to be subtracted.",
        "Let v be upstream times gain. The page has the formula: v less its mean, less "
        "the normal row times the mean of v times the normal row; all over σ. And the "
        "gain serves every row there is: which axes does its gradient sum over?",
    ),
)


@answer
def layer_norm_backward(upstream, x, gain):
    """Gradients of a layer norm with respect to x and to the gain.

    upstream  (..., positions, model)  float
    x         (..., positions, model)  float
    gain      (model,)                 float
    returns   two things: gradients of x and of gain
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    normal = centred / spread
    v = upstream * gain
    along = (v * normal).mean(axis=-1, keepdims=True)
    d_x = (v - v.mean(axis=-1, keepdims=True) - normal * along) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)
    ### END SOLUTION


@starter
def layer_norm_backward(upstream, x, gain):  # noqa: F811
    """Gradients of a layer norm with respect to x and to the gain.

    upstream  (..., positions, model)  float
    x         (..., positions, model)  float
    gain      (model,)                 float
    returns   two things: gradients of x and of gain
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    normal = centred / spread
    v = upstream * gain
    d_x = (v - v.mean(axis=-1, keepdims=True)) / spread
    return d_x, (upstream * normal).sum(axis=0)


@inputs
def draw(rng):
    """Uneven sizes, no to two leading axes, rows of uneven spread, some tiny."""
    batch, samples, positions, model = rng.permutation(np.arange(3, 9))[:4]
    leading = [(), (batch,), (batch, samples)][rng.integers(3)]
    shape = (*leading, positions, model)
    spread = rng.choice([0.003, 0.5, 2.0], size=(*leading, positions, 1))
    x = rng.normal(size=shape) * spread + rng.normal(size=(*leading, positions, 1))
    return rng.normal(size=shape), x, rng.uniform(0.5, 2, size=model)


@alternative
def through_the_jacobian(upstream, x, gain):
    """The Jacobian of each row, built and multiplied."""
    model = len(gain)
    d_x, d_gain = np.zeros_like(x), np.zeros(model)
    for place in np.ndindex(x.shape[:-1]):
        row = x[place] - x[place].mean()
        spread = (row @ row / model + 1e-5) ** 0.5
        jacobian = np.eye(model) - 1 / model
        jacobian -= np.outer(row, row) / (model * spread**2)
        d_x[place] = jacobian @ (upstream[place] * gain) / spread
        d_gain += upstream[place] * row / spread
    return d_x, d_gain


@alternative
def step_by_step(upstream, x, gain):
    """Backwards through each line: the gain, the quotient, the root, the mean."""
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    d_normal = upstream * gain
    d_spread = -(d_normal * centred).sum(axis=-1, keepdims=True) / spread**2
    d_variance = d_spread / (2 * spread)
    d_centred = d_normal / spread + 2 * centred * d_variance / x.shape[-1]
    d_x = d_centred - d_centred.mean(axis=-1, keepdims=True)
    axes = tuple(range(x.ndim - 1))
    return d_x, (upstream * centred / spread).sum(axis=axes)


@check(points=1)
def gradients_on_paper(layer_norm_backward):
    """One row of four entries with mean 7 and spread 4, its gradient on paper."""
    x = np.array([[3.0, 1.0, 1.0, 3.0]]) - 2.0
    x = x * np.sqrt(16 - 1e-5) + 7.0  # the spread is 4, the tiny number counted in
    gain = np.array([1.0, 2.0, 2.0, 0.5])
    upstream = np.array([[8.0, 0.0, 2.0, 4.0]])
    got = layer_norm_backward(upstream, x, gain)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, gradients of x and of gain, got {got!r}"
    near = np.sqrt(1 - 1e-5 / 16)  # the normal row is plus and minus this
    normal = near * np.array([1.0, -1.0, -1.0, 1.0])
    close(got[1], normal * upstream[0], "gradient of gain")
    # v is 8, 0, 4, 2 with mean 3.5; times the normal row its mean is 1.5 times `near`.
    wanted = (np.array([4.5, -3.5, 0.5, -1.5]) - 1.5 * near * normal) / 4
    close(got[0], wanted[None], "gradient of x")
    batch = [np.tile(array, (2, 3, 1, 1)) for array in (upstream, x)]
    _, d_gain = layer_norm_backward(*batch, gain)
    close(d_gain, 6 * normal * upstream[0], "gradient of gain for six such rows")


@check(points=1)
def stretching_is_not_felt(layer_norm_backward, rng):
    """Moving or stretching a row changes nothing, so the gradient has no such part."""
    x, upstream = 100 * rng.normal(size=(2, 3, 5))  # wide: the tiny number is nothing
    d_x, _ = layer_norm_backward(upstream, x + 40, rng.uniform(0.5, 2, size=5))
    d_x, centred = np.asarray(d_x), x - x.mean(axis=-1, keepdims=True)
    sums = np.round(d_x.sum(axis=-1) / np.abs(d_x).sum(axis=-1), 5)
    close(sums, np.zeros(3), "sum of the gradient of each row, as a share of its size")
    lengths = np.linalg.norm(d_x, axis=-1) * np.linalg.norm(centred, axis=-1)
    cosines = np.round((d_x * centred).sum(axis=-1) / lengths, 5)
    close(cosines, np.zeros(3), "cosine of the angle between gradient and centred row")


@check(points=2, hidden=True)
def batches_against_differences(layer_norm_backward, rng):
    """Batches with two leading axes, against nudges of every single entry."""
    from attn_course.functional import layer_norm, numerical_gradient

    x, upstream = rng.normal(size=(2, 2, 3, 4, 5))
    gain = rng.uniform(0.5, 2, size=5)
    got = layer_norm_backward(upstream, x, gain)
    wanted = numerical_gradient(lambda x: (upstream * layer_norm(x, gain)).sum(), x)
    close(got[0], wanted, "gradient of x")
    wanted = numerical_gradient(lambda g: (upstream * layer_norm(x, g)).sum(), gain)
    close(got[1], wanted, "gradient of gain")


@check(points=1, hidden=True)
def a_batch_of_uneven_spread(layer_norm_backward, rng):
    """Rows from nearly flat to wide, in a batch, against the course's function."""
    from attn_course.functional import layer_norm_backward as reference

    spread = np.array([0.003, 0.5, 2.0, 10.0])[:, None]
    x, upstream = rng.normal(size=(2, 3, 4, 6))
    x, gain = x * spread + 0.1, rng.uniform(0.5, 2, size=6)
    got, wanted = layer_norm_backward(upstream, x, gain), reference(upstream, x, gain)
    close(got[0], wanted[0], "gradient of x")
    close(got[1], wanted[1], "gradient of gain")


def pieces(upstream, x, gain):
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return centred / spread, spread, upstream * gain


def back(v, normal, spread):
    along = (v * normal).mean(axis=-1, keepdims=True)
    return (v - v.mean(axis=-1, keepdims=True) - normal * along) / spread


@misconception(caught_by=stretching_is_not_felt)
def spread_taken_for_a_constant(upstream, x, gain):
    """The gradient of x takes the spread for a constant, though it grows when a row is
    stretched. Multiply your gradient by the row less its mean, entry by entry: what do
    the products add up to?"""
    normal, spread, v = pieces(upstream, x, gain)
    d_x = (v - v.mean(axis=-1, keepdims=True)) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def gain_of_the_first_axis_only(upstream, x, gain):
    """The gradient of x is mended. That of the gain sums over one axis, which is all
    there is for a single table; a batch has more. What shape has the gain?"""
    normal, spread, v = pieces(upstream, x, gain)
    return back(v, normal, spread), (upstream * normal).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def gain_averaged(upstream, x, gain):
    """You take the mean over the rows for the gain. Each row is a further use of it and
    what they say adds up; a mean, if it is wanted, is in the upstream already."""
    normal, spread, v = pieces(upstream, x, gain)
    d_gain = (upstream * normal).reshape(-1, len(gain)).mean(axis=0)
    return back(v, normal, spread), d_gain


@misconception(caught_by=gradients_on_paper)
def gain_applied_at_the_end(upstream, x, gain):
    """You take the upstream through the norm first and multiply by the gain at the end.
    Backwards, the last step of the forward pass comes first."""
    normal, spread, _ = pieces(upstream, x, gain)
    d_gain = (upstream * normal).reshape(-1, len(gain)).sum(axis=0)
    return back(upstream, normal, spread) * gain, d_gain


@misconception(caught_by=batches_against_differences)
def gain_forgotten(upstream, x, gain):
    """The gain is not in your gradient of x. It stands between the normal row and y, so
    what comes back through it is multiplied by it, entry by entry."""
    normal, spread, _ = pieces(upstream, x, gain)
    d_gain = (upstream * normal).reshape(-1, len(gain)).sum(axis=0)
    return back(upstream, normal, spread), d_gain


@misconception(caught_by=gradients_on_paper)
def stretching_added(upstream, x, gain):
    """The new term has the right size and the wrong sign. It is to take out what would
    only stretch the row; yours doubles it."""
    normal, spread, v = pieces(upstream, x, gain)
    along = (v * normal).mean(axis=-1, keepdims=True)
    d_x = (v - v.mean(axis=-1, keepdims=True) + normal * along) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def sum_in_place_of_mean(upstream, x, gain):
    """The new term is there and too large: it wants the mean of v times the normal row,
    as the term before it wants the mean of v. You took a sum."""
    normal, spread, v = pieces(upstream, x, gain)
    along = (v * normal).sum(axis=-1, keepdims=True)
    d_x = (v - v.mean(axis=-1, keepdims=True) - normal * along) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=stretching_is_not_felt)
def centred_row_in_place_of_the_normal(upstream, x, gain):
    """The new term uses the row less its mean. It wants the *normal* row, which is that
    over the spread, in both places: the two agree only where the spread is 1."""
    normal, spread, v = pieces(upstream, x, gain)
    row = normal * spread
    along = (v * row).mean(axis=-1, keepdims=True)
    d_x = (v - v.mean(axis=-1, keepdims=True) - row * along) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def not_divided_by_the_spread(upstream, x, gain):
    """The bracket is right. A row of twice the spread feels each nudge half as much, so
    the bracket is divided by something at the end."""
    normal, spread, v = pieces(upstream, x, gain)
    d_gain = (upstream * normal).reshape(-1, len(gain)).sum(axis=0)
    return back(v, normal, spread) * spread, d_gain


@misconception(caught_by=a_batch_of_uneven_spread)
def tiny_number_left_out(upstream, x, gain):
    """The way back is right; the spread in it is not the one of the way out. On nearly
    flat rows the tiny number below the root is as large as what stands beside it."""
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
    normal = centred / spread
    d_gain = (upstream * normal).reshape(-1, len(gain)).sum(axis=0)
    return back(upstream * gain, normal, spread), d_gain


@misconception(caught_by=gradients_on_paper)
def gain_left_out_of_the_new_term(upstream, x, gain):
    """The new term is there, made from the upstream as it came in. By then it has
    passed the gain, as in the term before it: whose mean is to be taken out?"""
    normal, spread, v = pieces(upstream, x, gain)
    along = (upstream * normal).mean(axis=-1, keepdims=True)
    d_x = (v - v.mean(axis=-1, keepdims=True) - normal * along) / spread
    return d_x, (upstream * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def gain_in_its_own_gradient(upstream, x, gain):
    """Your gradient of the gain is multiplied by the gain. In a product, each factor
    feels the upstream times the *other* factor: what stands beside the gain?"""
    normal, spread, v = pieces(upstream, x, gain)
    return back(v, normal, spread), (v * normal).reshape(-1, len(gain)).sum(axis=0)


@misconception(caught_by=gradients_on_paper)
def always_two_axes(upstream, x, gain):
    """Your gradient of the gain sums over the first two axes, whatever they are. A
    single table has one axis before its last, a batch has more: which axis is the one
    that must stay?"""
    normal, spread, v = pieces(upstream, x, gain)
    return back(v, normal, spread), (upstream * normal).sum(axis=(0, 1))
