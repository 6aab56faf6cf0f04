r"""### How far back does the gradient reach?

A plain recurrent network has run, $h_t = \tanh(x_t W + h_{t-1} U + b)$, and left its
states. How strongly does the last state still depend on the one $k$ steps earlier? By a
product of $k$ Jacobians,

$$ \frac{\partial h_T}{\partial h_{T-k}} = J_T \, J_{T-1} \cdots J_{T-k+1},
   \qquad (J_t)_{ji} = (1 - h_{t,j}^2)\, U_{ij}. $$

Write `gradient_reach(states, from_hidden)`: the norms of these products for
$k = 0, 1, \dots, T$, where $T$ is the number of positions. The first entry, for
distance 0, is 1; the last belongs to the state before the first position. The norm
is the spectral one, the largest factor by which a product stretches a vector.

Row t of `states` is the state *after* position t. `np.linalg` may be used.
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
        "Take one entry, U = 0.5 and states near 0. The norms are 1, ½, ¼, …; which "
        "state gives the first factor, the first one or the last one?",
        "One Jacobian is the transpose of U with its row j multiplied by 1 − h². "
        "Carry the product from step to step, and take a norm after each.",
        "Start with `np.eye(hidden)` and go through the states from the last to the "
        "first: multiply the new Jacobian on from the right, note "
        "`np.linalg.norm(product, 2)`.",
    ),
)


@answer
def gradient_reach(states, from_hidden):
    """Spectral norm of the gradient of the last state, for each distance from 0 on.

    states       (positions, hidden)  float, between -1 and 1
    from_hidden  (hidden, hidden)     float, the U above
    returns      (distances,)         float, one more than positions
    """
    ### BEGIN SOLUTION
    product = np.eye(len(from_hidden))
    norms = [1.0]
    for state in states[::-1]:
        product = product @ ((1 - state**2)[:, None] * from_hidden.T)
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms)
    ### END SOLUTION


@inputs
def draw(rng):
    """States of several sizes, and weights that are not symmetric."""
    positions, hidden = rng.permutation(np.arange(2, 8))[:2]
    states = np.tanh(rng.choice([0.2, 1.0]) * rng.normal(size=(positions, hidden)))
    return states, rng.normal(size=(hidden, hidden))


@alternative
def rows_times_matrices(states, from_hidden):
    """Small changes as rows: all is transposed, the norms are the same."""
    product, norms = np.eye(len(from_hidden)), [1.0]
    for state in reversed(states):
        product = from_hidden * (1 - state**2) @ product
        norms.append(np.linalg.svd(product, compute_uv=False)[0])
    return np.array(norms)


@alternative
def each_distance_anew(states, from_hidden):
    """A product of its own for each distance."""
    factors = [(1 - state[:, None] ** 2) * from_hidden.T for state in states]
    products = [np.eye(len(from_hidden))]
    for k in range(1, len(states) + 1):
        product = np.eye(len(from_hidden))
        for factor in factors[-k:]:
            product = factor @ product
        products.append(product)
    gram = [p.T @ p for p in products]
    return np.array([np.sqrt(np.linalg.eigvalsh(g)[-1]) for g in gram])


@check(points=1)
def one_entry_on_paper(gradient_reach):
    """One entry, U = 2: states 0.8 and 0.5 give the factors 0.72 and 1.5."""
    norms = gradient_reach(np.array([[0.8], [0.5]]), np.array([[2.0]]))
    close(norms, np.array([1.0, 1.5, 1.5 * 0.72]), "norms by distance")


@check(points=1)
def two_entries_on_paper(gradient_reach):
    """Two entries, three steps, every path from one entry to another added up."""
    states = np.array([[0.6, 0.2], [0.4, 0.8], [0.5, 0.1]])
    wanted, paths = [1.0], ((1.0, 0.0), (0.0, 1.0))
    # Slopes from the last step on; entry 0 feeds itself once and entry 1 three times,
    # entry 1 feeds entry 0 twice and itself not at all.
    for one, two in ((0.75, 0.99), (0.84, 0.36), (0.64, 0.96)):
        paths = [(p * one + q * 3 * two, p * 2 * one) for p, q in paths]
        (a, b), (c, d) = paths
        squares, area = a * a + b * b + c * c + d * d, a * d - b * c
        wanted.append(np.sqrt((squares + np.sqrt(squares**2 - 4 * area**2)) / 2))
    got = gradient_reach(states, np.array([[1.0, 3.0], [2.0, 0.0]]))
    close(got, np.array(wanted), "norms by distance")


@check(points=2, hidden=True)
def a_network_that_ran(gradient_reach, rng):
    """A network that ran over twelve positions, against the function of the course."""
    from attn_course.functional import jacobian_norms

    for size in (0.3, 1.0):
        states = np.tanh(size * rng.normal(size=(12, 5)))
        from_hidden = rng.normal(size=(5, 5)) / 2
        wanted = jacobian_norms(states, from_hidden)
        close(gradient_reach(states, from_hidden), wanted, "norms by distance")


@check(points=1)
def against_a_nudge(gradient_reach, rng):
    """A small change of the first state, stretched as much as the last norm allows."""
    from_hidden, start = rng.normal(size=(4, 4)) / 2, rng.normal(size=4) / 2
    pushes = rng.normal(size=(7, 4)) / 2

    def run(state):
        states = []
        for push in pushes:
            state = np.tanh(push + state @ from_hidden)
            states.append(state)
        return np.array(states)

    step = 1e-5
    moved = [run(start + step * e)[-1] - run(start - step * e)[-1] for e in np.eye(4)]
    wanted = np.linalg.norm(np.array(moved) / (2 * step), 2)
    got = gradient_reach(run(start), from_hidden)
    # Central differences are off by about step squared.
    close(np.round(got[-1] / wanted, 5), 1.0, "last norm over the measured one")


def _norms(factors, size=None):
    """Norms of growing products, factors multiplied on from the right."""
    product = np.eye(len(factors[0]))
    norms = [1.0]
    for factor in factors:
        product = product @ factor
        norms.append(size(product) if size else np.linalg.norm(product, 2))
    return np.array(norms)


@misconception(caught_by=one_entry_on_paper)
def slope_forgotten(states, from_hidden):
    """You multiply by U alone. Each step also passes through tanh, whose slope is below
    1 wherever the state is not 0: which factor says so?"""
    return _norms([from_hidden.T] * len(states))


@misconception(caught_by=one_entry_on_paper)
def slope_not_squared(states, from_hidden):
    """The slope of tanh, told by its value h, is 1 − h². You left out the square: at
    h = 0.5 that is ½ where it should be ¾."""
    return _norms([(1 - s)[:, None] * from_hidden.T for s in states[::-1]])


@misconception(caught_by=one_entry_on_paper)
def tanh_applied_again(states, from_hidden):
    """You took tanh of the states once more. They are values of tanh already, so the
    slope follows from them as they stand."""
    slopes = 1 - np.tanh(states[::-1]) ** 2
    return _norms([s[:, None] * from_hidden.T for s in slopes])


@misconception(caught_by=one_entry_on_paper)
def counted_from_the_front(states, from_hidden):
    """Your products begin at the first step, so entry k tells how state k depends on
    the start. Asked for is the last state: with which step does its product begin?"""
    product, norms = np.eye(len(from_hidden)), [1.0]
    for state in states:
        product = (1 - state**2)[:, None] * from_hidden.T @ product
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms)


@misconception(caught_by=two_entries_on_paper)
def slope_on_the_earlier_state(states, from_hidden):
    """The slope stands at the wrong end: the *later* state went through tanh, so its
    entry j scales all that leads to j. Which axis of the Jacobian is j?"""
    return _norms([from_hidden.T * (1 - s**2) for s in states[::-1]])


@misconception(caught_by=two_entries_on_paper)
def product_of_the_norms(states, from_hidden):
    """You multiplied norms instead of matrices. That is a bound, and it may be far too
    large: a vector that one step stretches need not be one that the next stretches."""
    factors = [(1 - s**2)[:, None] * from_hidden.T for s in states[::-1]]
    return np.cumprod([1.0] + [np.linalg.norm(f, 2) for f in factors])


@misconception(caught_by=two_entries_on_paper)
def root_of_all_squares(states, from_hidden):
    """That is the Frobenius norm, the root of all squares added up. Asked for is the
    spectral one, the most that a single vector is stretched."""
    factors = [(1 - s**2)[:, None] * from_hidden.T for s in states[::-1]]
    return _norms(factors, np.linalg.norm)


@misconception(caught_by=two_entries_on_paper)
def largest_eigenvalue(states, from_hidden):
    """You took the largest eigenvalue of each product. It says what many repetitions
    do; how much one product stretches is its largest singular value."""
    factors = [(1 - s**2)[:, None] * from_hidden.T for s in states[::-1]]
    return _norms(factors, lambda p: abs(np.linalg.eigvals(p)).max())


@misconception(caught_by=against_a_nudge)
def multiplied_in_the_wrong_order(states, from_hidden):
    """The right factors in the wrong order. The last step acts last on a vector, so in
    a product of matrices it stands at which end?"""
    product, norms = np.eye(len(from_hidden)), [1.0]
    for state in states[::-1]:
        product = (1 - state**2)[:, None] * from_hidden.T @ product
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms)


@misconception(caught_by=two_entries_on_paper)
def weights_not_transposed(states, from_hidden):
    """Row j of the Jacobian belongs to entry j of the *later* state, and in U the later
    state runs along the columns. Have a look at the two indices of U in the formula."""
    return _norms([(1 - s**2)[:, None] * from_hidden for s in states[::-1]])


@misconception(caught_by=one_entry_on_paper)
def distance_zero_left_out(states, from_hidden):
    """Your norms begin at distance 1. The first entry belongs to distance 0, where
    nothing has been multiplied yet."""
    return _norms([(1 - s**2)[:, None] * from_hidden.T for s in states[::-1]])[1:]


@misconception(caught_by=two_entries_on_paper)
def multiplied_entry_by_entry(states, from_hidden):
    """Your Jacobians are multiplied entry by entry. One change passing through several
    steps goes along paths, which are added up: that is the other product."""
    product, norms = np.eye(len(from_hidden)), [1.0]
    for state in states[::-1]:
        product = product * ((1 - state**2)[:, None] * from_hidden.T)
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms)


@misconception(caught_by=a_network_that_ran)
def the_largest_entry(states, from_hidden):
    """You took the largest entry of each product: what one entry does to another. A
    vector with several entries may be stretched more. Which norm looks at all
    vectors?"""
    factors = [(1 - s**2)[:, None] * from_hidden.T for s in states[::-1]]
    return _norms(factors, lambda p: abs(p).max())
