r"""### A frozen map and its adapter

LoRA leaves a trained map $W$ as it is and learns a thin product beside it,

$$ y = x \Bigl(W + \frac{\alpha}{r} B A\Bigr)^{\!\top}, \qquad
   A \in \mathbb{R}^{r \times \text{in}}, \;\; B \in \mathbb{R}^{\text{out} \times r}.
   $$

Write `low_rank_step(x, weight, a, b, alpha, upstream)`, where `upstream` is the
gradient of the loss with respect to $y$. It returns four tables:

1. `y`, the output;
2. the **merged** map: one table of the shape of `weight` that gives the same output all
   by itself;
3. the gradient of `a` and
4. the gradient of `b`. `weight` is frozen, so nobody asks for its gradient.

The rank $r$ stands in the shapes of `a` and `b`. NumPy only. Then look at what comes
out when `b` is all zeros, as at the start of fine-tuning: which of the two gradients is
zero, and what would happen if `a` started from zero as well?
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
        "Write the shape beside each product. The merged map must have the shape of "
        "`weight`: only one order of the two thin tables gives that.",
        "Say the path of the adapter in two steps: h = x Aᵀ, then y gets (α/r) h Bᵀ. "
        "Go back through them one at a time, as on the page of the backward pass.",
        "With s = α/r: the gradient of b is s · upstreamᵀ h; that of h is s · upstream "
        "B; and that of a is the latter transposed, times x.",
    ),
)


@answer
def low_rank_step(x, weight, a, b, alpha, upstream):
    """Output, merged map and the two gradients of an adapter.

    x         (positions, inputs)   float
    weight    (outputs, inputs)     float, frozen
    a         (rank, inputs)        float
    b         (outputs, rank)       float
    alpha     ()                    float, strength of the adapter
    upstream  (positions, outputs)  float, gradient of the output
    returns   four tables: output (positions, outputs), merged map (outputs, inputs),
              gradient of a (rank, inputs), gradient of b (outputs, rank)
    """
    ### BEGIN SOLUTION
    scale = alpha / len(a)
    merged = weight + scale * b @ a
    inner = x @ a.T
    return (
        x @ merged.T,
        merged,
        scale * (upstream @ b).T @ x,
        scale * upstream.T @ inner,
    )
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes; the adapter sometimes at its start, with b all zeros."""
    positions, inputs, outputs, rank = rng.permutation(np.arange(2, 8))[:4]
    b = rng.normal(size=(outputs, rank)) * rng.integers(0, 3)
    return (
        rng.normal(size=(positions, inputs)),
        rng.normal(size=(outputs, inputs)),
        rng.normal(size=(rank, inputs)),
        b,
        float(rng.uniform(0.5, 9)),
        rng.normal(size=(positions, outputs)),
    )


@alternative
def by_letters(x, weight, a, b, alpha, upstream):
    """All of it by einsum."""
    scale = alpha / b.shape[1]
    change = scale * np.einsum("or,ri->oi", b, a)
    output = np.einsum("pi,oi->po", x, weight) + np.einsum("pi,oi->po", x, change)
    grad_a = scale * np.einsum("po,or,pi->ri", upstream, b, x)
    return (
        output,
        weight + change,
        grad_a,
        scale * np.einsum("po,ri,pi->or", upstream, a, x),
    )


@alternative
def through_the_merged_map(x, weight, a, b, alpha, upstream):
    """The gradient of the merged map first, then that of its two factors."""
    scale = alpha / a.shape[0]
    merged = weight + b @ (scale * a)
    d_merged = upstream.T @ x
    return x @ merged.T, merged, scale * b.T @ d_merged, scale * d_merged @ a.T


@check(points=1)
def four_positions_on_paper(low_rank_step):
    """Four positions, two inputs, three outputs, an adapter of rank 1, strength 6."""
    x = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    weight = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    a, b = np.array([[1.0, -1.0]]), np.array([[1.0], [0.0], [2.0]])
    upstream = np.array([[1.0, 1.0, -1.0], [0, 1.0, 0], [1.0, 0, 0], [0, 0, 1.0]])
    got = low_rank_step(x, weight, a, b, 6.0, upstream)
    four = isinstance(got, tuple | list) and len(got) == 4
    assert four, f"wanted four tables, got {got!r}"
    # A x is -1, -1, 1, 0; six times that goes out as 1, 0, 2. Back, B·u is -1, 0, 1, 2.
    output = [[-5.0, 2, -9], [-6.0, 1, -11], [7.0, 0, 13], [2.0, 2, 4]]
    close(got[0], np.array(output), "output")
    close(got[1], np.array([[7.0, -6], [0.0, 1], [13.0, -11]]), "merged map")
    close(got[2], np.array([[24.0, 12.0]]), "gradient of a")
    close(got[3], np.array([[0.0], [-12.0], [6.0]]), "gradient of b")


