r"""### An experiment: at which layer is the order noticed?

Stack self-attention under a mask, feed it a sentence and the same sentence shuffled,
and see after each layer how far the row of the **last** place has moved.

Write `order_noticed(X, order, maps, allowed)`. `X[order]` is the shuffled sentence; the
mask `allowed` belongs to *places*, so it is the same for both. Each layer has three
tables, `maps[layer]` being $W^Q$, $W^K$, $W^V$, and takes what the layer below gave:

$$ X \leftarrow \softmax\!\Bigl( \frac{(X W^Q)(X W^K)^\top}{\sqrt d} \Bigr) X W^V
   \quad \text{with hidden scores at } -\infty. $$

Nothing is added, normalised or bent in between. Every row of the mask allows its own
place at least. After each layer, note the largest absolute difference between the last
rows of the two sentences, over their entries.

Then run it: on a causal mask, on no mask, on a window. Which layer is the first to
notice, and why does the last word hear of it through the others?
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
        "Write one layer as a function of X and its three tables, and try it alone "
        "before you stack it.",
        "Carry two sentences through the layers, each fed with its own output. Shuffle "
        "once, before the first layer, and compare after every layer.",
        "For each layer: replace both by what the layer gives, then append "
        "`np.abs(...)` of the difference of their last rows, its largest entry.",
    ),
)


@answer
def order_noticed(X, order, maps, allowed):
    """How far a shuffle has moved the last place, after each layer.

    X        (positions, model)            float
    order    (positions,)                  int, a permutation that may move any place
    maps     (layers, roles, model, model) float, roles: query, key, value
    allowed  (positions, positions)        bool, rows are queries, True may attend
    returns  (layers,)                     float
    """
    ### BEGIN SOLUTION
    both, gaps = np.stack([X, X[order]]), []
    for W_query, W_key, W_value in maps:
        Q, K, V = both @ W_query, both @ W_key, both @ W_value
        scores = Q @ np.swapaxes(K, 1, 2) / np.sqrt(X.shape[1])
        scores = np.where(allowed, scores, -np.inf)
        exps = np.exp(scores - scores.max(axis=2, keepdims=True))
        both = exps / exps.sum(axis=2, keepdims=True) @ V
        gaps.append(np.abs(both[0, -1] - both[1, -1]).max())
    return np.array(gaps)
    ### END SOLUTION


@inputs
def draw(rng):
    """Causal, open and random masks; orders that keep the last place or move it."""
    layers, positions, model = rng.permutation([1, 2, 4, 5, 6])[:3]
    model, positions = max(model, 2), max(positions, 2)
    order = rng.permutation(positions)
    if rng.random() < 0.5:
        order = np.append(rng.permutation(positions - 1), positions - 1)
    masks = [
        np.tri(positions, dtype=bool),
        np.ones((positions, positions), dtype=bool),
        (rng.random((positions, positions)) < 0.5) | np.eye(positions, dtype=bool),
    ]
    maps = rng.normal(size=(layers, 3, model, model))
    maps[:, 0] *= rng.choice([1.0, 300.0])
    return rng.normal(size=(positions, model)), order, maps, masks[rng.integers(3)]


def _layer(X, tables, allowed, scale=None):
    """One layer; the wrong answers below use it in other ways."""
    W_query, W_key, W_value = tables
    scale = X.shape[1] ** -0.5 if scale is None else scale
    scores = np.where(allowed, X @ W_query @ (X @ W_key).T * scale, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ X @ W_value


def _through(X, maps, allowed, layer=_layer):
    rows = [X]
    for tables in maps:
        rows.append(layer(rows[-1], tables, allowed))
    return np.array(rows[1:])


@alternative
def one_sentence_after_the_other(X, order, maps, allowed):
    """All layers of one, all layers of the other, the differences last."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.abs(gaps[:, -1]).max(axis=-1)


