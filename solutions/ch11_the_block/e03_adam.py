r"""### Fifty steps of Adam

Write `adam_path(start, gradients, rates, beta1, beta2, eps)`. Row $t$ of `gradients`
has the gradient of every parameter at step $t$, and entry $t$ of `rates` the learning
rate of that step: with a warm-up, it changes. Adam keeps two means of each parameter,
both zero before the first step,

$$ m \leftarrow \beta_1 m + (1 - \beta_1) \, g, \qquad
   v \leftarrow \beta_2 v + (1 - \beta_2) \, g^2, $$

and moves it, at the $t$-th step counted from 1, by

$$ - \eta_t \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}. $$

Return where the parameters are after each step, one row a step. Fifty steps equal those
of `torch.optim.Adam`, up to rounding. NumPy only; nothing that comes in may be
changed.
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
        "All parameters move side by side, so one line each for m and v is enough. "
        "What has to live through the loop?",
        "`enumerate(gradients, start=1)` gives the t of the formula. The rate of that "
        "step is one place earlier in `rates`.",
        "In the loop: new m, new v, both corrected by one minus beta to the t, then a "
        "*new* array of parameters that goes into a list. A `-=` would change all the "
        "rows that are in the list already.",
    ),
)


@answer
def adam_path(start, gradients, rates, beta1, beta2, eps):
    """Parameters after each step of Adam.

    start      (parameters,)        float
    gradients  (steps, parameters)  float
    rates      (steps,)             float, one for each step
    beta1      ()                   float, from 0 up to 1
    beta2      ()                   float, from 0 up to 1
    eps        ()                   float, positive
    returns    (steps, parameters)  float
    """
    ### BEGIN SOLUTION
    path, m, v = [start], np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        size = np.sqrt(v / (1 - beta2**t)) + eps
        path.append(path[-1] - rates[t - 1] * m / (1 - beta1**t) / size)
    return np.array(path[1:])
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven numbers of steps and parameters, gradients of all sizes, a warm-up."""
    steps, parameters = rng.permutation(np.arange(3, 10))[:2]
    scale = 10.0 ** rng.integers(-3, 3, size=parameters)
    gradients = rng.normal(size=(steps, parameters)) * scale
    rates = np.minimum(np.arange(1, steps + 1) / 3, 1) * rng.uniform(0.01, 0.3)
    betas = rng.choice([0.5, 0.8, 0.9]), rng.choice([0.9, 0.98, 0.999])
    eps = rng.choice([1e-8, 0.1])
    return rng.normal(size=parameters), gradients, rates, *map(float, (*betas, eps))


@alternative
def means_written_out(start, gradients, rates, beta1, beta2, eps):
    """Both means as weighted sums of all gradients so far."""
    place, rows = start, []
    for t in range(1, len(gradients) + 1):
        ages = np.arange(t)[::-1, None]
        m = ((1 - beta1) * beta1**ages * gradients[:t]).sum(axis=0)
        v = ((1 - beta2) * beta2**ages * gradients[:t] ** 2).sum(axis=0)
        m, v = m / (1 - beta1**t), v / (1 - beta2**t)
        place = place - rates[t - 1] * m / (np.sqrt(v) + eps)
        rows.append(place)
    return np.stack(rows)


@alternative
def one_parameter_at_a_time(start, gradients, rates, beta1, beta2, eps):
    """Numbers in place of arrays."""
    path = np.empty_like(gradients)
    for p, place in enumerate(start.tolist()):
        m = v = 0.0
        one = two = 1.0
        for t, g in enumerate(gradients[:, p].tolist()):
            m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
            one, two = one * beta1, two * beta2
            place -= float(rates[t]) * m / (1 - one) / ((v / (1 - two)) ** 0.5 + eps)
            path[t, p] = place
    return path


def _walk(start, gradients, rates, beta1, beta2, eps, step=None, **kinds):
    """The answer, with one of its parts exchanged."""
    first = kinds.get("first", lambda m, g: beta1 * m + (1 - beta1) * g)
    second = kinds.get("second", lambda v, g: beta2 * v + (1 - beta2) * g**2)
    one = kinds.get("one", lambda t: 1 - beta1**t)
    two = kinds.get("two", lambda t: 1 - beta2**t)
    step = step or (lambda m, v: m / (np.sqrt(v) + eps))
    path, m, v = [start], np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(gradients, start=1):
        m, v = first(m, g), second(v, g)
        path.append(path[-1] - rates[t - 1] * step(m / one(t), v / two(t)))
    return np.array(path[1:])