@check(points=1)
def the_start_of_fine_tuning(low_rank_step):
    """With b all zeros the map is unchanged, and only b has a slope."""
    x = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0], [1.0, 1.0, 0.0], [2.0, 0, 0]])
    weight = np.arange(15.0).reshape(5, 3) / 4
    a = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    upstream = np.arange(20.0).reshape(4, 5) - 9
    got = low_rank_step(x, weight, a, np.zeros((5, 2)), 7.0, upstream)
    four = isinstance(got, tuple | list) and len(got) == 4
    assert four, f"wanted four tables, got {got!r}"
    close(got[0], x @ weight.T, "output")
    close(got[1], weight, "merged map")
    close(got[2], np.zeros((2, 3)), "gradient of a")
    inner = [[1, 2], [2, 0], [3, 1], [2, 0]]
    wanted = 3.5 * np.einsum("po,pr->or", upstream, np.array(inner))
    close(got[3], wanted, "gradient of b")


@check(points=2, hidden=True)
def against_finite_differences(low_rank_step, rng):
    """Random tables: both gradients against small nudges of the output."""
    from attn_course.functional import numerical_gradient

    x, weight = rng.normal(size=(6, 5)), rng.normal(size=(4, 5))
    a, b = rng.normal(size=(3, 5)), rng.normal(size=(4, 3))
    upstream = rng.normal(size=(6, 4))

    def loss(a, b):
        return float((upstream * (x @ weight.T + 2.5 / 3 * x @ a.T @ b.T)).sum())

    got = low_rank_step(x, weight, a, b, 2.5, upstream)
    four = isinstance(got, tuple | list) and len(got) == 4
    assert four, f"wanted four tables, got {got!r}"
    close(got[0], x @ weight.T + 2.5 / 3 * x @ a.T @ b.T, "output")
    close(x @ got[1].T, got[0], "output of the merged map")
    # The loss is linear in each table alone: a step of 1 is as exact as any.
    slopes = numerical_gradient(lambda a: loss(a, b), a, step=1.0)
    close(got[2], slopes, "gradient of a")
    slopes = numerical_gradient(lambda b: loss(a, b), b, step=1.0)
    close(got[3], slopes, "gradient of b")


def _step(x, weight, a, b, upstream, scale, back=None):
    """The four tables at one scale, the gradients perhaps at another."""
    back = scale if back is None else back
    merged = weight + scale * b @ a
    grad_a, grad_b = back * (upstream @ b).T @ x, back * upstream.T @ (x @ a.T)
    return x @ merged.T, merged, grad_a, grad_b


@misconception(caught_by=four_positions_on_paper)
def gradients_without_the_factor(x, weight, a, b, alpha, upstream):
    """The output is right, and both gradients miss the factor in front of B A. What
    multiplies on the way out multiplies on the way back."""
    return _step(x, weight, a, b, upstream, alpha / len(a), 1.0)


@misconception(caught_by=four_positions_on_paper)
def strength_forgotten(x, weight, a, b, alpha, upstream):
    """Your adapter has the strength 1, whatever alpha says. What stands in front of the
    product in the formula?"""
    return _step(x, weight, a, b, upstream, 1.0)


@misconception(caught_by=the_start_of_fine_tuning)
def not_divided_by_the_rank(x, weight, a, b, alpha, upstream):
    """You multiply by alpha and do not divide by the rank, which makes no difference at
    rank 1. Where does the rank stand in the shapes?"""
    return _step(x, weight, a, b, upstream, alpha)


@misconception(caught_by=the_start_of_fine_tuning)
def divided_by_the_width(x, weight, a, b, alpha, upstream):
    """You divide alpha by the number of inputs. The r of the formula is the thin side,
    the one that a and b share."""
    return _step(x, weight, a, b, upstream, alpha / a.shape[1])


@misconception(caught_by=four_positions_on_paper)
def adapter_alone(x, weight, a, b, alpha, upstream):
    """Your output holds only what the adapter adds. The frozen map still does its own
    work: add the two."""
    return _step(x, 0 * weight, a, b, upstream, alpha / len(a))


@misconception(caught_by=four_positions_on_paper)
def adapter_not_merged(x, weight, a, b, alpha, upstream):
    """Your merged map is the adapter without the frozen one. Whoever uses it later has
    nothing else: it must give the whole output."""
    scale = alpha / len(a)
    output, _, grad_a, grad_b = _step(x, weight, a, b, upstream, scale)
    return output, scale * b @ a, grad_a, grad_b


@misconception(caught_by=four_positions_on_paper)
def nothing_merged(x, weight, a, b, alpha, upstream):
    """Your merged map is the frozen one as it was. Merging adds to it what the adapter
    has learnt."""
    output, _, grad_a, grad_b = _step(x, weight, a, b, upstream, alpha / len(a))
    return output, weight.copy(), grad_a, grad_b


@misconception(caught_by=four_positions_on_paper)
def mean_over_the_positions(x, weight, a, b, alpha, upstream):
    """Your gradients are divided by the number of positions. The upstream is the slope
    of the loss already, whatever means it contains: each position adds its part."""
    scale = alpha / len(a)
    return _step(x, weight, a, b, upstream, scale, scale / len(x))


@misconception(caught_by=against_finite_differences)
def mean_over_the_outputs(x, weight, a, b, alpha, upstream):
    """Your gradients are divided by the number of outputs. The upstream is the slope of
    the loss already, whatever means it contains: nothing is averaged here."""
    scale = alpha / len(a)
    return _step(x, weight, a, b, upstream, scale, scale / len(weight))
