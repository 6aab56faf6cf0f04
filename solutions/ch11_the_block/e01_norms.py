r"""### Two norms

Write `norms(x, gain, shift, eps)`. It returns two things, the layer norm and the RMS
norm of the rows of $x$,

$$ g \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + b
   \qquad \text{and} \qquad
   g \odot \frac{x}{\sqrt{\frac{1}{d} \sum_i x_i^2 + \varepsilon}}, $$

in this order, with $\sigma^2 = \frac{1}{d} \sum_i (x_i - \mu)^2$. Each row stands for
itself: it lies along the last axis, and any number of axes may come before it. The gain
$g$ serves both norms, the shift $b$ the first only. The result has the dtype of $x$.
NumPy only.
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
    minutes=15,
    hints=(
        "A position is normalised on its own. From which end of the shape do its "
        "entries always have the same place?",
        "`mean` with `axis=-1` and `keepdims=True` gives one number for each row that "
        "can be subtracted from it. The mean of the squares is one more such mean.",
        "Centre the rows first. Divide them by the root of (mean of their squares plus "
        "eps); then gain; then shift. The RMS norm is the same without the first step "
        "and without the last.",
    ),
)


@answer
def norms(x, gain, shift, eps):
    """Layer norm and RMS norm of each row.

    x        (..., positions, model)  float
    gain     (model,)                 float
    shift    (model,)                 float
    eps      ()                       float, positive
    returns  two things, each of the shape and dtype of x
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    square = (x**2).mean(axis=-1, keepdims=True)
    layer = gain * centred / np.sqrt(variance + eps) + shift
    return layer.astype(x.dtype), (gain * x / np.sqrt(square + eps)).astype(x.dtype)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, no to two leading axes, rows of uneven spread, some tiny."""
    batch, samples, positions, model = rng.permutation(np.arange(3, 9))[:4]
    leading = [(), (batch,), (batch, samples)][rng.integers(3)]
    spread = rng.choice([0.03, 0.5, 2.0], size=(*leading, positions, 1))
    x = rng.normal(size=(*leading, positions, model)) * spread + spread
    gain, shift = rng.uniform(0.5, 2, size=model), rng.normal(size=model)
    return x, gain, shift, float(rng.choice([1e-5, 1e-3, 0.1]))


@alternative
def row_by_row(x, gain, shift, eps):
    """Each row for itself."""
    layer, rms = np.empty_like(x), np.empty_like(x)
    for place in np.ndindex(x.shape[:-1]):
        row = x[place]
        layer[place] = (row - np.mean(row)) / (np.var(row) + eps) ** 0.5 * gain + shift
        rms[place] = row / (row @ row / len(row) + eps) ** 0.5 * gain
    return layer, rms


@alternative
def by_the_mean_square(x, gain, shift, eps):
    """The variance as mean of squares less square of the mean, in float64."""
    wide = x.astype(np.float64)
    mean = wide.sum(axis=-1, keepdims=True) / x.shape[-1]
    square = (wide * wide).sum(axis=-1, keepdims=True) / x.shape[-1]
    layer = (wide - mean) * (square - mean**2 + eps) ** -0.5 * gain + shift
    rms = wide * (square + eps) ** -0.5 * gain
    return layer.astype(x.dtype), rms.astype(x.dtype)


@check(points=1, extreme=True)
def rows_on_paper(norms):
    """Rows whose spread is a whole number, with a gain and a shift."""
    x = np.array([[1.0, 5.0, 1.0, 5.0], [-4.0, 4.0, 4.0, -4.0], [9.0, 7.0, 7.0, 9.0]])
    gain, shift = np.array([1.0, 2.0, 4.0, 8.0]), np.array([0.0, 10.0, 20.0, 30.0])
    got = norms(x, gain, shift, 1e-12)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two things, the layer norm and the RMS norm, got {got!r}"
    signs = np.array([[-1, 1, -1, 1], [-1, 1, 1, -1], [1, -1, -1, 1.0]])
    close(got[0], signs * gain + shift, "layer norm")
    squares = np.array([[13.0], [16.0], [65.0]])  # the means of the squares
    close(got[1], x / np.sqrt(squares) * gain, "RMS norm")


@check(points=1)
def nearly_flat_rows(norms):
    """Rows with a spread of 0.03, 0.04 and 0: eps is 0.0016, beside their squares."""
    signs = np.array([[1.0, -1.0, -1.0, 1.0, 0.0], [0.0, 1.0, -1.0, 1.0, -1.0]])
    x = np.vstack([signs * [[0.03], [0.04]], np.zeros((1, 5))])
    ones, zeros = np.ones(5), np.zeros(5)
    squares = np.array([[0.03**2 * 0.8], [0.04**2 * 0.8], [0.0]])
    for got, name in zip(
        norms(x, ones, zeros, 0.0016), ("layer norm", "RMS norm"), strict=True
    ):
        close(got, x / np.sqrt(squares + 0.0016), name)


@check(points=2, hidden=True)
def batches_against_the_reference(norms, rng):
    """Batches with one and two leading axes, against the functions of the course."""
    from attn_course.functional import layer_norm, rms_norm

    for shape in ((3, 4, 6), (2, 3, 4, 5)):
        x = rng.normal(size=shape) + rng.normal(size=(*shape[:-1], 1))
        gain, shift = rng.uniform(0.5, 2, size=shape[-1]), rng.normal(size=shape[-1])
        layer, rms = norms(x, gain, shift, 0.03)
        close(layer, layer_norm(x, gain, shift, 0.03), "layer norm")
        close(rms, rms_norm(x, gain, 0.03), "RMS norm")


@check(points=1, hidden=True)
def float32_stays_float32(norms, rng):
    """A float32 table comes back as float32, both times."""
    x = rng.normal(size=(4, 7)).astype(np.float32) + 1
    gain, shift = rng.uniform(0.5, 2, size=7), rng.normal(size=7)
    centred = x - x.mean(axis=1)[:, None]
    layer = gain * centred / np.sqrt((centred**2).mean(axis=1)[:, None] + 0.1) + shift
    rms = gain * x / np.sqrt((x**2).mean(axis=1)[:, None] + 0.1)
    got = norms(x, gain, shift, 0.1)
    close(got[0], layer.astype(np.float32), "layer norm", dtype=np.float32)
    close(got[1], rms.astype(np.float32), "RMS norm", dtype=np.float32)


def both(x, gain, shift, eps, *, axis=-1, ddof=0, root=lambda v, e: np.sqrt(v + e)):
    """The answer, with one of its steps exchanged."""
    centred = x - x.mean(axis=axis, keepdims=True)
    variance = x.var(axis=axis, keepdims=True, ddof=ddof)
    square = (x**2).mean(axis=axis, keepdims=True)
    layer = gain * centred / root(variance, eps) + shift
    return layer.astype(x.dtype), (gain * x / root(square, eps)).astype(x.dtype)


@misconception(caught_by=rows_on_paper)
def over_the_positions(x, gain, shift, eps):
    """Each token should be normalised on its own, without a look at its neighbours:
    which axis holds its features?"""
    return both(x, gain, shift, eps, axis=-2)


@misconception(caught_by=rows_on_paper)
def one_norm_for_the_whole_table(x, gain, shift, eps):
    """You use one mean and one spread for the whole table. Every row has its own, so
    that no position learns anything of another."""
    return both(x, gain, shift, eps, axis=None)


@misconception(caught_by=batches_against_the_reference)
def axis_counted_from_the_front(x, gain, shift, eps):
    """Right for one table. With a batch in front, axis 1 is no longer the entries: from
    which end of the shape do they always have the same place?"""
    return both(x, gain, shift, eps, axis=1)


@misconception(caught_by=nearly_flat_rows)
def eps_outside_the_root(x, gain, shift, eps):
    """You add eps to the spread; the formula adds it to the square, below the root. On
    nearly flat rows the two differ, and the slope at a flat row is nan with yours."""
    return both(x, gain, shift, eps, root=lambda v, e: np.sqrt(v) + e)


@misconception(caught_by=rows_on_paper)
def exchanged(x, gain, shift, eps):
    """Both norms are right and have changed places. The layer norm comes first: the one
    that takes the mean out."""
    return both(x, gain, shift, eps)[::-1]


@misconception(caught_by=rows_on_paper)
def no_gain(x, gain, shift, eps):
    """Your rows are normal and nothing is learnt about them: each entry is multiplied
    by its gain, in both norms, and the layer norm adds its shift."""
    return both(x, np.ones_like(gain), np.zeros_like(shift), eps)


@misconception(caught_by=nearly_flat_rows)
def eps_of_your_own(x, gain, shift, eps):
    """Your eps is not the one that was given. It is an argument, since float16 wants
    another one than float64."""
    return both(x, gain, shift, 1e-5)


@misconception(caught_by=nearly_flat_rows)
def no_eps(x, gain, shift, eps):
    """Without eps a row of equal entries is divided by zero. It stands below the root,
    beside the square, in both norms."""
    with np.errstate(all="ignore"):
        return both(x, gain, shift, eps, root=lambda v, e: np.sqrt(v))


@misconception(caught_by=rows_on_paper)
def one_less_than_the_entries(x, gain, shift, eps):
    """Your spread is a little too large: you divide by one less than the number of
    entries. That is for samples of something; here the row is all there is."""
    return both(x, gain, shift, eps, ddof=1)


@misconception(caught_by=rows_on_paper)
def not_rooted(x, gain, shift, eps):
    """You divide by the square. A row of twice the spread should come out the same, and
    yours comes out half as large: what is missing is a root."""
    return both(x, gain, shift, eps, root=lambda v, e: v + e)


@misconception(caught_by=rows_on_paper)
def rms_of_the_centred_row(x, gain, shift, eps):
    """Your RMS norm subtracts the mean, so it is the layer norm again, without a shift.
    It leaves the mean where it is: what does it divide by, and what does it divide?"""
    layer, _ = both(x, gain, shift, eps)
    return layer, (layer - shift).astype(x.dtype)


@misconception(caught_by=rows_on_paper)
def rms_over_the_spread(x, gain, shift, eps):
    """Your RMS norm divides by the spread about the mean. It is to divide by the root
    of the mean *square*, which knows nothing of a mean."""
    layer, _ = both(x, gain, shift, eps)
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return layer, (gain * x / spread).astype(x.dtype)


@misconception(caught_by=rows_on_paper)
def shift_in_both(x, gain, shift, eps):
    """Your RMS norm has the shift too. It has a gain only: nothing is subtracted there
    and nothing is added."""
    layer, rms = both(x, gain, shift, eps)
    return layer, (rms + shift).astype(x.dtype)


@misconception(caught_by=rows_on_paper)
def shift_before_the_gain(x, gain, shift, eps):
    """Gain and shift have changed places in time: your shift is multiplied by the gain.
    In the formula it comes last."""
    _, rms = both(x, gain, shift, eps)
    return both(x, gain, gain * shift, eps)[0], rms


@misconception(caught_by=rows_on_paper)
def sum_in_place_of_mean(x, gain, shift, eps):
    """Both spreads come from a *sum* of squares, so wide rows come out smaller than
    narrow ones. The formulas take the mean, over d."""
    _, square = x, (x**2).sum(axis=-1, keepdims=True)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).sum(axis=-1, keepdims=True)
    layer = gain * centred / np.sqrt(variance + eps) + shift
    return layer.astype(x.dtype), (gain * x / np.sqrt(square + eps)).astype(x.dtype)


@misconception(caught_by=float32_stays_float32)
def widened_to_float64(x, gain, shift, eps):
    """The numbers are right and have become float64, because the gain is. The result is
    to have the dtype of x."""
    wide = x.astype(np.float64)
    return both(wide, gain, shift, eps)
