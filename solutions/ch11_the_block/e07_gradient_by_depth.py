r"""### How much of a gradient arrives?

A stack of $L$ layers, each a small network
$f_l(x) = \operatorname{ReLU}(x A_l) \, B_l$, can be wired in four ways:

| `wiring` | $x_l =$ |
|---|---|
| `"none"` | $f_l(x_{l-1})$ |
| `"sum"` | $x_{l-1} + f_l(x_{l-1})$ |
| `"pre"` | $x_{l-1} + f_l(\operatorname{norm}(x_{l-1}))$ |
| `"post"` | $\operatorname{norm}(x_{l-1} + f_l(x_{l-1}))$ |

with a layer norm of each row, without gain and shift, and $\varepsilon = 10^{-5}$.
Write `gradient_norms(x, A, B, upstream, wiring)`. It sends $x = x_0$ through the stack,
sends `upstream`, the gradient at $x_L$, back, and returns the norms of the gradients at
$x_0, x_1, \dots, x_L$: $L + 1$ numbers, each the root of the sum of *all* squares. You
may use PyTorch inside; NumPy arrays come in, and one goes out.

Then use it, with 32 entries, 64 hidden ones and three seeds: entries of $A$ normal
with variance 1/32, of $B$ with variance 2/64. **Write down beforehand** what the depth,
from 6 to 48 layers, does to the first norm divided by the last, for each wiring. Then
divide $B$ by $\sqrt{L}$, as GPT-2 does with what writes to a stream of $L$ sums: which
of the three wirings with a sum changes most?
"""

import numpy as np
import torch

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
    minutes=30,
    hints=(
        "Keep every x on the way up, in a list that begins with the input. Which of "
        "them need a gradient?",
        "`torch.autograd.grad(outputs, inputs, grad_outputs)` gives the gradients of "
        "all `inputs` at once, for a given gradient of the output. The output may be "
        "among the inputs.",
        "Make a tensor of x with `requires_grad=True`, append x_l for each pair of "
        "tables, call `autograd.grad` with the last one, the whole list and the "
        "upstream as a tensor, and take the norm of each.",
    ),
)


@answer
def gradient_norms(x, A, B, upstream, wiring):
    """Norms of the gradients at x_0, ..., x_L.

    x         (positions, model)       float
    A         (layers, model, hidden)  float
    B         (layers, hidden, model)  float
    upstream  (positions, model)       float
    wiring    ()                       "none", "sum", "pre" or "post"
    returns   an array of layers + 1 floats
    """
    ### BEGIN SOLUTION
    places = [torch.tensor(x, requires_grad=True)]
    for a, b in zip(torch.from_numpy(A), torch.from_numpy(B), strict=True):
        x = places[-1]
        seen = torch.layer_norm(x, x.shape[-1:]) if wiring == "pre" else x
        change = torch.relu(seen @ a) @ b
        x = change if wiring == "none" else x + change
        places.append(torch.layer_norm(x, x.shape[-1:]) if wiring == "post" else x)
    gradients = torch.autograd.grad(places[-1], places, torch.from_numpy(upstream))
    return np.array([gradient.norm().item() for gradient in gradients])
    ### END SOLUTION


@inputs
def draw(rng):
    """Uneven sizes, all four wirings."""
    positions, model, hidden, layers = rng.permutation(np.arange(2, 8))[:4]
    model, hidden = model + 2, hidden + 8
    A = rng.normal(size=(layers, model, hidden)) / model**0.5
    B = rng.normal(size=(layers, hidden, model)) / hidden**0.5
    x, upstream = rng.normal(size=(2, positions, model)) + 0.5
    return x, A, B, upstream, str(rng.choice(["none", "sum", "pre", "post"]))


def _norm(x):
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=-1, keepdims=True)) / spread, spread


def _norm_back(g, x):
    normal, spread = _norm(x)
    along = (g * normal).mean(axis=-1, keepdims=True)
    return (g - g.mean(axis=-1, keepdims=True) - normal * along) / spread