@alternative
def query_by_query(X, order, maps, allowed):
    """Each place looks only at what it may see."""

    def layer(X, tables, allowed):
        rows = []
        for i, seen in enumerate(allowed):
            scores = X[seen] @ tables[1] @ (X[i] @ tables[0]) / len(X[i]) ** 0.5
            exps = np.exp(scores - scores.max())
            rows.append(exps @ X[seen] @ tables[2] / exps.sum())
        return np.array(rows)

    both = [_through(rows, maps, allowed, layer) for rows in (X, X[np.array(order)])]
    pairs = zip(*both, strict=True)
    return np.array([abs(a[-1] - b[-1]).max() for a, b in pairs])


@check(points=1)
def running_means_on_paper(order_noticed):
    """No queries, so all weights are even: means of means, causal and in a window."""
    X = np.zeros((4, 5))
    X[:, 0] = [12.0, 0.0, 24.0, 48.0]
    maps = np.zeros((2, 3, 5, 5))
    maps[:, 1], maps[:, 2] = np.eye(5), np.eye(5)
    maps[1, 2, 0, 4] = -3.0  # the second layer writes -3 times entry 0 to entry 4
    causal = np.tri(4, dtype=bool)
    window = causal & ~np.tri(4, k=-2, dtype=bool)  # itself and the place before
    got = order_noticed(X, np.array([2, 0, 1, 3]), maps, causal)
    seen = order_noticed(X, np.array([0, 3, 1, 2]), maps, window)
    # Means so far: 12, 6, 12, 21; shuffled 24, 18, 12, 21. Their means: 6 apart.
    close(got, np.array([0.0, 18.0]), "differences after each layer")
    # Means of two: 12, 6, 12, 36; shuffled 12, 30, 24, 12. Of the last two: 24 and 18.
    close(seen, np.array([24.0, 18.0]), "differences after each layer, in a window")


@check(points=1)
def a_window_hears_of_it_late(order_noticed):
    """Each place sees itself and the one before, in even parts; two swapped."""
    X = np.array([[8.0, 0.0], [0.0, 16.0], [4.0, 4.0], [2.0, 0.0], [6.0, 8.0]])
    maps = np.zeros((4, 3, 2, 2))
    maps[:, 2] = np.eye(2)
    seen = np.tri(5, dtype=bool) & ~np.tri(5, k=-2, dtype=bool)
    # Weights of the last places: 1 1, then 1 2 1, 1 3 3 1 and 1 4 6 4 1 of 2, 4, 8, 16.
    wanted = {
        (1, 0, 2, 3, 4): [0.0, 0.0, 2.0, 3.0],
        (0, 1, 3, 2, 4): [2.0, 1.0, 0.0, 0.5],
        (0, 1, 2, 4, 3): [0.0, 2.0, 2.0, 1.5],
    }
    told = [order_noticed(X, np.array(order), maps, seen) for order in wanted]
    for got, (order, apart) in zip(told, wanted.items(), strict=True):
        close(got, np.array(apart), f"differences for the order {order}")


@check(points=1, extreme=True)
def no_mask_no_order(order_noticed):
    """Nothing hidden, the last word in place: no layer notices. Moved: all do."""
    X = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [-2.0, 1.0]])
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    maps = np.stack([[np.eye(2), swap, np.eye(2)]] * 5)
    maps[:, 0] *= 0.5
    seen = np.ones((4, 4), dtype=bool)
    still = order_noticed(X, np.array([1, 2, 0, 3]), maps, seen)
    close(still, np.zeros(5), "differences, the last word in place")
    moved = order_noticed(X, np.array([0, 1, 3, 2]), maps, seen)
    assert np.shape(moved) == (5,), f"wanted 5 numbers, got shape {np.shape(moved)}"
    assert moved[0] > 1e-3, "the last word has changed, and layer 1 shows no difference"


