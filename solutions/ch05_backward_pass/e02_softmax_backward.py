r"""### Back through softmax, without its Jacobian

Softmax turned scores into weights; now a gradient comes back. With $u$ the gradient of
the loss with respect to the weights $a$ of one query, the gradient with respect to its
scores is

$$ g_j = \sum_i u_i \frac{\partial a_i}{\partial s_j}, \qquad
   \frac{\partial a_i}{\partial s_j} = a_i \, ([i = j] - a_j). $$

For a query with $n$ keys the Jacobian is a table of $n \times n$, all for $n$ numbers.
**Carry out the sum on paper first**, then write `softmax_backward(upstream, weights)`
without ever building that table: one of the checks watches how much memory you take.

`weights` is what softmax returned; the scores themselves are not needed. A row of zeros
belongs to a query that could see nothing: its gradient is zero. The keys are the last
axis, and any number of leading axes may come before the queries.
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
        "Put the Jacobian into the sum and multiply out. You get two terms: one in "
        "which i = j only, and one with a sum over all i. What stands before both?",
        "Both terms have a factor a_j. What stays in the bracket is u_j less a number "
        "that is the same for all keys of the query: a mean. With which weights?",
        "`(upstream * weights).sum(axis=..., keepdims=True)` is that mean. Subtract it "
        "from the upstream, and multiply what is left by the weights.",
    ),
)


@answer
def softmax_backward(upstream, weights):
    """Gradient with respect to the scores.

    upstream  (..., queries, keys)  float, the gradient of the weights
    weights   (..., queries, keys)  float, rows sum to one or are all zeros
    returns   (..., queries, keys)  float
    """
    ### BEGIN SOLUTION
    mean = (upstream * weights).sum(axis=-1, keepdims=True)
    return weights * (upstream - mean)
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, some with leading axes, some with a row of zeros."""
    batch, heads, queries, keys = rng.permutation(np.arange(2, 9))[:4]
    leading = [(), (batch,), (batch, heads)][rng.integers(3)]
    weights = rng.uniform(size=(*leading, queries, keys))
    weights /= weights.sum(axis=-1, keepdims=True)
    weights[..., 0, :] *= rng.integers(2)
    return rng.normal(size=weights.shape), weights


@alternative
def two_terms(upstream, weights):
    """The sum as it comes, the product by einsum."""
    along = np.einsum("...k,...k->...", upstream, weights)
    return weights * upstream - weights * along[..., None]


@alternative
def one_key_at_a_time(upstream, weights):
    """Each key against all others: twice the loops, the same numbers."""
    gradient = np.zeros_like(weights)
    for j in range(weights.shape[-1]):
        ahead = upstream[..., j, None] - upstream
        gradient[..., j] = weights[..., j] * (weights * ahead).sum(axis=-1)
    return gradient