def _gradients(x, A, B, g, wiring, *, back=_norm_back):
    """All gradients, from x_0 up, by hand; and the rows at each place."""
    rows = [x]
    for a, b in zip(A, B, strict=True):
        seen = _norm(rows[-1])[0] if wiring == "pre" else rows[-1]
        change = np.maximum(seen @ a, 0) @ b
        y = change if wiring == "none" else rows[-1] + change
        rows.append(_norm(y)[0] if wiring == "post" else y)
    found = [g]
    for x, a, b in zip(rows[-2::-1], A[::-1], B[::-1], strict=True):
        seen = _norm(x)[0] if wiring == "pre" else x
        if wiring == "post":
            g = back(g, x + np.maximum(x @ a, 0) @ b)
        through = (g @ b.T * (seen @ a > 0)) @ a.T
        through = back(through, x) if wiring == "pre" else through
        g = through if wiring == "none" else g + through
        found.append(g)
    return found[::-1], rows


def _sizes(arrays):
    return np.array([np.sqrt((array**2).sum()) for array in arrays])


@alternative
def backwards_by_hand(x, A, B, upstream, wiring):
    """No autograd: the rules of the page on the backward pass."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[0])


@alternative
def from_each_place_anew(x, A, B, upstream, wiring):
    """From each place up to the top, one backward pass each."""

    def norm(x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    norms, tables = [], list(zip(map(torch.tensor, A), map(torch.tensor, B)))  # noqa: B905
    place = torch.tensor(x)
    for first in range(len(A) + 1):
        leaf = place.detach().requires_grad_()
        y = leaf
        for number, (a, b) in enumerate(tables[first:]):
            change = torch.relu((norm(y) if wiring == "pre" else y) @ a) @ b
            y = change + (0 if wiring == "none" else y)
            y = norm(y) if wiring == "post" else y
            place = y if number == 0 else place
        (y * torch.tensor(upstream)).sum().backward()
        norms.append(float(leaf.grad.square().sum() ** 0.5))
    return np.array(norms)


@check(points=1, extreme=True)
def slopes_on_paper(gradient_norms):
    """Five layers that double what is positive, without norms."""
    x = np.array([[3.0, 1.0], [1.0, 2.0], [1.0, 1.0]])
    A, B = np.stack([np.eye(2, 4)] * 5), 2 * np.stack([np.eye(4, 2)] * 5)
    upstream = np.array([[2.0, 4.0], [0.0, -1.0], [0.0, 2.0]])  # of length 5
    got = gradient_norms(x, A, B, upstream, "none")
    also = gradient_norms(x, A, B, upstream, "sum")
    powers = np.array([5, 4, 3, 2, 1, 0])
    close(got, 5 * 2.0**powers, 'norms with "none"')
    close(also, 5 * 3.0**powers, 'norms with "sum"')


@check(points=2)
def one_layer_with_a_norm(gradient_norms, rng):
    """A single layer with each of the two norms, against nudges of every entry."""
    x, upstream = rng.normal(size=(2, 3, 4))
    A, B = rng.normal(size=(1, 4, 6)), rng.normal(size=(1, 6, 4))

    def norm(x):
        x = x - x.mean(axis=1)[:, None]
        return x / np.sqrt((x * x).mean(axis=1)[:, None] + 1e-5)

    def loss(x, wiring):
        change = np.maximum((norm(x) if wiring == "pre" else x) @ A[0], 0) @ B[0]
        y = x + change if wiring == "pre" else norm(x + change)
        return (upstream * y).sum()

    got = {
        wiring: gradient_norms(x, A, B, upstream, wiring) for wiring in ("pre", "post")
    }
    for wiring, norms in got.items():
        slopes = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            step = np.zeros(x.shape)
            step[place] = 1e-6
            slopes[place] = (loss(x + step, wiring) - loss(x - step, wiring)) / 2e-6
        norms = np.asarray(norms)
        assert norms.shape == (2,), f"wanted two norms, got shape {norms.shape}"
        wanted = np.linalg.norm([slopes.ravel(), upstream.ravel()], axis=1)
        ratio = norms / wanted
        assert np.abs(ratio - 1).max() < 1e-4, (
            f'with "{wiring}" wanted about {wanted.round(4)}, got {norms.round(4)}'
        )


@check(points=2, hidden=True)
def deep_stacks(gradient_norms, rng):
    """Nine layers in each wiring, against the functions of the course."""
    from attn_course.functional import (
        feed_forward,
        feed_forward_backward,
        layer_norm,
        layer_norm_backward,
    )

    first = rng.normal(size=(9, 5, 7)) / 5**0.5
    second = rng.normal(size=(9, 7, 5)) / 7**0.5
    x, upstream = rng.normal(size=(2, 4, 5))
    none = np.zeros(7), np.zeros(5)
    for wiring in ("none", "sum", "pre", "post"):
        A, B = first, second
        if wiring == "none":  # so that ReLU does not close everything
            A, B, x = np.abs(first) / 2, np.abs(second) / 2, np.abs(x)
        rows, sums = [x], []
        parts = [(a, none[0], b, none[1]) for a, b in zip(A, B, strict=True)]
        for part in parts:
            seen = layer_norm(rows[-1]) if wiring == "pre" else rows[-1]
            stream = 0 if wiring == "none" else rows[-1]
            sums.append(stream + feed_forward(seen, *part))
            rows.append(layer_norm(sums[-1]) if wiring == "post" else sums[-1])
        g, found = upstream, [upstream]
        for part, row, total in zip(parts[::-1], rows[-2::-1], sums[::-1], strict=True):
            if wiring == "post":
                g, *_ = layer_norm_backward(g, total)
            seen = layer_norm(row) if wiring == "pre" else row
            back, *_ = feed_forward_backward(g, seen, *part)
            if wiring == "pre":
                back, *_ = layer_norm_backward(back, row)
            g = back if wiring == "none" else g + back
            found.append(g)
        wanted = np.array([np.linalg.norm(each) for each in found[::-1]])
        got = gradient_norms(x, A, B, upstream, wiring)
        close(got, wanted, f'norms with "{wiring}"')


@misconception(caught_by=slopes_on_paper)
def from_the_top_down(x, A, B, upstream, wiring):
    """Your norms begin at the top. The gradient is found in that order; asked for is
    the order of the rows, from x_0 up."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[0])[::-1]