@check(points=2, hidden=True)
def against_the_reference(order_noticed, rng):
    """Random layers under a causal mask, a random one and none."""
    from attn_course.functional import attend, causal_mask

    X, maps = rng.normal(size=(6, 5)), rng.normal(size=(4, 3, 5, 5))
    some = (rng.random((6, 6)) < 0.5) | np.eye(6, dtype=bool)
    pairs = []
    for allowed in (causal_mask(6), some, np.ones((6, 6), dtype=bool)):
        for order in (np.append(rng.permutation(5), 5), rng.permutation(6)):
            both, wanted = np.stack([X, X[order]]), []
            for q, k, v in maps:
                both = attend(both @ q, both @ k, both @ v, allowed=allowed)
                wanted.append(np.abs(both[0, -1] - both[1, -1]).max())
            pairs.append((order_noticed(X, order, maps, allowed), np.array(wanted)))
    for got, wanted in pairs:
        close(got, wanted, "differences after each layer")


@check(points=1, hidden=True, extreme=True)
def loud_scores(order_noticed, rng):
    """Scores of up to 1,000,000, hidden ones among them."""
    from attn_course.functional import attend, causal_mask

    X, maps = rng.normal(size=(6, 5)), rng.normal(size=(1, 3, 5, 5))
    maps[:, :2] *= 300
    allowed, order = causal_mask(6), rng.permutation(6)
    q, k, v = maps[0]
    rows = [attend(Y @ q, Y @ k, Y @ v, allowed=allowed)[-1] for Y in (X, X[order])]
    got = order_noticed(X, order, maps, allowed)
    close(got, np.array([np.abs(rows[0] - rows[1]).max()]), "differences")


