"""What holds for every kind of figure: labels, size of text, words, no side effects.

The arrays are read-only, so that a figure that changes its input fails.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from attn_course import viz

rng = np.random.default_rng(0)


def sealed(*shape):
    array = rng.normal(size=shape)
    array.flags.writeable = False
    return array


def shares(*shape):
    table = np.exp(sealed(*shape))
    table /= table.sum(-1, keepdims=True)
    table.flags.writeable = False
    return table


def names(letter, many):
    return [f"{letter}{i}" for i in range(many)]


WEIGHTS, ALLOWED = shares(3, 5), np.tri(3, 5, 2, dtype=bool)
SIGNED, ENCODED = sealed(3, 5), sealed(31, 17)
WIDE, HEADS = shares(17, 23), shares(3, 5, 7)
X = np.arange(1.0, 8.0)
LINES = {name: np.exp(sealed(7) / 9 - i) for i, name in enumerate("abcdef")}
RUNS = {name: sealed(3, 7) / 9 - i for i, name in enumerate("abcdef")}
GROUPS = {"one": sealed(5), "two": sealed(5)}
RANGES = {name: np.stack([v - 0.1, v + 0.2], 1) for name, v in GROUPS.items()}
SEEDS = {"soft": sealed(5), "hard": sealed(3)}
STEPS = np.geomspace(1e-12, 1e-1, 23)
ERRORS = {"central": 1e-17 / STEPS + STEPS**2, "forward": 3e-17 / STEPS + STEPS}
ORDERS = {"central": 2, "forward": 1}
TABLES = {"a": sealed(5, 5), "b": np.ones((7, 7))}
ARROWS = {"queries": sealed(2, 2), "keys": sealed(3, 2)}
SAMPLES = {"d = 4": sealed(71), "d = 16": 4 * sealed(53)}
LINKS = [((0, 3), (3, 6), 0.75), ((4, 5), (0, 1), 1.0)]
AXES = [("in", ["n", "model"], [5, 12]), ("split", ["n", "h", "d"], [5, 3, 4])]
QK = {"queries": names("q", 3), "keys": names("k", 5)}
MANY = {"queries": names("q", 17), "keys": names("k", 23)}

SINGLE = {
    "heatmap": (
        lambda ax: viz.heatmap(ax, WEIGHTS, allowed=ALLOWED, truth=~ALLOWED, **QK),
        lambda: viz.describe_weights(WEIGHTS, *QK.values(), allowed=ALLOWED),
    ),
    "large heatmap": (
        lambda ax: viz.heatmap(ax, WIDE, **MANY),
        lambda: viz.describe_weights(WIDE, *MANY.values(), truth=WIDE > 0.1),
    ),
    "signed map": (
        lambda ax: viz.signed_map(
            ax,
            SIGNED,
            rows=names("q", 3),
            columns=names("k", 5),
            xlabel="keys",
            ylabel="queries",
            label="slope",
        ),
        lambda: viz.describe_signed(SIGNED, *QK.values()),
    ),
    "encodings": (
        lambda ax: viz.encodings(ax, ENCODED),
        lambda: viz.describe_encodings(ENCODED),
    ),
    "mask": (
        lambda ax: viz.mask(ax, ALLOWED, **QK),
        lambda: viz.describe_mask(ALLOWED, *QK.values()),
    ),
    "influence": (
        lambda ax: viz.influence(
            ax, ALLOWED, outputs=names("y", 3), inputs=names("x", 5), allowed=~ALLOWED
        ),
        lambda: viz.describe_influence(ALLOWED, *QK.values(), allowed=~ALLOWED),
    ),
    "curves": (
        lambda ax: viz.curves(ax, X, LINES, xlabel="n", ylabel="s", logx=True),
        lambda: viz.describe_curves(X, LINES),
    ),
    "learning curves": (
        lambda ax: viz.learning_curves(ax, LINES["a"], LINES["b"], chosen=2),
        lambda: viz.describe_learning_curves(LINES["a"], LINES["b"], chosen=2),
    ),
    "bands": (
        lambda ax: viz.bands(ax, X, RUNS, xlabel="length", ylabel="accuracy"),
        lambda: viz.describe_bands(X, RUNS),
    ),
    "bars": (
        lambda ax: viz.bars(
            ax, GROUPS, groups=names("g", 5), ylabel="change", ranges=RANGES
        ),
        lambda: viz.describe_bars(GROUPS, names("g", 5), ranges=RANGES),
    ),
    "dots": (
        lambda ax: viz.dots(ax, SEEDS, xlabel="accuracy"),
        lambda: viz.describe_dots(SEEDS),
    ),
    "scaling": (
        lambda ax: viz.scaling(ax, X, LINES, xlabel="n", ylabel="s"),
        lambda: viz.describe_scaling(X, LINES),
    ),
    "v plot": (
        lambda ax: viz.v_plot(ax, STEPS, ERRORS, orders=ORDERS),
        lambda: viz.describe_v_plot(STEPS, ERRORS, orders=ORDERS),
    ),
    "gradient flow": (
        lambda ax: viz.gradient_flow(ax, X, LINES, xlabel="layer"),
        lambda: viz.describe_gradient_flow(X, LINES),
    ),
    "similarity": (
        lambda ax: viz.similarity_by_offset(ax, TABLES),
        lambda: viz.describe_similarity(TABLES),
    ),
    "vectors": (
        lambda ax: viz.vectors_2d(ax, ARROWS),
        lambda: viz.describe_vectors(ARROWS),
    ),
    "histogram": (
        lambda ax: viz.histogram(ax, SAMPLES, xlabel="score"),
        lambda: viz.describe_histogram(SAMPLES),
    ),
    "alignment": (
        lambda ax: viz.span_alignment(ax, "May 7", "7. Mai", LINKS),
        lambda: viz.describe_alignment("May 7", "7. Mai", LINKS),
    ),
    "axes": (
        lambda ax: viz.trace_axes(ax, AXES),
        lambda: viz.describe_axes(AXES),
    ),
}
GRIDS = {
    "heads": (
        lambda axes: viz.head_maps(
            axes, HEADS, queries=names("q", 5), keys=names("k", 7), names="abc"
        ),
        lambda: viz.describe_heads(HEADS, names("q", 5), names("k", 7), "abc"),
    ),
    "images": (
        lambda axes: viz.images(
            axes, HEADS, names=["a", "b", "c"], boxes={1: [(0, 1, 2, 3)]}
        ),
        lambda: viz.describe_images(HEADS, "abc", boxes={1: [(0, 1, 2, 3)]}),
    ),
}
WITHOUT_SCALES = {"alignment", "axes"}  # schemes: their boxes and letters say it all


@pytest.fixture
def figure():
    """A figure as wide as a phone shows it, drawn by Agg and known to no pyplot."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def drawn(figure):
    figure.canvas.draw()
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]