@misconception(caught_by=slopes_on_paper)
def the_top_is_missing(x, A, B, upstream, wiring):
    """One number is missing, that at the top. L layers have L + 1 places, and at the
    last of them the gradient is the upstream itself."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[0])[:-1]


@misconception(caught_by=slopes_on_paper)
def the_input_is_missing(x, A, B, upstream, wiring):
    """One number is missing, that at the input. x_0 is a place too: it is where a
    gradient has come the longest way."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[0])[1:]


@misconception(caught_by=slopes_on_paper)
def sizes_of_the_rows(x, A, B, upstream, wiring):
    """These are the norms of the rows on their way up. Asked for are those of the
    gradients on their way down, which start from `upstream`."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[1])


@misconception(caught_by=slopes_on_paper)
def squares_of_the_norms(x, A, B, upstream, wiring):
    """You give the sums of the squares. The norm is the root of that."""
    return _sizes(_gradients(x, A, B, upstream, wiring)[0]) ** 2


@misconception(caught_by=slopes_on_paper)
def mean_of_the_squares(x, A, B, upstream, wiring):
    """You take the root of the *mean* square, so the number depends on the size of the
    table in another way. The norm adds up all the squares."""
    found = _gradients(x, A, B, upstream, wiring)[0]
    return np.array([np.sqrt((g**2).mean()) for g in found])


@misconception(caught_by=slopes_on_paper)
def mean_over_the_positions(x, A, B, upstream, wiring):
    """You take a norm for each position, and then their mean. All entries of all
    positions are one gradient here, with one norm."""
    found = _gradients(x, A, B, upstream, wiring)[0]
    return np.array([np.linalg.norm(g, axis=-1).mean() for g in found])


@misconception(caught_by=slopes_on_paper)
def ones_upstream(x, A, B, upstream, wiring):
    """You start from a gradient of ones, as the sum of the output has. The gradient at
    the top is given: it is `upstream`."""
    return _sizes(_gradients(x, A, B, np.ones_like(upstream), wiring)[0])


@misconception(caught_by=slopes_on_paper)
def through_the_layers_only(x, A, B, upstream, wiring):
    """Your sum is there on the way up and lost on the way down: what comes back goes
    through the layers only. A sum sends its gradient both ways."""
    if wiring == "none":
        return _sizes(_gradients(x, A, B, upstream, wiring)[0])
    g, found = upstream, [upstream]
    rows = _gradients(x, A, B, upstream, wiring)[1]
    for row, a, b in zip(rows[-2::-1], A[::-1], B[::-1], strict=True):
        g = (g @ b.T * (row @ a > 0)) @ a.T
        found.append(g)
    return _sizes(found[::-1])


@misconception(caught_by=one_layer_with_a_norm)
def orders_exchanged(x, A, B, upstream, wiring):
    """Your "pre" and "post" have changed places. In "pre" the layer sees the norm of
    what comes in, in "post" the norm is round the whole sum."""
    other = {"pre": "post", "post": "pre"}.get(wiring, wiring)
    return _sizes(_gradients(x, A, B, upstream, other)[0])


@misconception(caught_by=one_layer_with_a_norm)
def norms_left_out(x, A, B, upstream, wiring):
    """Neither "pre" nor "post" has a norm in your code: both are the plain sum."""
    plain = "none" if wiring == "none" else "sum"
    return _sizes(_gradients(x, A, B, upstream, plain)[0])


@misconception(caught_by=one_layer_with_a_norm)
def spread_taken_for_a_constant(x, A, B, upstream, wiring):
    """Your way back takes mean and spread of a norm for constants. Both are made of the
    row, and so feel each nudge."""
    found, _ = _gradients(
        *(x, A, B, upstream, wiring), back=lambda g, x: g / _norm(x)[1]
    )
    return _sizes(found)


@misconception(caught_by=deep_stacks)
def one_layer_for_all(x, A, B, upstream, wiring):
    """Every layer of yours has the first pair of tables. Each has a pair of its own."""
    A, B = np.repeat(A[:1], len(A), axis=0), np.repeat(B[:1], len(B), axis=0)
    return _sizes(_gradients(x, A, B, upstream, wiring)[0])


def _by_torch(x, A, B, upstream, rule, bend=torch.relu):
    """The answer with another rule for one layer: `rule(x, f, norm)`."""
    places = [torch.tensor(x, requires_grad=True)]
    for a, b in zip(torch.tensor(A), torch.tensor(B), strict=True):

        def change(x, a=a, b=b):
            return bend(x @ a) @ b

        places.append(
            rule(places[-1], change, lambda x: torch.layer_norm(x, x.shape[1:]))
        )
    found = torch.autograd.grad(places[-1], places, torch.tensor(upstream))
    return np.array([gradient.norm().item() for gradient in found])


@misconception(caught_by=one_layer_with_a_norm)
def the_change_is_normed(x, A, B, upstream, wiring):
    """With "post" you norm the change and add x to that. The norm is round the whole
    sum."""
    if wiring != "post":
        return _sizes(_gradients(x, A, B, upstream, wiring)[0])
    return _by_torch(x, A, B, upstream, lambda x, f, norm: x + norm(f(x)))


@misconception(caught_by=one_layer_with_a_norm)
def adds_to_the_norm(x, A, B, upstream, wiring):
    """With "pre" you add the change to the norm of x. The layer reads the norm; what it
    says is added to x itself."""
    if wiring != "pre":
        return _sizes(_gradients(x, A, B, upstream, wiring)[0])
    return _by_torch(x, A, B, upstream, lambda x, f, norm: norm(x) + f(norm(x)))


@misconception(caught_by=one_layer_with_a_norm)
def one_less_than_the_entries(x, A, B, upstream, wiring):
    """Your spread is a little too large: `var` and `std` of PyTorch divide by one less
    than the number of entries unless told otherwise. A row is all there is."""

    def norm(x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.var(-1, keepdim=True) + 1e-5).sqrt()

    rules = {
        "none": lambda x, f, _: f(x),
        "sum": lambda x, f, _: x + f(x),
        "pre": lambda x, f, _: x + f(norm(x)),
        "post": lambda x, f, _: norm(x + f(x)),
    }
    return _by_torch(x, A, B, upstream, rules[wiring])


@misconception(caught_by=one_layer_with_a_norm)
def no_bend(x, A, B, upstream, wiring):
    """Nothing bends in your layers: a ReLU stands between the two tables. Only where
    all rows are positive does nobody notice."""
    rules = {
        "none": lambda x, f, _: f(x),
        "sum": lambda x, f, _: x + f(x),
        "pre": lambda x, f, norm: x + f(norm(x)),
        "post": lambda x, f, norm: norm(x + f(x)),
    }
    return _by_torch(x, A, B, upstream, rules[wiring], bend=lambda x: x)