@misconception(caught_by=a_window_hears_of_it_late)
def the_mask_goes_along(X, order, maps, allowed):
    """You shuffled the mask with the words. Then nothing is ever noticed, as the proof
    says; but a causal mask belongs to places, and stays where it is."""
    along = allowed[np.ix_(order, order)]
    gaps = _through(X, maps, allowed) - _through(X[order], maps, along)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def no_mask_at_all(X, order, maps, allowed):
    """Your layers ask a bag of words: the mask is left out, or it makes hidden scores
    0, which softmax shares out like any other. What may each place see?"""
    seen = np.ones_like(allowed)
    gaps = _through(X, maps, seen) - _through(X[order], maps, seen)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def every_layer_gets_the_words(X, order, maps, allowed):
    """Every layer of yours is given the words themselves, so the second sees no more
    than the first. What does it get in a stack?"""
    gaps = [_layer(X, t, allowed) - _layer(X[order], t, allowed) for t in maps]
    return np.abs(np.array(gaps)[:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def shuffled_at_every_layer(X, order, maps, allowed):
    """You shuffle again before every layer. The words are put in another order once;
    from there on each sentence goes its own way."""

    def layer(X, tables, allowed):
        return _layer(X[order], tables, allowed)

    gaps = _through(X, maps, allowed) - _through(X, maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=no_mask_no_order)
def all_places_at_once(X, order, maps, allowed):
    """You look for the largest difference over all places. Other words stand there now,
    so of course they differ. Asked for is the last place."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.abs(gaps).max(axis=(1, 2))


@misconception(caught_by=running_means_on_paper)
def the_first_place(X, order, maps, allowed):
    """You compare the first place, which under a causal mask sees one word and no more.
    Asked for is the last."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.abs(gaps[:, 0]).max(axis=-1)


@misconception(caught_by=running_means_on_paper)
def only_the_last_layer(X, order, maps, allowed):
    """You compare once, at the end. Wanted is a number after every layer, to see which
    is the first to notice."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.abs(gaps[-1:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def the_sign_is_lost_on_you(X, order, maps, allowed):
    """You take the largest difference before its size: one that goes far down counts
    for less than one that goes a little up. Take the absolute values first."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return gaps[:, -1].max(axis=-1)


@misconception(caught_by=running_means_on_paper)
def the_mean_difference(X, order, maps, allowed):
    """You take the mean over the entries of a row. Asked for is the largest."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.abs(gaps[:, -1]).mean(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def the_input_is_added(X, order, maps, allowed):
    """You add the input of a layer to its output, as real models do. Here nothing is
    added, so that attention alone is seen."""

    def layer(X, tables, allowed):
        return X + _layer(X, tables, allowed)

    gaps = _through(X, maps, allowed, layer) - _through(X[order], maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=no_mask_no_order)
def compared_with_the_same_word(X, order, maps, allowed):
    """You compare a word with itself, wherever it stands by now. Asked for is the last
    place, whoever stands there."""
    straight, shuffled = _through(X, maps, allowed), _through(X[order], maps, allowed)
    gaps = straight[:, -1] - shuffled[:, int(np.argmax(order))]
    return np.abs(gaps).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def compared_with_the_word_that_came(X, order, maps, allowed):
    """You look up where the word in the last place stood before, and compare it with
    itself. Asked for is the last place, whoever stands there."""
    straight, shuffled = _through(X, maps, allowed), _through(X[order], maps, allowed)
    return np.abs(straight[:, order[-1]] - shuffled[:, -1]).max(axis=-1)


@misconception(caught_by=against_the_reference)
def hidden_scores_of_zero(X, order, maps, allowed):
    """You make hidden scores 0, and softmax gives 0 a share like any other score. To
    close a door completely use minus infinity."""

    def layer(X, tables, allowed):
        scores = X @ tables[0] @ (X @ tables[1]).T / np.sqrt(X.shape[1]) * allowed
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True) @ X @ tables[2]

    gaps = _through(X, maps, allowed, layer) - _through(X[order], maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=against_the_reference)
def no_scale(X, order, maps, allowed):
    """Everything is in place but the scale of the scores, the root of the width."""

    def layer(X, tables, allowed):
        return _layer(X, tables, allowed, scale=1.0)

    gaps = _through(X, maps, allowed, layer) - _through(X[order], maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def hides_after_sharing(X, order, maps, allowed):
    """Hiding after sharing leaves crumbs behind: the rows no longer sum to one, and get
    smaller with every layer. Hide before the shares are made."""

    def layer(X, tables, allowed):
        scores = X @ tables[0] @ (X @ tables[1]).T / np.sqrt(X.shape[1])
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True) * allowed @ X @ tables[2]

    gaps = _through(X, maps, allowed, layer) - _through(X[order], maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=loud_scores)
def no_shift(X, order, maps, allowed):
    """Without the maximum of each row, exp of a large score is infinite, and inf / inf
    is nan. Subtract it after hiding."""

    def layer(X, tables, allowed):
        scores = X @ tables[0] @ (X @ tables[1]).T / np.sqrt(X.shape[1])
        exps = np.exp(np.where(allowed, scores, -np.inf))
        return exps / exps.sum(axis=1, keepdims=True) @ X @ tables[2]

    gaps = _through(X, maps, allowed, layer) - _through(X[order], maps, allowed, layer)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=running_means_on_paper)
def the_order_undone(X, order, maps, allowed):
    """You sent every word to the place that `order` names. `X[order]` does something
    else: it puts word `order[0]` first."""
    gaps = _through(X, maps, allowed) - _through(X[np.argsort(order)], maps, allowed)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=against_the_reference)
def the_mask_turned(X, order, maps, allowed):
    """Your mask is turned round, so that places see what should see them. Rows belong
    to those who ask."""
    gaps = _through(X, maps, allowed.T) - _through(X[order], maps, allowed.T)
    return np.abs(gaps[:, -1]).max(axis=-1)


@misconception(caught_by=a_window_hears_of_it_late)
def differences_added_up(X, order, maps, allowed):
    """You add up the differences of all layers so far. Wanted is the one after each
    layer, by itself."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.cumsum(np.abs(gaps[:, -1]).max(axis=-1))


@misconception(caught_by=a_window_hears_of_it_late)
def length_of_the_difference(X, order, maps, allowed):
    """You take the length of the difference, over all entries of the row. Asked for is
    the entry that differs most."""
    gaps = _through(X, maps, allowed) - _through(X[order], maps, allowed)
    return np.linalg.norm(gaps[:, -1], axis=-1)


@misconception(caught_by=against_the_reference)
def from_the_top(X, order, maps, allowed):
    """Your stack begins with the last layer. The first three tables belong to the layer
    that is given the words."""
    gaps = _through(X, maps[::-1], allowed) - _through(X[order], maps[::-1], allowed)
    return np.abs(gaps[:, -1]).max(axis=-1)