@check(points=1)
def three_keys_on_paper(softmax_backward):
    """Weights 1/2, 1/4, 1/4 and upstream 8, 4, 0: the numbers of the page."""
    weights = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    upstream = np.array([[8.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
    wanted = np.array([[1.5, -0.25, -1.25], [-0.5, -0.5, 1.0]])
    close(softmax_backward(upstream, weights), wanted, "gradient of the scores")


@check(points=1)
def only_differences_are_felt(softmax_backward):
    """Adding a constant to the upstream of a row changes nothing; zeros stay zeros."""
    shares = np.array([[1.0, 2, 5, 2], [4.0, 1, 4, 1]]) / 10
    ramp = np.array([0.0, 10.0, 20.0, 40.0])  # the rows read 20 and 13 of it
    pulls = np.array([[-2.0, -2, 0, 4], [-5.2, -0.3, 2.8, 2.7]])
    nothing = np.array([[1.0], [0.0]])
    weights = np.stack([shares, nothing * shares, shares[::-1]])
    wanted = np.stack([pulls, nothing * pulls, pulls[::-1]])
    levels = np.array([[3.0, -1], [0.0, 7], [2.0, 5]])[:, :, None]
    got = softmax_backward(ramp + levels, weights)
    close(got, wanted, "gradient of the scores (samples, queries, keys)")


@check(points=1)
def no_table_of_keys_by_keys(softmax_backward, rng):
    """A thousand keys, in memory of the size of the weights; no row gains or loses."""
    import tracemalloc

    weights, upstream = rng.dirichlet(np.ones(1000), size=3), rng.normal(size=(3, 1000))
    tracemalloc.start()
    try:
        gradient = softmax_backward(upstream, weights)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    close(np.sum(gradient, axis=-1), np.zeros(3), "gradient summed over the keys")
    assert most < 1_500_000, (
        f"your function took up to {most / 1e6:.0f} million bytes for 3,000 weights, "
        f"as much as a table of keys by keys: carry out the sum on paper instead"
    )


@check(points=2, hidden=True)
def batches_against_differences(softmax_backward, rng):
    """Batches of uneven tables, against nudges of every single score."""
    from attn_course.functional import numerical_gradient, softmax

    scores, upstream = rng.normal(size=(2, 2, 3, 4, 5))
    wanted = numerical_gradient(lambda s: (upstream * softmax(s)).sum(), scores)
    close(softmax_backward(upstream, softmax(scores)), wanted, "gradient of the scores")


@misconception(caught_by=three_keys_on_paper)
def only_its_own_weight(upstream, weights):
    """You follow each score to its own weight only, as if the slope were a(1 − a) and
    nothing else. Raising one score also takes from all other weights of the row."""
    return upstream * weights * (1 - weights)


@misconception(caught_by=no_table_of_keys_by_keys)
def without_the_mean(upstream, weights):
    """One of two terms. Yours raises every score with a positive upstream, though
    shares can only be moved about: what should a row of your gradient sum to?"""
    return upstream * weights


@misconception(caught_by=three_keys_on_paper)
def compared_with_the_plain_mean(upstream, weights):
    """You compare each upstream with the plain mean over the keys. What the row has now
    is a mean in which the keys count by their weights."""
    return weights * (upstream - upstream.mean(axis=-1, keepdims=True))


@misconception(caught_by=three_keys_on_paper)
def through_the_logarithm(upstream, weights):
    """This is the way back through the *logarithm* of softmax, as in a cross-entropy.
    Here the upstream belongs to the weights themselves."""
    return upstream - weights * upstream.sum(axis=-1, keepdims=True)


@misconception(caught_by=three_keys_on_paper)
def weights_left_out_at_the_end(upstream, weights):
    """The comparison with the mean is right. One factor is missing: a key that has
    hardly any weight can hardly be moved, so what should its gradient be multiplied
    by?"""
    return upstream - (upstream * weights).sum(axis=-1, keepdims=True)


@misconception(caught_by=only_differences_are_felt)
def one_mean_for_the_whole_table(upstream, weights):
    """You take one mean for the whole table. Every query shares out its own weight, so
    each row has a mean of its own: along which axis is it, and does it keep its
    place?"""
    return weights * (upstream - (upstream * weights).sum())


@misconception(caught_by=three_keys_on_paper)
def mean_over_the_queries(upstream, weights):
    """Your mean runs down the columns, over the queries. The weights that compete with
    each other are those of one query: along which axis do they lie?"""
    return weights * (upstream - (upstream * weights).sum(axis=-2, keepdims=True))


@misconception(caught_by=three_keys_on_paper)
def softmax_once_more(upstream, weights):
    """You apply softmax to what came out of softmax already. The second argument holds
    the weights, not the scores; they can be used as they are."""
    exps = np.exp(weights - weights.max(axis=-1, keepdims=True))
    again = exps / exps.sum(axis=-1, keepdims=True)
    return again * (upstream - (upstream * again).sum(axis=-1, keepdims=True))


@misconception(caught_by=batches_against_differences)
def axis_counted_from_the_front(upstream, weights):
    """Right for one table. With a batch in front, axis 1 is no longer the keys: from
    which end of the shape do the keys always have the same place?"""
    return weights * (upstream - (upstream * weights).sum(axis=1, keepdims=True))


@misconception(caught_by=three_keys_on_paper)
def sign_of_the_step(upstream, weights):
    """Your gradient has its sign turned round. A gradient points uphill; the minus
    belongs to the optimiser."""
    mean = (upstream * weights).sum(axis=-1, keepdims=True)
    return weights * (mean - upstream)


@misconception(caught_by=three_keys_on_paper)
def factor_before_one_term_only(upstream, weights):
    """Both terms are there, and the mean is right. Look at what stands before the
    bracket when you multiply out: is the mean subtracted in full from every key?"""
    return weights * upstream - (upstream * weights).sum(axis=-1, keepdims=True)


@misconception(caught_by=three_keys_on_paper)
def mean_that_lost_its_axis(upstream, weights):
    """One mean for each query is right. The sum has removed the axis of the keys, so
    NumPy lines the means up with the wrong axis: how does an axis that was summed keep
    its place?"""
    return weights * (upstream - (upstream * weights).sum(axis=-1))