@check(points=1, extreme=True)
def two_steps_on_paper(adam_path):
    """The first step is as long as its rate; the second, with half a beta, on paper."""
    start = np.array([1.0, 2.0, 3.0])
    gradients = np.array([[8.0, -0.5, 0.0], [8.0, 1.5, 4.0]])
    got = adam_path(start, gradients, np.array([0.1, 0.2]), 0.5, 0.5, 1e-12)
    # Second step, corrected means: m (2 g2 + g1) / 3, v (2 g2² + g1²) / 3.
    second = np.array([1.0, (2.5 / 3) / np.sqrt(4.75 / 3), (8 / 3) / np.sqrt(32 / 3)])
    first = start - 0.1 * np.array([1.0, -1.0, 0.0])
    close(np.asarray(got)[:1], first[None], "after the first step")
    close(got, np.stack([first, first - 0.2 * second]), "after both steps")


@check(points=1)
def fifty_steps(adam_path, rng):
    """Fifty steps with a warm-up, against means that are written out as sums."""
    start, gradients = rng.normal(size=7), rng.normal(size=(50, 7))
    gradients = gradients * np.geomspace(1e-3, 1e3, 7)
    rates, wanted = 0.05 * np.minimum(np.arange(1, 51) / 20, 1), []
    for t in range(1, 51):
        seen, ages = gradients[:t], np.arange(t)[::-1, None]
        mean = 0.1 * (0.9**ages * seen).sum(axis=0) / (1 - 0.9**t)
        square = 0.02 * (0.98**ages * seen**2).sum(axis=0) / (1 - 0.98**t)
        before = wanted[-1] if wanted else start
        wanted.append(before - rates[t - 1] * mean / (square**0.5 + 1e-3))
    got = adam_path(start, gradients, rates, 0.9, 0.98, 1e-3)
    close(got, np.array(wanted), "path")


@check(points=2, hidden=True)
def like_the_course(adam_path, rng):
    """Other betas, and an eps that counts, against the course's own function."""
    from attn_course.functional import adam

    for steps, parameters, betas in ((6, 4, (0.8, 0.9)), (9, 5, (0.0, 0.5))):
        start, gradients = rng.normal(size=parameters), rng.normal(size=(steps, 5))
        gradients, rates = gradients[:, :parameters], rng.uniform(0.1, 0.3, size=steps)
        place, state, wanted = start, None, []
        for gradient, rate in zip(gradients, rates, strict=True):
            place, state = adam(
                place, gradient, state, rate=float(rate), betas=betas, eps=0.1
            )
            wanted.append(place)
        got = adam_path(start, gradients, rates, *betas, 0.1)
        close(got, np.array(wanted), "path")


@misconception(caught_by=two_steps_on_paper)
def not_corrected(start, gradients, rates, beta1, beta2, eps):
    """Your means start at zero and nothing makes up for it, so the first steps have the
    wrong length. Which factor is missing from m and from v at the first step?"""
    return _walk(
        start, gradients, rates, beta1, beta2, eps, one=lambda t: 1, two=lambda t: 1
    )


@misconception(caught_by=two_steps_on_paper)
def corrected_once(start, gradients, rates, beta1, beta2, eps):
    """Your correction divides by one minus beta at every step. It should fade: after
    many steps the means no longer remember where they began. Where does t come in?"""
    return _walk(
        *(start, gradients, rates, beta1, beta2, eps),
        one=lambda t: 1 - beta1,
        two=lambda t: 1 - beta2,
    )


@misconception(caught_by=two_steps_on_paper)
def the_corrected_means_are_kept(start, gradients, rates, beta1, beta2, eps):
    """You keep the corrected means and build the next ones on them, so the correction
    is made again and again. It is for this step only: what goes on is m and v."""
    path, m, v = [start], np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(gradients, start=1):
        m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
        v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
        path.append(path[-1] - rates[t - 1] * m / (np.sqrt(v) + eps))
    return np.array(path[1:])


@misconception(caught_by=two_steps_on_paper)
def counted_from_zero(start, gradients, rates, beta1, beta2, eps):
    """Your steps are counted from 0. Then the correction of the first step divides by
    1 - 1, and nothing that comes of it is a number."""
    with np.errstate(all="ignore"):
        return _walk(
            *(start, gradients, rates, beta1, beta2, eps),
            one=lambda t: 1 - beta1 ** (t - 1),
            two=lambda t: 1 - beta2 ** (t - 1),
        )


@misconception(caught_by=like_the_course)
def eps_below_the_root(start, gradients, rates, beta1, beta2, eps):
    """Your eps stands below the root, as in a norm. In Adam it is added to the root,
    after the correction."""
    return _walk(
        *(start, gradients, rates, beta1, beta2, eps),
        step=lambda m, v: m / np.sqrt(v + eps),
    )


