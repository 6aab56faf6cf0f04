r"""### An experiment: how far do stacked masks reach?

A position that reads its neighbour reads what the neighbour read one layer below. So a
narrow mask reaches further with every layer. Each layer **adds** its read to what was
there, so a position never forgets itself, whatever the mask says:

$$ x^{(l+1)}_i = x^{(l)}_i + \text{read}_i\bigl(x^{(l)}\bigr). $$

Write `reach(allowed, layers)`: after so many layers, which positions of the input can
have had a part in which positions of the output? With no layer at all, each position
knows itself and nothing else. Depth may be in the hundreds.

**Then use it.** Predict first: 64 positions, each sees itself and 3 to its left. How
many layers until the last position has heard of the first? And how many if, besides,
everybody sees position 0? Now let each see 4 to its left: which of the two numbers
changes? Last, hold a small table against the truth, say 12 positions in 3 layers:
stack `attend` as in the formula and measure it with `influence`, from inputs of about a
tenth, such as `0.1 * rng.normal(size=(12, 4))`. (Larger ones grow until a weight or a
read is lost in rounding. What is measured must be in your table in any case; the
converse fails where an influence is too small to see.)
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
    minutes=18,
    hints=(
        "If i sees j in one layer, and j had seen k in the layer before, what does i "
        "know of k? In how many ways, does not matter.",
        "One step is the mask with the diagonal opened. Two steps: is there any j "
        "between? That is a product of two tables, `and` for times, `or` for plus.",
        "Start with the identity as booleans, and multiply by the step once a layer. "
        "In NumPy `@` of two boolean tables is boolean again; counts would overflow.",
    ),
)


@answer
def reach(allowed, layers):
    """Which inputs can have a part in which outputs of a stack of layers.

    allowed  (positions, positions)  bool, True where the query may attend to the key
    layers   ()  int, 0 or more; all have the same mask
    returns  (positions, positions)  bool, outputs down, inputs across
    """
    ### BEGIN SOLUTION
    reached = np.eye(len(allowed), dtype=bool)
    step = allowed | reached
    for _ in range(layers):
        reached = reached @ step
    return reached
    ### END SOLUTION


@inputs
def draw(rng):
    """Sparse random masks, chains and full tables, from no layer to many."""
    positions = int(rng.integers(3, 9))
    allowed = rng.random((positions, positions)) < rng.choice([0.1, 0.25])
    if rng.random() < 0.3:
        allowed = np.eye(positions, k=int(rng.choice([-2, -1, 1]))) > 0
    if rng.random() < 0.1:
        allowed = np.ones((positions, positions), dtype=bool)
    return allowed, int(rng.choice([0, 1, 2, 3, 4, 70]))


@alternative
def by_walking(allowed, layers):
    """From each output, the set of positions that it knows of grows layer by layer."""
    known = np.zeros(allowed.shape, dtype=bool)
    for start in range(len(allowed)):
        met = {start}
        for _ in range(layers):
            met |= {k for j in met for k in np.flatnonzero(allowed[j])}
        known[start, list(met)] = True
    return known


@alternative
def clipped_counts(allowed, layers):
    """Whole numbers, clipped to 0 and 1 after every layer."""
    step = np.minimum(allowed.astype(int) + np.identity(len(allowed), int), 1)
    counts = np.identity(len(allowed), int)
    for _ in range(layers):
        counts = np.minimum(step @ counts, 1)
    return counts == 1


@check(points=1)
def a_window_in_three_layers(reach):
    """Six positions, each sees itself and one to its left: 3 after three layers."""
    places = np.arange(6)
    back = places[:, None] - places
    window = (back >= 0) & (back <= 1)
    got = [reach(window, layers) for layers in (3, 2)]
    for layers, table in zip((3, 2), got, strict=True):
        wanted = (back >= 0) & (back <= layers)
        close(table, wanted, f"reach, layers = {layers}")


@check(points=1)
def nobody_forgets_itself(reach):
    """A mask without its diagonal, in which 3 sees 1 and 1 sees 0; 2 sees nothing."""
    allowed = np.zeros((4, 4), dtype=bool)
    allowed[3, 1] = allowed[1, 0] = True
    one, two = np.eye(4, dtype=bool) | allowed, np.eye(4, dtype=bool) | allowed
    two[3, 0] = True
    got = [reach(allowed, layers) for layers in (0, 1, 2)]
    for layers, table in enumerate(got):
        wanted = (np.eye(4) == 1, one, two)[layers]
        close(table, wanted, f"reach, layers = {layers}")


@check(points=2, hidden=True)
def measured_by_influence(reach, rng):
    """Against what changing one input at a time finds in stacked attention."""
    from attn_course.functional import attend, influence

    def stack(x, allowed, layers):
        for _ in range(layers):
            x = x + attend(x, x, x, allowed=allowed)
        return x

    for positions, share in ((7, 0.15), (9, 0.1)):
        allowed = rng.random((positions, positions)) < share
        x = rng.uniform(-1, 1, size=(positions, 5))
        for layers in (1, 2, 3):
            wanted = influence(lambda x, a=allowed, n=layers: stack(x, a, n), x)
            close(reach(allowed, layers), wanted, f"reach, layers = {layers}")


@check(points=1, hidden=True)
def hundreds_of_layers(reach):
    """A full table of four, a chain and a window of three, 300 layers deep."""
    full = np.ones((4, 4), dtype=bool)
    close(reach(full, 300), full, "reach, layers = 300")
    chain = np.eye(3, k=-1) == 1
    close(reach(chain, 300), np.tri(3) == 1, "reach, layers = 300")
    window = (np.eye(3) + chain) > 0
    close(reach(window, 300), np.tri(3) == 1, "reach, layers = 300")


def _power(step, layers):
    """The reach of so many layers whose step is given."""
    reached = np.identity(len(step), dtype=bool)
    for _ in range(layers):
        reached = step @ reached
    return reached


def _step(allowed):
    return allowed | np.identity(len(allowed), dtype=bool)


@misconception(caught_by=nobody_forgets_itself)
def forgets_itself(allowed, layers):
    """A position that may not attend to itself is lost after one layer. Each layer adds
    its read to what was there: what does that mean for the diagonal?"""
    return _power(allowed, layers)


@misconception(caught_by=a_window_in_three_layers)
def one_layer_too_many(allowed, layers):
    """Your tables are those of one layer more. With no layer at all, what does a
    position know of?"""
    return _power(_step(allowed), layers + 1)


@misconception(caught_by=a_window_in_three_layers)
def one_layer_too_few(allowed, layers):
    """Your tables are those of one layer less. With one layer, what does a position
    know of?"""
    return _power(_step(allowed), max(layers - 1, 0))


@misconception(caught_by=a_window_in_three_layers)
def entry_by_entry(allowed, layers):
    """You raise each entry to a power, and True stays True. To get from i to k there
    has to be a j in between: which product of tables looks for one?"""
    return _step(allowed) if layers else np.identity(len(allowed), dtype=bool)


@misconception(caught_by=a_window_in_three_layers)
def always_two_layers(allowed, layers):
    """Your table is the same whatever is asked for. The number of layers is given: with
    none at all, what does a position know of?"""
    return _power(_step(allowed), 2)


@misconception(caught_by=a_window_in_three_layers)
def walks_to_the_end(allowed, layers):
    """You go on until nothing new is reached. A layer is one step: stop after as many
    steps as there are layers."""
    return _power(_step(allowed), len(allowed))


@misconception(caught_by=a_window_in_three_layers)
def doubles_at_each_layer(allowed, layers):
    """You multiply the table by itself at every layer, and so double its reach. A layer
    adds one step to what was reached."""
    return _power(_step(allowed), 2**layers) if layers else _power(allowed, 0)


@misconception(caught_by=a_window_in_three_layers)
def turned_round(allowed, layers):
    """Your table says who hears of a position, not whom it has heard of. Outputs go
    down and inputs across, as queries and keys do in the mask."""
    return _power(_step(allowed), layers).T


@misconception(caught_by=hundreds_of_layers)
def counts_the_ways(allowed, layers):
    """You count the ways to get from one position to another. Their number grows with
    every layer until it leaves the integers and comes out as 0. Is there any way?"""
    return np.linalg.matrix_power(_step(allowed).astype(np.int64), layers) != 0


@misconception(caught_by=nobody_forgets_itself)
def sees_only_what_is_new(allowed, layers):
    """You keep what the last step has reached and drop what was known before. Nothing
    is forgotten on the way: what happens to the diagonal?"""
    return _power(_step(allowed), layers) & ~np.identity(len(allowed), dtype=bool)


@misconception(caught_by=measured_by_influence)
def knows_both_ways(allowed, layers):
    """You let knowledge flow both ways: if i sees j, j learns of i as well. Attention
    has a direction, from the key to the query."""
    return _power(_step(allowed | allowed.T), layers)