@pytest.mark.parametrize("kind", SINGLE)
def test_a_figure_is_labelled_in_letters_that_are_large_enough_and_apart(figure, kind):
    ax = figure.subplots()
    assert SINGLE[kind][0](ax) is ax
    assert all(text.get_fontsize() >= 8 for text in drawn(figure))
    assert plt.get_fignums() == []
    named = {"bars": ax.get_ylabel(), "dots": ax.get_xlabel()}  # rows carry names
    both = ax.get_xlabel() and ax.get_ylabel()
    assert named.get(kind, both) or kind in WITHOUT_SCALES
    boxes = [t.get_window_extent().shrunk(0.9, 0.75) for t in ax.texts]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


@pytest.mark.parametrize("kind", GRIDS)
def test_a_grid_returns_its_axes_and_leaves_what_is_over_empty(figure, kind):
    axes = figure.subplots(2, 2)
    assert GRIDS[kind][0](axes) is axes
    assert all(text.get_fontsize() >= 8 for text in drawn(figure))
    assert [ax.axison for ax in axes.flat] == [True, True, True, False]


@pytest.mark.parametrize("kind", SINGLE | GRIDS)
def test_the_words_have_lines_and_numbers_or_names(kind):
    told = (SINGLE | GRIDS)[kind][1]()
    assert told == told.strip()
    assert any(sign.isdigit() for sign in told)
    assert "nan" not in told
    assert "np." not in told


@pytest.mark.parametrize("kind", SINGLE)
def test_a_figure_can_be_packed_tightly_without_a_warning(kind):
    figure = Figure(figsize=(6, 3.6))
    FigureCanvasAgg(figure)
    SINGLE[kind][0](figure.subplots())
    figure.tight_layout()  # warnings are errors here