@misconception(caught_by=fifty_steps)
def no_eps(start, gradients, rates, beta1, beta2, eps):
    """Your steps have no eps. Where gradients are tiny it is what keeps them from being
    stretched to full length."""

    def step(m, v):
        return np.divide(m, np.sqrt(v), out=np.zeros_like(m), where=v > 0)

    return _walk(start, gradients, rates, beta1, beta2, eps, step=step)


@misconception(caught_by=two_steps_on_paper)
def no_root(start, gradients, rates, beta1, beta2, eps):
    """You divide by the mean of the squares. Its root has the size of a gradient: try
    gradients twice as large, which should leave the steps as they are."""
    return _walk(
        start, gradients, rates, beta1, beta2, eps, step=lambda m, v: m / (v + eps)
    )


@misconception(caught_by=fifty_steps)
def betas_exchanged(start, gradients, rates, beta1, beta2, eps):
    """The weights in your means have changed places: beta is for what was there before,
    one minus beta for what is new."""
    return _walk(
        *(start, gradients, rates, 1 - beta1, 1 - beta2, eps),
        one=lambda t: 1 - beta1**t,
        two=lambda t: 1 - beta2**t,
    )


@misconception(caught_by=fifty_steps)
def one_beta_for_both(start, gradients, rates, beta1, beta2, eps):
    """Both of your means forget at the speed of the first beta. The squares have one of
    their own, and a longer memory."""
    return _walk(start, gradients, rates, beta1, beta1, eps)


@misconception(caught_by=two_steps_on_paper)
def means_that_only_grow(start, gradients, rates, beta1, beta2, eps):
    """Your means take in the whole gradient each time, not one minus beta of it, so
    they are sums. The correction expects means."""
    return _walk(
        *(start, gradients, rates, beta1, beta2, eps),
        first=lambda m, g: beta1 * m + g,
        second=lambda v, g: beta2 * v + g**2,
    )


@misconception(caught_by=two_steps_on_paper)
def square_of_the_mean(start, gradients, rates, beta1, beta2, eps):
    """Your second mean is made from the first one. It is the mean of the squared
    *gradients*: where they change sign, the two differ."""
    path, m, v = [start], np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (m / (1 - beta1**t)) ** 2
        size = np.sqrt(v / (1 - beta2**t)) + eps
        path.append(path[-1] - rates[t - 1] * m / (1 - beta1**t) / size)
    return np.array(path[1:])


@misconception(caught_by=two_steps_on_paper)
def one_rate_for_all(start, gradients, rates, beta1, beta2, eps):
    """Every step of yours uses the first rate. Each step has one of its own, or a
    warm-up would never rise."""
    return _walk(start, gradients, np.full(len(rates), rates[0]), beta1, beta2, eps)


@misconception(caught_by=two_steps_on_paper)
def uphill(start, gradients, rates, beta1, beta2, eps):
    """Your steps go up the slope. The gradient says where the loss rises."""
    return _walk(start, gradients, -rates, beta1, beta2, eps)


@misconception(caught_by=two_steps_on_paper)
def one_size_for_all_parameters(start, gradients, rates, beta1, beta2, eps):
    """All parameters share one size, the length of the whole gradient. Each has a mean
    of squares of its own: that is what lets small gradients take full steps."""
    return _walk(
        *(start, gradients, rates, beta1, beta2, eps),
        second=lambda v, g: beta2 * v + (1 - beta2) * (g @ g),
    )


@misconception(caught_by=two_steps_on_paper)
def steps_without_a_start(start, gradients, rates, beta1, beta2, eps):
    """You return how far each step goes. Asked for is where the parameters are after
    it, and they begin at `start`."""
    path = _walk(start, gradients, rates, beta1, beta2, eps)
    return np.diff(path, axis=0, prepend=start[None])


@misconception(caught_by=two_steps_on_paper)
def one_array_in_every_row(start, gradients, rates, beta1, beta2, eps):
    """All of your rows are the last one. A `-=` changes the array that is in the list
    already, again and again: make a new one at each step."""
    path = _walk(start, gradients, rates, beta1, beta2, eps)
    return np.repeat(path[-1:], len(path), axis=0)


@misconception(caught_by=fifty_steps)
def eps_before_the_correction(start, gradients, rates, beta1, beta2, eps):
    """You add eps to the root before v is corrected, so that it shrinks in the first
    steps. It is added last, to the corrected root."""
    path, m, v = [start], np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        size = (np.sqrt(v) + eps) / np.sqrt(1 - beta2**t)
        path.append(path[-1] - rates[t - 1] * m / (1 - beta1**t) / size)
    return np.array(path[1:])


@misconception(caught_by=two_steps_on_paper)
def plain_descent(start, gradients, rates, beta1, beta2, eps):
    """Your steps are rate times gradient, plain descent. Adam divides by a size of its
    own for each parameter: where are the two means?"""
    return start - np.cumsum(rates[:, None] * gradients, axis=0)
